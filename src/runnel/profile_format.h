/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_format.h: a profile as bytes: folded stacks, or what pprof reads.
 *
 * In a copy of the process, to where os_print prints. Begin, any number of
 * samples, end.
 */
#ifndef RUNNEL_PROFILE_FORMAT_H
#define RUNNEL_PROFILE_FORMAT_H

#include <runnel/profile.h>

#include "base.h"

#define FORMAT_VALUES 2

struct format_unit {
    const char *type; /* NULL: no such value */
    const char *unit;
};

struct format_head {
    struct format_unit values[FORMAT_VALUES];
    struct format_unit period_type;
    int64_t period;
    int64_t began; /* nanoseconds since 1970 */
    int64_t lasted_ns;
};

struct format_sample {
    const uint32_t *sites; /* sites.h; innermost first */
    size_t depth;
    uint64_t values[FORMAT_VALUES];
    const char *where;  /* where its goroutine was created; or NULL */
    const char *name;   /* of its goroutine; or NULL */
    const char *reason; /* what it waited for; or NULL */
};

void format_begin(enum rn_profile_format format,
                  const struct format_head *head);
void format_sample(const struct format_sample *sample);
void format_end(void);

#endif
