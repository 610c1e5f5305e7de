/* SPDX-License-Identifier: Apache-2.0 */
/* Channels of different elements are different types. */
#include <runnel/runnel.h>

void f(void);
void f(void)
{
    rn_chan(int) chan;
#ifdef WRONG
    chan = rn_chan_make(long, 1);
    rn_chan_free(chan);
#else
    chan = rn_chan_make(int, 1);
    rn_chan_free(chan);
#endif
}
