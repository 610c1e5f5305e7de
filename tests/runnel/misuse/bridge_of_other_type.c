/* SPDX-License-Identifier: Apache-2.0 */
/* A bridge joins channels of its output's element. */
#include <runnel/runnel.h>

void f(struct rn_group *group, rn_chan(rn_receiver(int)) in, rn_chan(int) out,
       rn_chan(long) wrong);
void f(struct rn_group *group, rn_chan(rn_receiver(int)) in, rn_chan(int) out,
       rn_chan(long) wrong)
{
    (void)out;
    (void)wrong;
#ifdef WRONG
    rn_bridge(group, in, wrong);
#else
    rn_bridge(group, in, out);
#endif
}
