/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer to something else is not sent. */
#include <runnel/runnel.h>

void f(rn_chan(int *) chan, long *wrong, int *right);
void f(rn_chan(int *) chan, long *wrong, int *right)
{
    (void)wrong;
    (void)right;
#ifdef WRONG
    rn_send(chan, wrong);
#else
    rn_send(chan, right);
#endif
}
