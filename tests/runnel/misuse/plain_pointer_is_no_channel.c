/* SPDX-License-Identifier: Apache-2.0 */
/* Only a handle is a channel. */
#include <runnel/runnel.h>

void f(int *wrong, rn_chan(int) right);
void f(int *wrong, rn_chan(int) right)
{
    (void)wrong;
    (void)right;
#ifdef WRONG
    rn_send(wrong, 1);
#else
    rn_send(right, 1);
#endif
}
