/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c: find work, go to sleep, wake the others (see worker.h).
 */
#include "worker.h"

#include "fatal.h"
#include "hooks.h"
#include "mutant.h"
#include "os.h"
#include "poll.h"
#include "schedule.h"
#include "timer_fire.h"

#define LOCK_CLASS LOCK_SCHED

/* Rounds of a search; the last ones also take a task that is to run next. */
#define SEARCH_ROUNDS 4
/* How long such a task must have been left, in pauses (a few microseconds). */
#define NEXT_PATIENCE 200
/* A theft whose tasks are done within this time did not pay; the next one is to
 * bring so many, or waits for a quiet time. */
#define THEFT_PAYS    (20 * RN_US)
#define THEFT_MANY    64
/* The quiet time after a vain search; doubles each time, up to the maximum. */
#define QUIET_MIN     (50 * RN_US)
#define QUIET_MAX     (1 * RN_MS)
/* Between two goroutines that are started because they have waited longest. */
#define PATIENT_NS    (1 * RN_MS)
/* How often a program that only a foreign thread can wake is looked at. */
#define FOREIGN_LOOK  (200 * RN_MS)

/* ThreadSanitizer has a thread of its own. */
#ifdef RN_TSAN
#define HIDDEN_THREADS 1
#else
#define HIDDEN_THREADS 0
#endif

struct workers workers;

void worker_init(struct worker *w)
{
    list_init(&w->idle);
    timerq_init(&w->timers);
    if (!seam_simulated)
        chance_init(&w->chance);
}

/* Used: by name, in an instruction that link-time optimisers do not read. */
_Thread_local struct worker *worker_this_ __attribute__((used));

#if !defined(__x86_64__)
noinline struct worker *worker_self(void)
{
    struct worker *w = worker_this_;
    __asm__ volatile("" : "+r"(w)::"memory");
    return w;
}
#endif

noinline void worker_set_self(struct worker *w)
{
    worker_this_ = w;
}

/* ------------------------------------------------------------- the queues */

/* More workers, or tasks in the shared queue, are not looked at. */
#define CHECK_MAX 64

/* Under workers.lock: what is counted is what there is. */
static bool workers_check(void)
{
    unsigned made = workers_made();
    uint32_t seats = 0;
    uint32_t idlers = 0;
    uint32_t queued = 0;
    for (unsigned i = 0; i < made && made <= CHECK_MAX; i++) {
        seats += workers.all[i].seated;
        idlers += workers.all[i].is_idle;
    }
    const struct task *task = workers.first;
    for (; task && queued <= CHECK_MAX; task = task->next)
        queued++;
    return (made > CHECK_MAX ||
            (seats ==
                 atomic_load_explicit(&workers.seats, memory_order_relaxed) &&
             idlers == atomic_load_explicit(&workers.idlers,
                                            memory_order_relaxed))) &&
           (task || queued == atomic_load_explicit(&workers.queued,
                                                   memory_order_relaxed));
}

static void share(struct task *first, struct task *last, uint32_t count)
{
    last->next = NULL;
    lock_acquire(&workers.lock);
    *workers.last = first;
    workers.last = &last->next;
    atomic_fetch_add_explicit(&workers.queued, count, memory_order_relaxed);
    INVARIANT(workers_check());
    lock_release(&workers.lock);
}

/* At the end of the worker's queue; half of a full one moves to the shared. */
static void enqueue(struct worker *w, struct task *task)
{
    while (unlikely(!runq_put(&w->runq, task))) {
        uint32_t count;
        struct task *first = runq_take_half(&w->runq, &count);
        if (!first)
            continue; /* thieves made room */
        struct task *last = first;
        while (last->next)
            last = last->next;
        share(first, last, count);
    }
}

/* --------------------------------------------------------- waking workers */

void worker_get_up(struct worker *w)
{
    atomic_store_explicit(&w->wake, 1, memory_order_release);
    os_futex_wake(&w->wake, 1);
}

/*
 * Under the lock: one that is idle no more. What it may sleep on is set here,
 * not after the lock is released: by then it may sleep for another reason.
 */
static void leave_idlers(struct worker *w)
{
    w->is_idle = false;
    list_remove(&w->idle);
    atomic_fetch_sub_explicit(&workers.idlers, 1, memory_order_relaxed);
    atomic_store_explicit(&w->wake, 1, memory_order_release);
}

/* Takes one idle worker out of idleness and gets it up. */
noinline void worker_wake_one_(void)
{
    lock_acquire(&workers.lock);
    struct worker *w = NULL;
    bool polls = false;
    if (!list_empty(&workers.idle)) {
        w = container_of(workers.idle.prev, struct worker, idle);
    } else if (workers.poller && workers.poller->is_idle) {
        w = workers.poller;
        polls = true;
    }
    if (w) {
        leave_idlers(w);
        w->searching = true;
        /* Counted before it runs, so that nobody else is woken meanwhile. */
        atomic_fetch_add_explicit(&workers.searching, 1, memory_order_relaxed);
    }
    lock_release(&workers.lock);
    if (!w)
        return;
    if (polls)
        poll_kick();
    else
        os_futex_wake(&w->wake, 1);
}

static bool has_next(const struct worker *w)
{
    return atomic_load_explicit(&w->runq.next, memory_order_relaxed);
}

/*
 * Takes one task of the shared queue, and of this worker's part of it as many
 * more as there is room for, at most `most` in all.
 */
static struct task *take_shared(struct worker *w, uint32_t most)
{
    if (atomic_load_explicit(&workers.queued, memory_order_relaxed) == 0)
        return NULL;
    struct task *taken = NULL;
    lock_acquire(&workers.lock);
    uint32_t queued =
        atomic_load_explicit(&workers.queued, memory_order_relaxed);
    uint32_t count = queued / workers_count() + 1;
    uint32_t room = runq_room(&w->runq) / 2 + 1;
    if (count > room)
        count = room;
    if (count > most)
        count = most;
    for (uint32_t i = 0; i < count && workers.first; i++) {
        struct task *task = workers.first;
        /* By now each of them is in no cache, and stands in the next one's. */
        __builtin_prefetch(task->ahead, 1);
        workers.first = task->next;
        if (!workers.first)
            workers.last = &workers.first;
        atomic_fetch_sub_explicit(&workers.queued, 1, memory_order_relaxed);
        if (!taken)
            taken = task;
        else
            enqueue(w, task);
    }
    /*
     * Who shared them may have woken nobody, because this worker searched then;
     * it may have said meanwhile that it does no more.
     */
    bool more = workers.first || runq_length(&w->runq) != 0 ||
                (taken && (!workers.poller || has_next(w)));
    lock_release(&workers.lock);
    if (more)
        worker_wake_if_idle();
    return taken;
}

/*
 * A pinned task runs on its own worker, which sleeps for it. Under the lock:
 * who judges a deadlock sees it as roaming before its waker stops counting.
 */
static noinline void start_pinned(struct worker *w)
{
    lock_acquire(&workers.lock);
    atomic_fetch_add_explicit(&workers.roaming, 1, memory_order_relaxed);
    lock_release(&workers.lock);
    worker_get_up(w);
}

void worker_start(struct task *task)
{
    if (unlikely(task->pinned)) {
        start_pinned(task->pinned);
        return;
    }
    struct worker *w = worker_self();
    if (unlikely(seam_simulated) && w) {
        enqueue(w, task); /* one queue to choose from: no `next` */
    } else if (likely(w && !worker_attention(w))) {
        struct task *displaced = runq_put_next(&w->runq, task);
        if (unlikely(displaced))
            enqueue(w, displaced);
    } else {
        share(task, task, 1);
    }
    worker_wake_if_idle();
}

void worker_wake_foreigner(struct task *task)
{
    hook_ready(task);
    /* Release: what was left in its record is seen with the wake-up. */
    atomic_store_explicit(&task->foreign_wake, 1, memory_order_release);
    os_futex_wake(&task->foreign_wake, 1);
}

/* ------------------------------------------------------- timers and polls */

/* As sched_ready, which stands above. */
static void set_runnable(struct task *task)
{
    atomic_store_explicit(&task->state, TASK_RUNNABLE, memory_order_relaxed);
    hook_ready(task);
}

static void start_parked(struct task *task)
{
    set_runnable(task);
    worker_start(task);
}

/* Several go behind the others, so that they run in their order. */
static void start_in_turn(struct worker *w, struct task *task)
{
    if (unlikely(task->foreign)) {
        worker_wake_foreigner(task);
    } else if (!w || task->pinned || seam_simulated || worker_attention(w)) {
        start_parked(task);
    } else {
        set_runnable(task);
        enqueue(w, task);
    }
}

/*
 * The only thing that its worker, which has just looked for work or slept, has
 * to do: it runs next, and nobody else is woken for it.
 */
static bool starts_alone(struct worker *w, struct task *task)
{
    if (!w || task->foreign || task->pinned || seam_simulated ||
        worker_attention(w) || runq_length(&w->runq) != 0 || has_next(w))
        return false;
    set_runnable(task);
    (void)runq_put_next(&w->runq, task);
    return true;
}

/* Wakes who waited for descriptors that are ready. */
static bool collect(int64_t timeout)
{
    struct poll_wait *wait = poll_collect(timeout);
    uint32_t count = 0;
    struct worker *self = worker_self(); /* or the monitor */
    if (self)
        count_one(&self->polls);
    if (wait && !wait->next && starts_alone(self, wait->task)) {
        count = 1;
    } else if (wait) {
        for (struct poll_wait *next; wait; wait = next, count++) {
            next = wait->next; /* it is not ours once ready */
            start_in_turn(self, wait->task);
        }
        worker_wake_if_idle();
    }
    hook_poll(count);
    poll_settle(count);
    return count != 0;
}

/*
 * When the first timer of all is due. Not exact: no later than that, and no
 * lock is taken.
 */
static int64_t earliest_of_all(bool exact)
{
    int64_t earliest = RN_NEVER;
    for (unsigned i = 0, made = workers_made(); i < made; i++) {
        struct timerq *timers = &workers.all[i].timers;
        int64_t when = exact ? timerq_next(timers) : timerq_earliest(timers);
        if (when < earliest)
            earliest = when;
    }
    return earliest;
}

void worker_timer_add(struct timer *timer)
{
    struct worker *w = worker_self();
    int64_t when = timer->when; /* it may fire, and go, once it is queued */
    timerq_add(w ? &w->timers : &workers.all[0].timers, timer);
    /* Pairs with the poller's, before it asks for the first timer: it sees this
     * one, or we see that it does not know yet. */
    fence_light();
    if (when < atomic_load_explicit(&workers.poll_until, memory_order_relaxed))
        poll_kick();
}

static bool fire_timers(struct worker *w, struct timerq *timers)
{
    return timers_fire(timers, runq_length(&w->runq));
}

/* By whoever has nothing else to do: what is due would not let him sleep. */
static bool fire_any(struct worker *w)
{
    bool any = false;
    if (earliest_of_all(false) > seam_now())
        return false;
    for (unsigned i = 0, made = workers_made(); i < made && !any; i++)
        any = fire_timers(w, &workers.all[i].timers);
    return any;
}

/* ---------------------------------------------------------- what runs next */

bool worker_endless(void)
{
    if (likely(!schedule_endless()))
        return false;
    if (!workers_stopping())
        workers.endless();
    return true;
}

static struct task *take_own(struct worker *w)
{
    if (unlikely(seam_simulated) && !workers_stopping())
        return worker_endless() ? NULL : schedule_next(&w->runq);
    struct task *task = runq_take(&w->runq);
    return task ? task : runq_take_next(&w->runq);
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
 * What it stole last was done sooner than the theft itself took, on both sides:
 * its victim's goroutines are short, and it should let some gather.
 */
static bool stole_little(struct worker *w)
{
    if (w->stole_at == 0)
        return false;
    if (seam_now() - w->stole_at < THEFT_PAYS)
        return true;
    w->stole_at = 0;
    return false;
}

static struct task *steal(struct worker *w)
{
    unsigned made = workers_made();
    uint32_t least = stole_little(w) ? THEFT_MANY : 1;
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
                w->stole_at = seam_now();
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
        start_parked(chain);
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
            collect(0);
        task = seam_simulated ? NULL : take_patient(w);
        if (!task)
            task = take_shared(w, 1);
    }
    if (!task)
        task = take_own(w);
    if (!task)
        task = take_shared(w, RUNQ_SIZE);
    if (!task && poll_waiting() != 0 && collect(0))
        task = take_own(w);
    if (!task && unlikely(workers.quiet) &&
        earliest_of_all(true) > seam_now()) {
        wake_quiet();
        task = take_own(w);
    }
    return task;
}

static void stop_searching(struct worker *w)
{
    if (!w->searching)
        return;
    w->searching = false;
    atomic_fetch_sub_explicit(&workers.searching, 1, memory_order_seq_cst);
}

/* ------------------------------------------------------------------- sleep */

/* Could any worker find something now? */
static bool work_visible(void)
{
    if (atomic_load_explicit(&workers.queued, memory_order_relaxed) != 0)
        return true;
    for (unsigned i = 0, made = workers_made(); i < made; i++) {
        struct runq *q = &workers.all[i].runq;
        if (runq_length(q) != 0 ||
            atomic_load_explicit(&q->next, memory_order_relaxed))
            return true;
    }
    return earliest_of_all(false) <= seam_now();
}

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
        earliest_of_all(true) != RN_NEVER)
        return false;
    lock_acquire(&workers.lock);
    bool asleep =
        workers_all_idle() && poll_hopes() == 0 &&
        earliest_of_all(false) == RN_NEVER && !work_visible() &&
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

/* The poller, before a fence: until it knows how long it sleeps, every new
 * timer kicks. */
static void expect_timers(void)
{
    atomic_store_explicit(&workers.poll_until, RN_NEVER, memory_order_relaxed);
}

/* Declares itself idle; true when it is the poller. */
static bool fall_idle(struct worker *w)
{
    lock_acquire(&workers.lock);
    stop_searching(w);
    w->is_idle = true;
    bool polls = !workers.poller;
    if (polls) {
        workers.poller = w;
        expect_timers();
    } else {
        list_append(&workers.idle, &w->idle);
    }
    atomic_store_explicit(&w->wake, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&workers.idlers, 1, memory_order_relaxed);
    INVARIANT(workers_check());
    lock_release(&workers.lock);
    /* Pairs with the fences in wake_if_idle and worker_timer_add. */
    fence_heavy();
    return polls;
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
        leave_idlers(w);
    struct worker *heir = NULL;
    if (polls) {
        workers.poller = NULL;
        atomic_store_explicit(&workers.poll_until, INT64_MIN,
                              memory_order_relaxed);
        /* While anybody is idle, one of them polls. */
        if (!list_empty(&workers.idle)) {
            heir = container_of(workers.idle.prev, struct worker, idle);
            leave_idlers(heir);
        }
    }
    INVARIANT(workers_check());
    lock_release(&workers.lock);
    if (heir)
        os_futex_wake(&heir->wake, 1);
    call_monitor();
}

void worker_rouse(struct worker *w)
{
    if (!w->is_idle)
        return;
    leave_idlers(w);
    if (w == workers.poller)
        poll_kick();
    else
        worker_get_up(w);
}

/* After expect_timers and a fence. */
static void sleep_polling(void)
{
    int64_t until = earliest_of_all(true);
    atomic_store_explicit(&workers.poll_until, until, memory_order_relaxed);
    int64_t timeout = -1;
    if (until != RN_NEVER) {
        int64_t now = seam_now();
        timeout = until > now ? until - now : 0;
        if (seam_simulated) {
            /* Nobody can run: time passes, unless a descriptor is ready. */
            if (poll_waiting() == 0 || !collect(0))
                seam_advance(until);
            return;
        }
    }
    if (timeout < 0 && only_foreigners_left())
        timeout = FOREIGN_LOOK;
    if (!workers_stopping())
        collect(timeout);
}

/*
 * Nobody took the poller out of idleness, and there is nothing for it: it was
 * only asked to judge again. (Getting up, it would get up its heir as well, and
 * the two would kick each other for ever.)
 */
static bool still_polls(struct worker *w)
{
    /* To get up is never wrong; and it spares the barrier. */
    if (seam_simulated || workers_stopping() || work_visible())
        return false;
    lock_acquire(&workers.lock);
    bool idle = w->is_idle;
    if (idle)
        expect_timers();
    lock_release(&workers.lock);
    if (!idle)
        return false;
    /* Pairs with the fences in wake_if_idle and worker_timer_add. */
    fence_heavy();
    return !worker_attention(w) && !work_visible();
}

/* False when there was work to be seen, and no sleep. */
static bool sleep_idle(struct worker *w)
{
    bool polls = fall_idle(w);
    bool visible = work_visible();
    if (!visible && !worker_attention(w)) {
        if (polls) {
            do {
                sleep_polling();
            } while (still_polls(w));
        } else {
            if (only_foreigners_left())
                poll_kick(); /* the poller looks again, from time to time */
            while (atomic_load_explicit(&w->wake, memory_order_acquire) == 0)
                os_futex_wait(&w->wake, 0, -1);
        }
    }
    get_up(w, polls);
    return !visible;
}

/* After a vain search, or look at work that is not to be had: not to be woken
 * for a little while. */
static void sleep_quiet(struct worker *w)
{
    int64_t quiet = QUIET_MIN;
    if (w->searching)
        quiet <<= w->vain < 5 ? w->vain++ : 5;
    stop_searching(w);
    atomic_store_explicit(&w->wake, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (!worker_attention(w))
        os_futex_wait(&w->wake, 0, quiet < QUIET_MAX ? quiet : QUIET_MAX);
}

struct task *worker_find(struct worker *w)
{
    bool rested = !stole_little(w);
    while (!worker_attention(w)) {
        struct task *task = look(w);
        if (!task && workers_made() > 1 && fire_any(w))
            task = take_own(w);
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
                task = steal(w);
        }
        if (task) {
            bool searched = w->searching;
            stop_searching(w);
            if (searched) {
                w->vain = 0;
                /* Said first that it searches no more, then looked: in full. */
                atomic_thread_fence(memory_order_seq_cst);
                worker_wake_if_idle(); /* there may be more where that was */
            }
            return task;
        }
        if (!rested) {
            rested = true;
            /* What is due is to be had: that is no reason to wait. */
            if (earliest_of_all(false) > seam_now())
                sleep_quiet(w);
            continue;
        }
        /* Work that is seen but not to be had (somebody searches already, and
         * has yet to run; or it is its owner's next) is no reason to look for
         * it again and again: the processor may be what its owner waits for. */
        rested = (sleep_idle(w) || seam_simulated) && !w->searching;
    }
    stop_searching(w);
    return NULL;
}

void worker_requeue(struct worker *w, struct task *task)
{
    enqueue(w, task);
    worker_wake_if_idle();
}

void worker_share(struct task *task)
{
    share(task, task, 1);
}

void worker_share_all(struct worker *w)
{
    for (struct task *task = take_own(w); task; task = take_own(w))
        share(task, task, 1);
    /*
     * Somebody may have relied on this worker to find work, because it searched
     * or had just done so; it will look no more. Pairs with the fence in
     * wake_if_idle.
     */
    fence_heavy();
    if (work_visible())
        worker_wake_if_idle();
}

/* The ring and the next place of a worker that cannot look after them. */
static void share_of(struct worker *victim)
{
    static struct runq own; /* the monitor's; empty between two calls */
    struct task *task = runq_steal(&own, &victim->runq);
    while (task) {
        share(task, task, 1);
        task = runq_take(&own);
    }
    task = runq_steal_next(&victim->runq);
    if (task)
        share(task, task, 1);
}

void worker_help(const bool *stuck, unsigned count, bool polls)
{
    atomic_fetch_add_explicit(&workers.outside, 1, memory_order_acq_rel);
    for (unsigned i = 0; i < count; i++) {
        if (stuck[i] || polls)
            timers_help(&workers.all[i].timers);
        if (worker_attention(&workers.all[i]))
            share_of(&workers.all[i]);
    }
    if (polls && poll_waiting() != 0)
        collect(0);
    /* What was in our hands was not seen by who fell idle meanwhile. */
    worker_wake_for_visible();
    atomic_fetch_sub_explicit(&workers.outside, 1, memory_order_acq_rel);
    /* Who went to sleep meanwhile could not judge. */
    worker_all_asleep_now();
}

void worker_wake_for_visible(void)
{
    if (work_visible())
        worker_wake_if_idle();
}

void worker_all_asleep_now(void)
{
    /* Pairs with the fence in fall_idle: it sees who roams, or we see it. */
    atomic_thread_fence(memory_order_seq_cst);
    if (all_asleep())
        poll_kick();
}

void workers_stop(void)
{
    lock_acquire(&workers.lock);
    atomic_store_explicit(&workers.stopping, true, memory_order_seq_cst);
    unsigned made = workers_made();
    lock_release(&workers.lock);
    for (unsigned i = 0; i < made; i++) {
        struct worker *w = &workers.all[i];
        atomic_store_explicit(&w->attention, true, memory_order_seq_cst);
        if (seam_simulated)
            return; /* the only worker is the caller */
        worker_get_up(w);
    }
    poll_kick();
}
