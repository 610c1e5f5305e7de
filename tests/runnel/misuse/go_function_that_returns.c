/* SPDX-License-Identifier: Apache-2.0 */
/* A goroutine's function returns nothing. */
#include <runnel/runnel.h>

int g(int *own);
void h(int *own);
void f(void);
void f(void)
{
#ifdef WRONG
    rn_go(g, 1);
#else
    rn_go(h, 1);
#endif
}
