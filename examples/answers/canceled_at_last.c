/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canceled_at_last.c: a context that is canceled whichever way the scope is left.
 */
#include <stdio.h>

#include <runnel/runnel.h>

static void keep_warm(struct rn_ctx **own)
{
    rn_ctx_wait(*own);
    rn_ctx_release(*own);
}

/* guide: canceled */
static void use_cache(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_defer(rn_ctx_release, ctx);
    rn_defer(rn_ctx_cancel, ctx); /* newest first: before the release */
    rn_go(keep_warm, rn_ctx_retain(ctx));
    rn_sleep(RN_S);
}
/* guide: end canceled */

static int start(void *arg)
{
    (void)arg;
    use_cache();
    rn_sleep(RN_S); /* the other one comes to its end */
    printf("left behind: %zu\n", rn_leaks_check());
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
