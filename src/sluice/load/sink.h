/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h: a database that rows are loaded into.
 *
 *     sink_open -> sink_describe -> (sink_create)        once
 *         session_open -> session_load ... session_close one per worker
 *     sink_finish (indexes that were put off) -> sink_close
 *
 * A sink is an address; a session is one connection that loads batches by one
 * method. Sessions of one sink may be used at the same time by different
 * workers; one session or the sink itself by one worker at a time.
 *
 * Sinks know nothing of goroutines. One that waits for a socket (PostgreSQL)
 * asks its caller to, through struct sink_env; one that blocks its thread
 * (SQLite: sink_blocks) is called by its owner where blocking is allowed.
 *
 * A bad row is not an error: session_load returns 0 and names it in the
 * outcome, and every other row of the batch is committed.
 */
#ifndef SLUICE_SINK_H
#define SLUICE_SINK_H

#include "issue.h"
#include "load/ledger.h"
#include "shape/row.h"
#include "shape/schema.h"

enum load_method {
    METHOD_SEQUENTIAL, /* one INSERT and one commit a row, one session */
    METHOD_CONCURRENT, /* the same from several sessions */
    METHOD_BATCH,      /* multi-row INSERT, one commit a batch */
    METHOD_COPY        /* binary COPY, one commit a batch; SQLite: prepared
                          INSERTs in one transaction a batch */
};

enum { SINK_READ = 1, SINK_WRITE = 2 };

/* What a sink needs of its caller; all may be called from any worker. */
struct sink_env {
    void *context;
    /*
     * Waits until fd can be read or written (SINK_READ | SINK_WRITE). Returns
     * the ready bits, 0 when timeout_ns passed (negative: no time limit), -1
     * when the import was canceled.
     */
    int (*wait_fd)(void *context, int fd, int events, int64_t timeout_ns);
    /* Runs fn(arg) where it may block; returns when it has. */
    void (*offload)(void *context, void (*fn)(void *), void *arg);
};

struct sink;
struct session;

/*
 * Target texts: "sqlite:PATH" (or a path that ends in .db, .sqlite, .sqlite3),
 * "postgresql://...", "postgres://..." or libpq's "host=... dbname=...",
 * "null:". Connects once to see that it can. -1 with *why (ISSUE_CONNECT,
 * ISSUE_USAGE, ...). `env` is borrowed until sink_close; with NULL, waiting
 * blocks the thread.
 */
int sink_open(struct sink **sink, const char *target,
              const struct sink_env *env, struct issue *why);
void sink_close(struct sink *sink);

/*
 * 0 when the target can be understood, else -1 with *why, which repeats nothing
 * of it. Needs no connection.
 */
int sink_check_target(const char *target, struct issue *why);

/* "PostgreSQL 15.18", "SQLite 3.40.1": for the summary. Borrowed. */
const char *sink_name(const struct sink *sink);
/* The target without its password, for messages. Borrowed. */
const char *sink_label(const struct sink *sink);
/* True when calls block the thread and must be offloaded by the caller. */
bool sink_blocks(const struct sink *sink);
/* Sessions that help at once: 1 for SQLite, otherwise 0 (no limit). */
unsigned sink_max_sessions(const struct sink *sink);
/*
 * True when the target is a file that is not there: opening it would make it.
 * Needs no connection.
 */
bool sink_target_is_missing(const char *target);
/*
 * Imports of one target that help at once: 1 for SQLite, whose file has one
 * writer, otherwise 0 (no limit). Needs no connection.
 */
unsigned sink_target_imports(const char *target);
/* The method that `auto` stands for. */
enum load_method sink_auto_method(const struct sink *sink);

/*
 * Fills *table (cleared by the caller with table_clear) from the database.
 * Returns 1 when the table is there, 0 when it is not, -1 with *why; the
 * ledger's own table is refused (ISSUE_USAGE).
 */
int sink_describe(struct sink *sink, const char *name, struct table *table,
                  struct issue *why);

/* Creates the table; what sink_finish can build later is left to it. */
int sink_create(struct sink *sink, const struct table *table,
                struct issue *why);

/*
 * Builds what is not there yet: the primary key, and the indexes of columns
 * marked `indexed` (named idx_TABLE_COLUMN), several at once where the database
 * can.
 */
int sink_finish(struct sink *sink, const struct table *table,
                struct issue *why);

/*
 * Returns when what every session has committed outlives a power failure: a
 * database may commit faster than that.
 */
int sink_settle(struct sink *sink, struct issue *why);

/* True when values are thrown away, so that their types do not matter. */
bool sink_discards(const struct sink *sink);

/*
 * Gives the import a name: makes the ledger's table when it is missing, fills
 * *ledger (cleared by the caller with ledger_clear) with what an earlier run of
 * that name has settled, and lets every session that is opened from now on
 * write into it (load/ledger.h). A database that keeps nothing keeps no ledger
 * either. `import` is borrowed until sink_close.
 *
 * There is one run of a name at a time: sessions of an earlier one that the
 * database still has are ended first, so that nothing is committed that
 * *ledger does not show.
 */
int sink_ledger_open(struct sink *sink, const char *import,
                     struct ledger *ledger, struct issue *why);
/* Drops the lines of an import; there may be no ledger. */
int sink_ledger_drop(struct sink *sink, const char *import, struct issue *why);

/* Rows in the table now. */
int sink_count(struct sink *sink, const char *table, uint64_t *rows,
               struct issue *why);

/* `plan` is borrowed until session_close. */
int session_open(struct session **session, struct sink *sink,
                 const struct load_plan *plan, enum load_method method,
                 struct issue *why);
void session_close(struct session *session);

/*
 * What became of the rows of one session_load. A reject's `header` and `column`
 * name the value that was refused, where the database told: the table's column
 * and the value's place in the plan, from 1. The caller, who made the plan,
 * knows the sheet's column from it.
 */
struct load_outcome {
    uint64_t committed;    /* rows that are in the table for good */
    uint64_t unknown;      /* rows whose commit was sent but not answered */
    struct issue *rejects; /* one a refused row, by row number; owned */
    size_t reject_count;
    size_t reject_capacity;
};

void load_outcome_clear(struct load_outcome *outcome);
/* Appends a cleared issue for the row; NULL when memory is out. */
struct issue *load_outcome_reject(struct load_outcome *outcome,
                                  uint64_t row_number);

/*
 * Loads rows and commits them. Adds to *outcome, also when it fails: then
 * `committed` rows of these are in the table, `unknown` may be, the others are
 * not, and *why says what happened (ISSUE_CONNECTION_LOST, ISSUE_PERMISSION,
 * ISSUE_CANCELED, ...).
 */
int session_load(struct session *session, const struct row *rows, size_t count,
                 struct load_outcome *outcome, struct issue *why);

#endif
