/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed face of channels at run time: ends are the same channel, arguments
 * are evaluated once, NULL drops a value. (What must not compile is in
 * misuse/.)
 */
#include "rn_check.h"

typedef rn_chan(double) samples;

struct point {
    int x;
    int y;
};

/* A handle's type is the same wherever it is written. */
static double sum(rn_receiver(double) in)
{
    double total = 0;

    rn_range (double, sample, in)
        total += sample;
    return total;
}

/* A channel and both of its ends are one channel: what goes in comes out. */
static void ends_are_the_same_channel(void)
{
    samples chan = rn_chan_make(double, 3);
    rn_sender(double) out = rn_send_end(chan);
    rn_receiver(double) in = rn_recv_end(chan);

    rn_send(out, 1.5);
    rn_send(rn_send_end(out), 2);
    CHECK_EQ_INT(rn_chan_len(in), 2);
    CHECK_EQ_INT(rn_chan_len(out), 2);
    CHECK_EQ_INT(rn_chan_cap(in), 3);
    rn_close(out);
    CHECK(sum(rn_recv_end(in)) == 3.5);
    rn_chan_free(chan);
}

/* A value is converted to the element type, or is an initialiser in braces. */
static void values_are_initialisers(void)
{
    rn_chan(struct point) points = rn_chan_make(struct point, 2);
    rn_chan(unsigned char) bytes = rn_chan_make(unsigned char, 1);
    struct point got = {0, 0};
    unsigned char byte = 0;

    rn_send(points, {1, 2});
    rn_send(points, (struct point){.y = 4});
    CHECK(rn_recv(points, &got));
    CHECK(got.x == 1 && got.y == 2);
    CHECK(rn_recv(points, &got));
    CHECK(got.x == 0 && got.y == 4);
    rn_send(bytes, 'x');
    CHECK(rn_recv(bytes, &byte));
    CHECK_EQ_INT(byte, 'x');
    rn_chan_free(points);
    rn_chan_free(bytes);
}

static int calls;

static rn_chan(int) counted(rn_chan(int) chan)
{
    calls++;
    return chan;
}

/* Channel, value and place of an operation are evaluated exactly once. */
static void operands_are_evaluated_once(void)
{
    rn_chan(int) chan = rn_chan_make(int, 4);
    int places[2] = {0, 0};
    int *place = places;
    int value = 1;

    calls = 0;
    rn_send(counted(chan), value++);
    CHECK_EQ_INT(calls, 1);
    CHECK_EQ_INT(value, 2);
    CHECK(rn_recv(counted(chan), place++));
    CHECK_EQ_INT(calls, 2);
    CHECK(place == places + 1);
    CHECK_EQ_INT(places[0], 1);
    CHECK_EQ_INT(rn_try_send(counted(chan), value++), RN_OK);
    CHECK_EQ_INT(calls, 3);
    CHECK_EQ_INT(rn_chan_len(counted(chan)), 1);
    CHECK_EQ_INT(rn_chan_cap(counted(chan)), 4);
    CHECK_EQ_INT(calls, 5);
    rn_close(counted(chan));
    CHECK_EQ_INT(calls, 6);
    rn_chan_free(counted(chan));
    CHECK_EQ_INT(calls, 7);
}

/* rn_range leaves with break, goes on with continue, as a for does. */
static void range_is_nothing_but_a_for(void)
{
    rn_chan(int) chan = rn_chan_make(int, 10);
    int sum_of_odd = 0;

    for (int i = 0; i < 10; i++)
        rn_send(chan, i);
    rn_range (int, n, chan) {
        if (n % 2 == 0)
            continue;
        if (n == 7)
            break;
        sum_of_odd += n;
    }
    CHECK_EQ_INT(sum_of_odd, 1 + 3 + 5);
    CHECK_EQ_INT(rn_chan_len(chan), 2);
    rn_chan_free(chan);
}

/* A channel carries channels. */
static void channels_travel_in_channels(void)
{
    rn_chan(samples) outer = rn_chan_make(samples, 1);
    samples inner = rn_chan_make(double, 1);
    samples got = NULL;
    double value = 0;

    rn_send(outer, inner);
    CHECK(rn_recv(outer, &got));
    CHECK(got == inner);
    rn_send(got, 0.25);
    CHECK(rn_recv(inner, &value));
    CHECK(value == 0.25);
    rn_chan_free(inner);
    rn_chan_free(outer);
}

RN_CHECK_MAIN(ends_are_the_same_channel, values_are_initialisers,
              operands_are_evaluated_once, range_is_nothing_but_a_for,
              channels_travel_in_channels)
