/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat.c: give seats, take them, wait for one (see seat.h).
 */
#include "seat.h"

#include "fatal.h"
#include "hooks.h"
#include "idle.h"
#include "os.h"

#define LOCK_CLASS LOCK_SCHED

/* Under the lock. */
static void sit_down(struct worker *w)
{
    w->seated = true;
    atomic_fetch_add_explicit(&workers.seats, 1, memory_order_relaxed);
    atomic_store_explicit(&w->attention, false, memory_order_relaxed);
    hook_seat((unsigned)(w - workers.all), true);
}

/* Under the lock: it runs on, but not for long. */
static void stand_up(struct worker *w)
{
    w->seated = false;
    atomic_fetch_add_explicit(&workers.roaming, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&workers.seats, 1, memory_order_relaxed);
    atomic_store_explicit(&w->attention, true, memory_order_relaxed);
    hook_seat((unsigned)(w - workers.all), false);
}

/* Under the lock: is there a seat that nobody has? */
static bool seat_free(void)
{
    return !workers_stopping() &&
           atomic_load_explicit(&workers.seats, memory_order_relaxed) <
               workers_count();
}

/* Under the lock: one who waits for a seat, or a place for a new one. */
static struct worker *candidate(void)
{
    if (!list_empty(&workers.spares)) {
        struct worker *w =
            container_of(workers.spares.prev, struct worker, idle);
        list_remove(&w->idle);
        return w;
    }
    unsigned made = workers_made();
    if (made == workers.capacity)
        return NULL;
    worker_init(&workers.all[made]);
    /* Release: who sees the count sees a worker that is initialised. */
    atomic_store_explicit(&workers.made, made + 1, memory_order_release);
    return &workers.all[made];
}

/* A thread for a new worker; the last one made, by whoever holds `hiring`. */
static int hire(struct worker *w)
{
    w->started = true;
    int status = os_thread_start(&w->thread, workers.main, w);
    if (status == 0)
        return RN_OK;
    w->started = false;
    lock_acquire(&workers.lock);
    /* Its seat may have been taken away meanwhile: then it counts as roaming. */
    atomic_fetch_sub_explicit(w->seated ? &workers.seats : &workers.roaming, 1,
                              memory_order_relaxed);
    w->seated = false;
    atomic_store_explicit(&workers.made, workers_made() - 1,
                          memory_order_release);
    lock_release(&workers.lock);
    /* Who counted it among those awake may have woken nobody. */
    fence_heavy();
    worker_wake_for_visible();
    idle_judge();
    return status;
}

int seats_fill(void)
{
    int status = RN_OK;
    lock_acquire_as(LOCK_HIRING, &workers.hiring);
    while (status == RN_OK) {
        lock_acquire(&workers.lock);
        bool wanted = seat_free();
        struct worker *w = wanted ? candidate() : NULL;
        if (w)
            sit_down(w);
        lock_release(&workers.lock);
        if (!w) {
            status = wanted ? RN_AGAIN : RN_OK;
            break;
        }
        if (w->started)
            worker_get_up(w);
        else
            status = hire(w);
    }
    lock_release(&workers.hiring);
    return status;
}

int seats_set(unsigned count)
{
    lock_acquire(&workers.lock);
    atomic_store_explicit(&workers.count, count, memory_order_relaxed);
    unsigned made = workers_made();
    for (unsigned i = made; i-- > 0;) {
        struct worker *w = &workers.all[i];
        if (atomic_load_explicit(&workers.seats, memory_order_relaxed) <= count)
            break;
        if (w->seated) {
            stand_up(w);
            idle_rouse(w);
        }
    }
    lock_release(&workers.lock);
    int status = seats_fill();
    /* Those who had to stand up may be all that were awake; nobody polls then. */
    if (!workers_polled())
        worker_wake_if_idle();
    return status;
}

void seat_hand_on(struct worker *w, uint32_t tick)
{
    lock_acquire(&workers.lock);
    bool stuck = w->seated &&
                 atomic_load_explicit(&w->tick, memory_order_relaxed) == tick;
    if (stuck)
        stand_up(w);
    lock_release(&workers.lock);
    if (stuck)
        (void)seats_fill(); /* if it fails, the monitor tries again */
}

/* Under no lock: roams no more. */
static void rest(void)
{
    atomic_fetch_sub_explicit(&workers.roaming, 1, memory_order_acq_rel);
    idle_judge();
}

/* The pinned goroutine has parked; true when it is ready. */
static bool wait_alone(struct worker *w, struct task **task)
{
    worker_share_all(w);
    rest();
    while (atomic_exchange_explicit(&w->wake, 0, memory_order_acquire) == 0 &&
           !workers_stopping())
        os_futex_wait(&w->wake, 0, -1);
    *task = w->pinned;
    return !workers_stopping();
}

bool seat_wait(struct worker *w, struct task **task)
{
    if (w->pinned)
        return wait_alone(w, task);
    worker_share_all(w);
    lock_acquire(&workers.lock);
    bool resting = false;
    if (!w->seated && seat_free()) {
        sit_down(w);
        atomic_fetch_sub_explicit(&workers.roaming, 1, memory_order_relaxed);
    } else if (w->seated && !workers_stopping()) {
        atomic_store_explicit(&w->attention, false, memory_order_relaxed);
    } else if (!workers_stopping()) {
        atomic_store_explicit(&w->wake, 0, memory_order_relaxed);
        list_append(&workers.spares, &w->idle);
        resting = true;
    }
    lock_release(&workers.lock);
    if (resting) {
        rest();
        while (atomic_load_explicit(&w->wake, memory_order_acquire) == 0)
            os_futex_wait(&w->wake, 0, -1);
    }
    return !workers_stopping();
}

/* --------------------------------------------------- one goroutine's own */

int seat_pin(struct worker *w, struct task *task)
{
    if (w->pin_depth++ > 0)
        return RN_OK;
    lock_acquire(&workers.lock);
    w->pinned = task;
    task->pinned = w;
    atomic_store_explicit(&w->wake, 0, memory_order_relaxed);
    if (w->seated)
        stand_up(w);
    lock_release(&workers.lock);
    worker_share_all(w);
    int status = seats_fill();
    if (status < 0)
        seat_unpin(w, task);
    return status;
}

void seat_unpin(struct worker *w, struct task *task)
{
    if (--w->pin_depth > 0)
        return;
    lock_acquire(&workers.lock);
    w->pinned = NULL;
    task->pinned = NULL;
    /* It has no seat: it comes to seat_wait at its next switch. */
    lock_release(&workers.lock);
}

void seat_unpin_all(struct worker *w, struct task *task)
{
    w->pin_depth = 1;
    seat_unpin(w, task);
}

void seats_join(void)
{
    /* Nobody makes a thread now, and nobody will: workers.stopping is set. */
    lock_acquire_as(LOCK_HIRING, &workers.hiring);
    lock_release(&workers.hiring);
    for (unsigned i = 1; i < workers_made(); i++)
        if (workers.all[i].started)
            os_thread_join(workers.all[i].thread);
}
