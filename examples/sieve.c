/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sieve.c: a pipeline that grows while it runs.
 *
 * A source counts from 2. The first number to come out of the last channel is a
 * prime; a new stage behind it then takes out its multiples. A thousand primes
 * are a thousand stages in a row, and each number is handed along until one of
 * them drops it (RN_SKIP). Look at how it ends: the group is canceled, and every
 * stage, wherever it waits, is gone.
 *
 *     sieve               the first 25 primes
 *     sieve --count 2000
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/example.h"

static int64_t count = 25;

static int count_up(struct rn_ctx *ctx, int *last, int *next)
{
    (void)ctx;
    *next = ++*last;
    return RN_OK;
}

/* Lets through what its prime does not divide. */
static int filter(struct rn_ctx *ctx, int *prime, int *n, int *passed)
{
    (void)ctx;
    *passed = *n;
    return *n % *prime != 0 ? RN_OK : RN_SKIP;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int *primes = calloc((size_t)count, sizeof(*primes)), last = 1;
    if (!primes) {
        example_error("not enough memory for %lld filters", (long long)count);
        return 1;
    }
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(int) link = rn_group_chan(group, int, 0);

    rn_source(group, link, count_up, &last);
    for (int64_t i = 0; i < count; i++) {
        if (rn_recv_ctx(ctx, link, &primes[i]) != RN_OK)
            break;
        printf("%d\n", primes[i]);
        rn_chan(int) next = rn_group_chan(group, int, 0);
        rn_stage(group, link, next, filter, &primes[i]);
        link = next;
    }
    rn_ctx_cancel(rn_group_ctx(group));
    rn_group_wait(group);
    free(primes);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"count", "N", "how many primes", .number = &count, 1, 20000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--count N]",
                          .about = "Sieves primes through a row of goroutines.",
                          .options = options,
                          .run = run});
}
