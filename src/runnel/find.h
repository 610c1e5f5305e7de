/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.h: where a worker finds its next task: its own queue, the shared one,
 * timers, descriptors, the queues of others. worker.h has the rules.
 */
#ifndef RUNNEL_FIND_H
#define RUNNEL_FIND_H

#include "worker.h"

/*
 * The next task to run, however long that takes; NULL when the worker is asked
 * for attention.
 */
struct task *find_task(struct worker *w);

/*
 * While nobody is idle: fires the timers of those of the first `count` workers
 * that are stuck, shares what workers without a seat have queued, and `polls`
 * descriptors.
 */
void find_help(const bool *stuck, unsigned count, bool polls);

#endif
