/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c: run queue, waits, channels, select and locks in all
 * interleavings of two or three threads (explorer.h).
 *
 *     test_model [--bound N] [NAME...]
 *
 * Interleavings with at most N preemptions (2): `make model` takes more.
 */
#include <limits.h>
#include <stdlib.h>

#include <runnel/runnel.h>

#include "check.h"
#include "explorer.h"
#include "model_env.h"

static unsigned bound = 2;

/* --------------------------------------------------------------- run queue */

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

/* ---------------------------------------------------------------- channels */

static rn_chan(int) a;
static rn_chan(int) b;
static int sent;
static int received;
static int value;
static int64_t deadline;

static void chan_begin_with(size_t capacity)
{
    a = rn_chan_make(int, capacity);
    b = rn_chan_make(int, capacity);
    sent = 0;
    received = 0;
    value = 0;
    deadline = model_now + 10;
}

static void chan_begin(void)
{
    chan_begin_with(0);
}

static void chan_begin_buffered(void)
{
    chan_begin_with(1);
}

/* What was sent was received or is buffered; nobody waits (free panics). */
static void chan_end(void)
{
    while (rn_try_recv(a, NULL) == RN_OK)
        received++;
    while (rn_try_recv(b, NULL) == RN_OK)
        received++;
    MUST(sent == received);
    rn_chan_free(a);
    rn_chan_free(b);
}

static void closed_end(void)
{
    MUST(sent == received);
    MUST(rn_try_recv(a, NULL) == RN_CLOSED);
    rn_chan_free(a);
    rn_chan_free(b);
}

static void send_a(void)
{
    rn_send(a, 7);
    sent++;
}

static void send_a_twice(void)
{
    rn_send(a, 7);
    rn_send(a, 7);
    sent += 2;
}

static void recv_a(void)
{
    int got = 0;
    MUST(rn_recv(a, &got) && got == 7);
    received++;
}

static void recv_a_twice(void)
{
    recv_a();
    recv_a();
}

static void recv_till_closed(void)
{
    int got;
    while (rn_recv(a, &got)) {
        MUST(got == 7);
        received++;
    }
    MUST(got == 0);
}

static void send_a_and_close(void)
{
    rn_send(a, 7);
    sent++;
    rn_close(a);
}

static void close_a(void)
{
    rn_close(a);
}

static void try_send_a(void)
{
    sent += rn_try_send(a, 7) == RN_OK;
}

static void try_recv_a(void)
{
    int got = 7;
    received += rn_try_recv(a, &got) == RN_OK;
    MUST(got == 7);
}

static void send_a_in_time(void)
{
    int status = rn_send_until(deadline, a, 7);
    MUST(status == RN_OK || status == RN_TIMEOUT);
    sent += status == RN_OK;
}

static void recv_a_in_time(void)
{
    int got = 0;
    int status = rn_recv_until(deadline, a, &got);
    MUST(status == RN_OK || status == RN_TIMEOUT);
    MUST(got == (status == RN_OK ? 7 : 0));
    received += status == RN_OK;
}

static bool timer_set_or_over(void)
{
    return timerq_earliest(&model_timers) != RN_NEVER ||
           explorer_others_ended();
}

/* Time passes, once somebody waits for it. */
static void clock_runs(void)
{
    for (int i = 0; i < 2; i++) {
        explorer_until(timer_set_or_over);
        struct timer *due[1];
        if (timerq_expire(&model_timers, deadline, due, 1) == 1)
            due[0]->fire(due[0], deadline);
    }
}

/* ------------------------------------------------------------------ timers */

/* More than one batch, and than what the queue takes for small. */
#define TIMERS 200
/* Removed, postponed, and left as they are, in turn. */
#define KINDS  3

static struct timer timers[TIMERS];
static int64_t fired_last;
static int64_t unit;

static void timers_begin(void)
{
    memset(timers, 0, sizeof(timers));
    unit = 1;
    fired_last = 0;
    received = 0;
}

/* So far apart that most lie in the wheel, at several levels. */
static void far_timers_begin(void)
{
    timers_begin();
    unit = RN_S;
}

/* In no order, and several at one time. */
static int64_t timer_time(size_t i)
{
    return unit * (1 + (int64_t)(i * 7919 % 97));
}

static void expire_till(int64_t now, size_t most)
{
    struct timer *due[TIMERQ_BATCH];
    size_t count;
    do {
        count = timerq_expire(&model_timers, now, due, most);
        MUST(count <= most);
        for (size_t i = 0; i < count; i++) {
            MUST(due[i]->when <= now && due[i]->when >= fired_last);
            MUST((size_t)(due[i] - timers) % KINDS != 0);
            fired_last = due[i]->when;
            received++;
        }
    } while (count > 0);
}

/*
 * Some are stopped, and some postponed: among those that are due with them, or
 * behind them.
 */
static void timers_in_order(void)
{
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].when = timer_time(i);
        timerq_add(&model_timers, &timers[i]);
    }
    for (size_t i = 0; i < TIMERS; i++) {
        if (i % KINDS == 0)
            MUST(timerq_remove(&timers[i]));
        else if (i % KINDS == 1)
            MUST(timerq_postpone(&timers[i],
                                 timers[i].when + unit * (int64_t)(i % 60)));
    }
    expire_till(0, TIMERQ_BATCH);
    expire_till(30 * unit, 5);
    expire_till(60 * unit, TIMERQ_BATCH);
    expire_till(1000 * unit, TIMERQ_BATCH);
}

/* What is put in while others are on their way, and is due before them, leaves
 * before them; all that are taken out are gone, wherever they were. */
static void timers_come_and_go(void)
{
    struct timer *due[TIMERQ_BATCH];
    for (size_t i = 0; i < TIMERS; i++) {
        timers[i].when = 1000 * unit + timer_time(i);
        timerq_add(&model_timers, &timers[i]);
    }
    MUST(timerq_expire(&model_timers, 1050 * unit, due, 1) == 1);
    due[0]->when = unit;
    timerq_add(&model_timers, due[0]);
    struct timer *again = due[0];
    MUST(timerq_expire(&model_timers, 1050 * unit, due, 1) == 1);
    MUST(due[0] == again);
    /* Who looked at the clock earlier finds nothing. */
    MUST(timerq_expire(&model_timers, unit, due, 1) == 0);
    for (size_t i = 0; i < TIMERS; i++)
        (void)timerq_remove(&timers[i]);
}

static void none_is_left(void)
{
    MUST(timerq_count(&model_timers) == 0);
    MUST(timerq_next(&model_timers) == RN_NEVER);
}

static void timers_end(void)
{
    MUST(received == TIMERS - (TIMERS + KINDS - 1) / KINDS);
    MUST(timerq_count(&model_timers) == 0);
    MUST(timerq_next(&model_timers) == RN_NEVER);
}

/* ---------------------------------------------------------------- contexts */

static struct rn_ctx *ctx;

static void ctx_begin(void)
{
    chan_begin();
    ctx = rn_ctx_with_cancel(rn_ctx_background());
}

static void ctx_end(void)
{
    rn_ctx_release(ctx);
    chan_end();
}

static void cancel_ctx(void)
{
    rn_ctx_cancel(ctx);
}

static void wait_ctx(void)
{
    MUST(rn_ctx_wait(ctx) == RN_CANCELED);
}

static void child_of_ctx(void)
{
    struct rn_ctx *child = rn_ctx_with_cancel(ctx);
    MUST(rn_ctx_wait(child) == RN_CANCELED);
    rn_ctx_release(child);
}

static void release_child_of_ctx(void)
{
    rn_ctx_release(rn_ctx_with_cancel(ctx));
}

static void recv_a_unless_canceled(void)
{
    int got = 0;
    int status = rn_recv_ctx(ctx, a, &got);
    MUST(status == RN_OK || status == RN_CANCELED);
    MUST(got == (status == RN_OK ? 7 : 0));
    received += status == RN_OK;
}

/* ------------------------------------------------------------------ select */

static void select_either(void)
{
    int got[2] = {0};
    struct rn_case cases[] = {rn_case_recv(a, &got[0]),
                              rn_case_recv(b, &got[1])};
    int index = rn_select(cases, 2);
    MUST(got[index] == 7 && got[!index] == 0);
    received++;
}

static void try_send_b(void)
{
    sent += rn_try_send(b, 7) == RN_OK;
}

static void select_to_a_from_b(void)
{
    int out = 7;
    int in = 0;
    struct rn_case cases[] = {rn_case_send(a, &out), rn_case_recv(b, &in)};
    if (rn_select(cases, 2) == 0)
        sent++;
    else
        received++;
}

static void select_to_b_from_a(void)
{
    int out = 7;
    int in = 0;
    struct rn_case cases[] = {rn_case_recv(a, &in), rn_case_send(b, &out)};
    if (rn_select(cases, 2) == 1)
        sent++;
    else
        received++;
}

static void select_in_time(void)
{
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(a, &got), rn_case_recv(b, &got)};
    int index = rn_select_until(deadline, cases, 2);
    MUST(got == (index == RN_TIMEOUT ? 0 : 7));
    received += index != RN_TIMEOUT;
}

static void select_unless_canceled(void)
{
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(a, &got), rn_case_done(ctx)};
    int index = rn_select(cases, 2);
    MUST(got == (index == 0 ? 7 : 0));
    received += index == 0;
}

static void select_till_closed(void)
{
    int got = 1;
    struct rn_case cases[] = {rn_case_recv(b, NULL), rn_case_recv(a, &got)};
    MUST(rn_select(cases, 2) == 1);
    if (cases[1].ok)
        received++;
    else
        MUST(got == 0);
}

/* ------------------------------------------------------------------- locks */

static struct rn_mutex mutex;
static struct rn_rwmutex rw;
static struct rn_waitgroup group;
static struct rn_once once;
static int inside;
static int readers;

static void locks_begin(void)
{
    mutex = (struct rn_mutex){0};
    rw = (struct rn_rwmutex){0};
    group = (struct rn_waitgroup){0};
    once = (struct rn_once){0};
    inside = 0;
    readers = 0;
    value = 0;
    deadline = model_now + 10;
    rn_waitgroup_add(&group, 2);
}

/* Readers have met before: they leave marks in the places of their workers. */
static void spread_begin(void)
{
    locks_begin();
    atomic_store(&rw.state_, 16 | LIGHT_SHARED);
}

/* Who waits looks a little before it parks. */
static void spin_begin(void)
{
    locks_begin();
    model_procs = 2;
}

/* The same with one worker's places for all, which hold one mark. */
static void spread_begin_together(void)
{
    spread_begin();
    model_places = 1;
}

static void locks_end(void)
{
    model_places = EXPLORER_THREADS;
    model_procs = 1;
    MUST(inside == 0 && readers == 0);
    MUST(rn_mutex_try_lock(&mutex));
    MUST(rn_rwmutex_try_lock(&rw));
}

static void enter(void)
{
    rn_mutex_lock(&mutex);
    MUST(inside++ == 0);
    explorer_step();
    inside--;
    rn_mutex_unlock(&mutex);
}

static void try_to_enter(void)
{
    if (!rn_mutex_try_lock(&mutex))
        return;
    MUST(inside++ == 0);
    explorer_step();
    inside--;
    rn_mutex_unlock(&mutex);
}

static void enter_in_time(void)
{
    if (rn_mutex_lock_until(deadline, &mutex) != RN_OK)
        return;
    MUST(inside++ == 0);
    explorer_step();
    inside--;
    rn_mutex_unlock(&mutex);
}

static void read_in(void)
{
    rn_rwmutex_rlock(&rw);
    readers++;
    MUST(inside == 0);
    explorer_step();
    readers--;
    rn_rwmutex_runlock(&rw);
}

static void write_in(void)
{
    rn_rwmutex_lock(&rw);
    MUST(inside++ == 0 && readers == 0);
    explorer_step();
    inside--;
    rn_rwmutex_unlock(&rw);
}

static void read_twice(void)
{
    read_in();
    read_in();
}

static void try_to_write_in(void)
{
    if (!rn_rwmutex_try_lock(&rw))
        return;
    MUST(inside++ == 0 && readers == 0);
    explorer_step();
    inside--;
    rn_rwmutex_unlock(&rw);
}

static void write_in_time(void)
{
    if (rn_rwmutex_lock_until(deadline, &rw) != RN_OK)
        return;
    MUST(inside++ == 0 && readers == 0);
    explorer_step();
    inside--;
    rn_rwmutex_unlock(&rw);
}

/* One takes the read side, another gives it back from another worker. */
static bool handed;

static void handed_begin(void)
{
    spread_begin();
    handed = false;
}

static bool is_handed(void)
{
    return handed;
}

static void read_and_hand(void)
{
    rn_rwmutex_rlock(&rw);
    readers++;
    MUST(inside == 0);
    handed = true;
}

static void leave_for_another(void)
{
    explorer_until(is_handed);
    MUST(inside == 0);
    readers--;
    rn_rwmutex_runlock(&rw);
}

/* Nobody writes or waits: a reader who only tries gets in. */
static void must_try_to_read(void)
{
    MUST(rn_rwmutex_try_rlock(&rw));
    readers++;
    explorer_step();
    readers--;
    rn_rwmutex_runlock(&rw);
}

static void work_and_say_so(void)
{
    value++;
    rn_waitgroup_done(&group);
}

static void wait_for_work(void)
{
    rn_waitgroup_wait(&group);
    MUST(value == 2);
}

#define POISON 0xa5

/* The group is gone once a wait for it has returned: whoever says done has done
 * with it then, also when an earlier wait was given up. */
static void wait_in_time_and_free(void)
{
    if (rn_waitgroup_wait_until(deadline, &group) != RN_OK)
        rn_waitgroup_wait(&group);
    MUST(value == 2);
    memset(&group, POISON, sizeof(group));
}

static void work_for_two(void)
{
    work_and_say_so();
    work_and_say_so();
}

static void freed_end(void)
{
    for (size_t i = 0; i < sizeof(group); i++)
        MUST(((unsigned char *)&group)[i] == POISON);
}

static void prepare_once(void *arg)
{
    (void)arg;
    MUST(inside++ == 0);
    explorer_step();
    value++;
    inside--;
}

static void use_once(void)
{
    rn_once_do(&once, prepare_once, NULL);
    MUST(value == 1);
}

/* --------------------------------------------------------------- the models */

static const struct model models[] = {
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
    {"timers_leave_in_order", timers_begin, {timers_in_order}, timers_end},
    {"far_timers_leave_in_order",
     far_timers_begin,
     {timers_in_order},
     timers_end},
    {"timers_come_and_go",
     far_timers_begin,
     {timers_come_and_go},
     none_is_left},
    {"chan_meets", chan_begin, {send_a, recv_a}, chan_end},
    {"chan_two_senders", chan_begin, {send_a, recv_a_twice, send_a}, chan_end},
    {"chan_two_receivers",
     chan_begin,
     {recv_a, send_a_twice, recv_a},
     chan_end},
    {"chan_buffered",
     chan_begin_buffered,
     {send_a_twice, recv_a_twice},
     chan_end},
    {"chan_tries", chan_begin, {try_send_a, try_recv_a, try_send_a}, chan_end},
    {"chan_close_wakes",
     chan_begin,
     {recv_till_closed, close_a, recv_till_closed},
     closed_end},
    {"chan_close_after_send",
     chan_begin,
     {recv_till_closed, send_a_and_close, recv_till_closed},
     closed_end},
    {"chan_close_after_buffered",
     chan_begin_buffered,
     {recv_till_closed, send_a_and_close},
     closed_end},
    {"wait_send_or_deadline",
     chan_begin,
     {send_a_in_time, try_recv_a, clock_runs},
     chan_end},
    {"wait_recv_or_deadline",
     chan_begin,
     {recv_a_in_time, try_send_a, clock_runs},
     chan_end},
    {"wait_both_or_deadline",
     chan_begin,
     {recv_a_in_time, send_a_in_time, clock_runs},
     chan_end},
    {"wait_recv_or_cancel",
     ctx_begin,
     {recv_a_unless_canceled, try_send_a, cancel_ctx},
     ctx_end},
    {"wait_context", ctx_begin, {wait_ctx, cancel_ctx, wait_ctx}, ctx_end},
    {"context_child_or_cancel", ctx_begin, {child_of_ctx, cancel_ctx}, ctx_end},
    {"context_release_or_cancel",
     ctx_begin,
     {release_child_of_ctx, cancel_ctx, cancel_ctx},
     ctx_end},
    {"select_meets_select",
     chan_begin,
     {select_to_a_from_b, select_to_b_from_a},
     chan_end},
    {"select_either_of_two",
     chan_begin_buffered,
     {select_either, send_a, try_send_b},
     chan_end},
    {"select_or_deadline",
     chan_begin,
     {select_in_time, try_send_a, clock_runs},
     chan_end},
    {"select_or_cancel",
     ctx_begin,
     {select_unless_canceled, try_send_a, cancel_ctx},
     ctx_end},
    {"select_close", chan_begin, {select_till_closed, close_a}, closed_end},
    {"mutex_two", locks_begin, {enter, enter}, locks_end},
    {"mutex_three", locks_begin, {enter, enter, enter}, locks_end},
    {"mutex_try", locks_begin, {enter, try_to_enter, enter}, locks_end},
    {"mutex_or_deadline",
     locks_begin,
     {enter, enter_in_time, clock_runs},
     locks_end},
    {"rwmutex_readers_writer",
     locks_begin,
     {read_in, write_in, read_in},
     locks_end},
    {"rwmutex_writers", locks_begin, {write_in, read_in, write_in}, locks_end},
    {"mutex_spin", spin_begin, {enter, enter, enter}, locks_end},
    {"mutex_spin_try", spin_begin, {enter, try_to_enter, enter}, locks_end},
    {"rwmutex_spin", spin_begin, {read_in, write_in, read_in}, locks_end},
    {"rwmutex_spin_writers",
     spin_begin,
     {write_in, read_in, write_in},
     locks_end},
    {"rwmutex_spin_or_deadline",
     spin_begin,
     {read_in, write_in_time, clock_runs},
     locks_end},
    {"rwmutex_spread", spread_begin, {read_in, write_in, read_in}, locks_end},
    {"rwmutex_spread_writers",
     spread_begin,
     {write_in, read_in, write_in},
     locks_end},
    {"rwmutex_spread_again", spread_begin, {read_twice, write_in}, locks_end},
    {"rwmutex_spread_together",
     spread_begin_together,
     {read_in, write_in, read_in},
     locks_end},
    {"rwmutex_spread_try",
     spread_begin,
     {read_in, try_to_write_in, read_in},
     locks_end},
    {"rwmutex_spread_or_deadline",
     spread_begin,
     {read_in, write_in_time, clock_runs},
     locks_end},
    {"rwmutex_spread_handed",
     handed_begin,
     {read_and_hand, leave_for_another, write_in},
     locks_end},
    {"rwmutex_spread_handed_readers",
     handed_begin,
     {read_and_hand, leave_for_another, must_try_to_read},
     locks_end},
    {"waitgroup",
     locks_begin,
     {work_and_say_so, wait_for_work, work_and_say_so},
     locks_end},
    {"waitgroup_freed",
     locks_begin,
     {wait_in_time_and_free, work_for_two, clock_runs},
     freed_end},
    {"once", locks_begin, {use_once, use_once, use_once}, locks_end},
};

/* ------------------------------------------- the explorer finds what is wrong */

static int cell;

static void wrong_begin(void)
{
    cell = 0;
}

/* Read, then write: an update is lost when the other comes between. */
static void wrong_increment(void)
{
    int before = cell;
    explorer_step();
    cell = before + 1;
}

static void wrong_end(void)
{
    MUST(cell == 2);
}

static void wait_for_nothing(void)
{
    struct wait_for what = {0};
    sched_park(what, NULL, NULL);
}

static bool never(void)
{
    return false;
}

static void wait_for_ever(void)
{
    explorer_until(never);
}

static void nothing(void)
{
}

static void lost_update_is_found(void)
{
    const struct model wrong = {
        "wrong", wrong_begin, {wrong_increment, wrong_increment}, wrong_end};
    struct explored result;

    CHECK(explore(&wrong, 0, 0, &result));
    CHECK(result.complete);
    CHECK(!explore(&wrong, 1, 0, &result));
    CHECK(strstr(result.failure, "cell == 2"));
}

static void sleep_for_ever_is_found(void)
{
    const struct model parked = {
        "parked", nothing, {wait_for_nothing, nothing}, nothing};
    const struct model waits = {
        "waits", nothing, {wait_for_ever, nothing}, nothing};
    struct explored result;

    CHECK(!explore(&parked, 0, 0, &result));
    CHECK_EQ_STR(result.failure, "nobody can go on");
    CHECK(!explore(&waits, 0, 0, &result));
    CHECK_EQ_STR(result.failure, "nobody can go on");
}

/* Two threads of two steps between points: 6 orders, without a bound. */
static void three_steps(void)
{
    explorer_step();
    explorer_step();
}

static void interleavings_are_counted(void)
{
    const struct model two = {
        "two", nothing, {three_steps, three_steps}, nothing};
    struct explored result;

    CHECK(explore(&two, UINT_MAX, 0, &result));
    CHECK(result.complete);
    /* Three pieces each, in any order: 6! / (3! 3!). */
    CHECK_EQ_INT(result.runs, 20);
}

static void read_and_leave_twice(void)
{
    read_in();
    rn_rwmutex_runlock(&rw);
}

/* Also where readers leave marks, which leave no count behind. */
static void leaving_too_often_is_found(void)
{
    const struct model wrong = {
        "wrong", spread_begin, {read_and_leave_twice, nothing}, nothing};
    struct explored result;

    CHECK(!explore(&wrong, 0, 0, &result));
    CHECK_EQ_STR(result.failure, "fatal error");
}

static const struct model *find_model(const char *name)
{
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    for (size_t i = 0; i < idle_model_count; i++)
        if (strcmp(idle_models[i].name, name) == 0)
            return &idle_models[i];
    return NULL;
}

/* Of every thread mutant, and of some that one thread could find as well. */
static void planted_mistakes_are_found(void)
{
    static const struct {
        enum mutant mutant;
        const char *by;
    } planted[] = {
        {MUTANT_SEIZE_BLIND, "runq_owner_and_thief"},
        {MUTANT_ENTER_BLIND, "runq_owner_and_thief"},
        {MUTANT_CLAIM_BLIND, "select_either_of_two"},
        {MUTANT_CLAIM_BLIND, "wait_recv_or_cancel"},
        {MUTANT_LOSE_RECEIVER, "chan_meets"},
        {MUTANT_CLOSE_WAKES_ONE, "chan_close_wakes"},
        {MUTANT_TOKEN_MISSED, "wait_context"},
        {MUTANT_CHILD_MISSES, "context_child_or_cancel"},
        {MUTANT_UNMARKED_WAITER, "mutex_two"},
        {MUTANT_MARKS_LIGHT, "mutex_two"},
        {MUTANT_SHARES_UNFENCED, "mutex_two"},
        {MUTANT_SHARES_UNFENCED, "rwmutex_writers"},
        {MUTANT_LAST_READER, "rwmutex_readers_writer"},
        {MUTANT_MARK_BLIND, "rwmutex_spread"},
        {MUTANT_MARKS_LOST, "rwmutex_spread"},
        {MUTANT_GROUP_EARLY, "waitgroup"},
        {MUTANT_ONCE_EARLY, "once"},
        {MUTANT_IDLE_BLIND, "idle_or_woken"},
        {MUTANT_RESERVE_EARLY, "idle_one_at_a_time"},
        {MUTANT_TIMER_UNSAID, "idle_timer_is_added"},
        {MUTANT_TIMER_UNTOLD, "idle_timer_is_added"},
    };

    for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
        const struct model *model = find_model(planted[i].by);
        struct explored result;

        mutant_planted = planted[i].mutant;
        CHECK_MSG(model && !explore(model, 2, 0, &result),
                  "mutant %d is not found by %s", planted[i].mutant,
                  planted[i].by);
    }
    mutant_planted = MUTANT_NONE;
}

static const struct model *running;

static void explore_model(void)
{
    struct explored result;

    bool held = explore(running, bound, 0, &result);
    CHECK_MSG(held, "%s: %s, in run %" PRIu64 ": %s", running->name,
              result.failure, result.runs, result.trace);
    CHECK(result.complete || result.failure);
    printf("# %s: %" PRIu64 " interleavings\n", running->name, result.runs);
}

int main(int argc, char **argv)
{
    static const struct check_case own[] = {
        {"lost_update_is_found", lost_update_is_found},
        {"sleep_for_ever_is_found", sleep_for_ever_is_found},
        {"interleavings_are_counted", interleavings_are_counted},
        {"leaving_too_often_is_found", leaving_too_often_is_found},
        {"planted_mistakes_are_found", planted_mistakes_are_found}};
    size_t number = 0;
    size_t failed = 0;

    if (argc > 2 && strcmp(argv[1], "--bound") == 0) {
        bound = (unsigned)atoi(argv[2]);
        argc -= 2;
        argv += 2;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (check_selected(argc, argv, own[i].name))
            failed += !check_run(&own[i], ++number);
    size_t all = sizeof(models) / sizeof(models[0]) + idle_model_count;
    for (size_t i = 0; i < all; i++) {
        running = i < idle_model_count ? &idle_models[i]
                                       : &models[i - idle_model_count];
        const struct check_case one = {running->name, explore_model};

        if (check_selected(argc, argv, one.name))
            failed += !check_run(&one, ++number);
    }
    printf("1..%zu\n", number);
    return failed > 0 || number == 0;
}
