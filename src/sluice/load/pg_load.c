/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_load.c: a batch of rows becomes part of the table, whatever happens.
 *
 * METHOD_BATCH and METHOD_COPY load a batch in one transaction:
 *
 *     whole      BEGIN, all rows, COMMIT. No row refused: that is all.
 *        | a row was refused (by its own statement or at the commit)
 *     pieces     BEGIN, then runs of rows, each behind a savepoint; a refused
 *        |       row is found and left out; COMMIT
 *        | the commit refuses what each piece allowed
 *     each       every row in a transaction of its own
 *
 * Pieces: the error of a COPY names the row, and the rows before it are good.
 * Without a name the run is halved until one row remains. The length of the
 * next run follows the distance between errors, and doubles after each success:
 * one bad row costs a few runs, and a batch of nothing but bad rows one short
 * round trip a row, so the cost stays proportional to rows plus bad rows times
 * log(rows). Constraints that are deferred are checked at the end of each run
 * then, since at the commit nobody could tell whose they are.
 *
 * Where a ledger is kept (load/ledger.h), its line is written before the
 * commit of what it speaks of.
 *
 * Counts stay exact when the connection dies: before COMMIT is sent nothing is
 * in the table; after it, the transaction's id (asked for at its start) settles
 * over a new connection what the lost answer was. A row by METHOD_SEQUENTIAL is
 * its own transaction, whose id only its answer could tell: that one row is
 * counted as unknown.
 */
#include <stdlib.h>
#include <string.h>

#include "load/pg_sink.h"

#define BEGIN   "BEGIN; "
#define XID     "SELECT pg_catalog.pg_current_xact_id();"
/*
 * Batches that lost a deadlock come one at a time: the number is ours alone.
 * Whoever loses holds nothing when it waits for this, so it cannot lose to
 * another loser again.
 */
#define IN_TURN "SELECT pg_catalog.pg_advisory_xact_lock(8317143201926477); "
#define PIECES  " SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT piece;"

static const char *begin_whole(bool again)
{
    return again ? BEGIN IN_TURN XID : BEGIN XID;
}

static const char *begin_pieces(bool again)
{
    return again ? BEGIN IN_TURN XID PIECES : BEGIN XID PIECES;
}

static const char after_good[] = "RELEASE SAVEPOINT piece; SAVEPOINT piece;";
static const char after_bad[] = "ROLLBACK TO SAVEPOINT piece;";

/* A deadlock resolves in favour of one; more losses in a row are no accident.
 */
#define RETRIES_MAX 8

struct load {
    struct pg_session *s;
    struct pg_rows rows;
    struct load_outcome *outcome;
    struct pg_error error;
    bool again; /* after a lost deadlock */
    /* What a transaction settles: these rows of the sheet, but for the rejects
     * behind `mark`. */
    uint64_t first;
    uint64_t last;
    size_t mark;
};

static int fail_memory(struct load *l)
{
    return pg_error_set(&l->error, PG_END, ISSUE_MEMORY, "out of memory");
}

/* --- refused rows -----------------------------------------------------------
 */

/* The plan's index of a column that an error names, or plan->count. */
static size_t column_index(const struct load_plan *plan, const char *name)
{
    size_t index = 0;
    while (index < plan->count &&
           strcmp(plan_column(plan, index)->name, name) != 0)
        index++;
    return index;
}

static int reject_row(struct load *l, const struct row *row,
                      const struct pg_error *error)
{
    const struct load_plan *plan = l->s->base.plan;
    struct issue *issue =
        reject_value(l->outcome, plan, row, column_index(plan, error->column));
    if (!issue)
        return fail_memory(l);
    issue->code = error->code;
    memcpy(issue->text, error->text, sizeof(issue->text));
    return 0;
}

/*
 * Sorts out the rows that the column types cannot hold, before anything is
 * sent; the others become live. False when memory is out.
 */
static bool check_rows(struct load *l, const struct row *rows, size_t count)
{
    struct pg_session *s = l->s;
    if (s->live_capacity < count) {
        uint32_t *live = reallocarray(s->live, count, sizeof(*live));
        if (!live)
            return false;
        s->live = live;
        s->live_capacity = count;
    }
    const struct load_plan *plan = s->base.plan;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        enum issue_code code;
        const char *text;
        size_t c = 0;
        while (c < plan->count &&
               pg_value_check(&s->columns[c], &rows[i].values[c], &code, &text))
            c++;
        if (c == plan->count) {
            s->live[good++] = (uint32_t)i;
            continue;
        }
        struct issue *issue = reject_value(l->outcome, plan, &rows[i], c);
        if (!issue)
            return false;
        issue->code = code;
        strcpy(issue->text, text);
    }
    l->rows = (struct pg_rows){rows, s->live, good};
    return true;
}

/* --- transactions ------------------------------------------------------------
 */

static int send_rows(struct load *l, const char *before, size_t from,
                     size_t count)
{
    struct pg_rows part = {l->rows.rows, l->rows.live + from, count};
    return l->s->copy_sql ? pg_copy_rows(l->s, before, &part, &l->error)
                          : pg_insert_rows(l->s, before, &part, &l->error);
}

/* Writes the ledger's line. The transaction holds the rows already. */
static int record(struct load *l)
{
    struct load_outcome *outcome = l->outcome;
    if (!l->s->import)
        return 0;
    return pg_ledger_write(l->s, l->first, l->last,
                           l->rows.count - (outcome->reject_count - l->mark),
                           outcome, &l->error);
}

static int commit(struct load *l, const char *sql)
{
    struct pg_answer answer = {0};
    l->s->commit_sent = true;
    int status = pg_run(l->s->pg, sql, &answer, &l->error);
    bool committed = answer.committed;
    pg_answer_clear(&answer);
    /* An error after the word COMMIT is no longer about these rows. */
    if (committed) {
        l->s->commit_sent = false;
        return 0;
    }
    if (status == 0)
        status = pg_error_set(&l->error, PG_END, ISSUE_DATABASE,
                              "the server rolled the transaction back");
    if (l->error.fault != PG_LOST && l->error.fault != PG_CANCELED)
        l->s->commit_sent = false;
    return status;
}

/* After an error that leaves the connection usable. */
static int rollback(struct load *l)
{
    struct pg_answer answer = {0};
    struct pg_error error;
    int status = pg_run(l->s->pg, "ROLLBACK", &answer, &error);
    pg_answer_clear(&answer);
    if (status < 0)
        l->error = error;
    return status;
}

static int load_whole(struct load *l)
{
    if (send_rows(l, begin_whole(l->again), 0, l->rows.count) < 0)
        return -1;
    return record(l) < 0 ? -1 : commit(l, "COMMIT");
}

/* --- pieces ------------------------------------------------------------------
 */

/* Where the search for refused rows stands: rows before `at` are settled. */
struct search {
    size_t at;
    size_t run;              /* rows to try next */
    size_t culprit;          /* a row that COPY named; SIZE_MAX: none */
    struct pg_error verdict; /* on the culprit */
};

/* The run [at, at + tried) was refused, with l->error. */
static int narrow(struct load *l, struct search *search, size_t tried)
{
    uint64_t line = l->error.line;
    if (line >= 1 && line <= tried) {
        search->culprit = search->at + (size_t)line - 1;
        search->verdict = l->error;
        search->run = 2 * (size_t)line;
        return 0;
    }
    search->culprit = SIZE_MAX;
    if (tried > 1) {
        search->run = tried / 2;
        return 0;
    }
    search->run = 1;
    return reject_row(l, &l->rows.rows[l->rows.live[search->at++]], &l->error);
}

/* The rows before the culprit are in: it is next. */
static int convict(struct load *l, struct search *search)
{
    search->at = search->culprit + 1;
    search->culprit = SIZE_MAX;
    return reject_row(l, &l->rows.rows[l->rows.live[search->at - 1]],
                      &search->verdict);
}

/* The last piece was refused: back to where the transaction is sound. */
static int leave_piece(struct load *l)
{
    struct pg_answer answer = {0};
    int status =
        pg_run(l->s->pg, "ROLLBACK TO SAVEPOINT piece", &answer, &l->error);
    pg_answer_clear(&answer);
    return status;
}

static int load_pieces(struct load *l)
{
    size_t count = l->rows.count;
    struct search search = {.culprit = SIZE_MAX};
    if (narrow(l, &search, count) < 0)
        return -1;

    const char *begin = begin_pieces(l->again);
    const char *before = begin;
    while (search.at < count) {
        if (search.culprit == search.at) {
            if (convict(l, &search) < 0)
                return -1;
            continue;
        }
        bool named = search.culprit != SIZE_MAX;
        size_t left = (named ? search.culprit : count) - search.at;
        size_t run = named || search.run > left ? left : search.run;
        if (send_rows(l, before, search.at, run) == 0) {
            search.at += run;
            if (!named && search.run < count)
                search.run *= 2;
            before = after_good;
        } else if (l->error.fault == PG_ROW) {
            if (narrow(l, &search, run) < 0)
                return -1;
            before = after_bad;
        } else {
            return -1;
        }
    }
    if (before == begin)
        return 0; /* every row was refused before a transaction began */
    if (before == after_bad && leave_piece(l) < 0)
        return -1;
    return record(l) < 0 ? -1 : commit(l, "COMMIT");
}

/* --- what ends a load
 * --------------------------------------------------------- */

/*
 * Leaves the connection idle, or marks it lost. `rows` is what the commit
 * stands for that may have been sent: counts them as what they turn out to be.
 */
static int give_up(struct load *l, uint64_t rows, struct issue *why)
{
    struct pg_session *s = l->s;
    bool committed = false;
    if (!s->pg->lost) {
        struct pg_answer answer = {0};
        pg_stop(s->pg, &answer);
        /* In autocommit the INSERT's own answer is the commit's. */
        committed = s->commit_sent &&
                    (s->xid[0] ? answer.committed : answer.affected > 0);
        pg_answer_clear(&answer);
    }
    enum pg_fate fate = committed ? PG_FATE_COMMITTED : PG_FATE_ABORTED;
    if (s->commit_sent && s->pg->lost) {
        fate = PG_FATE_UNKNOWN;
        if (s->xid[0])
            fate = pg_settle(s->target, s->env, s->xid);
    }
    if (fate == PG_FATE_COMMITTED)
        l->outcome->committed += rows;
    else if (fate == PG_FATE_UNKNOWN)
        l->outcome->unknown += rows;
    s->commit_sent = false;
    return pg_error_issue(&l->error, why);
}

/* --- each row its own transaction
 * --------------------------------------------- */

static int insert_each(struct load *l, const struct row *row)
{
    for (int turn = 0;; turn++) {
        struct pg_answer answer = {0};
        int status = pg_insert_row(l->s, row, &answer, &l->error);
        pg_answer_clear(&answer);
        if (status == 0 || l->error.fault != PG_RETRY || turn == RETRIES_MAX)
            return status;
    }
}

static int load_each(struct load *l, struct issue *why)
{
    l->s->xid[0] = '\0';
    for (size_t i = 0; i < l->rows.count; i++) {
        const struct row *row = &l->rows.rows[l->rows.live[i]];
        if (insert_each(l, row) == 0) {
            l->outcome->committed++;
            continue;
        }
        if (l->error.fault == PG_LOST || l->error.fault == PG_CANCELED)
            return give_up(l, 1, why);
        l->s->commit_sent = false;
        if (l->error.fault != PG_ROW || reject_row(l, row, &l->error) < 0)
            return give_up(l, 0, why);
    }
    return 0;
}

/* --- a batch
 * ------------------------------------------------------------------- */

/* One row a COPY or INSERT: for commits that refuse what pieces allowed. */
static int load_singly(struct load *l, struct issue *why)
{
    struct pg_rows all = l->rows;
    for (size_t i = 0; i < all.count; i++) {
        l->rows = (struct pg_rows){all.rows, all.live + i, 1};
        l->first = l->last = all.rows[all.live[i]].number;
        l->mark = l->outcome->reject_count;
        l->s->xid[0] = '\0';
        int status = load_whole(l);
        for (int turn = 0; status < 0 && l->error.fault == PG_RETRY &&
                           turn < RETRIES_MAX && rollback(l) == 0;
             turn++)
            status = load_whole(l);
        if (status == 0) {
            l->outcome->committed++;
            continue;
        }
        const struct row *row = &all.rows[all.live[i]];
        if (l->error.fault != PG_ROW || reject_row(l, row, &l->error) < 0 ||
            rollback(l) < 0)
            return give_up(l, 1, why);
    }
    return 0;
}

static int load_batch(struct load *l, struct issue *why)
{
    struct load_outcome *outcome = l->outcome;
    size_t mark = outcome->reject_count;
    l->mark = mark;
    for (int turn = 0;; turn++) {
        l->s->xid[0] = '\0';
        outcome->reject_count = mark;
        int status = load_whole(l);
        if (status < 0 && l->error.fault == PG_ROW) {
            status = rollback(l);
            if (status == 0)
                status = load_pieces(l);
        }
        uint64_t good = l->rows.count - (outcome->reject_count - mark);
        if (status == 0) {
            outcome->committed += good;
            return 0;
        }
        l->again = l->error.fault == PG_RETRY && turn < RETRIES_MAX;
        if (!l->again && l->error.fault != PG_ROW)
            return give_up(l, good, why);
        struct pg_error kept = l->error;
        if (rollback(l) < 0)
            return give_up(l, good, why);
        l->error = kept;
        if (!l->again) {
            outcome->reject_count = mark;
            return load_singly(l, why);
        }
    }
}

int pg_session_load(struct session *session, const struct row *rows,
                    size_t count, struct load_outcome *outcome,
                    struct issue *why)
{
    struct pg_session *s = (struct pg_session *)session;
    struct load l = {.s = s,
                     .outcome = outcome,
                     .first = rows[0].number,
                     .last = rows[count - 1].number};
    s->commit_sent = false;
    s->xid[0] = '\0';
    if (pg_check_alive(s->pg, &l.error) < 0)
        return give_up(&l, 0, why);
    if (!check_rows(&l, rows, count))
        return out_of_memory(why);
    if (l.rows.count == 0)
        return 0;
    if (session->method == METHOD_BATCH || session->method == METHOD_COPY)
        return load_batch(&l, why);
    return load_each(&l, why);
}
