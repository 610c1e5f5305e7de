/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.h: a runtime that can be opened once for many runs.
 *
 *     runtime_open(&setup);
 *     runtime_run(&setup, main, arg, &result);
 *     runtime_again(&setup);                    // another run of a simulation
 *     runtime_run(&setup, main, arg, &result);
 *     runtime_close();
 *
 * Between runs the stacks, the poller and the worker's record are kept: a run
 * of a few goroutines costs a microsecond to begin and to end.
 */
#ifndef RUNNEL_RUNTIME_H
#define RUNNEL_RUNTIME_H

#include <runnel/task.h>

#include "schedule.h"

struct runtime_setup {
    struct rn_options options; /* complete: procs is set */
    struct schedule_plan plan; /* when options.simulate */
    void (*deadlock)(void);
    void (*endless)(void);
    bool no_foreigners; /* no foreign thread will wake a goroutine */
    bool many; /* runs follow: the calling thread is prepared only once */
};

/* True while one is open. */
bool runtime_is_open(void);

/* RN_OK, or a negative status with everything closed. */
int runtime_open(const struct runtime_setup *setup);

/* RN_OK with main's status in *result (0 when main did not return), or what
 * kept it from starting. */
int runtime_run(const struct runtime_setup *setup, int (*main)(void *arg),
                void *arg, int *result);

/* Between two runs: goroutines that were left are gone. */
void runtime_again(const struct runtime_setup *setup);

void runtime_close(void);

#endif
