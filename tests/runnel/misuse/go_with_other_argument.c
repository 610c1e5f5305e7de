/* SPDX-License-Identifier: Apache-2.0 */
/* A goroutine's function takes a pointer to the value's type. */
#include <runnel/runnel.h>

void g(int *own);
void f(void);
void f(void)
{
#ifdef WRONG
    rn_go(g, 1L);
#else
    rn_go(g, 1);
#endif
}
