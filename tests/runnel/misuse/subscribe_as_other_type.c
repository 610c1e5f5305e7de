/* SPDX-License-Identifier: Apache-2.0 */
/* A subscriber receives the broadcast's element. */
#include <runnel/runnel.h>

void f(rn_broadcast(int) to);
void f(rn_broadcast(int) to)
{
#ifdef WRONG
    rn_receiver(long) in = rn_subscribe(to, 1, RN_SLOW_WAITS);
    (void)in;
#else
    rn_receiver(int) in = rn_subscribe(to, 1, RN_SLOW_WAITS);
    (void)in;
#endif
}
