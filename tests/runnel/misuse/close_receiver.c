/* SPDX-License-Identifier: Apache-2.0 */
/* Only the sending side closes. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
#ifdef WRONG
    rn_close(rn_recv_end(chan));
#else
    rn_close(rn_send_end(chan));
#endif
}
