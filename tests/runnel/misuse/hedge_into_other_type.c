/* SPDX-License-Identifier: Apache-2.0 */
/* A hedged call writes its own kind of result. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, void *state, long *result);
void f(struct rn_ctx *ctx, const struct rn_hedge_plan *plan, long *right,
       int *wrong);
void f(struct rn_ctx *ctx, const struct rn_hedge_plan *plan, long *right,
       int *wrong)
{
    (void)right;
    (void)wrong;
#ifdef WRONG
    (void)rn_hedge(ctx, plan, g, NULL, wrong);
#else
    (void)rn_hedge(ctx, plan, g, NULL, right);
#endif
}
