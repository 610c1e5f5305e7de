/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_session.h: many simulated runs in one open runtime.
 */
#ifndef RUNNEL_SIM_SESSION_H
#define RUNNEL_SIM_SESSION_H

#include <runnel/sim.h>

#include "runtime.h"

struct session {
    struct runtime_setup setup;
    bool opened;
    bool quiet;
};

/* RN_OK or RN_INVALID (a runtime runs). The first run opens it. */
int sim_open(struct session *session, const struct rn_sim_options *options);
void sim_close(struct session *session);

/*
 * What the options and the environment say. RN_OK, RN_INVALID, RN_NOMEM; to be
 * given to sim_unplan after its last run.
 */
int sim_plan(const struct rn_sim_options *options, struct schedule_plan *plan);
void sim_unplan(struct schedule_plan *plan);

/* What the plan says, to be given back: RN_SIM_SCHEDULE bytes. */
void sim_schedule(const struct schedule_plan *plan, char *text);

/* One run; rn_sim_last tells about it. */
int sim_run(struct session *session, const struct schedule_plan *plan,
            int (*function)(void *arg), void *arg);

#endif
