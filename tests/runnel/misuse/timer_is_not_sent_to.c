/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody sends on a timer's channel. */
#include <runnel/runnel.h>

void f(struct rn_timer *timer);
void f(struct rn_timer *timer)
{
    int64_t now = 0;
#ifdef WRONG
    rn_send(rn_timer_chan(timer), now);
#else
    rn_recv(rn_timer_chan(timer), &now);
#endif
}
