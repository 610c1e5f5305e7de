/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_sink.h: the parts of the PostgreSQL sink, as they know each other.
 *
 *     sink_postgres.c   the sink: one control connection
 *     pg_describe.c     a table of the database -> struct table
 *     pg_create.c       struct table -> a table, and its indexes
 *     pg_ledger.c       which rows are settled
 *     pg_session.c      opens and closes sessions, prepares their statements
 *     pg_load.c         a batch: transactions, refused rows, lost connections
 *     pg_copy.c         rows by COPY
 *     pg_insert.c       rows by INSERT
 */
#ifndef SLUICE_PG_SINK_H
#define SLUICE_PG_SINK_H

#include "load/pg.h"
#include "load/pg_value.h"
#include "load/sink_ops.h"

struct pg_sink {
    struct sink base;
    const struct sink_env *env;
    char *target;  /* with its password */
    struct pg *pg; /* for everything but loading */
};

struct pg_session {
    struct session base;
    const struct sink_env *env;
    const char *target; /* the sink's */
    const char *import; /* the sink's: what the ledger calls it, or NULL */
    struct pg *pg;

    struct pg_column *columns; /* one a value of a row */
    char *relation;            /* the table's bare name, as messages have it */
    bool binary;               /* COPY's format */
    char *copy_sql;            /* NULL for the methods that insert */

    /* Scratch that batches reuse. */
    struct outbuf data;
    struct outbuf sql;
    uint32_t *live;
    size_t live_capacity;
    struct outbuf *arrays; /* one a column: METHOD_BATCH */
    const char **pointers; /* parameters of a statement */
    int *lengths;
    int *formats;

    /* The transaction that is open. */
    char xid[24];     /* "" when not known */
    bool commit_sent; /* and its answer may be lost */
};

/* Some rows of a batch: rows[live[0..count)], in this order. */
struct pg_rows {
    const struct row *rows;
    const uint32_t *live;
    size_t count;
};

/* --- pg_describe.c, pg_create.c: struct sink_ops -------------------------- */

int pg_describe(struct sink *sink, const char *name, struct table *table,
                struct issue *why);
int pg_create(struct sink *sink, const struct table *table, struct issue *why);
int pg_finish(struct sink *sink, const struct table *table, struct issue *why);
int pg_count(struct sink *sink, const char *table, uint64_t *rows,
             struct issue *why);

/* Turns what failed into *why and leaves the connection usable; -1. */
int pg_fail(struct pg *pg, const struct pg_error *error, struct issue *why);

/*
 * The quoted name of the table that `name` means to this database: as it
 * stands, or else in lower case. 1 and *sql_name (owned), 0 when there is none,
 * -1 with *why.
 */
int pg_find_table(struct pg *pg, const char *name, char **sql_name,
                  struct issue *why);

/* Appends the table's quoted name: as described, or as it will be created. */
int pg_table_sql(struct outbuf *sql, const struct table *table,
                 struct issue *why);

/* --- pg_ledger.c ---------------------------------------------------------- */

int pg_ledger_open(struct sink *sink, struct ledger *ledger, struct issue *why);
int pg_ledger_drop(struct sink *sink, const char *import, struct issue *why);
/*
 * A session that will load rows of the import, before the first: who opens the
 * ledger can tell from now on that it is there.
 */
int pg_ledger_hold(struct pg *pg, const char *import, struct pg_error *error);
/*
 * Inside the transaction that loaded them: the rows from first to last are
 * settled, `loaded` of them in the table.
 */
int pg_ledger_write(struct pg_session *s, uint64_t first, uint64_t last,
                    uint64_t loaded, const struct load_outcome *outcome,
                    struct pg_error *error);

/* --- pg_session.c, pg_load.c ---------------------------------------------- */

int pg_session_open(struct session **session, struct sink *sink,
                    const struct load_plan *plan, enum load_method method,
                    struct issue *why);
void pg_session_close(struct session *session);
int pg_session_load(struct session *session, const struct row *rows,
                    size_t count, struct load_outcome *outcome,
                    struct issue *why);

/* --- pg_copy.c, pg_insert.c ------------------------------------------------
 */

/*
 * Sends `before` (statements, each with its semicolon, or "") and then the
 * rows. 0 when the database has taken every one; -1 with *error, after which
 * the transaction can only be rolled back, as a whole or to a savepoint.
 */
int pg_copy_rows(struct pg_session *s, const char *before,
                 const struct pg_rows *rows, struct pg_error *error);
int pg_insert_rows(struct pg_session *s, const char *before,
                   const struct pg_rows *rows, struct pg_error *error);

/* One row by the prepared INSERT. 0 with *committed false: not answered yet. */
int pg_insert_row(struct pg_session *s, const struct row *row,
                  struct pg_answer *answer, struct pg_error *error);

#define PG_INSERT_ROW  "sluice_row"
#define PG_INSERT_ROWS "sluice_rows"

/* The server took fewer rows than it was sent, without an error. */
int pg_rows_skipped(struct pg_error *error);

#endif
