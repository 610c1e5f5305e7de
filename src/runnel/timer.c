/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.c: timers, tickers, functions that run later.
 *
 * `lock` protects `active`, `period`, and with them what may still be sent. A
 * timer that has expired but has not sent yet finds under the lock whether it
 * was stopped or set anew meanwhile; so nothing of an old setting arrives after
 * stop or reset have returned. While it is in a queue, or being fired, the
 * timer holds a reference to itself.
 *
 * Only `arm` puts it in a queue, under the lock (or before anybody knows of the
 * timer); so who holds the lock and sees that it is in none need not ask the
 * queue. A program may have a million of them: the record is kept small.
 */
#include <runnel/task.h>
#define RN_TIMER_PLAIN_
#include <runnel/timer.h>

#include "alloc.h"
#include "chan_internal.h"
#include "lock.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sched.h"
#include "spawn.h"
#include "timer_fire.h"
#include "track.h"

#define LOCK_CLASS LOCK_TIMER

struct rn_timer {
    struct timer timer;
    _Atomic(uint32_t) references;
    lock_word lock;
    bool active;
    bool sends; /* the time, on a channel; otherwise it calls a function */
    union {
        struct rn_channel *chan;
        void (*function)(void *arg);
    };
    union {
        int64_t period; /* of one that sends; 0: it fires once */
        void *arg;
    };
};

/* Of malloc's sizes on 64 bits, 16 k + 8, this is the fifth. */
_Static_assert(sizeof(struct rn_timer) <= 72, "a timer has become larger");

static bool is_ticker(const struct rn_timer *timer)
{
    return timer->sends && timer->period > 0;
}

static void release(struct rn_timer *timer)
{
    /* Alone it needs no locked instruction. Acquire: the uses of the others. */
    if (atomic_load_explicit(&timer->references, memory_order_acquire) == 1 ||
        atomic_fetch_sub_explicit(&timer->references, 1,
                                  memory_order_acq_rel) == 1) {
        if (timer->sends)
            rn_chan_free_(timer->chan);
        alloc_free(timer);
    }
}

/* Into a queue, which holds a reference that the caller has counted. */
static void arm(struct rn_timer *timer, int64_t when)
{
    timer->active = true;
    timer->timer.when = when;
    race_release(timer);
    sched_timer_add(&timer->timer);
}

static void retain(struct rn_timer *timer)
{
    atomic_fetch_add_explicit(&timer->references, 1, memory_order_relaxed);
}

/* Under the lock: out of the queue; true when it was still to fire. */
static bool disarm(struct rn_timer *timer)
{
    bool was_active = timer->active;
    timer->active = false;
    if (timerq_may_hold(&timer->timer) && timerq_remove(&timer->timer))
        atomic_fetch_sub_explicit(&timer->references, 1, memory_order_relaxed);
    return was_active;
}

/* Under the lock: a tick that nobody took stays, this one is dropped. */
static struct task *send(struct rn_timer *timer, int64_t now)
{
    struct task *wake = NULL;
    lock_acquire_as(LOCK_CHANNEL, &timer->chan->lock);
    chan_offer(timer->chan, &now, &wake);
    lock_release(&timer->chan->lock);
    return wake;
}

/* A call of the timer's function, which holds a reference until it starts. */
struct later {
    struct rn_timer *timer;
    void (*function)(void *arg);
    void *arg;
    struct timerq *queue; /* where the timer was, and perhaps others are due */
    int64_t now;
};

static void run_later(void *arg)
{
    struct later *own = arg;
    race_acquire(own->timer); /* what was before it was set */
    release(own->timer);
    own->function(own->arg);
}

/*
 * What was due at `now` has left its queue: a tick is sent; `later` is filled,
 * and true returned, when a function is to be called.
 */
static bool expire(struct rn_timer *timer, int64_t now, struct later *later)
{
    struct task *wake = NULL;
    bool calls = false;
    lock_acquire(&timer->lock);
    /* Not active: stopped meanwhile. Not due: set anew meanwhile. */
    if (timer->active && timer->timer.when <= now) {
        disarm(timer); /* set anew to a time that has come: once is enough */
        calls = !timer->sends;
        if (timer->sends)
            wake = send(timer, now);
        else
            *later = (struct later){timer, timer->function, timer->arg,
                                    timer->timer.home, now};
        if (is_ticker(timer) && !MUTANT(TICKS_ONCE)) {
            /* The next multiple that is not past: late ticks are dropped. */
            int64_t missed = (now - timer->timer.when) / timer->period;
            retain(timer);
            arm(timer, timer->timer.when + (missed + 1) * timer->period);
        }
    }
    lock_release(&timer->lock);
    if (!calls)
        release(timer);
    if (wake)
        sched_ready(wake);
    return calls;
}

static void fire(struct timer *base, int64_t now);

/* A function has returned: the next one that is due runs on the same stack. */
static bool go_on(struct task *self)
{
    struct later later = *(struct later *)self->own;
    while (sched_may_go_on(later.queue)) {
        struct timer *due = timers_next(later.queue, &later.now);
        if (!due)
            return false;
        if (due->fire != fire) {
            due->fire(due, later.now);
            continue;
        }
        if (expire(container_of(due, struct rn_timer, timer), later.now,
                   &later)) {
            spawn_again(self, &later, sizeof(later));
            return true;
        }
    }
    return false;
}

static void fire(struct timer *base, int64_t now)
{
    struct later later;
    if (expire(container_of(base, struct rn_timer, timer), now, &later))
        spawn_heir(run_later, &later, sizeof(later), go_on, RN_HERE_);
}

static struct rn_timer *make(bool sends)
{
    sched_point();
    /* First: that it cannot be made is a panic, which leaves nothing behind. */
    struct rn_channel *chan =
        sends ? rn_chan_make_(sizeof(int64_t), 1, "a timer") : NULL;
    struct rn_timer *timer = alloc_or_die(1, sizeof(*timer));
    timer->timer.fire = fire;
    timer->timer.source = sends ? 0 : TIMER_CHAINS;
    timer->sends = sends;
    timer->chan = chan;
    track_remove(chan); /* a part of the timer */
    track_add(TRACK_TIMER, timer, NULL);
    return timer;
}

/* One that nobody knows of yet. */
static void start(struct rn_timer *timer, int64_t ns)
{
    atomic_init(&timer->references, 2); /* the caller's, the queue's */
    arm(timer, rn_deadline(ns));
}

struct rn_timer *rn_timer_make(int64_t ns)
{
    struct rn_timer *timer = make(true);
    start(timer, ns);
    return timer;
}

struct rn_timer *rn_ticker_make(int64_t period_ns)
{
    if (period_ns <= 0)
        misuse("ticker with a period that is not positive");
    struct rn_timer *timer = make(true);
    timer->period = period_ns;
    start(timer, period_ns);
    return timer;
}

struct rn_timer *rn_after_func(int64_t ns, void (*function)(void *arg),
                               void *arg)
{
    struct rn_timer *timer = make(false);
    timer->function = function;
    timer->arg = arg;
    start(timer, ns);
    return timer;
}

/* Under the lock. */
static bool stop(struct rn_timer *timer)
{
    bool was_active = disarm(timer);
    if (timer->sends && !MUTANT(STOP_LEAVES_TICK)) {
        lock_acquire_as(LOCK_CHANNEL, &timer->chan->lock);
        chan_drain(timer->chan);
        lock_release(&timer->chan->lock);
    }
    return was_active;
}

/* Under the lock: the same as stop and arm, where only the time changes. */
static bool postpone(struct rn_timer *timer, int64_t when)
{
    if (!timer->active || is_ticker(timer) || MUTANT(STOP_LEAVES_TICK) ||
        !timerq_postpone(&timer->timer, when))
        return false;
    race_release(timer);
    return true;
}

bool rn_timer_stop(struct rn_timer *timer)
{
    sched_point();
    lock_acquire(&timer->lock);
    bool was_active = stop(timer);
    lock_release(&timer->lock);
    return was_active;
}

bool rn_timer_reset(struct rn_timer *timer, int64_t ns)
{
    sched_point();
    if (is_ticker(timer) && ns <= 0)
        misuse("ticker with a period that is not positive");
    lock_acquire(&timer->lock);
    bool was_active;
    int64_t when = rn_deadline(ns);
    if (postpone(timer, when)) {
        was_active = true;
    } else {
        was_active = stop(timer);
        retain(timer);
        arm(timer, when);
    }
    if (is_ticker(timer))
        timer->period = ns;
    lock_release(&timer->lock);
    return was_active;
}

void rn_timer_free(struct rn_timer *timer)
{
    if (!timer)
        return;
    track_remove(timer);
    rn_timer_stop(timer);
    release(timer);
}

struct rn_channel *rn_timer_chan_(struct rn_timer *timer)
{
    return timer->sends ? timer->chan : NULL;
}

struct rn_timer *rn_timer_made_(struct rn_timer *timer, const char *where)
{
    track_place(timer, where);
    return timer;
}
