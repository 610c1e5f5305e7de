/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c: queues, timers and descriptors of the workers, and waking (see
 * worker.h). Searching is find.c's, sleeping idle.c's.
 */
#include "worker.h"

#include "fatal.h"
#include "hooks.h"
#include "os.h"
#include "poll.h"
#include "schedule.h"

#define LOCK_CLASS LOCK_SCHED

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

bool workers_check(void)
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

void worker_enqueue(struct worker *w, struct task *task)
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

void worker_leave_idle(struct worker *w)
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
        worker_leave_idle(w);
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

struct task *worker_take_shared(struct worker *w, bool beside)
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
    if (beside && count > FAIR_TICKS)
        count = FAIR_TICKS;
    for (uint32_t i = 0; i < count && workers.first; i++) {
        struct task *task = workers.first;
        if (taken && beside && task->fresh)
            break;
        /* By now each of them is in no cache, and stands in the next one's. */
        __builtin_prefetch(task->ahead, 1);
        workers.first = task->next;
        if (!workers.first)
            workers.last = &workers.first;
        atomic_fetch_sub_explicit(&workers.queued, 1, memory_order_relaxed);
        if (!taken)
            taken = task;
        else
            worker_enqueue(w, task);
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
        worker_enqueue(w, task); /* one queue to choose from: no `next` */
    } else if (likely(w && !worker_attention(w))) {
        struct task *displaced = runq_put_next(&w->runq, task);
        if (unlikely(displaced))
            worker_enqueue(w, displaced);
    } else {
        share(task, task, 1);
    }
    worker_wake_if_idle();
}

/* A full ring had no place for it. */
noinline void worker_start_displaced_(struct worker *w, struct task *task)
{
    worker_enqueue(w, task);
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

void worker_start_parked(struct task *task)
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
        worker_start_parked(task);
    } else {
        set_runnable(task);
        worker_enqueue(w, task);
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

bool worker_collect(int64_t timeout)
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

int64_t workers_earliest(bool exact)
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

/* A timer is earlier than `until`, which is what the poller knows. False, and
 * `until` read anew, when that has changed. */
static noinline bool tell_poller(int64_t *until, int64_t when)
{
    int64_t asleep = *until & POLL_ASLEEP;
    if (!atomic_compare_exchange_weak_explicit(
            &workers.poll_until, until, (when & ~POLL_ASLEEP) | asleep,
            memory_order_relaxed, memory_order_relaxed))
        return false;
    if (asleep)
        poll_kick();
    return true;
}

void worker_timer_add(struct timer *timer)
{
    struct worker *w = worker_self();
    int64_t when = timer->when; /* it may fire, and go, once it is queued */
    timerq_add(w ? &w->timers : &workers.all[0].timers, timer);
    /* Pairs with the poller's, before it asks for the first timer: it sees this
     * one, or we see that it does not know yet. */
    fence_light();
    int64_t until =
        atomic_load_explicit(&workers.poll_until, memory_order_relaxed);
    while (unlikely(when < (until & ~POLL_ASLEEP)))
        if (tell_poller(&until, when))
            break;
}

/* ------------------------------------------- what is there, and the end */

bool worker_endless(void)
{
    if (likely(!schedule_endless()))
        return false;
    if (!workers_stopping())
        workers.endless();
    return true;
}

struct task *worker_take_own(struct worker *w)
{
    if (unlikely(seam_simulated) && !workers_stopping())
        return worker_endless() ? NULL : schedule_next(&w->runq);
    struct task *task = runq_take(&w->runq);
    return task ? task : runq_take_next(&w->runq);
}

void worker_stop_searching(struct worker *w)
{
    if (!w->searching)
        return;
    w->searching = false;
    atomic_fetch_sub_explicit(&workers.searching, 1, memory_order_seq_cst);
}

bool workers_visible(void)
{
    if (atomic_load_explicit(&workers.queued, memory_order_relaxed) != 0)
        return true;
    for (unsigned i = 0, made = workers_made(); i < made; i++) {
        struct runq *q = &workers.all[i].runq;
        if (runq_length(q) != 0 ||
            atomic_load_explicit(&q->next, memory_order_relaxed))
            return true;
    }
    return workers_earliest(false) <= seam_now();
}

void worker_requeue(struct worker *w, struct task *task)
{
    worker_enqueue(w, task);
    worker_wake_if_idle();
}

void worker_share(struct task *task)
{
    share(task, task, 1);
}

void worker_share_all(struct worker *w)
{
    for (struct task *task = worker_take_own(w); task;
         task = worker_take_own(w))
        share(task, task, 1);
    /*
     * Somebody may have relied on this worker to find work, because it searched
     * or had just done so, or to become the poller; it will look no more. Pairs
     * with the fence in worker_wake_if_idle.
     */
    fence_heavy();
    if (workers_visible() || !workers_polled())
        worker_wake_if_idle();
}

void worker_wake_for_visible(void)
{
    if (workers_any_idle() && workers_visible() &&
        atomic_load_explicit(&workers.searching, memory_order_relaxed) == 0)
        worker_wake_one_();
}

void workers_stop(void)
{
    lock_acquire(&workers.lock);
    atomic_store_explicit(&workers.stopping, true, memory_order_seq_cst);
    unsigned made = workers_made();
    /* Under the lock: who falls idle sees it, or is woken below. */
    for (unsigned i = 0; i < made; i++)
        atomic_store_explicit(&workers.all[i].attention, true,
                              memory_order_seq_cst);
    lock_release(&workers.lock);
    if (seam_simulated)
        return; /* the only worker is the caller */
    for (unsigned i = 0; i < made; i++)
        worker_get_up(&workers.all[i]);
    poll_kick();
}
