/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios.h: tiny programs of a few goroutines, each with what must hold
 * whatever the schedule; to be run under thousands of them.
 *
 * A scenario makes its state anew, checks with RN_SIM_CHECK and returns 0. The
 * run ends when all its goroutines have ended, so one that is left behind is a
 * deadlock. State that two goroutines share without a lock is atomic.
 */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <stdatomic.h>

#include <runnel/runnel.h>

struct scenario {
    const char *name;
    int (*run)(void *arg);
};

extern const struct scenario chan_scenarios[];
extern const struct scenario select_scenarios[];
extern const struct scenario sync_scenarios[];
extern const struct scenario wait_scenarios[];
extern const struct scenario context_scenarios[];
extern const struct scenario timer_scenarios[];

/* Each list ends with one without a name. */
#define SCENARIO(function)  \
    {                       \
#function, function \
    }
#define SCENARIOS_END \
    {                 \
        0, 0          \
    }

#define HOLDS(condition) RN_SIM_CHECK(condition)

/* What a goroutine is given where one number is enough. */
struct part {
    void *state;
    int me;
};

/* All others go as far as they can: time passes only when they wait. */
static inline void settle(void)
{
    rn_sleep(RN_US);
}

#endif
