/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_go.h: libpq for goroutines: a query parks its goroutine and nothing else.
 *
 *     struct pg_go pg;
 *     if (pg_go_open(&pg, "postgresql:///bank") != 0)
 *         example_error("%s", pg.error);
 *     PGresult *rows = pg_go_ask(&pg, "SELECT 1", 0, NULL);
 *     PQclear(rows);
 *     pg_go_close(&pg);
 *
 * A connection is used by one goroutine at a time. Connecting, which looks up
 * names, is done on a thread that may block.
 */
#ifndef PG_GO_H
#define PG_GO_H

#include <libpq-fe.h>
#include <runnel/runnel.h>

#define PG_GO_ERROR_MAX 256
#define PG_GO_ANSWER_NS (60 * RN_S) /* a server that is silent longer is lost */

struct pg_go {
    PGconn *connection;
    char error[PG_GO_ERROR_MAX]; /* of the last call that failed */
};

/* 0, or -1 with the error; to be closed in both cases. Parks. */
int pg_go_open(struct pg_go *pg, const char *address);
void pg_go_close(struct pg_go *pg);

/* Whether the connection is lost; opens it again: 0, or -1 with the error. */
bool pg_go_is_lost(const struct pg_go *pg);
int pg_go_reopen(struct pg_go *pg); /* parks */

/*
 * Asks with so many parameters, texts ($1, ...); without any, `sql` may be
 * several statements. The rows of the last one that had some (or what the last
 * one said), for PQclear; NULL with the error. Parks.
 */
PGresult *pg_go_ask(struct pg_go *pg, const char *sql, int count,
                    const char *const *texts);

/* The same where rows are of no interest: 0, or -1 with the error. */
int pg_go_do(struct pg_go *pg, const char *sql, int count,
             const char *const *texts);

/* Asks for numbers: at most `rows` rows of `width`. 0, or -1 with the error. */
int pg_go_numbers(struct pg_go *pg, const char *sql, int64_t *numbers,
                  int64_t rows, int width);

/*
 * Parks until something is notified that the connection listens for, and takes
 * all of it: 0; the context's status; -1 with the error.
 */
int pg_go_notified(struct rn_ctx *ctx, struct pg_go *pg);

#endif
