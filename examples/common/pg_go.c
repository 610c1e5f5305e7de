/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_go.c: libpq's asynchronous functions on runnel's poller.
 *
 * Both directions are watched while a query is sent: the server may be waiting
 * for us to read before it reads on.
 */
#include "pg_go.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A server that does not answer; a second Ctrl-C does not wait for it. */
#define CONNECT_SECONDS "10"

static int fail(struct pg_go *pg, const char *text)
{
    snprintf(pg->error, sizeof(pg->error), "%.*s", (int)strcspn(text, "\n"),
             text);
    return -1;
}

static int fail_connection(struct pg_go *pg)
{
    return fail(pg, pg->connection ? PQerrorMessage(pg->connection)
                                   : "out of memory");
}

/* libpq would print them. */
static void drop_notice(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

struct opening {
    struct pg_go *pg;
    const char *address;
};

static void open_blocking(void *arg)
{
    const struct opening *opening = arg;
    /* What stands first gives way to the address, in which it may be, too. */
    const char *const keys[] = {"connect_timeout", "dbname", NULL};
    const char *const values[] = {CONNECT_SECONDS, opening->address, NULL};

    opening->pg->connection = PQconnectdbParams(keys, values, 1);
}

static void reopen_blocking(void *arg)
{
    PQreset(((struct pg_go *)arg)->connection);
}

static int set_up(struct pg_go *pg)
{
    if (pg_go_is_lost(pg) || PQsetnonblocking(pg->connection, 1) != 0)
        return fail_connection(pg);
    PQsetNoticeProcessor(pg->connection, drop_notice, NULL);
    return 0;
}

int pg_go_open(struct pg_go *pg, const char *address)
{
    struct opening opening = {pg, address};

    *pg = (struct pg_go){0};
    rn_block(open_blocking, &opening);
    return set_up(pg);
}

bool pg_go_is_lost(const struct pg_go *pg)
{
    return PQstatus(pg->connection) != CONNECTION_OK;
}

int pg_go_reopen(struct pg_go *pg)
{
    rn_block(reopen_blocking, pg);
    return set_up(pg);
}

void pg_go_close(struct pg_go *pg)
{
    PQfinish(pg->connection);
    pg->connection = NULL;
}

static int wait_for(struct pg_go *pg, int events)
{
    int ready = rn_wait_fd(PQsocket(pg->connection), events,
                           rn_deadline(PG_GO_ANSWER_NS));

    if (ready < 0)
        return fail(pg, ready == RN_TIMEOUT ? "the server does not answer"
                                            : rn_status_text(ready));
    return ready;
}

static int flush(struct pg_go *pg)
{
    int left;

    while ((left = PQflush(pg->connection)) > 0) {
        int ready = wait_for(pg, RN_READ | RN_WRITE);
        if (ready < 0)
            return -1;
        if ((ready & RN_READ) && PQconsumeInput(pg->connection) != 1)
            return fail_connection(pg);
    }
    return left == 0 ? 0 : fail_connection(pg);
}

/* The next result; NULL after the last (0) or when the connection is lost. */
static int next_result(struct pg_go *pg, PGresult **result)
{
    while (PQisBusy(pg->connection)) {
        if (wait_for(pg, RN_READ) < 0)
            return -1;
        if (PQconsumeInput(pg->connection) != 1)
            return fail_connection(pg);
    }
    *result = PQgetResult(pg->connection);
    return 0;
}

PGresult *pg_go_ask(struct pg_go *pg, const char *sql, int count,
                    const char *const *texts)
{
    PGresult *kept = NULL, *result;
    bool failed = false;
    int sent = count == 0 ? PQsendQuery(pg->connection, sql)
                          : PQsendQueryParams(pg->connection, sql, count, NULL,
                                              texts, NULL, NULL, 0);

    if (sent != 1) {
        fail_connection(pg);
        return NULL;
    }
    if (flush(pg) != 0)
        return NULL;
    while (next_result(pg, &result) == 0) {
        ExecStatusType status = PQresultStatus(result);
        if (!result) {
            if (!failed)
                return kept;
            break;
        }
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            fail(pg, PQresultErrorMessage(result));
            failed = true;
        }
        bool better = !kept || status == PGRES_TUPLES_OK ||
                      PQresultStatus(kept) != PGRES_TUPLES_OK;
        PQclear(better ? kept : result);
        kept = better ? result : kept;
    }
    PQclear(kept);
    return NULL;
}

int pg_go_do(struct pg_go *pg, const char *sql, int count,
             const char *const *texts)
{
    PGresult *result = pg_go_ask(pg, sql, count, texts);

    PQclear(result);
    return result ? 0 : -1;
}

int pg_go_numbers(struct pg_go *pg, const char *sql, int64_t *numbers,
                  int64_t rows, int width)
{
    PGresult *result = pg_go_ask(pg, sql, 0, NULL);

    if (!result)
        return -1;
    for (int r = 0; r < PQntuples(result) && r < rows; r++) {
        for (int i = 0; i < width; i++)
            numbers[r * width + i] =
                strtoll(PQgetvalue(result, r, i), NULL, 10);
    }
    PQclear(result);
    return 0;
}

int pg_go_notified(struct rn_ctx *ctx, struct pg_go *pg)
{
    bool any = false;
    PGnotify *notify;

    for (;;) {
        if (PQconsumeInput(pg->connection) != 1)
            return fail_connection(pg);
        while ((notify = PQnotifies(pg->connection))) {
            PQfreemem(notify);
            any = true;
        }
        if (any)
            return 0;
        int ready = rn_wait_fd_ctx(ctx, PQsocket(pg->connection), RN_READ);
        if (ready < 0)
            return rn_ctx_err(ctx) != RN_OK ? rn_ctx_err(ctx)
                                            : fail(pg, rn_status_text(ready));
    }
}
