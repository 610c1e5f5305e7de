/* SPDX-License-Identifier: Apache-2.0 */
/* job_work.c: what jobs are: accounts that are opened and paid (job_table.h). */
#include <stdio.h>
#include <string.h>

#include "job_table.h"

bool job_good(const char *line, size_t size)
{
    char copy[JOB_SIZE_MAX], name[JOB_SIZE_MAX], more;
    long long cents;

    if (size >= sizeof(copy) || memchr(line, '\0', size))
        return false;
    memcpy(copy, line, size);
    copy[size] = '\0';
    return sscanf(copy, "open %127s %c", name, &more) == 1 ||
           (sscanf(copy, "pay %127s %18lld %c", name, &cents, &more) == 2 &&
            cents > 0);
}

int job_work(struct pg_go *pg, const struct job *job)
{
    char name[JOB_SIZE_MAX] = "", cents[JOB_SIZE_MAX] = "";
    const char *texts[] = {name, cents};
    bool pays = sscanf(job->line, "pay %127s %127s", name, cents) == 2;

    if (!job_good(job->line, strlen(job->line))) {
        snprintf(pg->error, sizeof(pg->error), "this is no job");
        return 1;
    }
    if (!pays)
        sscanf(job->line, "open %127s", name);
    PGresult *result =
        pays ? pg_go_ask(pg,
                         "UPDATE job_accounts SET cents = cents + $2::bigint"
                         " WHERE name = $1",
                         2, texts)
             : pg_go_ask(pg,
                         "INSERT INTO job_accounts VALUES ($1, 0)"
                         " ON CONFLICT DO NOTHING",
                         1, texts);
    bool changed = result && strcmp(PQcmdTuples(result), "1") == 0;
    if (result && !changed)
        snprintf(pg->error, sizeof(pg->error), "account %.64s is %s", name,
                 pays ? "not open" : "open already");
    PQclear(result);
    if (changed)
        return 0;
    return PQstatus(pg->connection) == CONNECTION_OK ? 1 : -1;
}
