/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_ctx.c: contexts.
 *
 * Go's are given back by its collector; here rn_ctx_release is part of what is
 * measured.
 */
#include "bench.h"

/* Made with a deadline, canceled before it comes; ns for both. */
void line_ctx_timeout(void)
{
    long count = bench_count(1000000);
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++) {
        struct rn_ctx *ctx =
            rn_ctx_with_timeout(rn_ctx_background(), 3600 * RN_S);
        rn_ctx_cancel(ctx);
        rn_ctx_release(ctx);
    }
    bench_report_each("ctx_timeout", begin, count);
}

/* Made and canceled; ns for both. */
void line_ctx_cancel(void)
{
    long count = bench_count(5000000);
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++) {
        struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
        rn_ctx_cancel(ctx);
        rn_ctx_release(ctx);
    }
    bench_report_each("ctx_cancel", begin, count);
}

struct child {
    struct rn_ctx *ctx;
    struct rn_waitgroup *there;
    struct rn_waitgroup *gone;
};

static void wait_for_end(struct child *own)
{
    rn_waitgroup_done(own->there);
    rn_ctx_wait(own->ctx);
    rn_ctx_release(own->ctx);
    rn_waitgroup_done(own->gone);
}

/*
 * A context is canceled that has 100,000 children, for each of which a
 * goroutine waits; ns for each child, until all have ended.
 */
void line_ctx_tree(void)
{
    long count = bench_count(100000);
    struct rn_waitgroup there = {0};
    struct rn_waitgroup gone = {0};
    struct rn_ctx *root = rn_ctx_with_cancel(rn_ctx_background());
    rn_waitgroup_add(&there, (int)count);
    rn_waitgroup_add(&gone, (int)count);
    for (long i = 0; i < count; i++)
        rn_go(wait_for_end,
              (struct child){rn_ctx_with_cancel(root), &there, &gone});
    rn_waitgroup_wait(&there);
    int64_t begin = rn_now();
    rn_ctx_cancel(root);
    rn_waitgroup_wait(&gone);
    bench_report_each("ctx_tree", begin, count);
    rn_ctx_release(root);
}
