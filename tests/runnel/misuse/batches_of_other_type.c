/* SPDX-License-Identifier: Apache-2.0 */
/* A batch holds values of the input. */
#include <runnel/runnel.h>

void f(struct rn_group *group, rn_chan(int) in, rn_chan(rn_batch(int)) right,
       rn_chan(rn_batch(long)) wrong);
void f(struct rn_group *group, rn_chan(int) in, rn_chan(rn_batch(int)) right,
       rn_chan(rn_batch(long)) wrong)
{
    const struct rn_batch_limits limits = {.count = 3};
    (void)right;
    (void)wrong;
#ifdef WRONG
    rn_batches(group, in, wrong, limits);
#else
    rn_batches(group, in, right, limits);
#endif
}
