/* SPDX-License-Identifier: Apache-2.0 */
/* A case receives into a place of the element's type. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
    float wrong;
    int right;
    struct rn_case one;
    (void)&wrong;
    (void)&right;
#ifdef WRONG
    one = rn_case_recv(chan, &wrong);
    rn_select(&one, 1);
#else
    one = rn_case_recv(chan, &right);
    rn_select(&one, 1);
#endif
}
