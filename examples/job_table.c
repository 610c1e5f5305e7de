/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_table.c: the statements.
 *
 * FOR UPDATE SKIP LOCKED makes consumers pass over what others work on without
 * waiting. A savepoint divides what a job did, which a failure takes back, from
 * the claim, which is kept to write the failure down. Rejected: claiming by a
 * mark and a lease. It keeps no transaction open, which is right for jobs of
 * minutes, but a consumer that is only slow then meets its successor.
 */
#include "job_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char create_sql[] =
    "SET client_min_messages = warning;"
    /* Two who create the same at once would fail. */
    "SELECT pg_advisory_xact_lock(20110);"
    "CREATE TABLE IF NOT EXISTS jobs ("
    " number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " line text NOT NULL, failed int NOT NULL DEFAULT 0, why text,"
    " due timestamptz NOT NULL DEFAULT now());"
    "CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due, number);"
    "CREATE TABLE IF NOT EXISTS jobs_done (number bigint PRIMARY KEY,"
    " line text NOT NULL);"
    "CREATE TABLE IF NOT EXISTS jobs_dead (number bigint PRIMARY KEY,"
    " line text NOT NULL, failed int NOT NULL, why text);"
    "CREATE TABLE IF NOT EXISTS job_accounts (name text PRIMARY KEY,"
    " cents bigint NOT NULL)";

int job_table_create(struct pg_go *pg)
{
    return pg_go_do(pg, create_sql, 0, NULL);
}

int job_table_listen(struct pg_go *pg)
{
    return pg_go_do(pg, "LISTEN jobs", 0, NULL);
}

int job_add(struct pg_go *pg, const char *lines)
{
    return pg_go_do(pg,
                    "WITH added AS (INSERT INTO jobs (line) SELECT line FROM"
                    " unnest(string_to_array($1, E'\\n')) AS t (line)"
                    " RETURNING 1)"
                    " SELECT count(*), pg_notify('jobs', '') FROM added",
                    1, &lines);
}

int job_claim(struct pg_go *pg, struct job *job)
{
    PGresult *rows =
        pg_go_ask(pg,
                  "BEGIN; SELECT number, failed, line FROM jobs"
                  " WHERE due <= clock_timestamp() ORDER BY due, number LIMIT 1"
                  " FOR UPDATE SKIP LOCKED; SAVEPOINT work",
                  0, NULL);
    if (!rows)
        return -1;
    int found = PQntuples(rows);
    if (found > 0) {
        job->number = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
        job->failed = strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
        snprintf(job->line, sizeof(job->line), "%s",
                 PQgetlength(rows, 0, 2) < JOB_SIZE_MAX ? PQgetvalue(rows, 0, 2)
                                                        : "(too long)");
    }
    PQclear(rows);
    if (found == 0 && pg_go_do(pg, "ROLLBACK", 0, NULL) != 0)
        return -1;
    return found;
}

/* A statement with the job's number and two more texts; then the commit. */
static int end(struct pg_go *pg, const struct job *job, const char *sql,
               int count, const char *second, const char *third)
{
    char number[24];
    const char *texts[] = {number, second, third};

    snprintf(number, sizeof(number), "%lld", (long long)job->number);
    if (pg_go_do(pg, sql, count, texts) != 0)
        return -1;
    return pg_go_do(pg, "COMMIT", 0, NULL);
}

int job_finish(struct pg_go *pg, const struct job *job)
{
    return end(pg, job,
               "WITH gone AS (DELETE FROM jobs WHERE number = $1::bigint"
               " RETURNING number, line)"
               " INSERT INTO jobs_done SELECT number, line FROM gone",
               1, NULL, NULL);
}

int job_again(struct pg_go *pg, const struct job *job, const char *why,
              int64_t wait_ms)
{
    char ms[24];

    snprintf(ms, sizeof(ms), "%lld", (long long)wait_ms);
    if (pg_go_do(pg, "ROLLBACK TO work", 0, NULL) != 0)
        return -1;
    return end(pg, job,
               "UPDATE jobs SET failed = failed + 1, why = $2, due ="
               " clock_timestamp() + $3::bigint * interval '1 ms'"
               " WHERE number = $1::bigint",
               3, why, ms);
}

int job_bury(struct pg_go *pg, const struct job *job, const char *why)
{
    if (pg_go_do(pg, "ROLLBACK TO work", 0, NULL) != 0)
        return -1;
    return end(pg, job,
               "WITH gone AS (DELETE FROM jobs WHERE number = $1::bigint"
               " RETURNING number, line, failed)"
               " INSERT INTO jobs_dead SELECT number, line, failed + 1, $2"
               " FROM gone",
               2, why, NULL);
}

int job_revive(struct pg_go *pg, int64_t *revived)
{
    return pg_go_numbers(
        pg,
        "WITH gone AS (DELETE FROM jobs_dead RETURNING line),"
        " added AS (INSERT INTO jobs (line) SELECT line FROM gone RETURNING 1)"
        " SELECT count(*), pg_notify('jobs', '') FROM added",
        revived, 1, 1);
}

int job_next(struct pg_go *pg, int64_t *jobs, int64_t *due_ms)
{
    int64_t numbers[2];

    if (pg_go_numbers(pg,
                      "SELECT count(*), coalesce(ceil(1000 * extract(epoch FROM"
                      " min(due) FILTER (WHERE due > clock_timestamp())"
                      " - clock_timestamp())), -1)::bigint FROM jobs",
                      numbers, 1, 2) != 0)
        return -1;
    *jobs = numbers[0];
    *due_ms = numbers[1];
    return 0;
}

int job_count(struct pg_go *pg, struct job_counts *counts)
{
    int64_t numbers[3];

    if (pg_go_numbers(
            pg,
            "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM"
            " jobs_done), (SELECT count(*) FROM jobs_dead)",
            numbers, 1, 3) != 0)
        return -1;
    *counts = (struct job_counts){numbers[0], numbers[1], numbers[2]};
    return 0;
}
