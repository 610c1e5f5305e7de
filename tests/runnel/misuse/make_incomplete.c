/* SPDX-License-Identifier: Apache-2.0 */
/* An element is a complete type. */
#include <runnel/runnel.h>

struct unknown;
struct known {
    int x;
};
void f(void);
void f(void)
{
#ifdef WRONG
    rn_chan_free(rn_chan_make(struct unknown, 1));
#else
    rn_chan_free(rn_chan_make(struct known, 1));
#endif
}
