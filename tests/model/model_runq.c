/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_runq.c: a run queue, its owner and thieves, in all interleavings.
 */
#include <runnel/runnel.h>

#include "check.h"
#include "explorer.h"
#include "model_env.h"

#define TASKS 6

static struct runq queues[2];
static struct task tasks[TASKS];
static int seen[TASKS];
static uint32_t start; /* of the indices: also where they wrap */

static void see(struct task *task)
{
    if (task)
        seen[task - tasks]++;
}

static void see_chain(struct task *task)
{
    for (; task; task = task->next)
        see(task);
}

static void runq_begin(void)
{
    memset(seen, 0, sizeof(seen));
    memset(tasks, 0, sizeof(tasks));
    memset(queues, 0, sizeof(queues));
    for (int i = 0; i < 2; i++) {
        queues[i].ready.head = queues[i].ready.tail = start;
        queues[i].fresh.head = queues[i].fresh.tail = start;
    }
}

static void runq_begin_at_wrap(void)
{
    start = UINT32_MAX - 1;
    runq_begin();
    start = 0;
}

/* Whatever was put has been taken once, or is still there once. */
static void all_seen_once(int count)
{
    for (int q = 0; q < 2; q++) {
        see(runq_take_next(&queues[q]));
        for (int i = 0; i < 2 * (int)RUNQ_SIZE; i++)
            see(runq_take(&queues[q]));
    }
    for (int i = 0; i < count; i++)
        MUST(seen[i] == 1);
    for (int i = count; i < TASKS; i++)
        MUST(seen[i] == 0);
}

static void runq_end_two(void)
{
    all_seen_once(2);
}

static void runq_end_three(void)
{
    all_seen_once(3);
}

static void runq_end_six(void)
{
    all_seen_once(6);
}

static void put_two_take_two(void)
{
    MUST(runq_put(&queues[0], &tasks[0]));
    MUST(runq_put(&queues[0], &tasks[1]));
    see(runq_take(&queues[0]));
    see(runq_take(&queues[0]));
}

static void put_take_put(void)
{
    MUST(runq_put(&queues[0], &tasks[0]));
    see(runq_take(&queues[0]));
    MUST(runq_put(&queues[0], &tasks[1]));
    MUST(runq_put(&queues[0], &tasks[2]));
}

/* A full ring: half of it goes out, unless thieves made room. */
static void overflow(void)
{
    for (int i = 0; i < 6; i++) {
        while (!runq_put(&queues[0], &tasks[i])) {
            uint32_t count;
            see_chain(runq_take_half(&queues[0], &count));
        }
    }
}

static void steal_once(void)
{
    see(runq_steal(&queues[1], &queues[0]));
}

static void steal_twice(void)
{
    see(runq_steal(&queues[1], &queues[0]));
    see(runq_take(&queues[1]));
    see(runq_steal(&queues[1], &queues[0]));
}

/* A second thief, with no queue that others look into. */
static void take_as_thief(void)
{
    static struct runq own;
    memset(&own, 0, sizeof(own));
    see(runq_steal(&own, &queues[0]));
    for (int i = 0; i < (int)RUNQ_SIZE; i++)
        see(runq_take(&own));
}

static void run_next(void)
{
    see(runq_put_next(&queues[0], &tasks[0]));
    see(runq_put_next(&queues[0], &tasks[1]));
    see(runq_take_next(&queues[0]));
}

static void steal_next(void)
{
    see(runq_steal_next(&queues[0]));
    see(runq_steal(&queues[1], &queues[0]));
}

const struct model runq_models[] = {
    {"runq_owner_and_thief",
     runq_begin,
     {put_two_take_two, steal_once},
     runq_end_two},
    {"runq_owner_and_two_thieves",
     runq_begin,
     {put_take_put, steal_once, take_as_thief},
     runq_end_three},
    {"runq_thief_takes_twice",
     runq_begin,
     {put_take_put, steal_twice},
     runq_end_three},
    {"runq_indices_wrap",
     runq_begin_at_wrap,
     {put_take_put, steal_twice},
     runq_end_three},
    {"runq_overflows_beside_a_thief",
     runq_begin,
     {overflow, steal_once},
     runq_end_six},
    {"runq_next_is_taken_once",
     runq_begin,
     {run_next, steal_next},
     runq_end_two},
};

const size_t runq_model_count = sizeof(runq_models) / sizeof(runq_models[0]);
