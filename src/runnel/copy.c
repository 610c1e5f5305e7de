/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.c: fork, guard, wait.
 *
 * The copy has one thread. Locks that other threads held at the fork (the
 * heap's, the loader's) stay locked in it for ever: whatever may need one runs
 * in copy_try and is given up after a while.
 *
 * That while is not one of the wall's clock. A machine that is busy gives a copy
 * little of its time, and one that only came late would be given up, with its
 * names. So a signal looks at it now and then. It is given up once it has used
 * its limit of processor time, or has stood still for STILL_MAX looks: used next
 * to nothing, and slept no more often than a look wakes it, as whoever waits for
 * a lock that nobody will let go. A slow disk is waited for many times between
 * two looks.
 */
#include "copy.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "frames.h"
#include "os.h"
#include "sanitize.h"
#include "switch.h"

#define COPY_STACK ((size_t)8 * 1024 * 1024)
/*
 * Long reports go into slow pipes; a copy that hangs is not waited for. With the
 * race detector it hangs when another thread held the lock of the detector's
 * heap at the fork: no signal ends that, since the detector puts signals off. So
 * it is given up earlier there, and another is made.
 */
#ifdef RN_TSAN
#define COPY_TIMEOUT (10 * RN_S)
#else
#define COPY_TIMEOUT (60 * RN_S)
#endif

#define LOOK_EVERY  (RN_S / 4)
#define STILL_MAX   16
/* Of what stands still, between two looks: what the look itself costs. */
#define STILL_NS    (RN_MS / 2)
#define STILL_SLEPT 2

/* Copies that are made of a moment; the exit status that asks for another. */
#define TRIES 3
#define AGAIN 75

static struct {
    int tries_left;
    uint64_t printed; /* by the program, before */
    bool is_one;
    bool guarded;
    int64_t limit_ns; /* of its processor time: the copy_try that runs */
    int64_t used_ns;  /* at the last look */
    int64_t slept;    /* times, at the last look */
    int still;        /* looks that found it so, in a row */
    char *stack;
    void *caller; /* the context that copy_run was called in, at rest */
    sigjmp_buf back;
} copy;

struct order {
    void (*function)(void *arg);
    void *arg;
    char *stack;
};

bool copy_is_one(void)
{
    return copy.is_one;
}

size_t copy_caller_frames(void **frames, size_t max)
{
    return frames_at_rest(copy.caller, frames, max);
}

void copy_stack(uintptr_t *low, uintptr_t *high)
{
    *low = (uintptr_t)copy.stack;
    *high = *low + COPY_STACK;
}

static void cut_off(int signal)
{
    if (copy.guarded)
        siglongjmp(copy.back, 1);
    os_exit(128 + signal);
}

/* What the copy has used and how often it has slept; true: it stood still. */
static bool look(void)
{
    struct rusage usage = {.ru_nvcsw = 0};
    getrusage(RUSAGE_SELF, &usage);
    int64_t used = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * RN_S +
                   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * RN_US;
    bool still = used - copy.used_ns < STILL_NS &&
                 usage.ru_nvcsw - copy.slept <= STILL_SLEPT;
    copy.used_ns = used;
    copy.slept = usage.ru_nvcsw;
    return still;
}

static void on_look(int signal)
{
    copy.still = look() ? copy.still + 1 : 0;
    if (copy.guarded &&
        (copy.used_ns >= copy.limit_ns || copy.still >= STILL_MAX))
        cut_off(signal);
}

static const int guards[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = cut_off, .sa_flags = SA_NODEFER};
    sigset_t open;
    sigemptyset(&open);
    for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
        sigaction(guards[i], &action, NULL);
        sigaddset(&open, guards[i]);
    }
    action.sa_handler = on_look;
    action.sa_flags |= SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    sigaddset(&open, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &open, NULL);
}

/* Looks come that often; 0: no more. */
static void set_looks(int64_t ns)
{
    struct timeval every = {.tv_sec = ns / RN_S, .tv_usec = ns % RN_S / RN_US};
    struct itimerval timer = {every, every};
    setitimer(ITIMER_REAL, &timer, NULL);
}

bool copy_try(void (*function)(void *arg), void *arg, int64_t limit_ns)
{
    if (sigsetjmp(copy.back, 0) != 0) {
        copy.guarded = false;
        set_looks(0);
        return false;
    }
    copy.still = 0;
    (void)look();
    copy.limit_ns = copy.used_ns + limit_ns;
    copy.guarded = true;
    set_looks(LOOK_EVERY);
    function(arg);
    set_looks(0);
    copy.guarded = false;
    return true;
}

static void be_one(void *arg)
{
    struct order *order = arg;
#ifdef RN_ASAN
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
#ifdef RN_TSAN
    /* No more in a signal handler, and a goroutine of nobody. */
    __tsan_switch_to_fiber(__tsan_create_fiber(0),
                           __tsan_switch_to_fiber_no_sync);
    race_ignore_begin();
#endif
    watch_signals();
    order->function(order->arg);
    os_exit(0);
}

static switch_body *begin_one(void *arg)
{
    (void)arg;
    return be_one;
}

void copy_again(void)
{
    if (copy.tries_left > 0 && os_printed() == copy.printed)
        os_exit(AGAIN);
}

/* One try: the exit status of the copy, or a negative status. */
static int run_copy(struct order *order)
{
    int child = os_copy();
    if (child == 0) {
        copy.is_one = true;
        copy.printed = os_printed();
        copy.stack = order->stack;
#ifdef RN_ASAN
        __sanitizer_start_switch_fiber(NULL, order->stack, COPY_STACK);
#endif
        rn_switch_(&copy.caller,
                   switch_prepare(order->stack + COPY_STACK, begin_one, order),
                   NULL);
    }
    int status = child > 0 ? os_copy_wait(child, COPY_TIMEOUT) : child;
#ifdef RN_TSAN
    if (status == -ETIMEDOUT)
        return AGAIN;
#endif
    return status;
}

bool copy_run(void (*function)(void *arg), void *arg, bool in_handler)
{
#ifdef RN_TSAN
    if (in_handler)
        return false;
#endif
    (void)in_handler;
    struct order order = {function, arg, os_map(COPY_STACK)};
    int status = AGAIN;
    if (!order.stack)
        return false;
    for (copy.tries_left = TRIES; status == AGAIN && copy.tries_left-- > 0;)
        status = run_copy(&order);
    os_unmap(order.stack, COPY_STACK);
    return status == 0;
}
