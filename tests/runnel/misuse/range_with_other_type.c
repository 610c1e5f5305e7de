/* SPDX-License-Identifier: Apache-2.0 */
/* The variable of a range has the element's type. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan);
void f(rn_chan(int) chan)
{
#ifdef WRONG
    rn_range (double, n, chan)
        (void)n;
#else
    rn_range (int, n, chan)
        (void)n;
#endif
}
