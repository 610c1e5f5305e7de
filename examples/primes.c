/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primes.c: fan-out and fan-in.
 *
 * One goroutine sends numbers; several workers receive from that one channel,
 * whoever is free next (fan-out), and each has a channel of its own for the
 * primes it finds; merge brings those together into one that ends when all of
 * them have (fan-in). Look at merge: one goroutine an input, and one that waits
 * for these and closes, for only the last sender may.
 *
 *     primes                      the primes up to 1,000
 *     primes --limit 3000000 --workers 8 --quiet
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/example.h"

#define WORKERS_MAX 64

static int64_t limit = 1000;
static int64_t workers = 4;
static bool quiet;

/* A run of numbers: sent one by one they would cost more than the test. */
struct span {
    int64_t from, to;
};
#define SPAN 1024

struct source {
    struct rn_ctx *ctx;
    rn_sender(struct span) spans;
};

static void send_spans(struct source *own)
{
    for (int64_t from = 2; from <= limit; from += SPAN) {
        int64_t to = from + SPAN <= limit ? from + SPAN : limit + 1;
        if (rn_send_ctx(own->ctx, own->spans, {from, to}) != RN_OK)
            break;
    }
    rn_close(own->spans);
}

static bool is_prime(int64_t n)
{
    if (n % 2 == 0)
        return n == 2;
    for (int64_t d = 3; d * d <= n; d += 2) {
        if (n % d == 0)
            return false;
    }
    return n > 1;
}

struct worker {
    rn_receiver(struct span) spans;
    rn_sender(int64_t) primes;
};

static void find(struct worker *own)
{
    rn_range (struct span, span, own->spans) {
        for (int64_t n = span.from; n < span.to; n++) {
            if (is_prime(n))
                rn_send(own->primes, n);
        }
    }
    rn_close(own->primes);
}

struct branch {
    rn_receiver(int64_t) input;
    rn_sender(int64_t) output;
    struct rn_waitgroup *open;
};

static void carry(struct branch *own)
{
    rn_range (int64_t, n, own->input)
        rn_send(own->output, n);
    rn_waitgroup_done(own->open);
}

struct ending {
    struct rn_waitgroup *open;
    rn_sender(int64_t) output;
};

static void close_after(struct ending *own)
{
    rn_waitgroup_wait(own->open);
    rn_close(own->output);
}

/* Everything from the inputs into output, which is closed after the last. */
static void merge(rn_chan(int64_t) *inputs, int64_t count,
                  rn_sender(int64_t) output, struct rn_waitgroup *open)
{
    rn_waitgroup_add(open, (int)count);
    for (int64_t i = 0; i < count; i++)
        rn_go(carry, (struct branch){rn_recv_end(inputs[i]), output, open});
    rn_go(close_after, (struct ending){open, output});
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    rn_chan(struct span) spans = rn_chan_make(struct span, 16);
    rn_chan(int64_t) found[WORKERS_MAX];
    rn_chan(int64_t) primes = rn_chan_make(int64_t, 64);
    struct rn_waitgroup open = {0};
    int64_t *sorted = malloc(((size_t)limit + 1) * sizeof(*sorted));
    size_t count = 0;

    rn_go(send_spans, (struct source){ctx, rn_send_end(spans)});
    for (int64_t i = 0; i < workers; i++) {
        found[i] = rn_chan_make(int64_t, 64);
        rn_go(find, (struct worker){rn_recv_end(spans), rn_send_end(found[i])});
    }
    merge(found, workers, rn_send_end(primes), &open);
    rn_range (int64_t, prime, primes) {
        if (sorted)
            sorted[count++] = prime;
    }
    if (!sorted)
        example_error("not enough memory for the primes up to %lld",
                      (long long)limit);
    else
        qsort(sorted, count, sizeof(*sorted), by_value);
    for (size_t i = 0; i < count && !quiet && rn_ctx_err(ctx) == RN_OK; i++)
        printf("%lld\n", (long long)sorted[i]);
    if (sorted && rn_ctx_err(ctx) == RN_OK)
        printf("%zu primes up to %lld\n", count, (long long)limit);

    for (int64_t i = 0; i < workers; i++)
        rn_chan_free(found[i]);
    rn_chan_free(primes);
    rn_chan_free(spans);
    int status = sorted ? 0 : 1;
    free(sorted);
    return status;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"limit", "N", "the last number looked at", .number = &limit, .min = 1,
         .max = 100000000},
        {"workers", "N", "goroutines that test", .number = &workers, .min = 1,
         .max = WORKERS_MAX},
        {"quiet", NULL, "print only how many there are", .flag = &quiet},
        {0},
    };
    return example_main(argc, argv,
                        &(struct example){.usage = "[--limit N] [--workers N]",
                                          .about = "Finds the primes up to N.",
                                          .options = options,
                                          .run = run});
}
