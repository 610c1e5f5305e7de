/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context_below.c: a context ends a whole tree of calls, and carries values.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: context */
static rn_key(const char) user;

static void query(const char *table, struct rn_ctx *ctx, int64_t takes_ns)
{
    struct rn_case done = rn_case_done(ctx);
    int status = RN_OK; /* the database answers unless ctx ends before */
    if (rn_select_until(rn_deadline(takes_ns), &done, 1) == 0)
        status = rn_ctx_err(ctx);
    printf("%s for %s: %s\n", table, rn_ctx_value(ctx, &user),
           rn_status_text(status));
}

static void answer(struct rn_ctx *request)
{
    struct rn_ctx *short_one = rn_ctx_with_timeout(request, RN_S);
    query("orders", short_one, RN_S / 2);
    query("history", short_one, 60 * RN_S);
    rn_ctx_cancel(short_one);
    rn_ctx_release(short_one);
    query("adverts", request, RN_S); /* that deadline was not this one's */
    rn_ctx_cancel_cause(request, RN_CLOSED, "the browser has gone");
    query("pictures", request, RN_S);
    printf("because: %s\n", rn_ctx_cause_text(request));
}
/* guide: end context */

static int start(void *arg)
{
    struct rn_ctx *named = rn_ctx_with_value(rn_ctx_background(), &user, "ada");
    struct rn_ctx *request = rn_ctx_with_timeout(named, 30 * RN_S);
    (void)arg;
    answer(request);
    rn_ctx_release(request);
    rn_ctx_release(named);
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
