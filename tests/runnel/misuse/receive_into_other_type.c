/* SPDX-License-Identifier: Apache-2.0 */
/* A value is received into a place of its type. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    long wrong;
    int right;
    (void)&wrong;
    (void)&right;
#ifdef WRONG
    rn_recv(chan, &wrong);
#else
    rn_recv(chan, &right);
#endif
}
