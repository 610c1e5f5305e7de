/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a pool is that of its function. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, long *state, int *job, char *result);
void f(struct rn_group *group, rn_chan(int) jobs, rn_chan(char) results,
       long *state, int *other);
void f(struct rn_group *group, rn_chan(int) jobs, rn_chan(char) results,
       long *state, int *other)
{
    (void)other;
    (void)state;
#ifdef WRONG
    rn_pool_map(group, 2, jobs, results, g, other);
#else
    rn_pool_map(group, 2, jobs, results, g, state);
#endif
}
