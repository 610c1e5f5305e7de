/* SPDX-License-Identifier: Apache-2.0 */
/* The same for rn_try_go. */
#include <runnel/runnel.h>

struct a {
    int x;
};
struct b {
    int x;
};
void g(struct a *own);
void f(void);
void f(void)
{
#ifdef WRONG
    rn_try_go(g, (struct b){1});
#else
    rn_try_go(g, (struct a){1});
#endif
}
