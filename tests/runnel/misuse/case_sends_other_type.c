/* SPDX-License-Identifier: Apache-2.0 */
/* A case sends from a place of the element's type. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    const long wrong = 1;
    const int right = 1;
    struct rn_case one;
    (void)wrong;
    (void)right;
#ifdef WRONG
    one = rn_case_send(chan, &wrong);
    rn_select(&one, 1);
#else
    one = rn_case_send(chan, &right);
    rn_select(&one, 1);
#endif
}
