/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primes.c: fan-out and fan-in.
 *
 * One goroutine sends numbers; several workers receive from that one channel,
 * whoever is free next (fan-out), and each has a channel of its own for the
 * primes it finds; they are brought together into one that ends when all of
 * them have (fan-in). Look at find: what a worker sends is in order, so a merge
 * that takes the least of what is there gives the primes in order, too.
 *
 *     primes                      the primes up to 1,000
 *     primes --limit 3000000 --workers 8 --quiet
 */
#include <stdio.h>

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

static int next_span(struct rn_ctx *ctx, int64_t *from, struct span *span)
{
    (void)ctx;
    span->from = *from;
    span->to = *from + SPAN <= limit ? *from + SPAN : limit + 1;
    *from = span->to;
    return span->from < span->to ? RN_OK : RN_CLOSED;
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

static int find(struct rn_ctx *ctx, struct worker *own)
{
    int status = RN_OK;

    rn_range_ctx(struct span, span, ctx, own->spans)
    {
        for (int64_t n = span.from; n < span.to && status == RN_OK; n++) {
            if (is_prime(n))
                status = rn_send_ctx(ctx, own->primes, n);
        }
    }
    rn_close(own->primes);
    return RN_OK;
}

static int compare(const int64_t *a, const int64_t *b)
{
    return (*a > *b) - (*a < *b);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct span) spans = rn_group_chan(group, struct span, 16);
    rn_chan(int64_t) found[WORKERS_MAX];
    rn_chan(int64_t) primes = rn_group_chan(group, int64_t, 64);
    int64_t from = 2, count = 0;

    rn_source(group, spans, next_span, &from);
    for (int64_t i = 0; i < workers; i++) {
        found[i] = rn_group_chan(group, int64_t, SPAN); /* to run ahead */
        rn_group_go(group, find,
                    (struct worker){rn_recv_end(spans), rn_send_end(found[i])});
    }
    rn_merge_sorted(group, found, (size_t)workers, primes, compare);
    rn_range (int64_t, prime, primes) {
        count++;
        if (!quiet)
            printf("%lld\n", (long long)prime);
    }
    rn_group_wait(group);
    if (rn_ctx_err(ctx) == RN_OK)
        printf("%lld primes up to %lld\n", (long long)count, (long long)limit);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"limit", "N", "the last number looked at", .number = &limit, 1,
         100000000},
        {"workers", "N", "goroutines that test", .number = &workers, 1,
         WORKERS_MAX},
        {"quiet", NULL, "print only how many there are", .flag = &quiet},
        {0},
    };
    return example_main(argc, argv,
                        &(struct example){.usage = "[--limit N] [--workers N]",
                                          .about = "Finds the primes up to N.",
                                          .options = options,
                                          .run = run});
}
