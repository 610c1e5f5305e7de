/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Among ready cases the choice is even, by chi-square, and the same no matter
 * where in the array the ready ones stand.
 */
#include "rn_check.h"

/*
 * The sum of (seen - expected)^2 / expected over `count` cases. With 4 cases
 * (3 degrees of freedom) chance gives more than 25 in 1 of 60,000 runs; with 2
 * cases (1 degree) more than 19 in 1 of 75,000.
 */
static double chi_square(const int *seen, int count, int trials)
{
    double expected = (double)trials / count;
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += (seen[i] - expected) * (seen[i] - expected) / expected;
    return sum;
}

/* Ready receives, no waiting involved: each of 4 cases gets its quarter. */
static void four_ready_receives_share_evenly(void)
{
    const int trials = rn_check_rounds(20000) + 2000;
    rn_chan(int) chans[4];
    struct rn_case cases[4];
    int seen[4] = {0};

    for (int i = 0; i < 4; i++) {
        chans[i] = rn_chan_make(int, 1);
        rn_close(chans[i]);
        cases[i] = rn_case_recv(chans[i], NULL);
    }
    for (int i = 0; i < trials; i++)
        seen[rn_select(cases, 4)]++;
    CHECK_MSG(chi_square(seen, 4, trials) < 30, "shares %d %d %d %d", seen[0],
              seen[1], seen[2], seen[3]);
    for (int i = 0; i < 4; i++)
        rn_chan_free(chans[i]);
}

/* Two ready ones next to dead ones: half each, though the others lie between.
 */
static void dead_cases_do_not_tilt_the_choice(void)
{
    const int trials = rn_check_rounds(20000) + 2000;
    rn_chan(int) dead = rn_chan_make(int, 0);
    rn_chan(int) ready = rn_chan_make(int, 1);
    int seen[5] = {0};
    int pair[2];
    struct rn_case cases[5];

    rn_close(ready);
    cases[0] = rn_case_recv(dead, NULL);
    cases[1] = rn_case_recv(ready, NULL);
    cases[2] = rn_case_recv(dead, NULL);
    cases[3] = rn_case_none();
    cases[4] = rn_case_recv(ready, NULL);
    for (int i = 0; i < trials; i++)
        seen[rn_try_select(cases, 5)]++;
    pair[0] = seen[1];
    pair[1] = seen[4];
    CHECK_EQ_INT(pair[0] + pair[1], trials);
    CHECK_MSG(chi_square(pair, 2, trials) < 24, "shares %d %d", pair[0],
              pair[1]);
    rn_chan_free(dead);
    rn_chan_free(ready);
}

struct taker {
    rn_receiver(int) in;
    int *seen;
    int trials;
    rn_sender(int) done;
};

static void take(struct taker *own)
{
    int bit = 0;

    for (int i = 0; i < own->trials; i++) {
        rn_yield();
        rn_recv(own->in, &bit);
        own->seen[bit]++;
    }
    rn_send(own->done, 0);
}

/*
 * Zero and one sent by select over one channel. A send that had to wait is
 * taken by whoever comes, so the shares need not be even; but both are sent
 * often.
 */
static void random_bits_take_both_values(void)
{
    const int trials = rn_check_rounds(10000) + 1000;

    for (size_t capacity = 0; capacity <= 8; capacity += 8) {
        rn_chan(int) bits = rn_chan_make(int, capacity);
        rn_chan(int) done = rn_chan_make(int, 0);
        static const int zero = 0;
        static const int one = 1;
        int seen[2] = {0, 0};
        struct rn_case cases[] = {
            rn_case_send(bits, &zero),
            rn_case_send(bits, &one),
        };

        rn_go(take, (struct taker){rn_recv_end(bits), seen, trials,
                                   rn_send_end(done)});
        for (int i = 0; i < trials; i++)
            rn_select(cases, 2);
        rn_recv(done, NULL);
        CHECK_MSG(seen[0] > trials / 10 && seen[1] > trials / 10,
                  "capacity %zu: %d zeros, %d ones", capacity, seen[0],
                  seen[1]);
        rn_chan_free(bits);
        rn_chan_free(done);
    }
}

/* A context that is done and a channel that is ready share like two channels.
 */
static void done_context_shares_too(void)
{
    const int trials = rn_check_rounds(10000) + 1000;
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_chan(int) ready = rn_chan_make(int, 0);
    int seen[2] = {0, 0};
    struct rn_case cases[] = {rn_case_done(ctx), rn_case_recv(ready, NULL)};

    rn_close(ready);
    rn_ctx_cancel(ctx);
    for (int i = 0; i < trials; i++)
        seen[rn_select(cases, 2)]++;
    CHECK_MSG(chi_square(seen, 2, trials) < 24, "shares %d %d", seen[0],
              seen[1]);
    rn_ctx_release(ctx);
    rn_chan_free(ready);
}

RN_CHECK_MAIN(four_ready_receives_share_evenly,
              dead_cases_do_not_tilt_the_choice, random_bits_take_both_values,
              done_context_shares_too)
