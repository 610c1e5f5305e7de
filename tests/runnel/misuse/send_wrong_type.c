/* SPDX-License-Identifier: Apache-2.0 */
/* A value that does not convert to the element type is not sent. */
#include <runnel/runnel.h>

struct point {
    int x;
};
void f(rn_chan(int) chan, struct point point);
void f(rn_chan(int) chan, struct point point)
{
#ifdef WRONG
    rn_send(chan, point);
#else
    rn_send(chan, point.x);
#endif
}
