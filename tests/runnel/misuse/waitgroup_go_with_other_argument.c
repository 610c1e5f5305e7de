/* SPDX-License-Identifier: Apache-2.0 */
/* rn_waitgroup_go takes a function of the argument's type. */
#include <runnel/runnel.h>

static void work(int *own)
{
    (void)own;
}

void f(void);
void f(void)
{
    struct rn_waitgroup all = {0};
#ifdef WRONG
    rn_waitgroup_go(&all, work, 1.5);
#else
    rn_waitgroup_go(&all, work, 1);
#endif
}
