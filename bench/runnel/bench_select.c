/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_select.c: one of several channels.
 */
#include "bench.h"

enum { WAYS_MAX = 8 };

struct ways {
    int count;
    rn_chan(int) chan[WAYS_MAX];
    int place[WAYS_MAX];
};

static void make_ways(struct ways *ways, int count, size_t capacity)
{
    ways->count = count;
    for (int i = 0; i < count; i++)
        ways->chan[i] = rn_chan_make(int, capacity);
}

static void free_ways(const struct ways *ways)
{
    for (int i = 0; i < ways->count; i++)
        rn_chan_free(ways->chan[i]);
}

/* The cases stand in the code, as a select of Go's does. */
static int select_2(struct ways *ways)
{
    struct rn_case cases[] = {
        rn_case_recv(ways->chan[0], &ways->place[0]),
        rn_case_recv(ways->chan[1], &ways->place[1]),
    };
    return rn_select(cases, 2);
}

static int select_8(struct ways *ways)
{
    struct rn_case cases[] = {
        rn_case_recv(ways->chan[0], &ways->place[0]),
        rn_case_recv(ways->chan[1], &ways->place[1]),
        rn_case_recv(ways->chan[2], &ways->place[2]),
        rn_case_recv(ways->chan[3], &ways->place[3]),
        rn_case_recv(ways->chan[4], &ways->place[4]),
        rn_case_recv(ways->chan[5], &ways->place[5]),
        rn_case_recv(ways->chan[6], &ways->place[6]),
        rn_case_recv(ways->chan[7], &ways->place[7]),
    };
    return rn_select(cases, 8);
}

/* A send into one of the ways, and a select that finds it; ns for both. */
static void ready(const char *figure, int count, int (*select)(struct ways *))
{
    struct ways ways;
    long times = bench_count(2000000);
    make_ways(&ways, count, 1);
    int64_t begin = rn_now();
    for (long i = 0; i < times; i++) {
        int way = (int)(i % count);
        rn_send(ways.chan[way], way);
        bench_check(select(&ways) == way, "select: the wrong case");
    }
    bench_report_each(figure, begin, times);
    free_ways(&ways);
}

struct sender {
    const struct ways *ways;
    long times;
};

static void send_in_turn(struct sender *own)
{
    for (long i = 0; i < own->times; i++)
        rn_send(own->ways->chan[i % own->ways->count], (int)i);
}

/* A peer sends into unbuffered channels in turn; ns a value. */
static void block(const char *figure, int count, int (*select)(struct ways *))
{
    struct ways ways;
    long times = bench_count(1000000);
    make_ways(&ways, count, 0);
    struct rn_waitgroup peer = {0};
    int64_t begin = rn_now();
    rn_waitgroup_go(&peer, send_in_turn, (struct sender){&ways, times});
    for (long i = 0; i < times; i++)
        bench_check(select(&ways) == i % count, "select: the wrong case");
    bench_report_each(figure, begin, times);
    rn_waitgroup_wait(&peer);
    free_ways(&ways);
}

void line_select2_ready(void)
{
    ready("select2_ready", 2, select_2);
}

void line_select8_ready(void)
{
    ready("select8_ready", 8, select_8);
}

void line_select2_block(void)
{
    block("select2_block", 2, select_2);
}

void line_select8_block(void)
{
    block("select8_block", 8, select_8);
}
