/* SPDX-License-Identifier: Apache-2.0 */
/* A pool without results has a function without. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, void *state, int *job, char *result);
int h(struct rn_ctx *ctx, void *state, int *job);
void f(struct rn_group *group, rn_chan(int) jobs);
void f(struct rn_group *group, rn_chan(int) jobs)
{
#ifdef WRONG
    rn_pool_each(group, 2, jobs, g, NULL);
#else
    rn_pool_each(group, 2, jobs, h, NULL);
#endif
}
