/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders.c: what concurrency gains when the work is waiting.
 *
 * Five orders take two seconds each. One after another that is ten seconds; at
 * once it is two, on one processor as well: a goroutine that waits needs none.
 * Look at take_at_once: start each, then wait for all.
 *
 *     orders                  twelve seconds in all
 *     orders --unit-ms 20     a hundred times faster
 */
#include <stdio.h>

#include "common/example.h"

static int64_t count = 5;
static int64_t unit_ms = 2000;

struct order {
    int64_t number;
};

/* An order waits for its oven, its printer, its courier: not for us. */
static int process(struct rn_ctx *ctx, struct order *own)
{
    int status = example_sleep(ctx, unit_ms * RN_MS);

    if (status == RN_OK)
        printf("  order %lld is done\n", (long long)own->number);
    return status;
}

static int take_one_by_one(struct rn_ctx *ctx)
{
    int status = RN_OK;

    for (int64_t n = 1; n <= count && status == RN_OK; n++)
        status = process(ctx, &(struct order){n});
    return status;
}

static int take_at_once(struct rn_ctx *ctx)
{
    struct rn_group *group = rn_group_make(ctx, 0);

    for (int64_t n = 1; n <= count; n++)
        rn_group_go(group, process, (struct order){n});
    return rn_group_wait(group);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int64_t start = rn_now();
    if (take_one_by_one(ctx) != RN_OK)
        return 1;
    double one_by_one = example_ms_since(start);
    printf("one after another: %.0f ms\n", one_by_one);

    start = rn_now();
    if (take_at_once(ctx) != RN_OK)
        return 1;
    double at_once = example_ms_since(start);
    printf("at once: %.0f ms\n", at_once);
    printf("%.1f times as fast\n", one_by_one / at_once);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"orders", "N", "how many", .number = &count, 1, 100000},
        {"unit-ms", "MS", "what an order takes", .number = &unit_ms, 0, 60000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[--orders N] [--unit-ms MS]",
            .about = "Takes orders one after another, then all at once.",
            .options = options,
            .run = run});
}
