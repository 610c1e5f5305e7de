/* SPDX-License-Identifier: Apache-2.0 */
/* The same for a receive with a deadline. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    char wrong;
    int right;
    (void)&wrong;
    (void)&right;
#ifdef WRONG
    rn_recv_until(RN_NEVER, chan, &wrong);
#else
    rn_recv_until(RN_NEVER, chan, &right);
#endif
}
