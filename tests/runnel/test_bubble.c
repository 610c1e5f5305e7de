/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bubbles: virtual time, and waiting until all others wait. Each case runs in
 * many bubbles: the order in them is drawn anew each time.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "check.h"

#define BUBBLES 200

static void in_bubbles(int (*function)(void *arg))
{
    for (int i = 0; i < BUBBLES; i++)
        if (!CHECK_EQ_INT(rn_bubble(function, NULL), RN_OK))
            return;
}

static int same_start(void *arg)
{
    (void)arg;
    RN_SIM_CHECK(rn_now() == 1000 * RN_S);
    rn_sleep(24 * 3600 * RN_S);
    RN_SIM_CHECK(rn_now() == (1000 + 24 * 3600) * RN_S);
    return 0;
}

/* Every bubble's clock starts at the same instant and keeps its own time. */
static void clock_starts_at_a_fixed_instant(void)
{
    in_bubbles(same_start);
}

struct waiters {
    rn_chan(int) chan;
    rn_chan(int) nil;
    struct rn_mutex mutex;
    struct rn_rwmutex rw;
    struct rn_waitgroup group;
    struct rn_waitgroup done;
    struct rn_ctx *ctx;
    _Atomic(int) waiting;
    _Atomic(int) ended;
};

static void wait_receive(struct waiters **own)
{
    (*own)->waiting++;
    rn_recv((*own)->chan, NULL);
    (*own)->ended++;
    rn_waitgroup_done(&(*own)->done);
}

static void wait_mutex(struct waiters **own)
{
    (*own)->waiting++;
    rn_mutex_lock(&(*own)->mutex);
    rn_mutex_unlock(&(*own)->mutex);
    (*own)->ended++;
    rn_waitgroup_done(&(*own)->done);
}

static void wait_rwmutex(struct waiters **own)
{
    (*own)->waiting++;
    rn_rwmutex_rlock(&(*own)->rw);
    rn_rwmutex_runlock(&(*own)->rw);
    (*own)->ended++;
    rn_waitgroup_done(&(*own)->done);
}

static void wait_group(struct waiters **own)
{
    (*own)->waiting++;
    rn_waitgroup_wait(&(*own)->group);
    (*own)->ended++;
    rn_waitgroup_done(&(*own)->done);
}

static void wait_context(struct waiters **own)
{
    (*own)->waiting++;
    rn_ctx_wait((*own)->ctx);
    rn_recv_ctx((*own)->ctx, (*own)->nil, NULL);
    (*own)->ended++;
    rn_waitgroup_done(&(*own)->done);
}

static void wait_asleep(struct waiters **own)
{
    (*own)->waiting++;
    rn_sleep(RN_S);
    (*own)->ended++;
    rn_waitgroup_done(&(*own)->done);
}

static int all_kinds_wait(void *arg)
{
    void (*const kinds[])(struct waiters **) = {wait_receive, wait_mutex,
                                                wait_rwmutex, wait_group,
                                                wait_context, wait_asleep};
    struct waiters w = {.chan = rn_chan_make(int, 0),
                        .ctx = rn_ctx_with_cancel(rn_ctx_background())};
    int64_t start = rn_now();

    (void)arg;
    rn_mutex_lock(&w.mutex);
    rn_rwmutex_lock(&w.rw);
    rn_waitgroup_add(&w.group, 1);
    rn_waitgroup_add(&w.done, 6);
    for (int i = 0; i < 6; i++)
        rn_go(kinds[i], &w);
    rn_bubble_wait();
    RN_SIM_CHECK(w.waiting == 6 && w.ended == 0);
    RN_SIM_CHECK(rn_now() == start);
    rn_send(w.chan, 1);
    rn_mutex_unlock(&w.mutex);
    rn_rwmutex_unlock(&w.rw);
    rn_waitgroup_done(&w.group);
    rn_ctx_cancel(w.ctx);
    rn_bubble_wait();
    RN_SIM_CHECK(w.ended == 5);
    RN_SIM_CHECK(rn_now() == start);
    rn_sleep(RN_S);
    rn_bubble_wait();
    RN_SIM_CHECK(w.ended == 6);
    rn_waitgroup_wait(&w.done);
    rn_chan_free(w.chan);
    rn_ctx_release(w.ctx);
    return 0;
}

/* Whatever the others wait for, also locks: it counts; time stands still. */
static void every_kind_of_wait_counts(void)
{
    in_bubbles(all_kinds_wait);
}

static void relay(rn_sender(int) *own)
{
    for (int i = 0; i < 5; i++) {
        rn_yield();
        rn_try_send(*own, i);
    }
}

static int busy_ones_are_awaited(void *arg)
{
    rn_chan(int) chan = rn_chan_make(int, 100);

    (void)arg;
    for (int i = 0; i < 5; i++)
        rn_go(relay, rn_send_end(chan));
    rn_bubble_wait();
    RN_SIM_CHECK(rn_chan_len(chan) == 25);
    rn_bubble_wait(); /* nobody is left: at once */
    rn_chan_free(chan);
    return 0;
}

/* Those that yield are not done; those that have ended are. */
static void wait_lets_the_others_finish(void)
{
    in_bubbles(busy_ones_are_awaited);
}

static void count(void *arg)
{
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

static int what_is_due_happens(void *arg)
{
    _Atomic(int) calls = 0;
    struct rn_timer *now = rn_after_func(0, count, &calls);
    struct rn_timer *soon = rn_after_func(RN_S, count, &calls);
    struct rn_timer *later = rn_after_func(2 * RN_S, count, &calls);

    (void)arg;
    rn_bubble_wait();
    RN_SIM_CHECK(calls == 1);
    rn_sleep(RN_S);
    rn_bubble_wait();
    RN_SIM_CHECK(calls == 2);
    rn_timer_free(now);
    rn_timer_free(soon);
    RN_SIM_CHECK(rn_timer_stop(later));
    rn_timer_free(later);
    return 0;
}

/* Functions that are due have run when the wait is over, no others. */
static void due_functions_have_run(void)
{
    in_bubbles(what_is_due_happens);
}

static void wait_too(_Atomic(int) **own)
{
    rn_bubble_wait();
    atomic_fetch_add(*own, 1);
}

static int several_wait(void *arg)
{
    static _Atomic(int) through;

    (void)arg;
    through = 0;
    rn_go(wait_too, &through);
    rn_go(wait_too, &through);
    rn_bubble_wait();
    rn_bubble_wait();
    RN_SIM_CHECK(through == 2);
    return 0;
}

/* Several may wait for quiet; waiting so is waiting. */
static void several_may_wait(void)
{
    in_bubbles(several_wait);
}

static _Atomic(int) last_order;

static void come(int *own)
{
    rn_sleep(RN_S);
    last_order = last_order * 10 + *own;
}

static int same_deadline(void *arg)
{
    (void)arg;
    last_order = 0;
    rn_go(come, 1);
    rn_go(come, 2);
    return 0;
}

/* Equal deadlines come in either order: no test can lean on one. */
static void equal_deadlines_come_in_any_order(void)
{
    int first = 0;

    for (int i = 0; i < BUBBLES; i++) {
        CHECK_EQ_INT(rn_bubble(same_deadline, NULL), RN_OK);
        first += last_order == 12;
        CHECK(last_order == 12 || last_order == 21);
    }
    CHECK_MSG(first > BUBBLES / 10 && first < BUBBLES * 9 / 10,
              "%d of %d times the first came first", first, BUBBLES);
}

/* Freed by nobody, as its bubble is gone; reachable, so no leak is reported. */
static struct rn_timer *volatile left;

static int pending_timer(void *arg)
{
    left = rn_after_func(RN_S, count, arg);
    return 0;
}

/* A timer that is still to fire does not, after the bubble. */
static void timers_end_with_the_bubble(void)
{
    static _Atomic(int) calls;

    CHECK_EQ_INT(rn_bubble(pending_timer, &calls), RN_OK);
    CHECK_EQ_INT(rn_bubble(same_start, NULL), RN_OK);
    CHECK_EQ_INT(calls, 0);
}

static void wait_for_ever(int *own)
{
    rn_chan(int) nil = NULL;

    rn_recv(nil, own);
}

static int leave_one(void *arg)
{
    (void)arg;
    rn_go(wait_for_ever, 1);
    return 0;
}

static int wait_alone(void *arg)
{
    int one = 1;

    (void)arg;
    rn_bubble_wait(); /* quiet, although nothing will ever happen */
    wait_for_ever(&one);
    return 0;
}

static int muted(int (*function)(void *arg))
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int result;

        if (!freopen("/dev/null", "w", stderr))
            _exit(99);
        result = rn_bubble(function, NULL);
        _exit(result == RN_DEADLOCK ? 10 : result == RN_FAILED ? 11 : result);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* All asleep without a timer, or goroutines left behind: a deadlock. */
static void deadlock_is_told(void)
{
    CHECK_EQ_INT(muted(leave_one), 10);
    CHECK_EQ_INT(muted(wait_alone), 10);
}

static int check_falsely(void *arg)
{
    (void)arg;
    RN_SIM_CHECK(rn_now() == 0);
    return 0;
}

/* A check that fails in a bubble is told by its status. */
static void failed_check_is_told(void)
{
    CHECK_EQ_INT(muted(check_falsely), 11);
}

static int wait_outside(void *arg)
{
    (void)arg;
    rn_bubble_wait();
    return 0;
}

enum { ALARMS = 200, MOVES = 600 };

struct alarm {
    struct rn_timer *timer;
    _Atomic(int64_t) due; /* 0: stopped, or has rung */
    _Atomic(int) rings;
    int expected;
};

static void ring(void *arg)
{
    struct alarm *alarm = arg;
    RN_SIM_CHECK(alarm->due == rn_now());
    alarm->due = 0;
    alarm->rings++;
}

/* Between the milliseconds, at which nothing else happens. */
static int64_t draw_due(void)
{
    return rn_now() + (1 + rn_draw(500)) * RN_MS + 1 + rn_draw(1000);
}

/* Stops one, or sets it anew, to a time before or after its own. */
static void move(struct alarm *alarm)
{
    int64_t due = rn_draw(3) == 0 ? 0 : draw_due();
    bool was_set = alarm->due != 0;
    alarm->expected += (due != 0) - was_set;
    alarm->due = due;
    RN_SIM_CHECK(due ? rn_timer_reset(alarm->timer, due - rn_now()) == was_set
                     : rn_timer_stop(alarm->timer) == was_set);
}

static int move_alarms(void *arg)
{
    static struct alarm alarms[ALARMS];
    (void)arg;
    for (int i = 0; i < ALARMS; i++) {
        int64_t due = draw_due();
        alarms[i].due = due;
        alarms[i].rings = 0;
        alarms[i].expected = 1;
        alarms[i].timer = rn_after_func(due - rn_now(), ring, &alarms[i]);
    }
    for (int i = 0; i < MOVES; i++) {
        if (rn_draw(4) == 0)
            rn_sleep(RN_MS);
        move(&alarms[rn_draw(ALARMS)]);
    }
    rn_sleep(RN_S);
    for (int i = 0; i < ALARMS; i++) {
        RN_SIM_CHECK(alarms[i].due == 0);
        RN_SIM_CHECK(alarms[i].rings == alarms[i].expected);
        rn_timer_free(alarms[i].timer);
    }
    return 0;
}

/* Many timers that are stopped and moved, earlier and later, while others
 * fire: each fires at its own time, once for each time it was set. */
static void moved_timers_keep_their_times(void)
{
    for (int i = 0; i < BUBBLES / 10; i++)
        if (!CHECK_EQ_INT(rn_bubble(move_alarms, NULL), RN_OK))
            return;
}

static int open_inside(void *arg)
{
    (void)arg;
    CHECK_EQ_INT(rn_bubble(same_start, NULL), RN_INVALID);
    return 0;
}

/* Not inside a runtime; and no waiting outside a bubble. */
static void misuse_is_told(void)
{
    int status = 0;

    CHECK_EQ_INT(rn_run(open_inside, NULL), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(99);
        _exit(rn_run(wait_outside, NULL));
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
}

CHECK_MAIN(clock_starts_at_a_fixed_instant, every_kind_of_wait_counts,
           wait_lets_the_others_finish, due_functions_have_run,
           several_may_wait, equal_deadlines_come_in_any_order,
           timers_end_with_the_bubble, moved_timers_keep_their_times,
           deadlock_is_told, failed_check_is_told, misuse_is_told)
