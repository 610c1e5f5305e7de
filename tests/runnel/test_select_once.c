/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly one case of a select happens, whoever races for it, and a select that
 * does not wait judges all its cases at one instant.
 */
#include "rn_check.h"

struct fork {
    rn_chan(int) left;
    rn_chan(int) right;
    rn_chan(int) both;
    int count;
    struct rn_waitgroup *all;
};

static void send_left_or_right(struct fork *own)
{
    for (int i = 0; i < own->count; i++) {
        struct rn_case cases[] = {
            rn_case_send(own->left, &i),
            rn_case_send(own->right, &i),
        };

        rn_select(cases, 2);
    }
    rn_close(own->left);
    rn_close(own->right);
}

struct pipe_end {
    rn_chan(int) from;
    rn_chan(int) to;
    struct rn_waitgroup *all;
};

static void forward(struct pipe_end *own)
{
    rn_range (int, value, own->from)
        rn_send(own->to, value);
    rn_waitgroup_done(own->all);
}

static void close_after(struct pipe_end *own)
{
    rn_waitgroup_wait(own->all);
    rn_close(own->to);
}

/* 20,000 values offered to two channels each: each value arrives once. */
static void value_goes_to_one_channel(void)
{
    const int count = rn_check_rounds(20000) + 20;
    unsigned char *seen = calloc((size_t)count, 1);
    struct rn_waitgroup forwarders = {0};
    struct fork fork = {.left = rn_chan_make(int, 0),
                        .right = rn_chan_make(int, 0),
                        .both = rn_chan_make(int, 0),
                        .count = count};
    int got = 0;

    rn_waitgroup_add(&forwarders, 2);
    rn_go(send_left_or_right, fork);
    rn_go(forward, (struct pipe_end){fork.left, fork.both, &forwarders});
    rn_go(forward, (struct pipe_end){fork.right, fork.both, &forwarders});
    rn_go(close_after, (struct pipe_end){.to = fork.both, .all = &forwarders});
    rn_range (int, value, fork.both) {
        CHECK_EQ_INT(seen[value]++, 0);
        got++;
    }
    CHECK_EQ_INT(got, count);
    free(seen);
    rn_chan_free(fork.left);
    rn_chan_free(fork.right);
    rn_chan_free(fork.both);
}

static void send_all(struct fork *own)
{
    for (int i = 0; i < own->count; i++)
        rn_send(own->left, i);
    rn_waitgroup_done(own->all);
}

/* Two senders, one select that receives from both: each value comes once. */
static void value_comes_from_one_channel(void)
{
    const int count = rn_check_rounds(20000) + 20;
    struct rn_waitgroup senders = {0};
    rn_chan(int) chans[2] = {rn_chan_make(int, 0), rn_chan_make(int, 3)};
    int next[2] = {0, 0};

    rn_waitgroup_add(&senders, 2);
    for (int i = 0; i < 2; i++)
        rn_go(send_all,
              (struct fork){.left = chans[i], .count = count, .all = &senders});
    for (int i = 0; i < 2 * count; i++) {
        int places[2] = {-1, -1};
        struct rn_case cases[] = {
            rn_case_recv(chans[0], &places[0]),
            rn_case_recv(chans[1], &places[1]),
        };
        int taken = rn_select(cases, 2);

        CHECK_EQ_INT(places[taken], next[taken]);
        CHECK_EQ_INT(places[1 - taken], -1);
        next[taken]++;
    }
    CHECK_EQ_INT(next[0], count);
    CHECK_EQ_INT(next[1], count);
    rn_waitgroup_wait(&senders);
    rn_chan_free(chans[0]);
    rn_chan_free(chans[1]);
}

struct instant {
    rn_chan(int) first;
    rn_chan(int) second;
    rn_sender(bool) done;
};

static void receive_first_or_closed(struct instant *own)
{
    struct rn_case cases[] = {
        rn_case_recv(own->first, NULL),
        rn_case_recv(own->second, NULL),
    };
    int taken = rn_try_select(cases, 2);

    rn_send(own->done, taken != RN_AGAIN);
}

/*
 * `first` holds a value until after `second` is closed, so at every instant one
 * of them is ready: a select that does not wait finds one.
 */
static void try_judges_all_cases_at_one_instant(void)
{
    for (int i = 0; i < rn_check_rounds(20000); i++) {
        rn_chan(bool) done = rn_chan_make(bool, 1);
        struct instant instant = {rn_chan_make(int, 1), rn_chan_make(int, 1),
                                  rn_send_end(done)};
        bool found = false;

        rn_send(instant.first, 1);
        rn_go(receive_first_or_closed, instant);
        if (i % 3 == 0)
            rn_yield();
        rn_close(instant.second);
        rn_try_recv(instant.first, NULL);
        CHECK(rn_recv(done, &found));
        CHECK_MSG(found, "round %d: nothing ready, which was never so", i);
        rn_chan_free(instant.first);
        rn_chan_free(instant.second);
        rn_chan_free(done);
    }
}

/* The same with a value that moves to `second` before it leaves `first`. */
static void try_judges_moving_values(void)
{
    for (int i = 0; i < rn_check_rounds(20000); i++) {
        rn_chan(bool) done = rn_chan_make(bool, 1);
        struct instant instant = {rn_chan_make(int, 1), rn_chan_make(int, 1),
                                  rn_send_end(done)};
        bool found = false;

        rn_send(instant.first, 1);
        rn_go(receive_first_or_closed, instant);
        if (i % 3 == 0)
            rn_yield();
        rn_send(instant.second, 1);
        rn_try_recv(instant.first, NULL);
        CHECK(rn_recv(done, &found));
        CHECK_MSG(found, "round %d: nothing ready, which was never so", i);
        rn_chan_free(instant.first);
        rn_chan_free(instant.second);
        rn_chan_free(done);
    }
}

struct contender {
    rn_receiver(int) first;
    rn_receiver(int) second;
    _Atomic(int) *got;
    struct rn_waitgroup *all;
};

static void receive_either(struct contender *own)
{
    struct rn_case cases[] = {
        rn_case_recv(own->first, NULL),
        rn_case_recv(own->second, NULL),
    };

    for (;;) {
        int taken = rn_select(cases, 2);

        if (!cases[taken].ok)
            break;
        atomic_fetch_add(own->got, 1);
    }
    rn_waitgroup_done(own->all);
}

/* Many selects wait for the same two channels; each value wakes one. */
static void many_selects_share_the_values(void)
{
    const int count = rn_check_rounds(10000) + 10;
    rn_chan(int) first = rn_chan_make(int, 0);
    rn_chan(int) second = rn_chan_make(int, 0);
    struct rn_waitgroup all = {0};
    _Atomic(int) got = 0;

    rn_waitgroup_add(&all, 8);
    for (int i = 0; i < 8; i++)
        rn_go(receive_either,
              (struct contender){rn_recv_end(first), rn_recv_end(second), &got,
                                 &all});
    for (int i = 0; i < count; i++)
        rn_send(i % 2 ? first : second, i);
    rn_close(first);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(atomic_load(&got), count);
    rn_chan_free(first);
    rn_chan_free(second);
}

RN_CHECK_MAIN(value_goes_to_one_channel, value_comes_from_one_channel,
              try_judges_all_cases_at_one_instant, try_judges_moving_values,
              many_selects_share_the_values)
