/* SPDX-License-Identifier: Apache-2.0 */
/* job_input.h: lines of standard input become jobs. */
#ifndef JOB_INPUT_H
#define JOB_INPUT_H

#include "job_table.h"

/*
 * Adds the lines that are jobs, names those that are none. 0, or -1 after a
 * message (not when the context is done); in each case how many lines were read
 * and how many jobs are in the table. Parks.
 */
int job_add_input(struct rn_ctx *ctx, struct pg_go *pg, int64_t *number,
                  int64_t *added);

#endif
