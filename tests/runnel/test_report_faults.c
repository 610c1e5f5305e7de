/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deadly signal tells the goroutine it met, with names and lines, and then
 * ends the program as it would have without runnel.
 */
#include <pthread.h>
#include <signal.h>

#include "rn_death.h"

#define FRAME   __attribute__((noinline)) static
/* The same, and the processor sees the mistake first, not UBSan. */
#define MISTAKE __attribute__((noinline, no_sanitize("undefined"))) static

/* Keeps a call from being the last thing of its function. */
#define AFTERWARDS __asm__ volatile("" ::: "memory")

MISTAKE void write_to_null(void)
{
    volatile int *volatile nowhere = NULL;

    *nowhere = 1;
}

static void faulty(void)
{
    rn_task_set_name("the faulty one");
    write_to_null();
    AFTERWARDS;
}

/* SIGSEGV tells the goroutine, function and line, and then ends the program. */
static void null_is_written(void)
{
    rn_go_void(faulty);
    rn_sleep(20 * RN_S);
}

#ifdef __x86_64__ /* on ARM a division by zero gives zero */
#define DIVISION_TRAPS 1
MISTAKE int divide(volatile int *by)
{
    return 1000 / *by;
}

/* SIGFPE tells the goroutine and its stack. */
static void divides_by_zero(void)
{
    volatile int zero = 0;
    volatile int result = divide(&zero);

    (void)result;
}
#endif

FRAME void jump_to_nowhere(void (*volatile *to)(void))
{
    (*to)();
    AFTERWARDS;
}

/* A call of nothing is told with the goroutine. */
static void null_is_called(void)
{
    void (*volatile to)(void) = NULL;

    jump_to_nowhere(&to);
    AFTERWARDS;
}

/* Sent by somebody: it does not come again by itself. */
static void signal_is_sent(void)
{
    raise(SIGSEGV);
    fprintf(stderr, "survived\n");
}

static void *write_on_thread(void *arg)
{
    write_to_null();
    return arg;
}

/* A fault on a foreign thread is told as one, with its stack. */
static void thread_faults(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, write_on_thread, NULL);
    rn_sleep(20 * RN_S);
}

__attribute__((noinline)) static int descend(volatile int *depth)
{
    volatile char room[512];
    int below;

    room[0] = (char)*depth;
    (*depth)++;
    below = *depth > 0 ? descend(depth) : 0;
    return below + room[0];
}

static void descend_on_small(int *own)
{
    descend(own);
}

/* A stack overflow is named as such, with the size of the stack. */
static void overflow_tells_the_size(void)
{
    const struct rn_task_options small = {.name = "the small one",
                                          .stack_size = 16384};

    rn_go_with(&small, descend_on_small, 1);
    rn_sleep(20 * RN_S);
}

static rn_chan(int) idle;

FRAME void wait_in_vain(void)
{
    rn_recv(idle, NULL);
    AFTERWARDS;
}

static void waiter(void)
{
    wait_in_vain();
    AFTERWARDS;
}

static void start_waiters(int count)
{
    idle = rn_chan_make(int, 0);
    for (int i = 0; i < count; i++)
        rn_go_void(waiter);
    rn_sleep(20 * RN_MS);
}

__attribute__((unused)) static void quit_shows_all(void);

/*
 * SIGQUIT tells of all goroutines, those that look the same once, and ends the
 * program.
 */
static void quit_shows_all(void)
{
    start_waiters(5);
    kill(getpid(), SIGQUIT);
    rn_sleep(20 * RN_S);
}

FRAME void raise_panic(void)
{
    rn_panic("deep in there");
}

FRAME void deeper(void)
{
    raise_panic();
    AFTERWARDS;
}

/* A panic names functions and lines. */
static void panic_names_functions_and_lines(void)
{
    deeper();
    AFTERWARDS;
}

/* A deadlock's report names functions and lines of every goroutine. */
static void deadlock_names_functions_and_lines(void)
{
    start_waiters(5);
    waiter();
    AFTERWARDS;
}

/* Functions have names where there is libdw, and no race detector. */
#if defined(RN_LIBDW) && !RN_CHECK_TSAN
#define NAMED_SOMEHOW(function) "    " function
#define NAMED(function)         function "  "
#else
#define NAMED(function)         ""
#define NAMED_SOMEHOW(function) ""
#endif

/* AddressSanitizer makes the report; it and the race detector choose the end. */
#if RN_CHECK_ASAN
#define BY(signal) RN_DEATH_ANY
#define SAYS(...)          \
    {                      \
        "AddressSanitizer" \
    }
#else
#if RN_CHECK_TSAN
#define BY(signal) RN_DEATH_ANY
#else
#define BY(signal) RN_DEATH_SIGNAL(signal)
#endif
#define SAYS(...)   \
    {               \
        __VA_ARGS__ \
    }
#endif

static const struct rn_death deaths[] = {
    {"null_is_written", null_is_written, BY(SIGSEGV),
     SAYS(
         "SIGSEGV: segmentation fault at address 0x0\n\ngoroutine 2 [running]: "
         "the faulty one\n",
         "test_report_faults.c:35\n    " NAMED("write_to_null"),
         NAMED("faulty"))},
#ifdef DIVISION_TRAPS
    {"divides_by_zero", divides_by_zero, BY(SIGFPE),
     SAYS("SIGFPE: arithmetic exception", "goroutine 1 [running]: main",
          NAMED("divide"))},
#endif
    {"null_is_called", null_is_called, BY(SIGSEGV),
     SAYS("SIGSEGV", "goroutine 1 [running]: main")},
    {"signal_is_sent", signal_is_sent, BY(SIGSEGV),
     SAYS("SIGSEGV", "goroutine 1 [", NAMED("signal_is_sent"))},
    {"thread_faults", thread_faults, BY(SIGSEGV),
     SAYS("SIGSEGV", "foreign thread\n", NAMED("write_on_thread"))},
    {"overflow_tells_the_size", overflow_tells_the_size, BY(SIGSEGV),
     SAYS(
         "stack overflow: goroutine 2 (the small one) needs more than its stack "
         "of",
         "bytes\n", NAMED_SOMEHOW("descend"))},
#if !RN_CHECK_TSAN /* holds such signals back until a system call */
    {"quit_shows_all",
     quit_shows_all,
     RN_DEATH_SIGNAL(SIGQUIT),
     {"SIGQUIT: quit\n", "5 goroutines [chan receive, made at ",
      "test_report_faults.c:", ": 2 3 4 5 6\n", NAMED("wait_in_vain"),
      NAMED("waiter"), "goroutine 1 ["}},
#endif
    {"panic_names_functions_and_lines",
     panic_names_functions_and_lines,
     2,
     {"panic: deep in there\n\n", NAMED("raise_panic"), NAMED("deeper"),
      NAMED("panic_names_functions_and_lines")}},
    {"deadlock_names_functions_and_lines",
     deadlock_names_functions_and_lines,
     2,
     {"all goroutines are asleep - deadlock!\n\n5 goroutines [chan receive",
      NAMED("wait_in_vain"), NAMED("waiter"), "goroutine 1 [chan receive"}},
};

RN_DEATH_MAIN(deaths)
