/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stops_when_told.c: a goroutine that every wait of which can be called off.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: told */
struct watch {
    struct rn_ctx *ctx;
    int64_t period_ns;
};

static void watch(struct watch *own)
{
    struct rn_case done = rn_case_done(own->ctx);
    while (rn_select_until(rn_deadline(own->period_ns), &done, 1) == RN_TIMEOUT)
        printf("looks, and reports\n");
    printf("stops: %s\n", rn_status_text(rn_ctx_err(own->ctx)));
}

static int start(void *arg)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_waitgroup watching = {0};
    (void)arg;
    rn_waitgroup_go(&watching, watch, (struct watch){ctx, 10 * RN_S});
    rn_sleep(25 * RN_S);
    rn_ctx_cancel(ctx);
    rn_waitgroup_wait(&watching);
    rn_ctx_release(ctx);
    return 0;
}
/* guide: end told */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
