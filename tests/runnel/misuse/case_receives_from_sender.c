/* SPDX-License-Identifier: Apache-2.0 */
/* A case does not receive from a sending end. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    int place;
    struct rn_case one;
#ifdef WRONG
    one = rn_case_recv(rn_send_end(chan), &place);
    rn_select(&one, 1);
#else
    one = rn_case_recv(rn_recv_end(chan), &place);
    rn_select(&one, 1);
#endif
}
