/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios_select.c: one of several cases.
 */
#include "scenarios.h"

struct pair {
    rn_chan(int) a;
    rn_chan(int) b;
    rn_chan(int) stop;
    struct rn_waitgroup done;
    struct rn_ctx *ctx;
    int64_t deadline;
    _Atomic(int) sent;
    _Atomic(int) received;
    _Atomic(int) sum;
};

static struct pair make_pair(size_t capacity, int goroutines)
{
    struct pair pair = {.a = rn_chan_make(int, capacity),
                        .b = rn_chan_make(int, capacity),
                        .stop = rn_chan_make(int, 0),
                        .ctx = rn_ctx_with_cancel(rn_ctx_background()),
                        .deadline = rn_deadline(RN_MS)};
    rn_waitgroup_add(&pair.done, goroutines);
    return pair;
}

/* Nobody waits any more (free panics then), and nothing is left or lost. */
static int end_pair(struct pair *pair)
{
    rn_waitgroup_wait(&pair->done);
    int left = 0;
    while (rn_try_recv(pair->a, NULL) == RN_OK)
        left++;
    while (rn_try_recv(pair->b, NULL) == RN_OK)
        left++;
    HOLDS(pair->sent == pair->received + left);
    HOLDS(rn_try_send(pair->stop, 0) == RN_AGAIN);
    rn_chan_free(pair->a);
    rn_chan_free(pair->b);
    rn_chan_free(pair->stop);
    rn_ctx_release(pair->ctx);
    return 0;
}

static void send_a(struct pair **own)
{
    rn_send((*own)->a, 1);
    (*own)->sent++;
    rn_waitgroup_done(&(*own)->done);
}

static void send_b(struct pair **own)
{
    rn_send((*own)->b, 2);
    (*own)->sent++;
    rn_waitgroup_done(&(*own)->done);
}

static int both_senders_are_heard(size_t capacity)
{
    struct pair pair = make_pair(capacity, 2);
    int sum = 0;
    rn_go(send_a, &pair);
    rn_go(send_b, &pair);
    for (int i = 0; i < 2; i++) {
        int a = 0;
        int b = 0;
        struct rn_case cases[] = {rn_case_recv(pair.a, &a),
                                  rn_case_recv(pair.b, &b)};
        int index = rn_select(cases, 2);
        HOLDS(index == 0 ? a == 1 && b == 0 : a == 0 && b == 2);
        HOLDS(cases[index].ok);
        sum += a + b;
        pair.received++;
    }
    HOLDS(sum == 3);
    return end_pair(&pair);
}

static int select_hears_both_senders(void *arg)
{
    (void)arg;
    return both_senders_are_heard(0);
}

static int select_hears_both_buffers(void *arg)
{
    (void)arg;
    return both_senders_are_heard(1);
}

/* Sends on one, or receives from the other. */
static void swap(struct part *own)
{
    struct pair *pair = own->state;
    int out = own->me;
    int in = -1;
    rn_chan(int) mine = own->me ? pair->a : pair->b;
    rn_chan(int) other = own->me ? pair->b : pair->a;
    struct rn_case cases[] = {rn_case_send(mine, &out),
                              rn_case_recv(other, &in)};
    if (rn_select(cases, 2) == 0) {
        HOLDS(in == -1);
        pair->sent++;
    } else {
        HOLDS(in == !own->me && cases[1].ok);
        pair->received++;
    }
    rn_waitgroup_done(&pair->done);
}

static int two_selects_meet_once(void *arg)
{
    struct pair pair = make_pair(0, 2);
    (void)arg;
    rn_go(swap, (struct part){&pair, 0});
    rn_go(swap, (struct part){&pair, 1});
    rn_waitgroup_wait(&pair.done);
    HOLDS(pair.sent == 1 && pair.received == 1);
    return end_pair(&pair);
}

static int four_selects_meet_in_pairs(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    for (int i = 0; i < 4; i++)
        rn_go(swap, (struct part){&pair, i % 2});
    rn_waitgroup_wait(&pair.done);
    HOLDS(pair.sent == 2 && pair.received == 2);
    return end_pair(&pair);
}

static void wait_for_either(struct pair **own)
{
    struct pair *pair = *own;
    int value = 0;
    struct rn_case cases[] = {rn_case_recv(pair->a, &value),
                              rn_case_recv(pair->b, &value),
                              rn_case_recv(pair->stop, NULL)};
    int index = rn_select(cases, 3);
    if (index < 2) {
        HOLDS(value == index + 1 && cases[index].ok);
        pair->received++;
    } else {
        HOLDS(value == 0 && !cases[2].ok);
    }
    rn_waitgroup_done(&pair->done);
}

static int losing_cases_leave_no_trace(void *arg)
{
    struct pair pair = make_pair(0, 2);
    (void)arg;
    rn_go(wait_for_either, &pair);
    rn_go(send_a, &pair);
    rn_waitgroup_wait(&pair.done);
    HOLDS(rn_try_send(pair.b, 1) == RN_AGAIN);
    HOLDS(rn_try_send(pair.a, 1) == RN_AGAIN);
    return end_pair(&pair);
}

static int one_value_goes_to_one_select(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    rn_go(wait_for_either, &pair);
    rn_go(wait_for_either, &pair);
    rn_go(wait_for_either, &pair);
    rn_go(send_a, &pair);
    settle();
    HOLDS(pair.sent == 1 && pair.received == 1);
    rn_close(pair.stop);
    rn_waitgroup_wait(&pair.done);
    HOLDS(pair.received == 1);
    pair.stop = (rn_chan_free(pair.stop), rn_chan_make(int, 0));
    return end_pair(&pair);
}

static int two_values_go_to_two_selects(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    rn_go(wait_for_either, &pair);
    rn_go(send_a, &pair);
    rn_go(send_b, &pair);
    rn_go(wait_for_either, &pair);
    return end_pair(&pair);
}

static void close_stop(struct pair **own)
{
    rn_close((*own)->stop);
    rn_waitgroup_done(&(*own)->done);
}

static void wait_for_stop(struct pair **own)
{
    struct rn_case cases[] = {rn_case_none(), rn_case_recv((*own)->stop, NULL),
                              rn_case_recv((*own)->a, NULL)};
    HOLDS(rn_select(cases, 3) == 1 && !cases[1].ok);
    rn_waitgroup_done(&(*own)->done);
}

static int close_ends_every_select(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_go(wait_for_stop, &pair);
    rn_go(close_stop, &pair);
    rn_waitgroup_wait(&pair.done);
    pair.stop = (rn_chan_free(pair.stop), rn_chan_make(int, 0));
    return end_pair(&pair);
}

static void select_in_time(struct pair **own)
{
    struct pair *pair = *own;
    int value = 0;
    struct rn_case cases[] = {rn_case_recv(pair->a, &value),
                              rn_case_recv(pair->b, &value)};
    int index = rn_select_until(pair->deadline, cases, 2);
    HOLDS(index == RN_TIMEOUT ? value == 0 : value == index + 1);
    HOLDS(index != RN_TIMEOUT || rn_now() >= pair->deadline);
    pair->received += index != RN_TIMEOUT;
    rn_waitgroup_done(&pair->done);
}

static void offer_at_last(struct pair **own)
{
    rn_sleep_until((*own)->deadline);
    (*own)->sent += rn_try_send((*own)->a, 1) == RN_OK;
    (*own)->sent += rn_try_send((*own)->b, 2) == RN_OK;
    rn_waitgroup_done(&(*own)->done);
}

static int late_values_meet_selects_or_not(void *arg)
{
    struct pair pair = make_pair(0, 3);
    (void)arg;
    rn_go(select_in_time, &pair);
    rn_go(offer_at_last, &pair);
    rn_go(select_in_time, &pair);
    return end_pair(&pair);
}

static void select_unless_canceled(struct pair **own)
{
    struct pair *pair = *own;
    int value = 0;
    struct rn_case cases[] = {rn_case_done(pair->ctx),
                              rn_case_recv(pair->a, &value),
                              rn_case_recv(pair->b, &value)};
    int index = rn_select(cases, 3);
    HOLDS(value == index);
    HOLDS(index != 0 || rn_ctx_err(pair->ctx) == RN_CANCELED);
    pair->received += index != 0;
    rn_waitgroup_done(&pair->done);
}

static void offer_both(struct pair **own)
{
    (*own)->sent += rn_try_send((*own)->a, 1) == RN_OK;
    (*own)->sent += rn_try_send((*own)->b, 2) == RN_OK;
    rn_waitgroup_done(&(*own)->done);
}

static int cancel_ends_selects_or_not(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_go(select_unless_canceled, &pair);
    rn_go(offer_both, &pair);
    rn_ctx_cancel(pair.ctx);
    return end_pair(&pair);
}

static void receive_twice_the_same(struct pair **own)
{
    struct pair *pair = *own;
    int value[3] = {0};
    struct rn_case cases[] = {rn_case_recv(pair->a, &value[0]),
                              rn_case_recv(pair->a, &value[1]),
                              rn_case_recv(pair->a, &value[2])};
    int index = rn_select(cases, 3);
    for (int i = 0; i < 3; i++)
        HOLDS(value[i] == (i == index));
    pair->received++;
    rn_waitgroup_done(&pair->done);
}

static int same_channel_counts_once(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    rn_go(receive_twice_the_same, &pair);
    rn_go(send_a, &pair);
    rn_go(receive_twice_the_same, &pair);
    rn_go(send_a, &pair);
    return end_pair(&pair);
}

static void send_to_either(struct pair **own)
{
    struct pair *pair = *own;
    int one = 1;
    int two = 2;
    struct rn_case cases[] = {rn_case_send(pair->a, &one),
                              rn_case_send(pair->b, &two)};
    rn_select(cases, 2);
    pair->sent++;
    rn_waitgroup_done(&pair->done);
}

static int select_sends_to_either(void *arg)
{
    struct pair pair = make_pair(0, 4);
    (void)arg;
    rn_go(send_to_either, &pair);
    rn_go(wait_for_either, &pair);
    rn_go(wait_for_either, &pair);
    rn_go(send_to_either, &pair);
    rn_waitgroup_wait(&pair.done);
    HOLDS(pair.sent == 2 && pair.received == 2);
    return end_pair(&pair);
}

static int select_sends_into_buffers(void *arg)
{
    struct pair pair = make_pair(1, 3);
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_go(send_to_either, &pair);
    settle();
    HOLDS(pair.sent == 2); /* two places, one waits */
    HOLDS(rn_recv(pair.a, NULL));
    pair.received++;
    rn_waitgroup_wait(&pair.done);
    HOLDS(rn_chan_len(pair.a) == 1 && rn_chan_len(pair.b) == 1);
    return end_pair(&pair);
}

static void send_two_and_close(struct part *own)
{
    struct pair *pair = own->state;
    rn_chan(int) chan = own->me ? pair->b : pair->a;
    for (int i = 0; i < 2; i++)
        rn_send(chan, 1);
    rn_close(chan);
    rn_waitgroup_done(&pair->done);
}

static int fan_in_ends_with_its_sources(void *arg)
{
    struct pair pair = make_pair(0, 2);
    int count = 0;
    int open = 2;
    int value;
    (void)arg;
    struct rn_case cases[] = {rn_case_recv(pair.a, &value),
                              rn_case_recv(pair.b, &value)};
    rn_go(send_two_and_close, (struct part){&pair, 0});
    rn_go(send_two_and_close, (struct part){&pair, 1});
    while (open > 0) {
        int index = rn_select(cases, 2);
        if (cases[index].ok) {
            count += value;
        } else {
            cases[index] = rn_case_none();
            open--;
        }
    }
    HOLDS(count == 4);
    return end_pair(&pair);
}

static void work_until_stopped(struct pair **own)
{
    struct pair *pair = *own;
    int value;
    struct rn_case cases[] = {rn_case_recv(pair->a, &value),
                              rn_case_recv(pair->stop, NULL)};
    while (rn_select(cases, 2) == 0)
        pair->received++;
    rn_waitgroup_done(&pair->done);
}

static int workers_stop_when_told(void *arg)
{
    struct pair pair = make_pair(0, 2);
    (void)arg;
    rn_go(work_until_stopped, &pair);
    rn_go(work_until_stopped, &pair);
    for (int i = 0; i < 3; i++) {
        rn_send(pair.a, 1);
        pair.sent++;
    }
    rn_close(pair.stop);
    rn_waitgroup_wait(&pair.done);
    pair.stop = (rn_chan_free(pair.stop), rn_chan_make(int, 0));
    return end_pair(&pair);
}

static int try_select_meets_whoever_waits(void *arg)
{
    struct pair pair = make_pair(0, 1);
    int value = 1;
    (void)arg;
    rn_go(wait_for_either, &pair);
    settle();
    struct rn_case cases[] = {rn_case_send(pair.a, &value)};
    HOLDS(rn_try_select(cases, 1) == 0);
    pair.sent++;
    HOLDS(rn_try_select(cases, 1) == RN_AGAIN);
    return end_pair(&pair);
}

static int nothing_but_time_ends_a_select(void *arg)
{
    rn_chan(int) nil = NULL;
    struct rn_case cases[] = {rn_case_none(), rn_case_recv(nil, NULL)};
    int64_t deadline = rn_deadline(3 * RN_S);
    (void)arg;
    HOLDS(rn_select_until(deadline, cases, 2) == RN_TIMEOUT);
    HOLDS(rn_now() == deadline);
    return 0;
}

const struct scenario select_scenarios[] = {
    SCENARIO(select_hears_both_senders),
    SCENARIO(select_hears_both_buffers),
    SCENARIO(two_selects_meet_once),
    SCENARIO(four_selects_meet_in_pairs),
    SCENARIO(losing_cases_leave_no_trace),
    SCENARIO(one_value_goes_to_one_select),
    SCENARIO(two_values_go_to_two_selects),
    SCENARIO(close_ends_every_select),
    SCENARIO(late_values_meet_selects_or_not),
    SCENARIO(cancel_ends_selects_or_not),
    SCENARIO(same_channel_counts_once),
    SCENARIO(select_sends_to_either),
    SCENARIO(select_sends_into_buffers),
    SCENARIO(fan_in_ends_with_its_sources),
    SCENARIO(workers_stop_when_told),
    SCENARIO(try_select_meets_whoever_waits),
    SCENARIO(nothing_but_time_ends_a_select),
    SCENARIOS_END,
};
