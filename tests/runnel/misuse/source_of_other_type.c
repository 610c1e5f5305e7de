/* SPDX-License-Identifier: Apache-2.0 */
/* A source makes the values of its channel. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, void *state, int *value);
void f(struct rn_group *group, rn_chan(int) right, rn_chan(long) wrong);
void f(struct rn_group *group, rn_chan(int) right, rn_chan(long) wrong)
{
    (void)right;
    (void)wrong;
#ifdef WRONG
    rn_source(group, wrong, g, NULL);
#else
    rn_source(group, right, g, NULL);
#endif
}
