/* SPDX-License-Identifier: Apache-2.0 */
/* A pool does not take jobs from a sending end. */
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
    rn_pool_map(group, 2, rn_send_end(jobs), results, g, state);
#else
    rn_pool_map(group, 2, rn_recv_end(jobs), results, g, state);
#endif
}
