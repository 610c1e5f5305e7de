/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_table.h: jobs, dead letters and accounts in PostgreSQL.
 *
 * A job is claimed, worked on and finished within one transaction, so that
 * whatever it did to the accounts is done if and only if it is gone from the
 * table. A consumer that is killed holds nothing: its transaction ends with its
 * connection, and the job is there for the next.
 *
 * A job is a line: "open ACCOUNT" or "pay ACCOUNT CENTS". Paying into an
 * account that is not open fails; it may be opened later.
 */
#ifndef JOB_TABLE_H
#define JOB_TABLE_H

#include "common/pg_go.h"

#define JOB_SIZE_MAX 128 /* of a line, with a NUL */

struct job {
    int64_t number;
    int64_t failed; /* how many times before */
    char line[JOB_SIZE_MAX];
};

/* Whether a line, of so many bytes, is a job. */
bool job_good(const char *line, size_t size);

/*
 * All park, and return 0, or -1 with pg->error.
 */
int job_table_create(struct pg_go *pg);
int job_table_listen(struct pg_go *pg);

/* Adds lines, each a job without its line end, and tells who listens. */
int job_add(struct pg_go *pg, const char *lines);

/*
 * Begins a transaction with the job that has been due longest and that nobody
 * else works on: 1; or 0 when there is none: no transaction.
 */
int job_claim(struct pg_go *pg, struct job *job);

/* Does what the job says; 1 when it cannot be done, pg->error says why. */
int job_work(struct pg_go *pg, const struct job *job);

/* End the transaction: it is done; it is due again after `wait_ms`; it is not
   tried any more. What it had done to accounts holds only for job_finish. */
int job_finish(struct pg_go *pg, const struct job *job);
int job_again(struct pg_go *pg, const struct job *job, const char *why,
              int64_t wait_ms);
int job_bury(struct pg_go *pg, const struct job *job, const char *why);

/* Dead letters become jobs again, as if they had never been tried. */
int job_revive(struct pg_go *pg, int64_t *revived);

/* How many are not finished, and when the next becomes due; -1: none will. */
int job_next(struct pg_go *pg, int64_t *jobs, int64_t *due_ms);

struct job_counts {
    int64_t waiting, done, dead;
};
int job_count(struct pg_go *pg, struct job_counts *counts);

#endif
