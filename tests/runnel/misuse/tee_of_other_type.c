/* SPDX-License-Identifier: Apache-2.0 */
/* A tee feeds channels of its input's element. */
#include <runnel/runnel.h>

void f(struct rn_group *group, rn_chan(int) *inputs, rn_chan(int) out,
       rn_chan(long) wrong);
void f(struct rn_group *group, rn_chan(int) *inputs, rn_chan(int) out,
       rn_chan(long) wrong)
{
    (void)out;
    (void)wrong;
#ifdef WRONG
    rn_tee(group, wrong, inputs, 2);
#else
    rn_tee(group, out, inputs, 2);
#endif
}
