/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer is not a number to send. */
#include <runnel/runnel.h>

void f(rn_chan(int) chan, int *place);
void f(rn_chan(int) chan, int *place)
{
#ifdef WRONG
    rn_send(chan, place);
#else
    rn_send(chan, *place);
#endif
}
