/* SPDX-License-Identifier: Apache-2.0 */
/* A parameter takes channels of its element only. */
#include <runnel/runnel.h>

void g(rn_sender(int) out);
void f(rn_chan(int) right, rn_chan(short) wrong);
void f(rn_chan(int) right, rn_chan(short) wrong)
{
    (void)right;
    (void)wrong;
#ifdef WRONG
    g(rn_send_end(wrong));
#else
    g(rn_send_end(right));
#endif
}
