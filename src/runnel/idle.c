/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle.c: fall idle, sleep, get up; judge a deadlock (see idle.h).
 */
#include "idle.h"

#include "fatal.h"
#include "mutant.h"
#include "os.h"
#include "poll.h"

#define LOCK_CLASS LOCK_SCHED

/* A quiet time; it doubles, up to the maximum. */
#define QUIET_MIN    (50 * RN_US)
#define QUIET_MAX    (1 * RN_MS)
/* How often a program that only a foreign thread can wake is looked at. */
#define FOREIGN_LOOK (200 * RN_MS)

/* ThreadSanitizer has a thread of its own. */
#ifdef RN_TSAN
#define HIDDEN_THREADS 1
#else
#define HIDDEN_THREADS 0
#endif

/*
 * Nobody runs, nothing is due, and nothing outside is known to change that.
 *
 * The order makes it exact. Under the lock no worker gets up, and nobody but a
 * worker can queue a task. What the poller collects is in its queue before it
 * is no longer waited for: so that is asked first. Whoever else makes tasks
 * ready (the monitor, a call that blocked, a worker without a seat) counts as
 * outside or roaming from before it took the timer or the task until it has
 * queued it: so that is asked last.
 */
static bool all_asleep(void)
{
    if (!workers_all_idle() || workers_stopping() || workers.hopes() ||
        workers_earliest(true) != RN_NEVER)
        return false;
    lock_acquire(&workers.lock);
    bool asleep =
        workers_all_idle() && poll_hopes() == 0 &&
        workers_earliest(false) == RN_NEVER && !workers_visible() &&
        atomic_load_explicit(&workers.roaming, memory_order_acquire) == 0 &&
        atomic_load_explicit(&workers.outside, memory_order_acquire) == 0 &&
        !workers_stopping();
    lock_release(&workers.lock);
    return asleep;
}

/*
 * All are asleep. True when a foreign thread still might wake somebody;
 * otherwise the program ends.
 */
static bool only_foreigners_left(void)
{
    if (!all_asleep())
        return false;
    unsigned own = workers_made() + workers.helpers + workers.other_threads();
    int threads = workers.no_foreigners ? (int)own : os_thread_count();
    if (threads < 0 || (unsigned)threads > own + HIDDEN_THREADS)
        return true;
    /* A thread that was gone when they were counted left its work before. */
    if (all_asleep())
        workers.deadlock();
    return false;
}

/* The poller, before a fence: until it knows how long it sleeps, it is told of
 * every new timer. */
static void expect_timers(void)
{
    if (!MUTANT(TIMER_UNSAID))
        atomic_store_explicit(&workers.poll_until, RN_NEVER & ~POLL_ASLEEP,
                              memory_order_relaxed);
}

/* How a worker is idle. */
enum role {
    RESERVE, /* as many are awake as can run: it looks after nothing */
    SLEEPER,
    POLLER
};

/* Declares itself idle. */
static enum role fall_idle(struct worker *w)
{
    lock_acquire(&workers.lock);
    worker_stop_searching(w);
    w->is_idle = true;
    uint32_t idlers =
        1 + atomic_fetch_add_explicit(&workers.idlers, 1, memory_order_relaxed);
    bool reserve = workers_enough_awake(idlers - MUTANT(RESERVE_EARLY));
    bool polls = !reserve && !workers.poller;
    if (polls) {
        workers.poller = w;
        expect_timers();
    } else {
        list_append(&workers.idle, &w->idle);
    }
    atomic_store_explicit(&w->wake, 0, memory_order_relaxed);
    INVARIANT(workers_check());
    lock_release(&workers.lock);
    if (reserve)
        return RESERVE;
    /* Pairs with the fences in worker_wake_if_idle and worker_timer_add. */
    fence_heavy();
    return polls ? POLLER : SLEEPER;
}

/* Work begins: the monitor must watch again. */
static void call_monitor(void)
{
    /* Pairs with the fence in the monitor's sleep_until_called. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&workers.monitor_rests, memory_order_relaxed) !=
        0) {
        seam_tick();
        atomic_store_explicit(&workers.monitor_rests, 0, memory_order_relaxed);
        os_futex_wake(&workers.monitor_rests, 1);
    }
}

/* Out of idleness by itself, unless somebody was faster. */
static void get_up(struct worker *w, bool polls)
{
    lock_acquire(&workers.lock);
    if (w->is_idle)
        worker_leave_idle(w);
    struct worker *heir = NULL;
    if (polls) {
        workers.poller = NULL;
        atomic_store_explicit(&workers.poll_until, INT64_MIN,
                              memory_order_relaxed);
        /* While too few are awake, one of the idle polls. */
        if (!list_empty(&workers.idle) &&
            !workers_enough_awake(
                atomic_load_explicit(&workers.idlers, memory_order_relaxed))) {
            heir = container_of(workers.idle.prev, struct worker, idle);
            worker_leave_idle(heir);
        }
    }
    INVARIANT(workers_check());
    lock_release(&workers.lock);
    if (heir)
        os_futex_wake(&heir->wake, 1);
    call_monitor();
}

void idle_rouse(struct worker *w)
{
    if (!w->is_idle)
        return;
    worker_leave_idle(w);
    if (w == workers.poller)
        poll_kick();
    else
        worker_get_up(w);
}

/* After expect_timers and a fence: how long it sleeps, which it tells. */
static int64_t poll_until(void)
{
    int64_t until = workers_earliest(true);
    int64_t told =
        atomic_load_explicit(&workers.poll_until, memory_order_relaxed);
    do {
        if (told < until && !MUTANT(TIMER_UNTOLD))
            until = told;
    } while (!atomic_compare_exchange_weak_explicit(
        &workers.poll_until, &told, until | POLL_ASLEEP, memory_order_relaxed,
        memory_order_relaxed));
    return (until | POLL_ASLEEP) == RN_NEVER ? RN_NEVER : until;
}

static void sleep_polling(void)
{
    int64_t until = poll_until();
    int64_t timeout = -1;
    if (until != RN_NEVER) {
        int64_t now = seam_now();
        timeout = until > now ? until - now : 0;
        if (seam_simulated) {
            /* Nobody can run: time passes, unless a descriptor is ready. */
            if (poll_waiting() == 0 || !worker_collect(0))
                seam_advance(until);
            return;
        }
    }
    if (timeout < 0 && only_foreigners_left())
        timeout = FOREIGN_LOOK;
    if (!workers_stopping())
        worker_collect(timeout);
}

/*
 * Nobody took the poller out of idleness, and there is nothing for it: it was
 * only asked to judge again. (Getting up, it would get up its heir as well, and
 * the two would kick each other for ever.)
 */
static bool still_polls(struct worker *w)
{
    /* To get up is never wrong; and it spares the barrier. */
    if (seam_simulated || workers_stopping() || workers_visible())
        return false;
    lock_acquire(&workers.lock);
    bool idle = w->is_idle;
    if (idle)
        expect_timers();
    lock_release(&workers.lock);
    if (!idle)
        return false;
    /* Pairs with the fences in worker_wake_if_idle and worker_timer_add. */
    fence_heavy();
    return !worker_attention(w) && !workers_visible();
}

bool idle_sleep(struct worker *w)
{
    enum role role = fall_idle(w);
    bool visible = role != RESERVE && workers_visible() && !MUTANT(IDLE_BLIND);
    if (!visible && !worker_attention(w)) {
        if (role == POLLER) {
            do {
                sleep_polling();
            } while (still_polls(w));
        } else {
            if (role == SLEEPER && only_foreigners_left())
                poll_kick(); /* the poller looks again, from time to time */
            while (atomic_load_explicit(&w->wake, memory_order_acquire) == 0)
                os_futex_wait(&w->wake, 0, -1);
        }
    }
    get_up(w, role == POLLER);
    return !visible;
}

void idle_rest(struct worker *w, uint32_t doublings)
{
    int64_t quiet = QUIET_MIN << (doublings < 5 ? doublings : 5);
    worker_stop_searching(w);
    atomic_store_explicit(&w->wake, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!worker_attention(w))
        os_futex_wait(&w->wake, 0, quiet < QUIET_MAX ? quiet : QUIET_MAX);
}

void idle_judge(void)
{
    /* Pairs with the fence in fall_idle: it sees who roams, or we see it. */
    atomic_thread_fence(memory_order_seq_cst);
    if (all_asleep())
        poll_kick();
}
