/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody ranges over a sending end. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
#ifdef WRONG
    rn_range (int, n, rn_send_end(chan))
        (void)n;
#else
    rn_range (int, n, rn_recv_end(chan))
        (void)n;
#endif
}
