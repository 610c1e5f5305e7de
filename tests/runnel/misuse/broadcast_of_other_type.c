/* SPDX-License-Identifier: Apache-2.0 */
/* A broadcast sends its own element. */
#include <runnel/runnel.h>

void f(rn_broadcast(char *) to, char *right, int *wrong);
void f(rn_broadcast(char *) to, char *right, int *wrong)
{
    (void)right;
    (void)wrong;
#ifdef WRONG
    (void)rn_broadcast_send(rn_ctx_background(), to, wrong);
#else
    (void)rn_broadcast_send(rn_ctx_background(), to, right);
#endif
}
