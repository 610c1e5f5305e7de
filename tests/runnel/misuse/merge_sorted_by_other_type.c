/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted merge compares its own elements. */
#include <runnel/runnel.h>

int g(const long *a, const long *b);
int h(const int *a, const int *b);
void f(struct rn_group *group, rn_chan(int) *inputs, rn_chan(int) out,
       rn_chan(long) wrong);
void f(struct rn_group *group, rn_chan(int) *inputs, rn_chan(int) out,
       rn_chan(long) wrong)
{
    (void)out;
    (void)wrong;
#ifdef WRONG
    rn_merge_sorted(group, inputs, 2, out, g);
#else
    rn_merge_sorted(group, inputs, 2, out, h);
#endif
}
