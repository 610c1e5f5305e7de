/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_list.h: all scenarios, numbered.
 */
#ifndef SCENARIO_LIST_H
#define SCENARIO_LIST_H

#include "scenarios.h"

static const struct scenario *const scenario_lists[] = {
    chan_scenarios, select_scenarios,  sync_scenarios,
    wait_scenarios, context_scenarios, timer_scenarios,
};

/* NULL beyond the last. */
static inline const struct scenario *scenario_at(size_t number)
{
    for (size_t i = 0; i < sizeof(scenario_lists) / sizeof(scenario_lists[0]);
         i++)
        for (const struct scenario *s = scenario_lists[i]; s->name; s++)
            if (number-- == 0)
                return s;
    return NULL;
}

static inline size_t scenario_count(void)
{
    size_t count = 0;

    while (scenario_at(count))
        count++;
    return count;
}

#endif
