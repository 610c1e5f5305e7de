/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_chan.c: values through channels.
 */
#include "bench.h"

struct producer {
    rn_sender(int) out;
    long count;
};

static void produce(struct producer *own)
{
    for (long i = 0; i < own->count; i++)
        rn_send(own->out, (int)i);
}

static void produce_all(struct producer *own)
{
    produce(own);
    rn_close(own->out);
}

/* -------------------------------------------------------------------- spsc */

/* One sends, one receives, 128 places; ns a value. */
void line_spsc(void)
{
    long count = bench_count(10000000);
    long received = 0;
    rn_chan(int) chan = rn_chan_make(int, 128);
    int64_t begin = rn_now();
    rn_go(produce_all, (struct producer){rn_send_end(chan), count});
    rn_range (int, value, chan)
        received += value >= 0;
    bench_report_each("spsc", begin, count);
    bench_check(received == count, "spsc: a value was lost");
    rn_chan_free(chan);
}

/* -------------------------------------------------------------------- mpmc */

struct consumer {
    rn_receiver(int) in;
    long *received;
};

static void consume(struct consumer *own)
{
    long received = 0;
    rn_range (int, value, own->in)
        received += value >= 0;
    *own->received = received;
}

/* Eight send, eight receive, 128 places; ns a value. */
void line_mpmc(void)
{
    enum { EACH = 8 };
    long count = bench_count(1000000);
    long received[EACH];
    struct rn_waitgroup producers = {0};
    struct rn_waitgroup consumers = {0};
    rn_chan(int) chan = rn_chan_make(int, 128);
    int64_t begin = rn_now();
    for (int i = 0; i < EACH; i++)
        rn_waitgroup_go(&consumers, consume,
                        (struct consumer){rn_recv_end(chan), &received[i]});
    for (int i = 0; i < EACH; i++)
        rn_waitgroup_go(&producers, produce,
                        (struct producer){rn_send_end(chan), count});
    rn_waitgroup_wait(&producers);
    rn_close(chan);
    rn_waitgroup_wait(&consumers);
    bench_report_each("mpmc", begin, EACH * count);
    long all = 0;
    for (int i = 0; i < EACH; i++)
        all += received[i];
    bench_check(all == EACH * count, "mpmc: a value was lost");
    rn_chan_free(chan);
}

/* ------------------------------------------------------------------- sieve */

static void generate(rn_sender(int) *out)
{
    for (int n = 2;; n++)
        rn_send(*out, n);
}

struct filter {
    rn_receiver(int) in;
    rn_sender(int) out;
    int prime;
};

static void pass_others(struct filter *own)
{
    rn_range (int, n, own->in)
        if (n % own->prime != 0)
            rn_send(own->out, n);
}

/*
 * The first 2,000 primes by a goroutine each, over unbuffered channels; ms for
 * all. Its goroutines are left where they are, and so they wait for ever.
 */
void line_sieve(void)
{
    long count = bench_count(2000);
    rn_chan(int) chan = rn_chan_make(int, 0);
    int prime = 0;
    int64_t begin = rn_now();
    rn_go(generate, rn_send_end(chan));
    for (long i = 0; i < count; i++) {
        rn_recv(chan, &prime);
        rn_chan(int) next = rn_chan_make(int, 0);
        rn_go(pass_others,
              (struct filter){rn_recv_end(chan), rn_send_end(next), prime});
        chan = next;
    }
    bench_report("sieve", "ms", (double)(rn_now() - begin) / RN_MS);
    bench_check(count != 2000 || prime == 17389, "sieve: a wrong prime");
}
