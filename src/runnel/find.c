/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.c: look for work, steal it, or sleep until there is some (see find.h).
 */
#include "find.h"

#include "fatal.h"
#include "hooks.h"
#include "idle.h"
#include "poll.h"
#include "schedule.h"
#include "stack.h"
#include "timer_fire.h"

/* Rounds of a search; the last ones also take a task that is to run next. */
#ifndef SEARCH_ROUNDS /* the model check has fewer */
#define SEARCH_ROUNDS 4
#endif
/* How long such a task must have been left, in pauses (a few microseconds). */
#define NEXT_PATIENCE 200
/* A theft whose tasks are done within this time did not pay; the next one is to
 * bring so many, or waits for a quiet time. */
#define THEFT_PAYS    (20 * RN_US)
#define THEFT_MANY    64
/* Nor did one whose tasks are done within this time, and took so little each:
 * the next one waits for a quiet time, which doubles. */
#define THEFT_LASTS   (200 * RN_US)
#define THEFT_LIGHT   (250) /* ns */
/* Between two goroutines that are started because they have waited longest. */
#define PATIENT_NS    (1 * RN_MS)

/* To be judged when the worker looks for work next (least_to_steal). */
static void note_theft(struct worker *w)
{
    w->stole_at = seam_now();
    w->stole_tick = atomic_load_explicit(&w->tick, memory_order_relaxed);
}

static bool fire_timers(struct worker *w, struct timerq *timers)
{
    struct worker *owner = container_of(timers, struct worker, timers);
    bool any = timers_fire(timers, runq_length(&w->runq), owner == w);
    /* As good as a theft: of who is at work it should let some gather. */
    if (any && owner != w && worker_current(owner))
        note_theft(w);
    return any;
}

/* By whoever has nothing else to do: what is due would not let him sleep. */
static bool fire_any(struct worker *w)
{
    bool any = false;
    if (workers_earliest(false) > seam_now())
        return false;
    for (unsigned i = 0, made = workers_made(); i < made && !any; i++)
        any = fire_timers(w, &workers.all[i].timers);
    return any;
}

/*
 * The task that a victim is to run next is taken only when the victim has not
 * switched for a while: usually the two belong together.
 */
static struct task *steal_next(struct worker *victim)
{
    if (!atomic_load_explicit(&victim->runq.next, memory_order_relaxed))
        return NULL;
    uint32_t tick = atomic_load_explicit(&victim->tick, memory_order_relaxed);
    for (int i = 0; i < NEXT_PATIENCE; i++)
        cpu_pause();
    if (atomic_load_explicit(&victim->tick, memory_order_relaxed) != tick)
        return NULL;
    return runq_steal_next(&victim->runq);
}

/*
 * How many its next theft is to bring. What it stole last may have been done
 * sooner than the theft itself took, on both sides: its victim's goroutines are
 * short, and it should let some gather. If they were many, and each was done
 * sooner than its stack came from the other processor's caches, its victim had
 * better keep the next ones, too.
 */
static uint32_t least_to_steal(struct worker *w)
{
    if (w->stole_at == 0)
        return 1;
    int64_t took = seam_now() - w->stole_at;
    uint32_t ran =
        atomic_load_explicit(&w->tick, memory_order_relaxed) - w->stole_tick;
    if (took < THEFT_LASTS && took < (int64_t)ran * THEFT_LIGHT)
        return UINT32_MAX;
    if (took < THEFT_PAYS)
        return THEFT_MANY;
    w->stole_at = 0;
    w->light = 0;
    return 1;
}

/* How long it rests: after a theft, or when it had been woken in vain. */
static uint32_t doublings(struct worker *w, uint32_t least)
{
    w->stole_at = 0;
    if (least == UINT32_MAX)
        return w->light++;
    return w->searching ? w->vain++ : 0;
}

/* From others, a queue of `least`. */
static struct task *steal(struct worker *w, uint32_t least)
{
    unsigned made = workers_made();
    for (int round = 0; round < SEARCH_ROUNDS; round++) {
        unsigned start = chance_draw(&w->chance, made);
        for (unsigned i = 0; i < made; i++) {
            struct worker *victim = &workers.all[(start + i) % made];
            if (victim == w)
                continue;
            struct task *task = NULL;
            if (runq_length(&victim->runq) >= least)
                task = runq_steal(&w->runq, &victim->runq);
            if (!task && round >= SEARCH_ROUNDS / 2 && least == 1)
                task = steal_next(victim);
            if (task) {
                note_theft(w);
                count_one(&w->steals);
                hook_steal((start + i) % made);
                return task;
            }
        }
    }
    return NULL;
}

/* Nobody can run, and nothing is due: those who wait for that can. */
static void wake_quiet(void)
{
    struct task *chain = workers.quiet;
    workers.quiet = NULL;
    while (chain) {
        struct task *next = chain->next; /* used by queues once it is ready */
        worker_start_parked(chain);
        chain = next;
    }
}

/* The oldest fresh goroutine, when it is time for one (runq.h). */
static struct task *take_patient(struct worker *w)
{
    int64_t now = seam_now();
    if (now - w->patient_at < PATIENT_NS)
        return NULL;
    w->patient_at = now;
    return runq_take_fresh(&w->runq);
}

/* What can be had without stealing. */
static struct task *look(struct worker *w)
{
    uint32_t tick = atomic_load_explicit(&w->tick, memory_order_relaxed);
    struct task *task = NULL;
    fire_timers(w, &w->timers);
    if (tick % FAIR_TICKS == 0) {
        /* Also for those who cannot at the moment: each in turn. */
        unsigned other = tick / FAIR_TICKS % workers_made();
        if (&workers.all[other] != w)
            fire_timers(w, &workers.all[other].timers);
        if (poll_waiting() != 0)
            worker_collect(0);
        task = seam_simulated ? NULL : take_patient(w);
        if (!task)
            task = worker_take_shared(w, true);
    }
    if (!task)
        task = worker_take_own(w);
    if (!task)
        task = worker_take_shared(w, false);
    if (!task && poll_waiting() != 0 && worker_collect(0))
        task = worker_take_own(w);
    if (!task && unlikely(workers.quiet) &&
        workers_earliest(true) > seam_now()) {
        wake_quiet();
        task = worker_take_own(w);
    }
    return task;
}

struct task *find_task(struct worker *w)
{
    uint32_t least = least_to_steal(w);
    bool rested = least == 1;
    while (!worker_attention(w)) {
        struct task *task = look(w);
        if (!task && workers_made() > 1 && fire_any(w))
            task = worker_take_own(w);
        if (!task && workers_made() > 1) {
            uint32_t busy =
                workers_count() -
                atomic_load_explicit(&workers.idlers, memory_order_relaxed);
            uint32_t searching =
                atomic_load_explicit(&workers.searching, memory_order_relaxed);
            /* Half of the busy ones search at most. */
            if (!w->searching && 2 * searching < busy) {
                w->searching = true;
                atomic_fetch_add_explicit(&workers.searching, 1,
                                          memory_order_relaxed);
            }
            if (w->searching)
                task = steal(w, least);
        }
        if (task) {
            bool searched = w->searching;
            worker_stop_searching(w);
            if (searched) {
                w->vain = 0;
                /* Said first that it searches no more, then looked: in full. */
                atomic_thread_fence(memory_order_seq_cst);
                worker_wake_if_idle(); /* there may be more where that was */
            }
            return task;
        }
        if (workers_made() > 1 && stack_prepare())
            continue;
        if (!rested) {
            rested = true;
            /* What is due is to be had: that is no reason to wait. */
            if (workers_earliest(false) > seam_now()) {
                idle_rest(w, doublings(w, least));
                least = 1;
            }
            continue;
        }
        /* Work that is seen but not to be had (somebody searches already, and
         * has yet to run; or it is its owner's next) is no reason to look for
         * it again and again: the processor may be what its owner waits for. */
        rested = (idle_sleep(w) || seam_simulated) && !w->searching;
        least = 1;
    }
    worker_stop_searching(w);
    return NULL;
}

/* The ring and the next place of a worker that cannot look after them. */
static void share_of(struct worker *victim)
{
    static struct runq own; /* the monitor's; empty between two calls */
    struct task *task = runq_steal(&own, &victim->runq);
    while (task) {
        worker_share(task);
        task = runq_take(&own);
    }
    task = runq_steal_next(&victim->runq);
    if (task)
        worker_share(task);
}

void find_help(const bool *stuck, unsigned count, bool polls)
{
    atomic_fetch_add_explicit(&workers.outside, 1, memory_order_acq_rel);
    for (unsigned i = 0; i < count; i++) {
        /* Who runs nothing may be asleep, and not look at his own. */
        if (stuck[i] || polls || !worker_current(&workers.all[i]))
            timers_help(&workers.all[i].timers);
        if (worker_attention(&workers.all[i]))
            share_of(&workers.all[i]);
    }
    if (polls && poll_waiting() != 0)
        worker_collect(0);
    /* What was in our hands was not seen by who fell idle meanwhile. */
    if (workers_visible())
        worker_wake_if_idle();
    atomic_fetch_sub_explicit(&workers.outside, 1, memory_order_acq_rel);
    /* Who went to sleep meanwhile could not judge. */
    idle_judge();
}
