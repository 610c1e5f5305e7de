/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h: one spreadsheet into one table.
 *
 * Opens the file and the database, decides what goes where (which sheet, which
 * table, which column), creates what is missing, and runs the pipeline. The
 * command and the server call this same function.
 */
#ifndef SLUICE_IMPORT_H
#define SLUICE_IMPORT_H

#include <runnel/context.h>

#include "load/sink.h"
#include "report/progress.h"

/* As the user gave them; NULL and 0 mean "choose". Borrowed for the call. */
struct import_result;
struct import_watch;
struct table_locks;

struct import_options {
    const char *file;
    const char *file_name; /* where its path does not tell; NULL: it does */
    const char *target;    /* default: sqlite: beside the file */
    const char *table;     /* default: the preset's, or from the file's name */
    const char *sheet;     /* name or number from 1; default: the first visible
                            one that holds something */
    const char *preset;    /* "businesses" */
    const char *rejects;   /* path of the report */
    char separator;        /* of CSV */
    const char *const *maps; /* "Header=column", "Header=" drops it */
    size_t map_count;
    bool has_method; /* otherwise the sink's own */
    enum load_method method;
    unsigned workers;
    size_t batch_rows;
    void (*on_progress)(void *arg, const struct progress *now);
    void *progress_arg;
    /*
     * The name of this import. With one, what it loads is recorded in the
     * target (load/ledger.h), and another run of that name goes on where the
     * last one ended: same file, same options, no row twice.
     */
    const char *name;
    /*
     * The table's is held while the table is looked for and made, and while its
     * indexes are built (table_locks.h): two imports of one server may make the
     * same table. NULL: alone.
     */
    struct table_locks *table_locks;
    /* Whoever watches; NULL: nobody. `watch_arg` is given to each. */
    const struct import_watch *watch;
    void *watch_arg;
};

/* What an import tells while it runs; each may be NULL. */
struct import_watch {
    /* Every rejected row, in row order; < 0 with *why ends the import. */
    int (*on_reject)(void *arg, const struct issue *reject, struct issue *why);
    /*
     * Every row is settled, reports and indexes are done; the ledger is dropped
     * when it returns 0, and the import fails when it returns -1 with *why.
     */
    int (*on_settled)(void *arg, const struct import_result *result,
                      struct issue *why);
};

/* The first rejects are kept, to be shown. */
#define IMPORT_SAMPLES 10

struct import_result {
    bool started; /* the figures below mean something */
    uint64_t total;
    uint64_t success;
    uint64_t errors;
    uint64_t unsettled; /* read, but neither loaded nor rejected */
    uint64_t unknown;   /* of these, sent to be committed, not answered */
    uint64_t resumed;   /* of the total, settled by an earlier run */
    bool dropped;       /* its ledger is, or there was none */
    int64_t duration;   /* nanoseconds, from opening the file */
    enum load_method method;
    char *sheet;  /* these three may be NULL when it did not start */
    char *target; /* without a password */
    char *table;
    struct issue samples[IMPORT_SAMPLES];
    size_t sample_count;
};

/*
 * Returns 0 when every row is loaded or rejected, -1 with *why otherwise;
 * *result is filled in either case, as far as it got, and cleared by the caller
 * with import_result_clear. Parks, and blocks only where that is allowed.
 */
int import_run(struct rn_ctx *ctx, const struct import_options *options,
               struct import_result *result, struct issue *why);
void import_result_clear(struct import_result *result);

/*
 * Drops what the target's ledger holds of imports that nobody will run again,
 * one after the other: *done of them. 0, or -1 with *why: the lines of the
 * others stay, and are in nobody's way. Parks.
 */
int import_forget(struct rn_ctx *ctx, const char *target,
                  const char *const *names, size_t count, size_t *done,
                  struct issue *why);

/* "sequential", ... */
const char *load_method_name(enum load_method method);

#endif
