/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sieve.c: a pipeline that grows while it runs.
 *
 * A source counts from 2. The first number to come out of the last channel is a
 * prime; a new filter behind it then takes out its multiples. A thousand primes
 * are a thousand goroutines in a row, and each number is handed along until one
 * of them drops it. Look at how it ends: the context is canceled, and every
 * filter, wherever it waits, is gone.
 *
 *     sieve               the first 25 primes
 *     sieve --count 2000
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/example.h"

static int64_t count = 25;

struct source {
    rn_sender(int) output;
};

static int count_up(struct rn_ctx *ctx, struct source *own)
{
    for (int n = 2; rn_send_ctx(ctx, own->output, n) == RN_OK; n++)
        continue;
    return RN_OK;
}

struct filter {
    rn_receiver(int) input;
    rn_sender(int) output;
    int prime;
};

/* Lets through what its prime does not divide. */
static int take_multiples_out(struct rn_ctx *ctx, struct filter *own)
{
    int n;

    while (rn_recv_ctx(ctx, own->input, &n) == RN_OK) {
        if (n % own->prime != 0 && rn_send_ctx(ctx, own->output, n) != RN_OK)
            break;
    }
    return RN_OK;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    rn_chan(int) *links = calloc((size_t)count + 1, sizeof(*links));
    if (!links) {
        example_error("not enough memory for %lld filters", (long long)count);
        return 1;
    }
    struct rn_ctx *filters = rn_ctx_with_cancel(ctx);
    struct rn_group *group = rn_group_make(filters, 0);
    int64_t made = 1;
    int prime;

    links[0] = rn_chan_make(int, 0);
    rn_group_go(group, count_up, (struct source){rn_send_end(links[0])});
    for (int64_t i = 0; i < count; i++) {
        if (rn_recv_ctx(ctx, links[i], &prime) != RN_OK)
            break;
        printf("%d\n", prime);
        links[made++] = rn_chan_make(int, 0);
        rn_group_go(group, take_multiples_out,
                    (struct filter){rn_recv_end(links[i]),
                                    rn_send_end(links[i + 1]), prime});
    }
    rn_ctx_cancel(filters);
    rn_group_wait(group);
    rn_ctx_release(filters);
    for (int64_t i = 0; i < made; i++)
        rn_chan_free(links[i]);
    free(links);
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
