/* SPDX-License-Identifier: Apache-2.0 */
/* The sending end does not receive. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    int place;
#ifdef WRONG
    rn_recv(rn_send_end(chan), &place);
#else
    rn_recv(rn_recv_end(chan), &place);
#endif
}
