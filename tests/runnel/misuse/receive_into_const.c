/* SPDX-License-Identifier: Apache-2.0 */
/* A constant is no place to receive into. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan, const int *wrong, int *right);
void f(rn_chan(int) chan, const int *wrong, int *right)
{
    (void)wrong;
    (void)right;
#ifdef WRONG
    rn_recv(chan, wrong);
#else
    rn_recv(chan, right);
#endif
}
