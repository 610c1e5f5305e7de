/* SPDX-License-Identifier: Apache-2.0 */
/* Work that is shut down returns nothing. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, int *own);
void h(struct rn_ctx *ctx, int *own);
void f(struct rn_shutdown *shutdown);
void f(struct rn_shutdown *shutdown)
{
#ifdef WRONG
    (void)rn_shutdown_go(shutdown, g, 1);
#else
    (void)rn_shutdown_go(shutdown, h, 1);
#endif
}
