/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c: propose by seed, record what was decided.
 */
#include "schedule.h"

#include "alloc.h"

/* How often a uniform schedule interrupts: one place in so many. */
#define PREEMPT_ONE_IN 4

/* Priorities that are drawn are above; those fallen to are below. */
#define DRAWN_FROM ((int64_t)1 << 32)

static struct {
    struct schedule_plan plan;
    struct chance chance;
    uint64_t steps;
    uint64_t change_at[SCHEDULE_DEPTH_MAX];
    int64_t lowest;  /* of those fallen to by a yield */
    uint32_t chosen; /* place in the queue + 1; 0: not settled */
} s;

void schedule_begin(const struct schedule_plan *plan)
{
    s.plan = *plan;
    s.chance.state = plan->seed;
    s.steps = 0;
    s.lowest = 0;
    s.chosen = 0;
    if (s.plan.depth > SCHEDULE_DEPTH_MAX)
        s.plan.depth = SCHEDULE_DEPTH_MAX;
    if (s.plan.steps == 0)
        s.plan.steps = SCHEDULE_STEPS;
    uint32_t range =
        s.plan.steps < UINT32_MAX ? (uint32_t)s.plan.steps : UINT32_MAX;
    for (unsigned i = 0; i + 1 < s.plan.depth; i++)
        s.change_at[i] = 1 + chance_draw(&s.chance, range);
    decide_begin(&plan->by);
}

static int64_t priority_of(struct task *task)
{
    if (task->priority == 0)
        task->priority = DRAWN_FROM + chance_draw(&s.chance, UINT32_MAX);
    return task->priority;
}

/* Counts a step of the task that runs; at a change point it falls. */
static void step(struct task *task)
{
    s.steps++;
    for (unsigned i = 0; i + 1 < s.plan.depth; i++)
        if (s.change_at[i] == s.steps && task)
            task->priority = (int64_t)i + 1;
}

/* The place of the task with the highest priority; the queue has `count`. */
static uint32_t highest(struct runq *q, uint32_t count)
{
    uint32_t best = 0;
    int64_t highest = INT64_MIN;
    for (uint32_t i = 0; i < count; i++) {
        int64_t priority = priority_of(runq_at(q, i));
        if (priority > highest) {
            highest = priority;
            best = i;
        }
    }
    return best;
}

/* 0, or 1 + the place of the task that goes before the current one. */
static uint32_t propose_preempt(struct runq *q, struct task *current,
                                uint32_t count, bool more)
{
    if (s.plan.depth == 0) {
        bool now = chance_draw(&s.chance, PREEMPT_ONE_IN) == 0;
        return now ? 1 + chance_draw(&s.chance, count + more) : 0;
    }
    if (count == 0) /* whoever may come has no priority yet */
        return chance_draw(&s.chance, 2);
    uint32_t best = highest(q, count);
    return priority_of(runq_at(q, best)) > priority_of(current) ? 1 + best : 0;
}

bool schedule_preempts(struct runq *q, struct task *current, bool more)
{
    step(current);
    uint32_t count = runq_length(q);
    if (count + more == 0)
        return false;
    uint32_t proposal = 0;
    if (decide_takes_proposals())
        proposal = propose_preempt(q, current, count, more);
    uint32_t way = decide(DECIDE_PREEMPT, 1 + count + more, proposal);
    /* The last way, with `more`, leaves open who it will be. */
    s.chosen = way <= count ? way : 0;
    return way != 0;
}

/* The place of the one that is next when nobody settled it; count > 0. */
static uint32_t choose(struct runq *q, uint32_t count)
{
    step(NULL);
    if (count == 1)
        return 0;
    uint32_t proposal = 0;
    if (decide_takes_proposals())
        proposal =
            s.plan.depth ? highest(q, count) : chance_draw(&s.chance, count);
    return decide(DECIDE_NEXT, count, proposal);
}

struct task *schedule_next(struct runq *q)
{
    uint32_t count = runq_length(q);
    if (count == 0)
        return NULL;
    bool settled = s.chosen != 0 && s.chosen <= count;
    uint32_t place = settled ? s.chosen - 1 : choose(q, count);
    s.chosen = 0;
    struct task *task = runq_take_at(q, place);
    decide_note((uint32_t)task->id, seam_now(), settled || count > 1);
    return task;
}

void schedule_yields(struct task *task)
{
    task->priority = --s.lowest;
}

uint32_t schedule_draw(enum decision_kind kind, uint32_t count)
{
    if (count < 2)
        return 0;
    uint32_t proposal =
        decide_takes_proposals() ? chance_draw(&s.chance, count) : 0;
    return decide(kind, count, proposal);
}

bool schedule_faults(void)
{
    if (s.plan.fault_one_in == 0)
        return false;
    bool proposal = decide_takes_proposals() &&
                    chance_draw(&s.chance, s.plan.fault_one_in) == 0;
    return decide(DECIDE_FAULT, 2, proposal) == 1;
}

void *schedule_alloc(size_t count, size_t size)
{
    return schedule_call_fails() ? NULL : alloc_zeroed(count, size);
}

uint64_t schedule_steps(void)
{
    return s.steps;
}

bool schedule_endless(void)
{
    return unlikely(s.plan.steps_max != 0 && s.steps > s.plan.steps_max);
}

const struct schedule_plan *schedule_plan(void)
{
    return &s.plan;
}
