/* SPDX-License-Identifier: Apache-2.0 */
/* The receiving end does not send. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
#ifdef WRONG
    rn_send(rn_recv_end(chan), 1);
#else
    rn_send(rn_send_end(chan), 1);
#endif
}
