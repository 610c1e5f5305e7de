/* SPDX-License-Identifier: Apache-2.0 */
/* The same for a receive that does not wait. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    unsigned wrong;
    int right;
    (void)&wrong;
    (void)&right;
#ifdef WRONG
    rn_try_recv(chan, &wrong);
#else
    rn_try_recv(chan, &right);
#endif
}
