/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which case a select takes, when it waits, and what a case leaves in place,
 * ok and the channel.
 */
#include "rn_check.h"

struct task {
    rn_chan(int) chan;
    int value;
    struct rn_waitgroup *all;
};

static void send_value(struct task *own)
{
    rn_send(own->chan, own->value);
    if (own->all)
        rn_waitgroup_done(own->all);
}

static void receive_value(struct task *own)
{
    int got = 0;

    CHECK(rn_recv(own->chan, &got));
    CHECK_EQ_INT(got, own->value);
    if (own->all)
        rn_waitgroup_done(own->all);
}

/* With nothing ready, a try says RN_AGAIN and has done nothing. */
static void try_with_nothing_ready(void)
{
    rn_chan(int) empty = rn_chan_make(int, 0);
    rn_chan(int) full = rn_chan_make(int, 1);
    int place = 5;
    int value = 6;
    struct rn_case cases[] = {
        rn_case_recv(empty, &place),
        rn_case_send(empty, &value),
        rn_case_send(full, &value),
        rn_case_none(),
    };

    rn_send(full, 1);
    for (int i = 0; i < 10; i++)
        CHECK_EQ_INT(rn_try_select(cases, 4), RN_AGAIN);
    CHECK_EQ_INT(rn_try_select(NULL, 0), RN_AGAIN);
    CHECK_EQ_INT(place, 5);
    CHECK_EQ_INT(rn_chan_len(full), 1);
    rn_chan_free(empty);
    rn_chan_free(full);
}

/* A case of a nil channel never happens. */
static void nil_is_never_ready(void)
{
    rn_chan(int) nil = NULL;
    rn_chan(int) chan = rn_chan_make(int, 1);
    int place = 0;
    int value = 1;
    struct rn_case cases[] = {
        rn_case_recv(nil, &place),
        rn_case_send(nil, &value),
        rn_case_send(chan, &value),
    };

    CHECK_EQ_INT(rn_try_select(cases, 2), RN_AGAIN);
    CHECK_EQ_INT(rn_select_until(rn_deadline(RN_US), cases, 2), RN_TIMEOUT);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ_INT(rn_select(cases, 3), 2);
        CHECK(rn_recv(chan, NULL));
    }
    rn_chan_free(chan);
}

/* A closed channel is ready to receive: false, zero; first what is buffered. */
static void closed_is_ready_to_receive(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    rn_chan(int) idle = rn_chan_make(int, 0);
    int place = 7;
    int other = 8;
    struct rn_case cases[] = {
        rn_case_recv(idle, &other),
        rn_case_recv(chan, &place),
    };

    rn_send(chan, 3);
    rn_close(chan);
    CHECK_EQ_INT(rn_select(cases, 2), 1);
    CHECK(cases[1].ok);
    CHECK_EQ_INT(place, 3);
    for (int i = 0; i < 3; i++) {
        place = 7;
        CHECK_EQ_INT(i % 2 ? rn_select(cases, 2) : rn_try_select(cases, 2), 1);
        CHECK(!cases[1].ok);
        CHECK_EQ_INT(place, 0);
    }
    CHECK_EQ_INT(other, 8);
    rn_chan_free(chan);
    rn_chan_free(idle);
}

/* A select that waits is woken by a sender, a receiver, a close. */
static void waiting_select_is_woken(void)
{
    rn_chan(int) in = rn_chan_make(int, 0);
    rn_chan(int) out = rn_chan_make(int, 0);
    struct rn_waitgroup all = {0};
    int place = 0;
    int value = 21;
    struct rn_case cases[] = {
        rn_case_recv(in, &place),
        rn_case_send(out, &value),
    };

    rn_waitgroup_add(&all, 2);
    rn_go(send_value, (struct task){in, 20, &all});
    CHECK_EQ_INT(rn_select(cases, 2), 0);
    CHECK(cases[0].ok);
    CHECK_EQ_INT(place, 20);
    rn_go(receive_value, (struct task){out, 21, &all});
    CHECK_EQ_INT(rn_select(cases, 2), 1);
    rn_waitgroup_wait(&all);
    rn_chan_free(in);
    rn_chan_free(out);
}

static void close_it(struct task *own)
{
    rn_close(own->chan);
}

/* A select that waits is woken by a close, and says so. */
static void waiting_select_hears_close(void)
{
    rn_chan(int) first = rn_chan_make(int, 0);
    rn_chan(int) second = rn_chan_make(int, 4);
    int place = 9;
    struct rn_case cases[] = {
        rn_case_recv(first, NULL),
        rn_case_recv(second, &place),
    };

    rn_go(close_it, (struct task){.chan = second});
    CHECK_EQ_INT(rn_select(cases, 2), 1);
    CHECK(!cases[1].ok);
    CHECK_EQ_INT(place, 0);
    rn_chan_free(first);
    rn_chan_free(second);
}

/* The value of a send is read when the case happens. */
static void sent_value_is_read_when_it_happens(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int value = 1;
    int got = 0;
    struct rn_case cases[] = {rn_case_send(chan, &value)};

    value = 2;
    CHECK_EQ_INT(rn_select(cases, 1), 0);
    CHECK(rn_recv(chan, &got));
    CHECK_EQ_INT(got, 2);
    rn_chan_free(chan);
}

/* A send and a receive of one channel in one select never meet. */
static void select_never_pairs_with_itself(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int place = 4;
    int value = 5;
    struct rn_case cases[] = {
        rn_case_send(chan, &value),
        rn_case_recv(chan, &place),
        rn_case_send(chan, &value),
        rn_case_recv(chan, &place),
    };

    for (int i = 0; i < 20; i++)
        CHECK_EQ_INT(rn_try_select(cases, 4), RN_AGAIN);
    CHECK_EQ_INT(rn_select_until(rn_deadline(100 * RN_US), cases, 4),
                 RN_TIMEOUT);
    CHECK_EQ_INT(place, 4);
    rn_chan_free(chan);
}

struct self {
    rn_chan(int) chan;
    int me;
    int rounds;
    struct rn_waitgroup *all;
};

static void select_both_ways(struct self *own)
{
    for (int i = 0; i < own->rounds; i++) {
        int got = -1;
        struct rn_case cases[] = {
            rn_case_send(own->chan, &own->me),
            rn_case_recv(own->chan, &got),
        };

        if (rn_select(cases, 2) == 1 && rn_chan_cap(own->chan) == 0)
            CHECK_EQ_INT(got, 1 - own->me);
    }
    rn_waitgroup_done(own->all);
}

/* Two that select send and receive of one channel exchange all the time. */
static void two_select_both_ways(void)
{
    for (size_t capacity = 0; capacity <= 10; capacity += 10) {
        struct rn_waitgroup all = {0};
        rn_chan(int) chan = rn_chan_make(int, capacity);

        rn_waitgroup_add(&all, 2);
        for (int me = 0; me < 2; me++)
            rn_go(select_both_ways,
                  (struct self){chan, me, rn_check_rounds(5000), &all});
        rn_waitgroup_wait(&all);
        rn_chan_free(chan);
    }
}

/* The same channel twice: either case may happen, the other leaves nothing. */
static void same_channel_twice(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_waitgroup all = {0};
    int places[2] = {0, 0};
    int taken;
    struct rn_case cases[] = {
        rn_case_recv(chan, &places[0]),
        rn_case_recv(chan, &places[1]),
    };

    for (int i = 1; i <= 10; i++) {
        places[0] = 0;
        places[1] = 0;
        rn_waitgroup_add(&all, 1);
        rn_go(send_value, (struct task){chan, i, &all});
        taken = rn_select(cases, 2);
        CHECK_EQ_INT(places[taken], i);
        CHECK_EQ_INT(places[1 - taken], 0);
        rn_waitgroup_wait(&all);
        CHECK_EQ_INT(rn_try_select(cases, 2), RN_AGAIN);
    }
    rn_chan_free(chan);
}

/* After a select, later waiters on the losing channel are still served. */
static void losing_cases_leave_no_waiter(void)
{
    rn_chan(int) loser = rn_chan_make(int, 0);
    rn_chan(int) winner = rn_chan_make(int, 0);
    struct rn_waitgroup all = {0};
    int place = 0;
    int value = -1;

    for (int i = 0; i < 10; i++) {
        struct rn_case cases[] = {
            rn_case_recv(loser, NULL),
            rn_case_recv(winner, &place),
            rn_case_send(loser, &value),
        };

        rn_waitgroup_add(&all, 2);
        rn_go(send_value, (struct task){winner, i, &all});
        CHECK_EQ_INT(rn_select(cases, 3), 1);
        CHECK_EQ_INT(place, i);
        CHECK_EQ_INT(rn_try_send(loser, 1), RN_AGAIN);
        CHECK_EQ_INT(rn_try_recv(loser, NULL), RN_AGAIN);
        rn_go(receive_value, (struct task){loser, i, &all});
        rn_send(loser, i);
        rn_waitgroup_wait(&all);
    }
    rn_chan_free(loser);
    rn_chan_free(winner);
}

/* Millions of idle cases leave nothing behind (a leak shows in the sanitizer).
 */
static void idle_selects_can_be_repeated(void)
{
    rn_chan(int) idle[8];
    struct rn_case cases[8];
    rn_chan(int) ready = rn_chan_make(int, 1);

    for (int i = 0; i < 8; i++) {
        idle[i] = rn_chan_make(int, 0);
        cases[i] = rn_case_recv(idle[i], NULL);
    }
    cases[3] = rn_case_recv(ready, NULL);
    for (int i = 0; i < rn_check_rounds(50000); i++) {
        rn_send(ready, i);
        CHECK_EQ_INT(rn_select(cases, 8), 3);
    }
    for (int i = 0; i < 8; i++)
        rn_chan_free(idle[i]);
    rn_chan_free(ready);
}

/* The largest number of cases; each can be the one. */
static void many_cases_in_one_select(void)
{
    rn_chan(int) chans[RN_CASES_MAX];
    struct rn_case cases[RN_CASES_MAX];
    struct rn_waitgroup all = {0};
    int place = 0;

    for (int i = 0; i < RN_CASES_MAX; i++) {
        chans[i] = rn_chan_make(int, 0);
        cases[i] = rn_case_recv(chans[i], &place);
    }
    for (int i = 0; i < RN_CASES_MAX; i++) {
        rn_waitgroup_add(&all, 1);
        rn_go(send_value, (struct task){chans[i], i + 100, &all});
        CHECK_EQ_INT(rn_select(cases, RN_CASES_MAX), i);
        CHECK_EQ_INT(place, i + 100);
        rn_waitgroup_wait(&all);
    }
    for (int i = 0; i < RN_CASES_MAX; i++)
        rn_chan_free(chans[i]);
}

RN_CHECK_MAIN(try_with_nothing_ready, nil_is_never_ready,
              closed_is_ready_to_receive, waiting_select_is_woken,
              waiting_select_hears_close, sent_value_is_read_when_it_happens,
              select_never_pairs_with_itself, two_select_both_ways,
              same_channel_twice, losing_cases_leave_no_waiter,
              idle_selects_can_be_repeated, many_cases_in_one_select)
