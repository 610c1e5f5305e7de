/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_switch.c: a goroutine gives way to another.
 */
#include "bench.h"

/* ------------------------------------------------------------------- yield */

static void yield_often(long *count)
{
    for (long i = 0; i < *count; i++)
        rn_yield();
}

/* Two goroutines yield to each other; ns a switch. */
void line_yield(void)
{
    long count = bench_count(5000000);
    struct rn_waitgroup both = {0};
    int64_t begin = rn_now();
    for (int i = 0; i < 2; i++)
        rn_waitgroup_go(&both, yield_often, count);
    rn_waitgroup_wait(&both);
    bench_report_each("yield", begin, 2 * count);
}

/* ---------------------------------------------------------------- pingpong */

struct player {
    rn_receiver(int) in;
    rn_sender(int) out;
};

/* Gives back whatever comes, and passes the end on. */
static void play(struct player *own)
{
    rn_range (int, ball, own->in)
        rn_send(own->out, ball);
    rn_close(own->out);
}

/* There and back over two unbuffered channels; ns a round trip. */
void line_pingpong(void)
{
    long count = bench_count(2000000);
    rn_chan(int) there = rn_chan_make(int, 0);
    rn_chan(int) back = rn_chan_make(int, 0);
    rn_go(play, (struct player){rn_recv_end(there), rn_send_end(back)});
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++) {
        rn_send(there, (int)i);
        rn_recv(back, NULL);
    }
    bench_report_each("pingpong", begin, count);
    rn_close(there);
    rn_recv(back, NULL);
    rn_chan_free(there);
    rn_chan_free(back);
}

/* -------------------------------------------------------------------- wake */

/*
 * A parked goroutine is woken after 5 us in which nothing else had work: its
 * worker has gone idle, where there are two. ns from the send to the answer.
 */
void line_wake(void)
{
    long count = bench_count(50000);
    int64_t waited = 0;
    rn_chan(int) there = rn_chan_make(int, 0);
    rn_chan(int) back = rn_chan_make(int, 0);
    rn_go(play, (struct player){rn_recv_end(there), rn_send_end(back)});
    for (long i = 0; i < count; i++) {
        int64_t begin = rn_now();
        while (rn_now() - begin < 5 * RN_US)
            ;
        begin = rn_now();
        rn_send(there, (int)i);
        rn_recv(back, NULL);
        waited += rn_now() - begin;
    }
    bench_report("wake", "ns", (double)waited / (double)count);
    rn_close(there);
    rn_recv(back, NULL);
    rn_chan_free(there);
    rn_chan_free(back);
}

/* -------------------------------------------------------------------- ring */

/* A token goes round a ring of 1,000 goroutines; ns a hop. */
void line_ring(void)
{
    enum { MEMBERS = 1000 };
    long rounds = bench_count(2000);
    rn_chan(int) links[MEMBERS];
    for (int i = 0; i < MEMBERS; i++)
        links[i] = rn_chan_make(int, 0);
    for (int i = 0; i + 1 < MEMBERS; i++)
        rn_go(play, (struct player){rn_recv_end(links[i]),
                                    rn_send_end(links[i + 1])});
    int64_t begin = rn_now();
    for (long i = 0; i < rounds; i++) {
        rn_send(links[0], (int)i);
        rn_recv(links[MEMBERS - 1], NULL);
    }
    bench_report_each("ring", begin, rounds * MEMBERS);
    rn_close(links[0]);
    rn_recv(links[MEMBERS - 1], NULL);
    for (int i = 0; i < MEMBERS; i++)
        rn_chan_free(links[i]);
}
