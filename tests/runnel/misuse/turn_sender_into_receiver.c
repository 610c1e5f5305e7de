/* SPDX-License-Identifier: Apache-2.0 */
/* An end does not become the other end. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    rn_receiver(int) in;
#ifdef WRONG
    in = rn_recv_end(rn_send_end(chan));
    (void)in;
#else
    in = rn_recv_end(chan);
    (void)in;
#endif
}
