/* SPDX-License-Identifier: Apache-2.0 */
/* Channels are merged into one of their element. */
#include <runnel/runnel.h>

void f(struct rn_group *group, rn_chan(int) *inputs, rn_chan(int) out,
       rn_chan(long) wrong);
void f(struct rn_group *group, rn_chan(int) *inputs, rn_chan(int) out,
       rn_chan(long) wrong)
{
    (void)out;
    (void)wrong;
#ifdef WRONG
    rn_merge(group, inputs, 2, wrong);
#else
    rn_merge(group, inputs, 2, out);
#endif
}
