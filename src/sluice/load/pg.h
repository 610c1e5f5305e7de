/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.h: one connection to PostgreSQL that never blocks its thread.
 *
 * libpq's asynchronous half does the protocol; every wait for the socket is one
 * call of pg_wait, which asks the caller of the sink to wait. What libpq can
 * only do blocking (names looked up, certificates and password files read,
 * requests to cancel) runs in sink_env's offload. pg_banned.h bars the calls
 * that would block behind our back.
 *
 * The goroutine that waits may wake on another thread: nothing here keeps errno
 * or a thread-local across a wait.
 */
#ifndef SLUICE_PG_H
#define SLUICE_PG_H

#include <libpq-fe.h>

#include "load/pg_banned.h"
#include "load/sink.h"

struct pg {
    PGconn *conn;
    const struct sink_env *env; /* borrowed; NULL: waits are poll(2) */
    int64_t deadline_ns;        /* on the monotonic clock; 0: none */
    bool lost;                  /* nothing more can be asked of it */
    char last_words[200];       /* what a server that left said, or "" */
};

/* What an error means for the import. */
enum pg_fault {
    PG_FINE,
    PG_ROW,      /* a row was refused: find it, report it, go on */
    PG_RETRY,    /* deadlock, serialization: the same again may succeed */
    PG_END,      /* no row will fare better */
    PG_LOST,     /* the connection is gone */
    PG_CANCELED, /* the caller's wait said so */
};

struct pg_error {
    enum pg_fault fault;
    enum issue_code code;
    uint64_t line;   /* of COPY's input, from 1; 0: not known */
    char column[64]; /* "" when not known */
    char sqlstate[6];
    char text[ISSUE_TEXT_MAX]; /* one line */
};

/* What came back for one query. */
struct pg_answer {
    PGresult *tuples;  /* of the last SELECT; owned */
    uint64_t affected; /* rows of the last INSERT or COPY */
    bool committed;    /* COMMIT was answered with COMMIT */
    bool copy_in;      /* the server waits for COPY's data */
};

/* --- pg_connect.c -------------------------------------------------------- */

/*
 * 0 when libpq can read the target; else -1 with *why (ISSUE_USAGE), which
 * repeats nothing of it. Asks no server.
 */
int pg_check_target(const char *target, struct issue *why);

/*
 * Connects, within connect_timeout of the target or PG_CONNECT_SECONDS. -1 with
 * *why (ISSUE_CONNECT: libpq's reason on one line, never the password; ISSUE_USAGE
 * as from pg_check_target).
 */
#define PG_CONNECT_SECONDS 10
int pg_open(struct pg **pg, const char *target, const struct sink_env *env,
            struct issue *why);
/* NULL is allowed. A transaction that is open is rolled back by the server. */
void pg_close(struct pg *pg);

/* "postgresql://user@host:port/database", whatever form the target has. */
void pg_label(const char *target, char *label, size_t size);

/* Runs fn(arg) where it may block: env's offload, or here without one. */
void pg_offload(const struct sink_env *env, void (*fn)(void *), void *arg);

/* --- pg_query.c ---------------------------------------------------------- */

/*
 * Ready bits, 0 when the connection's deadline has passed, -1 when canceled.
 */
int pg_wait(struct pg *pg, int events);
int64_t pg_now_ns(void);

/* All return 0, or -1 with *error. *answer is cleared by the caller. */
int pg_flush(struct pg *pg, struct pg_error *error);
/*
 * Takes results until the connection is idle, or wants COPY's data. The first
 * error is the one that is kept; `relation` is the table whose COPY lines count
 * in its context, or NULL.
 */
int pg_collect(struct pg *pg, const char *relation, struct pg_answer *answer,
               struct pg_error *error);
/* Simple protocol: one round trip for any number of statements. */
int pg_run(struct pg *pg, const char *sql, struct pg_answer *answer,
           struct pg_error *error);
/* One statement with text parameters. */
int pg_run_params(struct pg *pg, const char *sql, int count,
                  const char *const *values, struct pg_answer *answer,
                  struct pg_error *error);
/*
 * One query with one text parameter, whose rows are taken as they come: only
 * one is in memory. `take` gets it as a result of one row, and returns false
 * when memory is out.
 */
typedef bool pg_take_row(void *arg, const PGresult *row);
int pg_run_rows(struct pg *pg, const char *sql, const char *value,
                pg_take_row *take, void *arg, struct pg_error *error);
/* A send function of libpq said no. */
int pg_send_failed(struct pg *pg, struct pg_error *error);
/* Sees whether the server has hung up since the last answer. */
int pg_check_alive(struct pg *pg, struct pg_error *error);

void pg_answer_clear(struct pg_answer *answer);

/* --- pg_error.c ---------------------------------------------------------- */

void pg_error_from_result(struct pg_error *error, const PGresult *result,
                          const char *relation);
/* -1, always, with *error filled. */
int pg_error_set(struct pg_error *error, enum pg_fault fault,
                 enum issue_code code, const char *text);
/*
 * Copies with runs of white space and control characters as one space, and
 * lines set apart by "; ".
 */
void pg_one_line(char *out, size_t size, const char *text);
/* An error that ends the import, as its issue; returns -1. */
int pg_error_issue(const struct pg_error *error, struct issue *why);

/* --- pg_cancel.c --------------------------------------------------------- */

/*
 * Ends whatever runs on the connection and rolls back, within PG_STOP_SECONDS
 * and whether or not the import was canceled. *answer tells whether a COMMIT
 * went through. The connection is `lost` when that could not be done; the
 * server then rolls back by itself.
 */
#define PG_STOP_SECONDS 3
void pg_stop(struct pg *pg, struct pg_answer *answer);

/* What became of a transaction. */
enum pg_fate { PG_FATE_COMMITTED, PG_FATE_ABORTED, PG_FATE_UNKNOWN };
/*
 * Asks the server over a new connection, for PG_SETTLE_SECONDS at most: it may
 * be restarting.
 */
#define PG_SETTLE_SECONDS 5
enum pg_fate pg_settle(const char *target, const struct sink_env *env,
                       const char *xid);

#endif
