/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_idle.c: workers fall asleep while others make work, in all
 * interleavings (worker.c, find.c and idle.c on explorer.c).
 *
 * A thread of the model is a worker, or one outside that makes tasks ready. A
 * sleep ends when somebody ends it, as in the system; one with a time-out also
 * when the others have moved. So a wake-up that is lost is a run that does not
 * end. What the monitor would mend is not mended: there is none.
 */
#include <string.h>

#include "../../src/runnel/find.h"
#include "../../src/runnel/hooks.h"
#include "../../src/runnel/os.h"
#include "../../src/runnel/poll.h"
#include "../../src/runnel/stack.h"
#include "../../src/runnel/timer_fire.h"
#include "../../src/runnel/worker.h"
#include "model_env.h"

#define TASKS 2

static struct worker all[EXPLORER_THREADS];
static struct worker *self_of[EXPLORER_THREADS]; /* NULL: outside */
static struct task tasks[TASKS];
static struct timer timer;
static bool ran[TASKS];
static bool fired;
static bool kicked;
static _Atomic(uint32_t) *slept_on[EXPLORER_THREADS];

/* ----------------------------------------- what the workers stand on */

_Atomic(uint32_t) hooks_on;
_Atomic(int64_t) seam_ticked;

static unsigned thread_now;

static void switches(unsigned thread)
{
    thread_now = thread;
    worker_set_self(self_of[thread]);
}

static bool woken(unsigned thread)
{
    return atomic_load_explicit(slept_on[thread], memory_order_relaxed) != 0;
}

static bool first_woken(void)
{
    return woken(0);
}

static bool second_woken(void)
{
    return woken(1);
}

static bool third_woken(void)
{
    return woken(2);
}

/* Words of sleepers are 0 until they are woken, that of a lock is 0 when free. */
void os_futex_wait(_Atomic(uint32_t) *word, uint32_t expected, int64_t timeout)
{
    static bool (*const is_woken[])(void) = {first_woken, second_woken,
                                             third_woken};
    if (expected != 0) {
        explorer_until_zero(word);
        return;
    }
    slept_on[thread_now] = word;
    if (timeout < 0) {
        explorer_until(is_woken[thread_now]);
        return;
    }
    explorer_rest();
    model_now += timeout;
}

void os_futex_wake(_Atomic(uint32_t) *word, int count)
{
    (void)word;
    (void)count;
    explorer_step();
}

/* Nobody needs stacks. */
bool stack_prepare(void)
{
    return false;
}

static bool was_kicked(void)
{
    return kicked;
}

struct poll_wait *poll_collect(int64_t timeout)
{
    if (timeout == 0)
        return NULL;
    if (timeout < 0)
        explorer_until(was_kicked);
    else
        explorer_rest();
    if (!kicked)
        model_now += timeout;
    kicked = false;
    return NULL;
}

void poll_kick(void)
{
    explorer_step();
    kicked = true;
}

uint32_t poll_waiting(void)
{
    return 0;
}

uint32_t poll_hopes(void)
{
    return 0;
}

void poll_settle(uint32_t count)
{
    (void)count;
}

bool timers_fire(struct timerq *timers, uint32_t queued, bool own)
{
    struct timer *due[1];
    int64_t now = seam_now();
    (void)queued;
    (void)own;
    if (timerq_expire(timers, now, due, 1) == 0)
        return false;
    due[0]->fire(due[0], now);
    return true;
}

void timers_help(struct timerq *timers)
{
    (void)timers;
}

int os_thread_count(void)
{
    return 1;
}

void seam_tick(void)
{
}

void seam_advance(int64_t to)
{
    (void)to;
}

void chance_init(struct chance *chance)
{
    (void)chance;
}

uint32_t chance_draw(struct chance *chance, uint32_t count)
{
    (void)chance;
    (void)count;
    return 0;
}

/* Nobody listens, and nothing is simulated. */
void hooks_ready(struct task *task)
{
    (void)task;
}

void hooks_steal(unsigned victim)
{
    (void)victim;
}

void hooks_poll(uint32_t count)
{
    (void)count;
}

bool schedule_endless(void)
{
    return false;
}

struct task *schedule_next(struct runq *q)
{
    (void)q;
    return NULL;
}

/* ----------------------------------------------------------- the models */

/* Something outside may come: nobody judges a deadlock. */
static bool hopes(void)
{
    return true;
}

static void begin(unsigned count, unsigned awake_max)
{
    memset(all, 0, sizeof(all));
    memset(tasks, 0, sizeof(tasks));
    memset(ran, 0, sizeof(ran));
    workers = (struct workers){.all = all,
                               .capacity = count,
                               .made = count,
                               .count = count,
                               .hopes = hopes,
                               .seats = count,
                               .awake_max = awake_max,
                               .poll_until = INT64_MIN};
    workers.last = &workers.first;
    list_init(&workers.idle);
    list_init(&workers.spares);
    for (unsigned i = 0; i < EXPLORER_THREADS; i++) {
        worker_init(&all[i]);
        all[i].seated = i < count;
        self_of[i] = i < count ? &all[i] : NULL;
    }
    kicked = false;
    fired = false;
    explorer_switches = switches;
}

/* One sleeps while the other works. */
static void begin_one_awake(void)
{
    begin(2, 1);
}

static void begin_two_awake(void)
{
    begin(2, 2);
}

static bool last_ran(void)
{
    return ran[TASKS - 1];
}

static bool first_makes;

/* The first makes the second one ready, and keeps its thread until it has run:
 * only another can take it. */
static void run(struct task *task)
{
    MUST(!ran[task - tasks]);
    ran[task - tasks] = true;
    if (first_makes && task == &tasks[0]) {
        worker_start(&tasks[1]);
        explorer_until(last_ran);
    }
    if (ran[0] && ran[1])
        workers_stop();
}

static void work(void)
{
    struct worker *w = worker_self();
    for (;;) {
        struct task *task = find_task(w);
        if (!task)
            return;
        run(task);
    }
}

static void make_two(void)
{
    worker_start(&tasks[0]);
    worker_start(&tasks[1]);
}

static void fire(struct timer *due, int64_t now)
{
    (void)now;
    (void)due;
    fired = true;
    workers_stop();
}

static void add_timer(void)
{
    timer = (struct timer){.when = model_now + RN_S, .fire = fire};
    worker_timer_add(&timer);
}

static void all_ran(void)
{
    explorer_switches = NULL;
    first_makes = false;
    MUST(ran[0] && ran[1]);
}

static void begin_kept(void)
{
    begin_two_awake();
    runq_put(&all[0].runq, &tasks[0]);
    first_makes = true;
}

static void timer_fired(void)
{
    explorer_switches = NULL;
    MUST(fired);
}

const struct model idle_models[] = {
    {"idle_or_woken", begin_two_awake, {work, work, make_two}, all_ran},
    {"idle_one_at_a_time", begin_one_awake, {work, work, make_two}, all_ran},
    {"idle_beside_one_that_keeps_its_thread",
     begin_kept,
     {work, work},
     all_ran},
    {"idle_timer_is_added",
     begin_one_awake,
     {work, work, add_timer},
     timer_fired},
};

const size_t idle_model_count = sizeof(idle_models) / sizeof(idle_models[0]);
