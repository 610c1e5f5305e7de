/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_sampling.c: os_sampling.h on Linux.
 *
 * Timers are made by syscall(2): the C library's wrapper keeps memory of its
 * own for each, and has no name for another thread's clock.
 */
#include "os_sampling.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel's name for the processor time of a thread. */
#define THREAD_CLOCK(thread) ((~(thread)*8) | 6)

static struct sigaction before;
static void (*on_tick)(unsigned ticks);

static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)number;
    (void)context;
    if (info->si_code == SI_TIMER)
        on_tick(1 + (info->si_overrun > 0 ? (unsigned)info->si_overrun : 0));
    else if (info->si_code == SI_TKILL)
        on_tick(0);
    errno = saved;
}

noinline int os_ticks_catch(void (*function)(unsigned ticks))
{
    if (sigaction(SIGPROF, NULL, &before) != 0)
        return -errno;
    if ((before.sa_flags & SA_SIGINFO) ||
        (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN))
        return -EBUSY;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags =
                                   SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    on_tick = function;
    return sigaction(SIGPROF, &action, NULL) == 0 ? 0 : -errno;
}

noinline void os_ticks_release(void)
{
    /* Ignoring a signal drops those that are pending, in every thread; one
     * that came after the default action is back would end the process. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPROF, &ignore, NULL);
    sigaction(SIGPROF, &before, NULL);
}

noinline int os_thread_id(void)
{
    return (int)syscall(SYS_gettid);
}

noinline int os_ticks_start(int thread, int64_t period_ns, int *timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = SIGPROF};
    event._sigev_un._tid = thread;
    if (syscall(SYS_timer_create, THREAD_CLOCK(thread), &event, timer) != 0)
        return -errno;
    struct timespec period = {period_ns / RN_S, period_ns % RN_S};
    struct itimerspec times = {period, period};
    if (syscall(SYS_timer_settime, *timer, 0, &times, NULL) == 0)
        return 0;
    int status = -errno;
    syscall(SYS_timer_delete, *timer);
    return status;
}

noinline void os_ticks_stop(int timer)
{
    syscall(SYS_timer_delete, timer);
}

noinline int os_tick(int thread)
{
    return syscall(SYS_tgkill, getpid(), thread, SIGPROF) == 0 ? 0 : -errno;
}

noinline int64_t os_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * RN_S + now.tv_nsec;
}

noinline int os_memory_file(void)
{
    int fd = memfd_create("runnel", MFD_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}
