/* SPDX-License-Identifier: Apache-2.0 */
/* An end is not the channel. */
#include <runnel/runnel.h>

void f(rn_receiver(int) in, rn_chan(int) both);
void f(rn_receiver(int) in, rn_chan(int) both)
{
    rn_chan(int) chan;
    (void)in;
    (void)both;
#ifdef WRONG
    chan = in;
    (void)chan;
#else
    chan = both;
    (void)chan;
#endif
}
