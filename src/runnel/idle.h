/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idle.h: how a worker sleeps that has found no work, and who sees that nobody
 * can ever run again. worker.h has the rules.
 */
#ifndef RUNNEL_IDLE_H
#define RUNNEL_IDLE_H

#include "worker.h"

/* Until it is woken. False when there was work to be seen, and no sleep. */
bool idle_sleep(struct worker *w);
/*
 * After a vain search, a theft that did not pay, or a look at work that is not
 * to be had: not to be woken for a little while, which doubles so many times, up
 * to 1 ms.
 */
void idle_rest(struct worker *w, uint32_t doublings);
/* Under the lock: an idle worker that was asked for attention sees it. */
void idle_rouse(struct worker *w);
/* Somebody roams no more: if now all sleep, the poller judges that anew. */
void idle_judge(void);

#endif
