/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule_text.h: schedules as text, to be given in $RUNNEL_SCHEDULE.
 *
 *     uniform             any runnable task, by the seed
 *     pct:DEPTH           PCT of that depth
 *     pct:DEPTH:STEPS     among that many expected steps
 *     list:AT=WAY,...     decision number AT goes that way, all others way 0
 */
#ifndef RUNNEL_SCHEDULE_TEXT_H
#define RUNNEL_SCHEDULE_TEXT_H

#include "schedule.h"

/*
 * Reads `text` into the plan, whose other fields stay. RN_OK, RN_INVALID (not a
 * schedule), RN_NOMEM. A list is the caller's, to be freed with alloc_free.
 */
int schedule_parse(const char *text, struct schedule_plan *plan);

/*
 * The list of a run whose decisions are in the log: those that were not way 0.
 * NULL with *count 0 when there are none or memory is out; alloc_free.
 */
struct forced *schedule_list(size_t *count);

/*
 * The same as text. How many decisions it names; RN_INVALID with `text` empty
 * when it does not fit.
 */
int schedule_write_list(const struct forced *list, size_t count, char *text,
                        size_t size);
/* The run in the log, likewise. */
int schedule_write(char *text, size_t size);

/*
 * To standard error, without malloc: the seed and schedule of the run in the
 * log, so that it can be replayed, and its decisions.
 */
void schedule_report_run(uint64_t seed, const struct schedule_plan *plan);
/* The same for this process's own run. */
void schedule_report(void);

#endif
