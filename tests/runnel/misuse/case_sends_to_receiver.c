/* SPDX-License-Identifier: Apache-2.0 */
/* A case does not send to a receiving end. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    int value = 1;
    struct rn_case one;
#ifdef WRONG
    one = rn_case_send(rn_recv_end(chan), &value);
    rn_select(&one, 1);
#else
    one = rn_case_send(rn_send_end(chan), &value);
    rn_select(&one, 1);
#endif
}
