/* SPDX-License-Identifier: Apache-2.0 */
/* A pool does not send to a receiving end. */
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
    rn_stage(group, jobs, rn_recv_end(results), g, state);
#else
    rn_stage(group, jobs, rn_send_end(results), g, state);
#endif
}
