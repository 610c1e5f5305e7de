/* SPDX-License-Identifier: Apache-2.0 */
/* Nor does the pointer itself do. */
#include <runnel/runnel.h>

void g(int *own);
void f(int *value);
void f(int *value)
{
#ifdef WRONG
    rn_go(g, value);
#else
    rn_go(g, *value);
#endif
}
