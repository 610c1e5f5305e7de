/* SPDX-License-Identifier: Apache-2.0 */
/* A group's function takes the context and a pointer to the value. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, int *own);
void f(struct rn_group *group);
void f(struct rn_group *group)
{
#ifdef WRONG
    rn_group_go(group, g, 1L);
#else
    rn_group_go(group, g, 1);
#endif
}
