/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four channels, everybody on all of them: single operations, selects over one
 * and over all, from both sides. It ends, and what was sent was received.
 */
#include "rn_check.h"

struct worker {
    rn_chan(int) *chans;
    int which;
    int count;
    _Atomic(int64_t) *sum;
    struct rn_waitgroup *all;
};

static void send_to_one(struct worker *own)
{
    for (int i = 0; i < own->count; i++) {
        rn_send(own->chans[own->which], i);
        atomic_fetch_add(own->sum, i);
    }
    rn_waitgroup_done(own->all);
}

static void receive_from_one(struct worker *own)
{
    for (int i = 0; i < own->count; i++) {
        int got = 0;

        rn_recv(own->chans[own->which], &got);
        atomic_fetch_sub(own->sum, got);
    }
    rn_waitgroup_done(own->all);
}

/* `count` sends to each of the 4 channels, in the order they take them. */
static void send_to_all(struct worker *own)
{
    int left[4] = {own->count, own->count, own->count, own->count};

    for (int i = 0; i < 4 * own->count; i++) {
        struct rn_case cases[4];
        int taken;

        for (int k = 0; k < 4; k++)
            cases[k] =
                left[k] > 0 ? rn_case_send(own->chans[k], &i) : rn_case_none();
        taken = rn_select(cases, 4);
        left[taken]--;
        atomic_fetch_add(own->sum, i);
    }
    rn_waitgroup_done(own->all);
}

static void receive_from_all(struct worker *own)
{
    int left[4] = {own->count, own->count, own->count, own->count};

    for (int i = 0; i < 4 * own->count; i++) {
        struct rn_case cases[4];
        int got = 0;
        int taken;

        for (int k = 0; k < 4; k++)
            cases[k] = left[k] > 0 ? rn_case_recv(own->chans[k], &got)
                                   : rn_case_none();
        taken = rn_select(cases, 4);
        CHECK(cases[taken].ok);
        left[taken]--;
        atomic_fetch_sub(own->sum, got);
    }
    rn_waitgroup_done(own->all);
}

static void four_channels(size_t capacity)
{
    rn_chan(int) chans[4];
    struct rn_waitgroup all = {0};
    _Atomic(int64_t) sum = 0;
    struct worker worker = {.chans = chans,
                            .count = rn_check_rounds(3000),
                            .sum = &sum,
                            .all = &all};

    for (int i = 0; i < 4; i++)
        chans[i] = rn_chan_make(int, capacity);
    rn_waitgroup_add(&all, 10);
    for (int i = 0; i < 4; i++) {
        worker.which = i;
        rn_go(send_to_one, worker);
        rn_go(receive_from_one, worker);
    }
    rn_go(send_to_all, worker);
    rn_go(receive_from_all, worker);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(atomic_load(&sum), 0);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ_INT(rn_chan_len(chans[i]), 0);
        rn_chan_free(chans[i]);
    }
}

/* Unbuffered and buffered: all of it ends, and nothing is lost. */
static void mutual_selects_end(void)
{
    four_channels(0);
    four_channels(1);
    four_channels(5);
}

RN_CHECK_MAIN(mutual_selects_end)
