/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bubble.c: a simulated run with a seed by chance.
 */
#include <runnel/bubble.h>

#include "os.h"
#include "panic_internal.h"
#include "sched.h"

int rn_bubble(int (*function)(void *arg), void *arg)
{
    /* Short, to be typed again. */
    const struct rn_sim_options options = {.seed = os_entropy() % 1000000};
    return rn_sim_run(&options, function, arg);
}

void rn_bubble_wait(void)
{
    if (!seam_simulated || sched_is_foreign())
        misuse("rn_bubble_wait outside a bubble");
    sched_park_till_quiet();
}
