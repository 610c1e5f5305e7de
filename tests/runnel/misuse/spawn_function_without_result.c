/* SPDX-License-Identifier: Apache-2.0 */
/* rn_spawn takes a function that returns an int, for who joins it. */
#include <runnel/runnel.h>

#ifdef WRONG
static void work(int *own)
{
    (void)own;
}
#else
static int work(int *own)
{
    return *own;
}
#endif

void f(void);
void f(void)
{
    rn_join(rn_spawn(work, 1));
}
