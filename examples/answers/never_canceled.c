/* SPDX-License-Identifier: Apache-2.0 */
/*
 * never_canceled.c: a context that nobody cancels, and who waits for it.
 */
#include <runnel/runnel.h>

/* guide: forgotten */
static void keep_warm(struct rn_ctx **own)
{
    rn_ctx_wait(*own); /* until it is called off */
    rn_ctx_release(*own);
}

static void use_cache(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_go(keep_warm, rn_ctx_retain(ctx));
    rn_sleep(RN_S);
    rn_ctx_release(ctx); /* but nobody has canceled it */
}
/* guide: end forgotten */

static int start(void *arg)
{
    (void)arg;
    use_cache();
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
