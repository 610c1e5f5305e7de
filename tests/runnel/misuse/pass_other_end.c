/* SPDX-License-Identifier: Apache-2.0 */
/* A parameter takes its end only. */
#include <runnel/runnel.h>

void g(rn_sender(int) out);
void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
#ifdef WRONG
    g(rn_recv_end(chan));
#else
    g(rn_send_end(chan));
#endif
}
