/* SPDX-License-Identifier: Apache-2.0 */
/* A drop takes the channel's element. */
#include <runnel/runnel.h>

void g(int *value);
void f(rn_chan(int) right, rn_chan(long) wrong);
void f(rn_chan(int) right, rn_chan(long) wrong)
{
    (void)right;
    (void)wrong;
#ifdef WRONG
    rn_chan_set_drop(wrong, g);
#else
    rn_chan_set_drop(right, g);
#endif
}
