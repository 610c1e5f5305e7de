/* SPDX-License-Identifier: Apache-2.0 */
/* A function that takes an argument is given one. */
#include <runnel/runnel.h>

void g(int *own);
void h(void);
void f(void);
void f(void)
{
#ifdef WRONG
    rn_go_void(g);
#else
    rn_go_void(h);
#endif
}
