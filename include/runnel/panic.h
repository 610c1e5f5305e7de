/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic.h: stop what cannot go on, tidy up on the way, go on further out.
 *
 * A panic reports a mistake of the program: a send on a closed channel, a
 * WaitGroup below zero, an index that cannot be. It runs what the goroutine has
 * deferred, newest first, up to the innermost boundary (rn_try), which then
 * returns RN_PANICKED. Without a boundary it ends the program: the message, the
 * goroutine, where that was created and its call stack go to standard error,
 * and the status is 2. Errors that a correct program can meet are statuses,
 * never panics.
 *
 *     static void handle(struct request *request)
 *     {
 *         rn_mutex_lock(&table.lock);
 *         rn_defer(rn_mutex_unlock, &table.lock);
 *         if (request->index >= table.count)
 *             rn_panic("index %zu of %zu", request->index, table.count);
 *         ...
 *     }
 *     static void try_handle(void *request)
 *     {
 *         handle(request);
 *     }
 *
 *     struct rn_panic panic;
 *     if (rn_try(try_handle, request, &panic) == RN_PANICKED)
 *         log("request refused: %s", panic.text);
 *
 * What a panic leaves is left as by longjmp: no function between the panic and
 * its boundary returns, so what must happen there is deferred. What is fatal
 * stays fatal, as in Go: a deadlock, unlocking what is not locked, memory that
 * is out, a fault of the processor; no boundary holds it.
 *
 * The panic of a function in a group is raised again in rn_group_wait, that of
 * a function given to rn_block in its caller. Any other goroutine that panics
 * without a boundary of its own ends the program, whoever waits for it.
 *
 * Threads: a boundary and its deferred calls belong to one goroutine, or to one
 * foreign thread; everything here works on both.
 */
#ifndef RUNNEL_PANIC_H
#define RUNNEL_PANIC_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Return addresses that a panic keeps of the stack it was raised on. */
#define RN_PANIC_FRAMES 30

/* A panic that a boundary has stopped. Plain data: it may be copied. */
struct rn_panic {
    char text[256];     /* the message, cut to fit */
    void *value;        /* given to rn_panic_with, otherwise NULL */
    bool misuse;        /* raised by runnel: one of its calls was misused */
    uint64_t goroutine; /* that raised it; 0: a foreign thread */
    const char *name;   /* of that goroutine, or NULL; borrowed */
    const char *where;  /* it was created, or NULL */
    /* For the report, should it be raised again. */
    unsigned raised_again;
    unsigned frame_count;
    void *frames[RN_PANIC_FRAMES];
};

/*
 * Raises a panic with a message of at most 255 bytes; rn_panic_with also with a
 * value for whoever stops it (borrowed; a number can be cast). Deferred calls
 * may park.
 */
void rn_panic(const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 1, 2)));
void rn_panic_with(void *value, const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 2, 3)));

/*
 * Raises one again that a boundary had stopped, here or in another goroutine.
 * When it ends the program, the report shows both places.
 */
void rn_panic_again(const struct rn_panic *panic)
    __attribute__((noreturn, cold));

/*
 * Runs function(arg) within a boundary, on the caller's stack. RN_OK when it
 * returned; RN_PANICKED when a panic was stopped here: *panic tells which (NULL
 * is allowed), all that was deferred inside has run, and the goroutine goes on
 * as if function had returned. Boundaries nest; the innermost one stops it.
 * When a deferred call raised another panic on the way, that one arrives. Parks
 * if function does.
 */
int rn_try(void (*function)(void *arg), void *arg, struct rn_panic *panic);

/* True in a deferred call that a panic runs, not the end of a scope. */
bool rn_panicking(void);

/* A deferred call; made by rn_defer. */
struct rn_defer {
    struct rn_defer *older;
    void (*function)(void *arg);
    void *arg;
};

struct rn_defer *rn_defer_push_(struct rn_defer *call,
                                void (*function)(void *arg),
                                const volatile void *arg);
void rn_defer_leave_(struct rn_defer **call);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/*
 * rn_defer(function, argument): calls function(argument) when the enclosing
 * block is left, by any way: its end, return, break, goto, or a panic. Newest
 * first. Stands where a declaration may stand. The argument, a pointer, is
 * evaluated now; function takes just that type (or void *) and returns nothing.
 * The call may park, defer, panic, and stop panics that it causes itself.
 */
#define rn_defer(function, argument)                        \
    struct rn_defer *RN_DEFER_NAME_(__COUNTER__)            \
        __attribute__((cleanup(rn_defer_leave_), unused)) = \
            rn_defer_push_(&(struct rn_defer){0},           \
                           RN_DEFER_FUNCTION_(function, argument), (argument))

#define RN_DEFER_NAME_(number)   RN_DEFER_NAME_2_(number)
#define RN_DEFER_NAME_2_(number) rn_defer_##number##_
/* So that a void * does not name the same type twice below. */
#define RN_NOT_VOID_(argument) \
    __typeof__(_Generic((argument), void * : (struct rn_defer **)NULL, \
                        default : (argument)))
#define RN_DEFER_FUNCTION_(function, argument)                                \
    _Generic((function), void (*)(void *)                                     \
             : (void (*)(void *))(function), void (*)(RN_NOT_VOID_(argument)) \
             : (void (*)(void *))(function))
#endif

#endif
