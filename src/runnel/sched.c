/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.c: switch between tasks; park them and make them ready (see sched.h).
 *
 * Tasks switch directly to each other; the worker's own stack runs only when
 * its queue is empty, or at every FAIR_TICKS-th switch, to look further:
 * worker.h.
 */
#include "sched.h"

#include <errno.h>

#include "fatal.h"
#include "find.h"
#include "hooks.h"
#include "idle.h"
#include "light.h"
#include "monitor.h"
#include "os.h"
#include "poll.h"
#include "schedule.h"
#include "seat.h"
#include "stack_small.h"
#include "switch.h"
#include "trace_ring.h"
#include "watch.h"
#include "worker.h"

#define PROCS_MAX 1024

/* Lines of a stack that a parked goroutine needs first. */
#define REST_LINES 4

/* Switches between two looks at the clock, while timers are pending. */
#define TIMER_TICKS 8

/* Below a context at rest; more than its red zone. */
#define ROOM_APART 256

bool sched_is_open_;
static struct sched_options options;

/* See worker_self. */
static _Thread_local struct task this_foreigner;

static noinline struct task *foreigner_self(void)
{
    struct task *task = &this_foreigner;
    __asm__ volatile("" : "+r"(task)::"memory");
    task->foreign = true;
    return task;
}

struct task *task_self(void)
{
    struct worker *w = worker_self();
    struct task *task = likely(w) ? worker_current(w) : NULL;
    return likely(task) ? task : foreigner_self();
}

bool sched_is_foreign(void)
{
    struct worker *w = worker_self();
    return !w || !worker_current(w);
}

unsigned sched_procs(void)
{
    return workers_count();
}

bool sched_stopping(void)
{
    return workers_stopping();
}

unsigned sched_place(void)
{
    struct worker *w = worker_self();
    return w ? (unsigned)(w - workers.all) : 0;
}

struct spawner *sched_spawner_of(unsigned number)
{
    return number < workers_made() ? &workers.all[number].spawner : NULL;
}

uint32_t sched_draw(uint32_t count)
{
    struct worker *w = worker_self();
    if (unlikely(seam_simulated) && w)
        return schedule_draw(DECIDE_CASE, count);
    if (likely(w))
        return chance_draw(&w->chance, count);
    struct chance chance;
    chance_init(&chance);
    return chance_draw(&chance, count);
}

/* ------------------------------------------------------------ switching */

/* The moves of task_internal.h. */
static bool may_move(enum task_state from, enum task_state to)
{
    switch (from) {
    case TASK_RUNNABLE:
        return to == TASK_RUNNING;
    case TASK_RUNNING:
        return to == TASK_RUNNABLE || to == TASK_PARKED || to == TASK_DEAD;
    case TASK_PARKED:
        return to == TASK_RUNNABLE;
    default:
        return false;
    }
}

static void set_state(struct task *task, enum task_state state)
{
    INVARIANT(may_move(atomic_load_explicit(&task->state, memory_order_relaxed),
                       state));
    atomic_store_explicit(&task->state, state, memory_order_relaxed);
}

/*
 * The thread-locals of a worker were set up by its thread before any goroutine
 * ran on it; the race detector is told so by the address of errno, which stands
 * for them all.
 */
static noinline void show_thread(void)
{
    race_release(&errno);
}

#ifdef RN_TSAN
static noinline void see_thread(void)
{
    race_acquire(&errno);
}
#else
static inline void see_thread(void)
{
}
#endif

static inline void run_after(struct worker *w)
{
    void (*after)(void *) = w->after;
    if (after) {
        w->after = NULL;
        after(w->after_arg);
    }
    INVARIANT(lock_held() == 0);
}

/* A context that was switched to, on whichever thread: w is its worker. */
static inline void arrive(struct sanitize *context, struct worker *w)
{
    sanitize_enter(context);
    see_thread();
    run_after(w);
}

/* Tells the sanitizers of the stack that is entered. */
static inline void leave_for(struct sanitize *from, struct task *to)
{
#ifdef RN_ASAN
    char *floor = stack_floor(&to->stack);
    sanitize_leave(from, &to->sanitize, floor, (size_t)((char *)to - floor));
#else
    sanitize_leave(from, &to->sanitize, NULL, 0);
#endif
}

/* Saves where we are, goes on with `to` (NULL: the worker's own stack). */
static put_in_line void switch_to(struct worker *w, struct task *from,
                                  struct task *to, bool for_good)
{
    struct sanitize *leave = from ? &from->sanitize : &w->sanitize;
    hook_switch(from, to);
    void **save = from ? &from->sp : &w->sp;
    atomic_store_explicit(&w->current, to, memory_order_relaxed);
    if (to) {
        set_state(to, TASK_RUNNING);
        leave_for(for_good ? NULL : leave, to);
        w = switch_here(save, to->sp, w);
    } else {
        sanitize_leave(for_good ? NULL : leave, &w->sanitize, w->stack_low,
                       w->stack_size);
        w = switch_here(save, w->sp, w);
    }
    /* Back again, perhaps on another thread: that of the w we were given. */
    arrive(leave, w);
}

switch_body *sched_begin(void *arg)
{
    struct task *task = arg;
    task->fresh = false;
    arrive(&task->sanitize, worker_self());
    return task->body;
}

/* --------------------------------------------------------------- readiness */

/* What it is resumed from is wanted soon; in a crowd it is in no near cache. */
static inline void prefetch_rest(const struct task *task)
{
    const char *sp = task->sp;
    for (int line = 0; line < REST_LINES; line++)
        __builtin_prefetch(sp + line * CACHE_LINE);
}

static noinline void ready_long_way(struct task *task)
{
    if (unlikely(task->foreign)) {
        worker_wake_foreigner(task);
        return;
    }
    set_state(task, TASK_RUNNABLE);
    hook_ready(task);
    worker_start(task);
}

void sched_ready(struct task *task)
{
    if (unlikely(task->foreign || hooks_any())) {
        ready_long_way(task);
        return;
    }
    prefetch_rest(task);
    set_state(task, TASK_RUNNABLE);
    if (unlikely(!worker_start_inline(worker_self(), task)))
        worker_start(task);
}

void sched_start(struct task *task)
{
    hook_created(task);
    if (unlikely(!worker_start_inline(worker_self(), task)))
        worker_start(task);
}

void sched_timer_add(struct timer *timer)
{
    if (unlikely(!sched_is_open_))
        fatal("a sleep, timer or deadline while no runtime runs");
    worker_timer_add(timer);
}

/* ------------------------------------------------------------- the workers */

static void work(struct worker *w)
{
    for (;;) {
        struct task *task = find_task(w);
        if (!task && !seat_wait(w, &task))
            break;
        if (!task)
            continue;
        switch_to(w, NULL, task, false);
    }
}

_Static_assert(TRACE_RINGS == WORKERS_MAX + 1, "a ring for each worker");

/* For the trace: what has been running here. */
static struct task *running(void)
{
    return worker_current(worker_self());
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    worker_set_self(w);
    trace_thread((int)(w - workers.all), running);
    sanitize_thread(&w->sanitize);
    show_thread();
    if (w->stack_size == 0)
        os_thread_stack(&w->stack_low, &w->stack_size);
    options.thread_begin();
    work(w);
    options.thread_end();
    trace_thread(-1, NULL);
    worker_set_self(NULL);
    return NULL;
}

/* ThreadSanitizer is to see all of them at work, on however few processors. */
static unsigned awake_at_most(void)
{
#ifdef RN_TSAN
    return PROCS_MAX;
#else
    return os_cpu_count();
#endif
}

/* Simulation has one thread; otherwise there is room for spare workers. */
static size_t place_bytes(void)
{
    return (seam_simulated ? 1 : WORKERS_MAX) * sizeof(struct worker);
}

/* As it is before anything runs; what worker 0 keeps for itself stays. */
static void set_out(struct worker *all)
{
    workers = (struct workers){.all = all,
                               .capacity = seam_simulated ? 1 : WORKERS_MAX,
                               .made = 1,
                               .count = options.procs,
                               .main = worker_main,
                               .deadlock = options.deadlock,
                               .other_threads = options.other_threads,
                               .endless = options.endless,
                               .no_foreigners = options.no_foreigners,
                               .cpus = awake_at_most(),
                               .seats = 1,
                               .hopes = options.hopes,
                               .poll_until = INT64_MIN};
    workers.awake_max = workers.cpus;
    workers.last = &workers.first;
    list_init(&workers.idle);
    list_init(&workers.spares);
    all[0] = (struct worker){.spawner.stacks = all[0].spawner.stacks,
                             .stack_low = all[0].stack_low,
                             .stack_size = all[0].stack_size,
                             .seated = true,
                             .started = true}; /* on the calling thread */
    worker_init(&all[0]);
    if (options.plan)
        schedule_begin(options.plan);
}

int sched_open(const struct sched_options *given)
{
    if (given->procs == 0 || given->procs > PROCS_MAX)
        return RN_INVALID;
    /* Mapped, not allocated: only the places in use are touched. */
    struct worker *all = os_map(place_bytes());
    if (!all)
        return RN_NOMEM;
    asym_open(seam_simulated);
    light_open();
    int status = poll_open();
    if (status < 0) {
        os_unmap(all, place_bytes());
        return status;
    }
    options = *given;
    set_out(all);
    sched_is_open_ = true;
    return 0;
}

/* The threads besides the calling one. */
static int start_threads(void)
{
    int status = seats_fill();
    if (status == 0 && !seam_simulated) {
        status = monitor_open();
        workers.helpers = status == 0;
    }
    return status;
}

void sched_reset(const struct schedule_plan *plan)
{
    options.plan = plan;
    timerq_clear(&workers.all[0].timers);
    if (poll_waiting() != 0)
        poll_forget();
    set_out(workers.all);
}

int sched_run(struct task *first)
{
    int status = start_threads();
    if (status == 0) {
        /* Not before: nobody runs it when the runtime cannot start. */
        hook_created(first);
        worker_share(first);
        worker_main(&workers.all[0]);
    } else {
        sched_stop();
    }
    monitor_close();
    seats_join();
    return status;
}

void sched_stop(void)
{
    workers_stop();
}

void sched_close(void)
{
    sched_is_open_ = false;
    poll_close();
    for (unsigned i = 0; i < workers_made(); i++)
        timerq_clear(&workers.all[i].timers);
    os_unmap(workers.all, place_bytes());
    workers = (struct workers){0};
}

/* ------------------------------------------------------- what runs next */

/* Counts a switch; false when the worker must look further than its queue. */
static inline bool keeps_to_own(struct worker *w)
{
    uint32_t tick = atomic_load_explicit(&w->tick, memory_order_relaxed) + 1;
    atomic_store_explicit(&w->tick, tick, memory_order_relaxed);
    if (unlikely(worker_attention(w) || seam_simulated))
        return false;
    if (likely(tick % TIMER_TICKS != 0))
        return true;
    if (tick % FAIR_TICKS == 0)
        return false;
    int64_t earliest = timerq_earliest(&w->timers);
    return earliest == RN_NEVER || earliest > seam_now();
}

bool sched_may_go_on(const struct timerq *timers)
{
#ifdef RN_TSAN
    (void)timers;
    return false; /* each is a thread of its own */
#else
    struct worker *w = worker_self();
    uint32_t tick = atomic_load_explicit(&w->tick, memory_order_relaxed) + 1;
    if (timers != &w->timers || tick % FAIR_TICKS == 0 || worker_attention(w) ||
        seam_simulated || hooks_any() || worker_current(w)->pinned ||
        runq_length(&w->runq) != 0 ||
        atomic_load_explicit(&w->runq.next, memory_order_relaxed))
        return false;
    atomic_store_explicit(&w->tick, tick, memory_order_relaxed);
    return true;
#endif
}

/* The next switch that is counted is a fair one. */
static void count_to_fair(struct worker *w)
{
    uint32_t tick = atomic_load_explicit(&w->tick, memory_order_relaxed);
    atomic_store_explicit(&w->tick, tick | (FAIR_TICKS - 1),
                          memory_order_relaxed);
}

/* ------------------------------------------------------ what a task may do */

/* NULL: the worker is to look further. */
static put_in_line struct task *pick_next(struct worker *w)
{
    return likely(keeps_to_own(w)) ? runq_pick_inline(&w->runq) : NULL;
}

/* Leaves the current task for the next; `after` runs once it has left. */
static put_in_line void leave_to(struct worker *w, struct task *self,
                                 struct task *next, void (*after)(void *),
                                 void *arg, bool for_good)
{
    /* Only `after` can make it ready again, and that has not run yet. */
    INVARIANT(next != self);
    w->after = after;
    w->after_arg = arg;
    switch_to(w, self, next, for_good);
}

static void park_foreigner(struct task *self, void (*after)(void *), void *arg)
{
    hook_foreign(self, true);
    if (after)
        after(arg);
    while (atomic_load_explicit(&self->foreign_wake, memory_order_acquire) == 0)
        os_futex_wait(&self->foreign_wake, 0, -1);
    atomic_store_explicit(&self->foreign_wake, 0, memory_order_relaxed);
    hook_foreign(self, false);
}

static put_in_line void park(struct wait_for what, void (*after)(void *arg),
                             void *arg, bool roomy)
{
    struct worker *w = worker_self();
    struct task *self = likely(w) ? worker_current(w) : NULL;
    if (unlikely(!self)) {
        self = foreigner_self();
        self->waits = what;
        park_foreigner(self, after, arg);
        return;
    }
    self->waits = what;
    self->parked_at = seam_now_about();
    set_state(self, TASK_PARKED);
    count_one(&w->parks);
    leave_to(w, self, roomy ? NULL : pick_next(w), after, arg, false);
}

/* The same, and how long it took is told. */
static noinline void park_watched(struct wait_for what,
                                  void (*after)(void *arg), void *arg,
                                  bool roomy)
{
    int64_t since = seam_now();
    park(what, after, arg, roomy);
    watch_waited(what.reason, seam_now() - since);
}

void sched_park_(enum wait_reason reason, bool limited, const char *made_at,
                 const void *object, void (*after)(void *arg), void *arg)
{
    struct wait_for what = {reason, made_at, object, limited};
    if (watch_is_on(WATCH_WAITS))
        park_watched(what, after, arg, false);
    else
        park(what, after, arg, false);
}

void sched_park_roomy(struct wait_for what, void (*after)(void *arg), void *arg)
{
    if (watch_is_on(WATCH_WAITS))
        park_watched(what, after, arg, true);
    else
        park(what, after, arg, true);
}

static void join_quiet(void *arg)
{
    struct task *task = arg;
    task->next = workers.quiet;
    workers.quiet = task;
}

void sched_park_till_quiet(void)
{
    sched_park((struct wait_for){.reason = WAIT_QUIET}, join_quiet,
               task_self());
}

static void requeue(void *arg)
{
    worker_requeue(worker_self(), arg);
}

/* After a rotation: the one that gave way may be taken by others now. */
static void let_go(void *q)
{
    runq_left(q);
    worker_wake_if_idle();
}

/* One that took the time of many goes behind all that wait, begun or not. */
static void to_the_end(void *arg)
{
    worker_share(arg);
    worker_wake_if_idle();
}

static put_in_line void give_way(struct worker *w, struct task *self)
{
    struct task *next = NULL;
    set_state(self, TASK_RUNNABLE);
    if (likely(keeps_to_own(w))) {
        next = runq_rotate_inline(&w->runq, self);
        /* Nobody is here; the worker looks further at its next fair tick. Who
         * listens to switches hears of a yield in vain, too. */
        if (!next && !hooks_any()) {
            set_state(self, TASK_RUNNING);
            return;
        }
    }
    w->after = next ? let_go : requeue;
    w->after_arg = next ? (void *)&w->runq : self;
    switch_to(w, self, next, false);
}

void sched_yield_now(void)
{
    struct worker *w = worker_self();
    struct task *self = w ? worker_current(w) : NULL;
    /* A pinned one has its thread for itself; it parks only to stop. */
    if (unlikely(!self || (self->pinned && !workers_stopping()))) {
        os_thread_yield();
        return;
    }
    if (unlikely(seam_simulated))
        schedule_yields(self);
    give_way(w, self);
}

void sched_exit(void (*after)(void *task))
{
    struct worker *w = worker_self();
    struct task *self = worker_current(w);
    if (unlikely(self->pinned))
        seat_unpin_all(w, self);
    set_state(self, TASK_DEAD);
    leave_to(w, self, pick_next(w), after, self, true);
    fatal("a dead goroutine runs");
}

struct errand {
    void (*function)(void *arg);
    void *arg;
    struct task *task;
};

static void run_errand(void *arg)
{
    struct errand *errand = arg;
    errand->function(errand->arg);
    requeue(errand->task);
}

void sched_on_worker_stack(void (*function)(void *arg), void *arg)
{
    struct worker *w = worker_self();
    struct task *self = task_self();
    struct errand errand = {function, arg, self};
    set_state(self, TASK_RUNNABLE);
    w->after = run_errand;
    w->after_arg = &errand;
    switch_to(w, self, NULL, false);
}

bool sched_is_cramped(void)
{
    struct worker *w = worker_self();
    const struct task *self = w ? worker_current(w) : NULL;
    return self && small_holds(&self->stack, __builtin_frame_address(0));
}

struct room {
    void *rest; /* the caller's context */
    void (*function)(void *arg);
    void *arg;
};

static void in_room(void *arg)
{
    struct room *room = arg;
    void *left;
    rn_switch_walk_(room->rest, room->function, room->arg);
    rn_switch_(&left, room->rest, NULL);
}

static switch_body *begin_in_room(void *arg)
{
    (void)arg;
    return in_room;
}

void sched_in_room(void (*function)(void *arg), void *arg)
{
    if (likely(!sched_is_cramped())) {
        function(arg);
        return;
    }
    /* The worker's context rests in what is above its stack pointer. */
    uintptr_t top = (uintptr_t)worker_self()->sp - ROOM_APART;
    struct room room = {.function = function, .arg = arg};
    void *begin = switch_prepare((void *)(top & ~(uintptr_t)(CACHE_LINE - 1)),
                                 begin_in_room, &room);
    rn_switch_(&room.rest, begin, NULL);
}

void sched_interrupt(void)
{
    struct worker *w = worker_self();
    struct task *self = w ? worker_current(w) : NULL;
    if (!self)
        return;
    if (likely(!seam_simulated)) {
        if (!atomic_load_explicit(&w->overdue, memory_order_relaxed))
            return;
        atomic_store_explicit(&w->overdue, false, memory_order_relaxed);
        if (!self->pinned) {
            /* The worker looks further at once. */
            count_to_fair(w);
            (void)keeps_to_own(w);
            set_state(self, TASK_RUNNABLE);
            w->after = to_the_end;
            w->after_arg = self;
            switch_to(w, self, NULL, false);
        }
        return;
    }
    bool due = timerq_earliest(&w->timers) <= seam_now();
    if (schedule_preempts(&w->runq, self, due) || worker_endless())
        give_way(w, self);
}

int sched_set_procs(unsigned count)
{
    if (count == 0 || count > PROCS_MAX)
        return RN_INVALID;
    return seam_simulated ? RN_OK : seats_set(count);
}

int sched_pin(void)
{
    struct task *self = task_self();
    /* A foreign thread is its own already, and simulation has but one. */
    if (self->foreign || seam_simulated)
        return RN_OK;
    return seat_pin(worker_self(), self);
}

void sched_unpin(void)
{
    struct task *self = task_self();
    if (self->foreign || seam_simulated)
        return;
    if (!self->pinned)
        fatal("rn_unlock_thread without rn_lock_thread");
    seat_unpin(worker_self(), self);
}

void sched_outside_begin(void)
{
    atomic_fetch_add_explicit(&workers.outside, 1, memory_order_acq_rel);
}

void sched_outside_end(void)
{
    atomic_fetch_sub_explicit(&workers.outside, 1, memory_order_acq_rel);
    /* Who went to sleep meanwhile could not judge. */
    idle_judge();
}
