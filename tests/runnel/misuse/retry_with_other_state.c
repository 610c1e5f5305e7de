/* SPDX-License-Identifier: Apache-2.0 */
/* What is retried takes the state it is given. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, long *state);
void f(struct rn_ctx *ctx, const struct rn_backoff *backoff,
       struct rn_breaker *breaker, long *right, int *wrong);
void f(struct rn_ctx *ctx, const struct rn_backoff *backoff,
       struct rn_breaker *breaker, long *right, int *wrong)
{
    (void)right;
    (void)wrong;
    (void)backoff;
    (void)breaker;
#ifdef WRONG
    (void)rn_retry(ctx, backoff, g, wrong);
#else
    (void)rn_retry(ctx, backoff, g, right);
#endif
}
