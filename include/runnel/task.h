/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h: start the runtime, start goroutines.
 *
 * A goroutine is a function with a stack of its own, run by one of a few worker
 * threads (one a CPU unless told otherwise). It runs until it parks: waits for
 * a channel, a lock, a timer, a descriptor. Another goroutine then takes the
 * thread; the parked one may wake on any worker.
 *
 *     struct greeting {
 *         const char *whom;
 *     };
 *
 *     static void greet(struct greeting *own)
 *     {
 *         printf("hello, %s\n", own->whom);
 *     }
 *
 *     static int start(void *arg)
 *     {
 *         (void)arg;
 *         rn_go(greet, (struct greeting){.whom = "world"});
 *         rn_sleep(10 * RN_MS);
 *         return 0;
 *     }
 *
 *     int main(void)
 *     {
 *         return rn_run(start, NULL);
 *     }
 *
 * Ownership: the argument is copied to the new goroutine's stack; the copy is
 * its own until it returns, and no variable is shared by accident.
 *
 * Three rules that C cannot check:
 * - A goroutine may wake on another thread. Do not keep the address of a
 *   thread-local variable, and do not read errno (see errno.h), across a call
 *   that may park. Do not hold a pthread mutex across one.
 * - A stack does not grow. RN_STACK_DEFAULT runs printf, libpq and OpenSSL;
 *   deep recursion or large local arrays need rn_go_with and a larger size. An
 *   overflow hits a guard page and is reported with the goroutine's name.
 * - A goroutine is never taken off its thread. One that neither parks nor yields
 *   for about 10 ms keeps its thread, and another thread does the work that it
 *   leaves undone: timers, descriptors and other goroutines go on. There are at
 *   most 1,280 such threads, which is what is set aside for them at the start;
 *   with so many of them stuck at once the rest waits for one to come back.
 *   And main's return waits for its next call into runnel, or its end: it may
 *   hold a lock of malloc or of another library, so it cannot be taken away. A
 *   program that must not wait for it calls exit instead.
 */
#ifndef RUNNEL_TASK_H
#define RUNNEL_TASK_H

#include <runnel/key.h>
#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of stack a goroutine gets unless it asks for more (or less). */
#define RN_STACK_DEFAULT ((size_t)64 * 1024)

struct rn_options {
    /* Worker threads; 0: $RUNNEL_PROCS, else the CPUs this process may use. */
    unsigned procs;
    /* Stack of a goroutine that names no size; 0: RN_STACK_DEFAULT. */
    size_t stack_size;
    /* Return only when every goroutine has ended, not when main has. */
    bool wait_all;
    /* Keep account of what is made, for rn_leaks_check (debug.h). */
    bool leaks;
    /* Small stacks have pages and guards of their own, to find those that are
     * too small; $RUNNEL_GUARD_SMALL=1 does the same from outside. */
    bool guard_small;
    /*
     * One worker, virtual time, and every choice (who runs next, which ready
     * case, when a goroutine is interrupted) drawn from `seed`: the same seed
     * gives the same run. $RUNNEL_SEED does the same from outside.
     */
    bool simulate;
    uint64_t seed;
};

/*
 * Runs main(arg) as the first goroutine and returns what it returns. The
 * calling thread works as one of the workers meanwhile. When main returns, the
 * other goroutines run no more (as in Go): their stacks are taken back, what
 * they hold is not released.
 *
 * One runtime at a time in a process; a second rn_run may follow the first. A
 * negative status means that the runtime could not start and main has not run:
 * RN_NOMEM, RN_INVALID (options, or called inside a goroutine), or what the
 * system said to a thread or descriptor too many (-EAGAIN, -EMFILE).
 */
int rn_run(int (*main)(void *arg), void *arg);
int rn_run_with(const struct rn_options *options, int (*main)(void *arg),
                void *arg);

/*
 * Small stacks are for goroutines in great number that do little but wait:
 *
 *     const struct rn_task_options small = {.small_stack = true};
 *     rn_go_with(&small, wait_for_news, client);
 *
 * One has 2,048 bytes, some 1,500 of them for its functions, and shares a page
 * of memory with another, so a million take 2 GB where they would take 4. The
 * price: of the two in a page one has a guard below it, the other has not. When
 * that one runs over, the program ends with the usual report as soon as either
 * of the two is switched to or from, but until then it has written into the
 * other. So find out before whether your functions fit:
 *
 * - Run the tests with guards (rn_options.guard_small, $RUNNEL_GUARD_SMALL=1;
 *   simulation, Valgrind and builds with -Dchecks=true have them anyway): each
 *   has a page and a guard of its own then, and the first byte too many is
 *   reported where it is written. rn_stack_unused says how much was never used.
 * - About the bytes that calls take at most on x86-64, with gcc 12 (where they
 *   usually wait 100 to 200 less; a guarded run says it exactly): rn_yield
 *   400, rn_send and rn_recv 600, with a deadline or context 1,100, rn_sleep
 *   700, locks 650, rn_cond_wait and rn_once_do 850, each with a deadline or
 *   context 1,250, rn_select of up to four cases, one of them a context,
 *   1,200, rn_go 1,000, rn_spawn 1,100, rn_join 700, rn_block 1,050 (what it
 *   calls runs elsewhere), reading and writing a connection 1,150, a panic
 *   1,050. A trace that is being written adds up to 300. malloc and free of
 *   the C library were seen to take 300.
 * - What does not fit: printf and its family; longer selects; groups, pools and
 *   other patterns; dialing, listening, looking up names; files;
 *   rn_lock_thread, rn_set_procs; what debug.h, profile.h, sim.h and trace.h
 *   print or start; deep recursion. A function compiled without optimisation
 *   takes much more.
 * - A signal handler of the program's own must be set with SA_ONSTACK: what the
 *   processor saves for it takes up to 4 KB. Workers have an alternate stack,
 *   and the runtime's handlers use it.
 * - Link the program with -Wl,-z,now, or statically: what is bound when it is
 *   first called has the dynamic linker on the caller's stack, which takes up
 *   to 4 KB. Libraries that are called on a small stack must be bound so, too
 *   (run with LD_BIND_NOW=1 to be sure).
 *
 * Where the program is not, where a page is not 4,096 bytes, and in builds with a
 * sanitizer or without optimisation, small_stack gets the smallest ordinary
 * stack instead: one page, guarded.
 */

/* What one goroutine wants of its own; zeroes mean the usual. */
struct rn_task_options {
    const char *name; /* for reports; borrowed as long as the goroutine lives */
    size_t stack_size; /* bytes; rounded up to a power of two */
    bool small_stack;  /* see above; with a stack_size: not started */
};

/*
 * rn_go(function, value): starts function(T *own) with a private copy of the
 * value, an expression of type T:
 *
 *     rn_go(worker, job);
 *     rn_go(worker, (struct range){.from = 1, .to = 100});
 *
 * A function whose parameter is not T * does not compile; a null one panics.
 * rn_go_void(function) starts one without argument.
 *
 * The new goroutine runs when the caller parks or another worker is free. Does
 * not park. Out of memory ends the program with a message, as in Go; rn_try_go
 * returns RN_NOMEM instead. May be called from any thread while the runtime
 * runs; before and after, it ends the program with a message.
 */
#define rn_go(function, ...)                                          \
    RN_GO_(rn_go_start_, (const struct rn_task_options *)0, function, \
           __VA_ARGS__)
#define rn_go_with(options, function, ...) \
    RN_GO_(rn_go_start_, options, function, __VA_ARGS__)
#define rn_try_go(function, ...) \
    RN_GO_(rn_go_try_, (const struct rn_task_options *)0, function, __VA_ARGS__)
#define rn_go_void(function)                              \
    rn_go_start_void_((const struct rn_task_options *)0,  \
                      _Generic((function), void (*)(void) \
                               : (function)),             \
                      RN_HERE_)

/*
 * rn_spawn(function, value): starts int function(T *own), as rn_go does, and
 * returns a handle with which to wait for its end and to get what it returned.
 *
 *     struct rn_handle *handle = rn_spawn(measure, path);
 *     ...
 *     int size = rn_join(handle);
 *
 * Each handle is joined with success once, or detached once, by anybody; both
 * free it. What the goroutine did is visible to who joined it. A goroutine that
 * the end of main cuts short is never joined.
 */
#define rn_spawn(function, ...) \
    RN_SPAWN_((const struct rn_task_options *)0, function, __VA_ARGS__)
#define rn_spawn_with(options, function, ...) \
    RN_SPAWN_(options, function, __VA_ARGS__)

struct rn_handle;
struct rn_ctx; /* context.h */

/* Parks until the goroutine has ended; returns what its function returned. */
int rn_join(struct rn_handle *handle);
/*
 * Park as long: RN_OK, *result is what it returned (NULL: dropped) and the
 * handle is freed. Or RN_TIMEOUT, or why the context is done: the handle stays.
 */
int rn_join_until(int64_t deadline, struct rn_handle *handle, int *result);
int rn_join_ctx(struct rn_ctx *ctx, struct rn_handle *handle, int *result);
/* Nobody will join: the goroutine goes on by itself. Does not park. */
void rn_detach(struct rn_handle *handle);

/*
 * Evenly one of 0 .. count-1 (count > 0): chance for jitter and sampling, not
 * for secrets. Under simulation it comes from the seed. Does not park.
 */
uint32_t rn_draw(uint32_t count);

/*
 * Lets others run; the caller goes to the end of the queue. Parks. From a
 * foreign thread it yields the thread.
 */
void rn_yield(void);

/*
 * Parks for at least `ns`; returns at once when it is not positive. From a
 * foreign thread it sleeps.
 */
void rn_sleep(int64_t ns);

/* Parks until the deadline (never early). */
void rn_sleep_until(int64_t deadline);

/* Number of this goroutine, from 1 (main); 0 on a foreign thread. */
uint64_t rn_task_id(void);
/* Names the calling goroutine in reports; borrowed as long as it lives. */
void rn_task_set_name(const char *name);
/*
 * Bytes at the far end of the calling goroutine's small stack that it has never
 * used so far, in a run with guards (guard_small); 0 in others, and on other
 * stacks. Does not park.
 */
size_t rn_stack_unused(void);
/* Goroutines alive now, the caller included. */
size_t rn_task_count(void);
/*
 * Values of the calling goroutine alone, named by a key (key.h): a T * for an
 * rn_key(T). rn_local_get is NULL where nothing was set, and on a foreign
 * thread, where rn_local_set panics. Setting anew, or rn_local_clear, drops the
 * value before. When a goroutine ends its values are dropped, newest first.
 * Those of goroutines that the end of main cuts short are not. Do not park.
 */
#define rn_local_set(key, value) \
    rn_local_set_(&(key)->drop, RN_KEYED_(key, value))
#define rn_local_clear(key) rn_local_set_(&(key)->drop, (void *)0)
#define rn_local_get(key) \
    ((__typeof__((key)->type_))rn_local_get_(&(key)->drop))

/* Workers that run goroutines at the same time. */
unsigned rn_procs(void);

/*
 * So many from now on, 1 to 1024. Goroutines that run go on running until they
 * park or yield. RN_OK, RN_INVALID, or why a thread could not be made: then
 * there are fewer until one can. Does not park. Under simulation there is one
 * worker whatever is asked for. While no runtime runs it ends the program.
 */
int rn_set_procs(unsigned count);

/*
 * From now on the calling goroutine always runs on the thread it is on, and no
 * other goroutine runs there: for libraries that keep state by thread. The
 * thread comes on top of rn_procs(), and each time the goroutine is woken costs
 * a thread's wake-up. Calls nest: as many unlocks end it, and so does the
 * goroutine's end; the thread then runs others, so undo what you changed in it.
 * RN_OK, RN_AGAIN (over 1,200 threads already), or why no thread could be made.
 * Does not park. On a foreign thread, and under simulation, where there is one
 * thread, it does nothing.
 */
int rn_lock_thread(void);
/* Without a lock: ends the program. Does not park. */
void rn_unlock_thread(void);

/* Behind the macros. */
void rn_go_start_(const struct rn_task_options *options,
                  void (*function)(void *), const void *argument, size_t size,
                  const char *where);
int rn_go_try_(const struct rn_task_options *options, void (*function)(void *),
               const void *argument, size_t size, const char *where);
void rn_go_start_void_(const struct rn_task_options *options,
                       void (*function)(void), const char *where);

struct rn_handle *rn_spawn_(const struct rn_task_options *options,
                            int (*function)(void *), const void *argument,
                            size_t size, const char *where);
void rn_local_set_(rn_key_ key, void *value);
void *rn_local_get_(rn_key_ key);

#ifndef __cplusplus
/* The type of a value, without qualifiers. */
#define RN_TYPE_OF_(...) __typeof__(((void)0, __VA_ARGS__))

#define RN_GO_(start, options, function, ...)                           \
    __extension__({                                                     \
        RN_TYPE_OF_(__VA_ARGS__) rn_argument_ = __VA_ARGS__;            \
        void (*rn_function_)(RN_TYPE_OF_(__VA_ARGS__) *) =              \
            _Generic((function), void (*)(RN_TYPE_OF_(__VA_ARGS__) *)   \
                     : (function));                                     \
        start((options), (void (*)(void *))rn_function_, &rn_argument_, \
              sizeof(rn_argument_), RN_HERE_);                          \
    })

#define RN_SPAWN_(options, function, ...)                                  \
    __extension__({                                                        \
        RN_TYPE_OF_(__VA_ARGS__) rn_argument_ = __VA_ARGS__;               \
        int (*rn_function_)(RN_TYPE_OF_(__VA_ARGS__) *) =                  \
            _Generic((function), int (*)(RN_TYPE_OF_(__VA_ARGS__) *)       \
                     : (function));                                        \
        rn_spawn_((options), (int (*)(void *))rn_function_, &rn_argument_, \
                  sizeof(rn_argument_), RN_HERE_);                         \
    })
#endif

#ifdef __cplusplus
}
#endif

#endif
