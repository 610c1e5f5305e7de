/* SPDX-License-Identifier: Apache-2.0 */
/* The results of a pool are those of its function. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, long *state, int *job, char *result);
void f(struct rn_group *group, rn_chan(int) jobs, rn_chan(char) results,
       long *state, rn_chan(long) other);
void f(struct rn_group *group, rn_chan(int) jobs, rn_chan(char) results,
       long *state, rn_chan(long) other)
{
    (void)other;
    (void)state;
#ifdef WRONG
    rn_pool_map(group, 2, jobs, other, g, state);
#else
    rn_pool_map(group, 2, jobs, results, g, state);
#endif
}
