/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor.c: looks at the workers every TICK.
 *
 * A worker that is at the same switch as a tick ago runs a goroutine that has
 * neither parked nor yielded meanwhile: it computes, or it is in a call that
 * blocks. When nobody is idle, who could do what it leaves undone, it is asked
 * to give way at its next call of the runtime; if it makes none within a millisecond,
 * its seat goes to another thread (seat.h). While somebody is idle, one more is
 * awake for each that is stuck (worker.h), and gets up for work that is seen. When
 * nobody is the poller, the monitor also fires the timers that are due and
 * collects the descriptors that are ready.
 *
 * While everybody has been idle for REST_TICKS, it sleeps, and is woken by the
 * first worker that gets up (idle.c, call_monitor).
 */
#include "monitor.h"

#include "find.h"
#include "os.h"
#include "seat.h"
#include "stack.h"

#ifdef RN_VALGRIND
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* Under Valgrind, where code is that much slower, VALGRIND_SLOWER as long. */
#define TICK            (10 * RN_MS)
#define GRACE_PART      10 /* of a tick: the time to give way in */
#define VALGRIND_SLOWER 50
#define REST_TICKS      100
/* Calls of stack_cool in a tick: at most some 2 ms of it. */
#define COOL_CALLS      64
/* Ticks of an age of free stacks: a burst that comes back finds them. */
#define AGE_TICKS       100

static struct {
    pthread_t thread;
    bool running;
    int64_t tick;              /* ns */
    unsigned age;              /* ticks of this age of free stacks */
    bool left_over;            /* more of them than are kept, when it began */
    _Atomic(uint32_t) closing; /* futex: 1 = end */
    /* What each worker's tick was at the last look; the monitor's own. */
    uint32_t seen[WORKERS_MAX];
    /* Those that were at it a tick before, and are not idle. */
    bool stuck[WORKERS_MAX];
} monitor;

/* True for whom the monitor has asked to let others run, and who has not. */
static bool still_overdue(unsigned i)
{
    const struct worker *w = &workers.all[i];
    return atomic_load_explicit(&w->overdue, memory_order_relaxed) &&
           atomic_load_explicit(&w->tick, memory_order_relaxed) ==
               monitor.seen[i];
}

/*
 * Some were asked to let others run. Whoever calls the runtime does so now
 * (sched_point); the seats of the others are handed on.
 */
static void wait_for_overdue(unsigned made)
{
    atomic_store_explicit(&seam_interrupts, true, memory_order_relaxed);
    os_futex_wait(&monitor.closing, 0, monitor.tick / GRACE_PART);
    atomic_store_explicit(&seam_interrupts, false, memory_order_relaxed);
    for (unsigned i = 0; i < made; i++) {
        if (still_overdue(i))
            seat_hand_on(&workers.all[i], monitor.seen[i]);
        atomic_store_explicit(&workers.all[i].overdue, false,
                              memory_order_relaxed);
    }
}

/*
 * Sees to it that those that are stuck hold nobody up. True when nobody is on
 * his way from goroutine to goroutine, who would look after the others.
 */
static bool look_for_stuck(unsigned made)
{
    bool any = false;
    bool moving = false;
    uint32_t stuck = 0;
    for (unsigned i = 0; i < made; i++) {
        struct worker *w = &workers.all[i];
        uint32_t tick = atomic_load_explicit(&w->tick, memory_order_relaxed);
        bool runs = worker_current(w);
        bool same = runs && tick == monitor.seen[i];
        /* A switch from idleness is not counted: it has just begun, then. */
        monitor.seen[i] = runs ? tick : tick - 1;
        monitor.stuck[i] = same;
        moving = moving || (runs && !same);
        stuck += same;
        if (same && workers_any_idle())
            worker_wake_for_visible();
        else if (same)
            atomic_store_explicit(&w->overdue, any = true,
                                  memory_order_relaxed);
    }
    /* Who sees it late looks at what is visible at the next tick. */
    atomic_store_explicit(&workers.awake_max, workers.cpus + stuck,
                          memory_order_relaxed);
    if (any)
        wait_for_overdue(made);
    return !moving;
}

/* True when nobody has been seen at work. */
static bool look(void)
{
    if (workers_all_idle() && workers_polled())
        return true;
    unsigned made = workers_made();
    bool all_stuck = look_for_stuck(made);
    if (!workers_polled()) {
        /* Beside those who idle somebody is to poll, and does not yet. */
        find_help(monitor.stuck, made, all_stuck || workers_any_idle());
        (void)seats_fill();    /* what a failure left free */
        worker_wake_if_idle(); /* more may be awake now: one is to poll */
    }
    return false;
}

/* Free stacks that nobody has wanted go back to the kernel; true: not yet all. */
static bool cool(void)
{
    if (++monitor.age >= AGE_TICKS) {
        monitor.age = 0;
        monitor.left_over = stack_age();
    }
    bool more = true;
    for (int i = 0; i < COOL_CALLS && more; i++)
        more = stack_cool();
    return more || monitor.left_over;
}

static void sleep_until_called(void)
{
    atomic_store_explicit(&workers.monitor_rests, 1, memory_order_relaxed);
    /* Pairs with the fence in call_monitor. */
    atomic_thread_fence(memory_order_seq_cst);
    while (workers_all_idle() &&
           atomic_load_explicit(&workers.monitor_rests, memory_order_relaxed) &&
           !atomic_load_explicit(&monitor.closing, memory_order_relaxed))
        os_futex_wait(&workers.monitor_rests, 1, -1);
    atomic_store_explicit(&workers.monitor_rests, 0, memory_order_relaxed);
}

static void *watch(void *arg)
{
    unsigned idle_ticks = 0;
    (void)arg;
    for (;;) {
        os_futex_wait(&monitor.closing, 0, monitor.tick);
        if (atomic_load_explicit(&monitor.closing, memory_order_relaxed))
            return NULL;
        seam_tick();
        bool idle = look();
        bool cools = cool();
        idle_ticks = idle && !cools ? idle_ticks + 1 : 0;
        if (idle_ticks >= REST_TICKS)
            sleep_until_called();
    }
}

int monitor_open(void)
{
    monitor.tick = RUNNING_ON_VALGRIND ? VALGRIND_SLOWER * TICK : TICK;
    monitor.age = 0;
    monitor.left_over = false;
    atomic_store_explicit(&monitor.closing, 0, memory_order_relaxed);
    int status = os_thread_start(&monitor.thread, watch, NULL);
    monitor.running = status == 0;
    return status;
}

void monitor_close(void)
{
    if (!monitor.running)
        return;
    atomic_store_explicit(&monitor.closing, 1, memory_order_seq_cst);
    os_futex_wake(&monitor.closing, 1);
    atomic_store_explicit(&workers.monitor_rests, 0, memory_order_relaxed);
    os_futex_wake(&workers.monitor_rests, 1);
    os_thread_join(monitor.thread);
    monitor.running = false;
}
