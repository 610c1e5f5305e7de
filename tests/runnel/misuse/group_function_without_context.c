/* SPDX-License-Identifier: Apache-2.0 */
/* It does take the context. */
#include <runnel/runnel.h>

int g(int *own);
int h(struct rn_ctx *ctx, int *own);
void f(struct rn_group *group);
void f(struct rn_group *group)
{
#ifdef WRONG
    rn_group_go(group, g, 1);
#else
    rn_group_go(group, h, 1);
#endif
}
