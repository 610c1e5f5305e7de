/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is merged from sending ends. */
#include <runnel/runnel.h>

void f(struct rn_group *group, rn_sender(int) *wrong, rn_receiver(int) *right,
       rn_chan(int) out);
void f(struct rn_group *group, rn_sender(int) *wrong, rn_receiver(int) *right,
       rn_chan(int) out)
{
    (void)wrong;
    (void)right;
#ifdef WRONG
    rn_merge(group, wrong, 2, out);
#else
    rn_merge(group, right, 2, out);
#endif
}
