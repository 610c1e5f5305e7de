/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases of a select: how many, evaluated when, chosen how often.
 */
#include "rn_check.h"

/* No case at all: a try says RN_AGAIN, a deadline RN_TIMEOUT. */
static void no_case_is_never_ready(void)
{
    int64_t deadline = rn_deadline(RN_MS);

    CHECK_EQ_INT(rn_try_select(NULL, 0), RN_AGAIN);
    CHECK_EQ_INT(rn_select_until(0, NULL, 0), RN_TIMEOUT);
    CHECK_EQ_INT(rn_select_until(deadline, NULL, 0), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
}

/* Only nil channels and cases that are off: nothing is ready, ever. */
static void only_nil_is_never_ready(void)
{
    rn_chan(int) nil = NULL;
    static const int value = 1;
    struct rn_case cases[] = {rn_case_recv(nil, NULL),
                              rn_case_send(nil, &value), rn_case_none()};

    CHECK_EQ_INT(rn_try_select(cases, 3), RN_AGAIN);
    CHECK_EQ_INT(rn_select_until(rn_deadline(RN_MS), cases, 3), RN_TIMEOUT);
}

struct late {
    rn_chan(int) chan;
    int value;
};

static void send_late(struct late *own)
{
    rn_send(own->chan, own->value);
}

/* Every number of cases from 1 to 64, ready at once or later: the right one. */
static void every_number_of_cases(void)
{
    rn_chan(int) chans[RN_CASES_MAX];
    struct rn_case cases[RN_CASES_MAX];
    const int step = rn_check_simulated() ? 9 : 1;
    int got = 0;

    for (int i = 0; i < RN_CASES_MAX; i++) {
        chans[i] = rn_chan_make(int, i % 2);
        cases[i] = rn_case_recv(chans[i], &got);
    }
    for (int count = 1; count <= RN_CASES_MAX; count += step) {
        int place = count * 7 % count;

        rn_go(send_late, (struct late){chans[place], count});
        if (count % 2)
            rn_check_settle();
        CHECK_EQ_INT(rn_select(cases, (size_t)count), place);
        CHECK_EQ_INT(got, count);
        place = count - 1;
        rn_go(send_late, (struct late){chans[place], -count});
        CHECK_EQ_INT(rn_select(cases, (size_t)count), place);
        CHECK_EQ_INT(got, -count);
    }
    while (rn_task_count() > 1)
        rn_yield();
    for (int i = 0; i < RN_CASES_MAX; i++)
        rn_chan_free(chans[i]);
}

/* As in test_select_fair.c: the sum of squared differences, in units. */
static double chi_square(const int *seen, int count, int trials)
{
    double expected = (double)trials / count;
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += (seen[i] - expected) * (seen[i] - expected) / expected;
    return sum;
}

/*
 * Bounds that chance passes in 1 of a thousand million runs, by chi-square with
 * 1, 2, 7 and 63 degrees of freedom.
 */
static const struct {
    int count;
    double bound;
} shares[] = {{2, 38}, {3, 42}, {8, 57}, {64, 155}};

/* Ready receives share evenly, 2, 3, 8 and 64 of them (chi-square). */
static void ready_receives_share_evenly(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_case cases[RN_CASES_MAX];

    rn_close(chan);
    for (int i = 0; i < RN_CASES_MAX; i++)
        cases[i] = rn_case_recv(chan, NULL);
    for (int s = 0; s < 4; s++) {
        const int trials = rn_check_rounds(20000) + 2000;
        int seen[RN_CASES_MAX] = {0};

        for (int i = 0; i < trials; i++)
            seen[rn_select(cases, (size_t)shares[s].count)]++;
        CHECK_MSG(chi_square(seen, shares[s].count, trials) < shares[s].bound,
                  "%d cases do not share evenly", shares[s].count);
    }
    rn_chan_free(chan);
}

/* Ready sends share evenly too: each channel gets its part (chi-square). */
static void ready_sends_share_evenly(void)
{
    const int trials = rn_check_rounds(20000) + 2000;
    static const int value = 1;
    rn_chan(int) chans[3];
    struct rn_case cases[3];
    int seen[3] = {0};

    for (int i = 0; i < 3; i++) {
        chans[i] = rn_chan_make(int, 1);
        cases[i] = rn_case_send(chans[i], &value);
    }
    for (int i = 0; i < trials; i++) {
        int chosen = rn_select(cases, 3);

        seen[chosen]++;
        CHECK_EQ_INT(rn_try_recv(chans[chosen], NULL), RN_OK);
    }
    CHECK_MSG(chi_square(seen, 3, trials) < 42, "shares %d %d %d", seen[0],
              seen[1], seen[2]);
    for (int i = 0; i < 3; i++)
        rn_chan_free(chans[i]);
}

static int counter;

static rn_chan(int) counted_channel(rn_chan(int) chan)
{
    counter++;
    return chan;
}

static int *counted_place(int *place)
{
    counter += 10;
    return place;
}

/* Channel and place of a case are evaluated once, also of one not chosen. */
static void operands_are_evaluated_once(void)
{
    rn_chan(int) ready = rn_chan_make(int, 1);
    rn_chan(int) idle = rn_chan_make(int, 0);
    int values[2] = {1, 2};
    int got = 0;

    counter = 0;
    rn_send(ready, 5);
    {
        struct rn_case cases[] = {
            rn_case_recv(counted_channel(ready), counted_place(&got)),
            rn_case_recv(counted_channel(idle), counted_place(&values[0])),
            rn_case_send(counted_channel(idle), counted_place(&values[1])),
        };

        CHECK_EQ_INT(counter, 33);
        CHECK_EQ_INT(rn_select(cases, 3), 0);
    }
    CHECK_EQ_INT(counter, 33);
    CHECK_EQ_INT(got, 5);
    CHECK_EQ_INT(values[0], 1);
    rn_chan_free(ready);
    rn_chan_free(idle);
}

/* A received value may be dropped: the case behaves as with a place. */
static void value_may_be_dropped(void)
{
    for (size_t capacity = 0; capacity < 2; capacity++) {
        rn_chan(int) chan = rn_chan_make(int, capacity);
        struct rn_case cases[] = {rn_case_recv(chan, NULL)};

        for (int late = 0; late < 2; late++) {
            rn_go(send_late, (struct late){chan, 1});
            if (late)
                rn_check_settle();
            CHECK_EQ_INT(rn_select(cases, 1), 0);
            CHECK(cases[0].ok);
        }
        rn_close(chan);
        CHECK_EQ_INT(rn_select(cases, 1), 0);
        CHECK(!cases[0].ok);
        while (rn_task_count() > 1)
            rn_yield();
        rn_chan_free(chan);
    }
}

struct pair {
    rn_chan(int) to;
    rn_chan(int) from;
    int rounds;
};

/* Sends and receives by tries alone, whichever is ready. */
static void try_both_ways(struct pair *own)
{
    int sent = 0;
    int received = 0;

    while (sent < own->rounds || received < own->rounds) {
        int got = 0;
        struct rn_case cases[] = {
            sent < own->rounds ? rn_case_send(own->to, &sent) : rn_case_none(),
            received < own->rounds ? rn_case_recv(own->from, &got)
                                   : rn_case_none(),
        };
        int chosen = rn_try_select(cases, 2);

        if (chosen == 0)
            sent++;
        else if (chosen == 1)
            CHECK_EQ_INT(got, received++);
        else
            rn_yield();
    }
}

static void wait_both_ways(struct pair *own)
{
    int sent = 0;
    int received = 0;

    while (sent < own->rounds || received < own->rounds) {
        int got = 0;
        struct rn_case cases[] = {
            sent < own->rounds ? rn_case_send(own->to, &sent) : rn_case_none(),
            received < own->rounds ? rn_case_recv(own->from, &got)
                                   : rn_case_none(),
        };

        if (rn_select(cases, 2) == 0)
            sent++;
        else
            CHECK_EQ_INT(got, received++);
    }
}

/* Tries in both directions meet a partner that waits, and that comes late. */
static void tries_meet_a_late_partner(void)
{
    for (size_t capacity = 0; capacity < 2; capacity++) {
        rn_chan(int) there = rn_chan_make(int, capacity);
        rn_chan(int) back = rn_chan_make(int, capacity);
        int rounds = rn_check_rounds(1000) + 5;

        rn_go(wait_both_ways, (struct pair){back, there, rounds});
        try_both_ways(&(struct pair){there, back, rounds});
        while (rn_task_count() > 1)
            rn_yield();
        rn_chan_free(there);
        rn_chan_free(back);
    }
}

struct hog {
    rn_chan(int) in;
    rn_chan(int) out;
};

static void pass_on(struct hog *own)
{
    rn_range (int, value, own->in)
        rn_send(own->out, value);
    rn_close(own->out);
}

/* A timer's case is chosen though a busy pair and another case never rest. */
static void timer_is_chosen_beside_a_hog(void)
{
    struct hog hog = {rn_chan_make(int, 0), rn_chan_make(int, 0)};
    int64_t start = rn_now();
    /* Simulated time passes only when nobody can run. */
    struct rn_timer *timer =
        rn_timer_make(rn_check_simulated() ? 0 : 2 * RN_MS);
    int got = 0;

    rn_go(pass_on, hog);
    rn_send(hog.in, 0);
    for (;;) {
        struct rn_case cases[] = {rn_case_recv(rn_timer_chan(timer), NULL),
                                  rn_case_recv(hog.out, &got)};

        if (rn_select(cases, 2) == 0)
            break;
        rn_send(hog.in, got + 1);
    }
    CHECK(rn_check_simulated() || rn_now() - start >= 2 * RN_MS);
    rn_recv(hog.out, NULL);
    rn_close(hog.in);
    CHECK(!rn_recv(hog.out, NULL));
    while (rn_task_count() > 1)
        rn_yield();
    rn_timer_free(timer);
    rn_chan_free(hog.in);
    rn_chan_free(hog.out);
}

/* The array may be used again: ok and value are those of the last time. */
static void array_is_used_again(void)
{
    rn_chan(int) chan = rn_chan_make(int, 2);
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(chan, &got)};

    rn_send(chan, 1);
    rn_send(chan, 2);
    rn_close(chan);
    for (int i = 1; i <= 2; i++) {
        CHECK_EQ_INT(rn_select(cases, 1), 0);
        CHECK(cases[0].ok);
        CHECK_EQ_INT(got, i);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_INT(rn_select(cases, 1), 0);
        CHECK(!cases[0].ok);
        CHECK_EQ_INT(got, 0);
    }
    rn_chan_free(chan);
}

RN_CHECK_MAIN(no_case_is_never_ready, only_nil_is_never_ready,
              every_number_of_cases, ready_receives_share_evenly,
              ready_sends_share_evenly, operands_are_evaluated_once,
              value_may_be_dropped, tries_meet_a_late_partner,
              timer_is_chosen_beside_a_hog, array_is_used_again)
