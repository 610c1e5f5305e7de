/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_env.h: what models see of the runtime's inside.
 */
#ifndef MODEL_ENV_H
#define MODEL_ENV_H

#include "explorer.h"

#include "../../src/runnel/alloc.h"
#include "../../src/runnel/fatal.h"
#include "../../src/runnel/light.h"
#include "../../src/runnel/lock.h"
#include "../../src/runnel/mutant.h"
#include "../../src/runnel/panic_internal.h"
#include "../../src/runnel/runq.h"
#include "../../src/runnel/sched.h"
#include "../../src/runnel/switch.h"
#include "../../src/runnel/timerq.h"
#include "../../src/runnel/track.h"

/* Each file's models. */
extern const struct model runq_models[], timer_models[], wait_models[],
    lock_models[], idle_models[];
extern const size_t runq_model_count, timer_model_count, wait_model_count,
    lock_model_count, idle_model_count;

/* Uses a lock wrongly. */
extern const struct model leaves_twice;

/* Of whoever waits with one; and the thread in which it comes. */
extern int64_t model_deadline;
void model_clock_runs(void);

/* Where waits put their timers; what the clock says. */
extern struct timerq model_timers;
extern int64_t model_now;

/* With more than one, who waits looks a little before it parks. */
extern unsigned model_procs;

/* So many workers have places of their own; the threads share them. */
extern unsigned model_places;

#endif
