/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c: the one place where stages and goroutines meet.
 *
 *              jobs                        results
 *   reader  ─────────▶  worker 1..N  ─────────────────▶  collector
 *   sheet_next          convert_row, session_load        counts, rejects
 *      ▲                                                  │
 *      └───────────────────── spare ──────────────────────┘
 *
 * A batch (batch.h) goes round: the reader takes an empty one from `spare`,
 * fills it and sends it through `jobs`; a worker converts its rows into the
 * batch's own arena, loads them, and sends it on with what became of them
 * through `results`; the collector reports that in the order of the sheet, and
 * puts the batch back into `spare`. There are only as many batches as `spare`
 * has places, so memory is bounded, that of rejects that wait for their turn as
 * well, and the slowest stage sets the pace. Whatever batch the others wait for
 * is before them in the sheet, so it has left the reader: it cannot wait for
 * one of them.
 *
 * All methods run like this and differ in their pace: `sequential` has one
 * worker, `concurrent` and `batch` a pool, `copy` few workers with large
 * batches. Copying begins with small batches, so that the database starts while
 * the sheet is still read; and another session is opened only when a batch
 * finds the queue full and the sheet has proved large, because one is faster
 * for a small one.
 *
 * A sink that blocks its thread (SQLite) has one session, which the workers
 * share under a lock, and is called on a thread that may block.
 *
 * The first failure cancels the context: the reader and the workers stop, sinks
 * stop waiting and roll back what is open. What had been committed is counted: every
 * session_load reports it, also when it fails.
 */
#include "pipeline.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/runnel.h>

#include "batch.h"

#define PROGRESS_EVERY (100 * RN_MS)

/* The first batches of a pace that grows. */
#define FIRST_BATCH_ROWS 512

/* A connection, and who may use it now. */
struct lane {
    struct rn_mutex lock;
    struct session *session;
};

/* What became of a batch. */
struct settled {
    uint64_t sequence;
    struct batch *batch;
    uint64_t passed;
    struct load_outcome outcome;
    struct settled *next; /* among those that wait for their turn */
};

struct run {
    const struct pipeline *plan;
    struct rn_ctx *ctx; /* canceled by the first failure */
    struct rn_group *group;
    rn_chan(struct batch *) jobs;
    rn_chan(struct batch *) spare;
    rn_chan(struct settled *) results;
    struct lane shared; /* of a sink with one session */
    unsigned workers;   /* started so far; the reader's */
    int64_t started;

    struct rn_mutex lock; /* protects the failure */
    bool failed;
    struct issue failure;

    /* For progress, relaxed. */
    _Atomic(uint64_t) position;
    _Atomic(uint64_t) read;

    /* The collector's. */
    struct pipeline_counts counts;
    struct settled *waiting; /* by sequence */
    uint64_t next_sequence;
    bool report_failed;
};

/*
 * Keeps the first failure, and calls off what waits: also sessions that stand
 * before a lock in the database. Returns the status for the group.
 */
static int fail(struct run *run, const struct issue *why)
{
    rn_mutex_lock(&run->lock);
    if (!run->failed) {
        run->failed = true;
        run->failure = *why;
    }
    rn_mutex_unlock(&run->lock);
    rn_ctx_cancel(run->ctx);
    return RN_CANCELED;
}

/* ---------------------------------------------------------------- sessions */

static bool has_shared_lane(const struct run *run)
{
    return sink_max_sessions(run->plan->sink) == 1;
}

/* A call that may have to be made on another thread. */
struct sink_call {
    struct run *run;
    struct lane *lane;
    const struct row *rows;
    size_t count;
    struct load_outcome *outcome;
    struct issue *why;
    int status;
};

static void call_sink(struct sink_call *call, void (*function)(void *))
{
    if (sink_blocks(call->run->plan->sink))
        rn_block(function, call);
    else
        function(call);
}

static void do_open(void *arg)
{
    struct sink_call *call = arg;
    const struct pipeline *plan = call->run->plan;
    call->status =
        session_open(&call->lane->session, plan->sink,
                     &plan->shape->mapping->plan, plan->pace.method, call->why);
}

static int lane_open(struct run *run, struct lane *lane, struct issue *why)
{
    struct sink_call call = {.run = run, .lane = lane, .why = why};
    call_sink(&call, do_open);
    return call.status;
}

static void do_close(void *arg)
{
    struct sink_call *call = arg;
    session_close(call->lane->session);
    call->lane->session = NULL;
}

static void lane_close(struct run *run, struct lane *lane)
{
    struct sink_call call = {.run = run, .lane = lane};
    if (lane->session)
        call_sink(&call, do_close);
}

static void do_load(void *arg)
{
    struct sink_call *call = arg;
    call->status = session_load(call->lane->session, call->rows, call->count,
                                call->outcome, call->why);
}

static int lane_load(struct run *run, struct lane *lane, const struct row *rows,
                     size_t count, struct load_outcome *outcome,
                     struct issue *why)
{
    struct sink_call call = {.run = run,
                             .lane = lane,
                             .rows = rows,
                             .count = count,
                             .outcome = outcome,
                             .why = why};
    rn_mutex_lock(&lane->lock);
    call_sink(&call, do_load);
    rn_mutex_unlock(&lane->lock);
    return call.status;
}

/* ----------------------------------------------------------------- workers */

static int by_row(const void *a, const void *b)
{
    uint64_t left = ((const struct issue *)a)->row;
    uint64_t right = ((const struct issue *)b)->row;
    return left < right ? -1 : left > right;
}

/* The rows of the batch that convert; the others are rejects. */
static struct row *convert_batch(struct run *run, struct batch *batch,
                                 struct load_outcome *outcome, size_t *count,
                                 struct issue *why)
{
    const struct shape *shape = run->plan->shape;
    struct row *rows =
        arena_alloc(&batch->arena, (batch->count + 1) * sizeof(*rows));
    size_t good = 0;
    for (size_t i = 0; rows && i < batch->count; i++) {
        struct issue bad;
        int status = convert_row(shape, &batch->rows[i], &batch->arena,
                                 &rows[good], &bad);
        if (status == 0) {
            good++;
            continue;
        }
        if (!issue_is_row(bad.code)) {
            *why = bad;
            return NULL;
        }
        struct issue *reject =
            load_outcome_reject(outcome, batch->rows[i].number);
        if (!reject) {
            rows = NULL;
        } else {
            *reject = bad;
            reject->row = batch->rows[i].number;
        }
    }
    if (!rows)
        issue_set(why, ISSUE_MEMORY, "out of memory");
    *count = good;
    return rows;
}

/*
 * What the sink refused is named as the sheet names it: a sink knows the value
 * by its place in the load plan, from 1.
 */
static void name_refused(const struct mapping *mapping, struct issue *reject)
{
    int32_t field = (int32_t)reject->column - 1;
    reject->column = 0;
    for (uint32_t c = 0; field >= 0 && c < mapping->count; c++) {
        if (mapping->columns[c].field == field) {
            reject->column = c + 1;
            snprintf(reject->header, sizeof(reject->header), "%s",
                     mapping->columns[c].header);
        }
    }
}

/* What an earlier run did with the rows that were passed over. */
static int recall_passed(const struct batch *batch,
                         struct load_outcome *outcome, struct issue *why)
{
    outcome->committed += batch->passed_loaded;
    for (size_t i = 0; i < batch->passed_count; i++)
        if (!ledger_recall(batch->passed[i], outcome))
            return issue_set(why, ISSUE_DATABASE,
                             "the ledger of the import cannot be read");
    return 0;
}

/* Gives the batch to the collector. */
static int settle(struct run *run, struct lane *lane, struct batch *batch)
{
    struct issue why;
    size_t count = 0;
    int status = -1;
    struct settled *settled = calloc(1, sizeof(*settled));
    if (!settled) {
        rn_send(run->spare, batch);
        issue_set(&why, ISSUE_MEMORY, "out of memory");
        return fail(run, &why);
    }
    settled->sequence = batch->sequence;
    settled->batch = batch;
    settled->passed = batch->passed_rows;
    struct load_outcome *outcome = &settled->outcome;
    struct row *rows = NULL;
    if (recall_passed(batch, outcome, &why) == 0)
        rows = convert_batch(run, batch, outcome, &count, &why);
    if (rows) {
        size_t converted = outcome->reject_count;
        status =
            count > 0 ? lane_load(run, lane, rows, count, outcome, &why) : 0;
        for (size_t i = converted; i < outcome->reject_count; i++)
            name_refused(run->plan->shape->mapping, &outcome->rejects[i]);
    }
    if (outcome->reject_count > 1)
        qsort(outcome->rejects, outcome->reject_count,
              sizeof(*outcome->rejects), by_row);
    rn_send(run->results, settled);
    return status < 0 ? fail(run, &why) : RN_OK;
}

static int work(struct rn_ctx *ctx, struct run **own)
{
    struct run *run = *own;
    struct lane private = {0};
    struct lane *lane = has_shared_lane(run) ? &run->shared : &private;
    struct issue why;
    struct batch *batch;
    int status = RN_OK;
    rn_task_set_name("import worker");
    if (lane == &private && lane_open(run, lane, &why) < 0)
        return fail(run, &why);
    while (status == RN_OK && rn_recv_ctx(ctx, run->jobs, &batch) == RN_OK)
        status = settle(run, lane, batch);
    if (lane == &private)
        lane_close(run, lane);
    return status;
}

/* ------------------------------------------------------------------ reader */

static void start_worker(struct run *run)
{
    run->workers++;
    rn_group_go(run->group, work, run);
}

static size_t rows_of(const struct run *run, uint64_t sequence)
{
    const struct pace *pace = &run->plan->pace;
    if (pace->grow_rows == 0 || sequence > 16)
        return pace->batch_rows;
    size_t rows = (size_t)FIRST_BATCH_ROWS << (sequence / 2);
    return rows < pace->batch_rows ? rows : pace->batch_rows;
}

/* The queue is full: is there work enough for one more? */
static bool needs_worker(const struct run *run)
{
    const struct pace *pace = &run->plan->pace;
    uint64_t read = atomic_load_explicit(&run->read, memory_order_relaxed);
    return run->workers < pace->workers &&
           read >= run->workers * pace->grow_rows;
}

/*
 * Sends a filled batch on; a full queue calls for another worker. An empty
 * batch, or one that nobody will take any more, goes back.
 */
static int hand_on(struct rn_ctx *ctx, struct run *run, struct batch *batch)
{
    int status = RN_OK;
    bool full = batch->count > 0 || batch->passed_rows > 0;
    bool sent = full && rn_try_send(run->jobs, batch) == RN_OK;
    if (!sent && full) {
        if (needs_worker(run))
            start_worker(run);
        status = rn_send_ctx(ctx, run->jobs, batch);
        sent = status == RN_OK;
    }
    if (!sent)
        rn_send(run->spare, batch);
    return status;
}

static int read_sheet(struct rn_ctx *ctx, struct run *run)
{
    const struct pace *pace = &run->plan->pace;
    struct sheet *sheet = run->plan->sheet;
    struct ledger_cursor settled = {.ledger = run->plan->settled};
    int more = 1;
    for (uint64_t sequence = 0; more > 0; sequence++) {
        struct issue why;
        struct batch *batch;
        int status = rn_recv_ctx(ctx, run->spare, &batch);
        if (status != RN_OK)
            return status;
        batch->sequence = sequence;
        more = batch_fill(batch, sheet, &settled, rows_of(run, sequence),
                          pace->batch_bytes, &why);
        atomic_fetch_add_explicit(&run->read, batch->count + batch->passed_rows,
                                  memory_order_relaxed);
        atomic_store_explicit(&run->position, sheet_position(sheet),
                              memory_order_relaxed);
        status = hand_on(ctx, run, batch);
        if (more < 0)
            return fail(run, &why);
        if (status != RN_OK)
            return status;
        /* On one processor, whoever cancels the import gets a turn. With more
         * he has one, and the reader stays where its window is cached. */
        if (rn_procs() == 1)
            rn_yield();
    }
    return RN_OK;
}

static int read_member(struct rn_ctx *ctx, struct run **own)
{
    struct run *run = *own;
    rn_task_set_name("import reader");
    int status = read_sheet(ctx, run);
    rn_close(run->jobs);
    return status;
}

/* --------------------------------------------------------------- collector */

static void add_counts(struct run *run, const struct settled *settled)
{
    run->counts.loaded += settled->outcome.committed;
    run->counts.unknown += settled->outcome.unknown;
    run->counts.rejected += settled->outcome.reject_count;
    run->counts.passed += settled->passed;
}

static void report_rejects(struct run *run, struct settled *settled)
{
    const struct pipeline *plan = run->plan;
    for (size_t i = 0; i < settled->outcome.reject_count; i++) {
        struct issue *reject = &settled->outcome.rejects[i];
        struct issue why;
        snprintf(reject->sheet, sizeof(reject->sheet), "%s",
                 plan->shape->sheet);
        if (!run->report_failed &&
            plan->on_reject(plan->arg, reject, &why) < 0) {
            run->report_failed = true;
            fail(run, &why);
        }
    }
}

static void free_settled(struct settled *settled)
{
    load_outcome_clear(&settled->outcome);
    free(settled);
}

/* Reports what is next in the order of the sheet; all of it when `rest`. */
static void report_in_order(struct run *run, bool rest)
{
    while (run->waiting &&
           (rest || run->waiting->sequence == run->next_sequence)) {
        struct settled *settled = run->waiting;
        run->waiting = settled->next;
        run->next_sequence = settled->sequence + 1;
        report_rejects(run, settled);
        rn_send(run->spare, settled->batch); /* has a place for every batch */
        free_settled(settled);
    }
}

static void collect(struct run *run, struct settled *settled)
{
    add_counts(run, settled);
    struct settled **at = &run->waiting;
    while (*at && (*at)->sequence < settled->sequence)
        at = &(*at)->next;
    settled->next = *at;
    *at = settled;
    report_in_order(run, false);
}

static void tell_progress(struct run *run)
{
    const struct pipeline *plan = run->plan;
    struct progress now = {
        .rows = run->counts.loaded + run->counts.rejected,
        .rejected = run->counts.rejected,
        .position = atomic_load_explicit(&run->position, memory_order_relaxed),
        .size = sheet_size(plan->sheet),
        .elapsed = rn_now() - run->started};
    plan->on_progress(plan->arg, &now);
}

/* Receives until every other goroutine has ended. */
static void collect_all(struct run *run)
{
    struct rn_timer *ticker =
        run->plan->on_progress ? rn_ticker_make(PROGRESS_EVERY) : NULL;
    struct settled *settled;
    struct rn_case cases[2] = {rn_case_recv(run->results, &settled),
                               rn_case_none()};
    if (ticker)
        cases[1] = rn_case_recv(rn_timer_chan(ticker), NULL);
    for (;;) {
        if (rn_select(cases, 2) == 1)
            tell_progress(run);
        else if (cases[0].ok)
            collect(run, settled);
        else
            break;
    }
    report_in_order(run, true);
    rn_timer_free(ticker);
}

/* The results end when the reader and all workers have. */
static void end_results(struct run **own)
{
    struct run *run = *own;
    rn_group_wait(run->group);
    rn_close(run->results);
}

/* -------------------------------------------------------------------- run */

/*
 * A batch for each place: waiting, being read, and one a worker; whoever is
 * ahead of a slow one has these to go on with.
 */
static bool make_batches(struct run *run)
{
    size_t count = rn_chan_cap(run->spare);
    for (size_t i = 0; i < count; i++) {
        struct batch *batch = batch_new();
        if (!batch)
            return false;
        rn_send(run->spare, batch);
    }
    return true;
}

static void free_batches(struct run *run)
{
    struct batch *batch;
    while (rn_try_recv(run->spare, &batch) == RN_OK)
        batch_free(batch);
    while (rn_try_recv(run->jobs, &batch) == RN_OK)
        batch_free(batch);
}

static void start(struct run *run)
{
    const struct pace *pace = &run->plan->pace;
    unsigned workers = pace->grow_rows ? 1 : pace->workers;
    for (unsigned i = 0; i < workers; i++)
        start_worker(run);
    rn_group_go(run->group, read_member, run);
    rn_go(end_results, run);
}

int pipeline_run(struct rn_ctx *ctx, const struct pipeline *plan,
                 struct pipeline_counts *counts, struct issue *why)
{
    size_t places = plan->pace.jobs + plan->pace.workers + 1;
    struct run state = {.plan = plan, .ctx = ctx, .started = rn_now()};
    struct run *run = &state;
    run->jobs = rn_chan_make(struct batch *, plan->pace.jobs);
    run->spare = rn_chan_make(struct batch *, places);
    run->results = rn_chan_make(struct settled *, plan->pace.workers);
    struct issue first;
    if (!make_batches(run)) {
        issue_set(&first, ISSUE_MEMORY, "out of memory");
        fail(run, &first);
    } else if (has_shared_lane(run) &&
               lane_open(run, &run->shared, &first) < 0) {
        fail(run, &first);
    } else {
        run->group = rn_group_make(ctx, 0);
        start(run);
        collect_all(run);
        lane_close(run, &run->shared);
    }
    free_batches(run);
    rn_chan_free(run->results);
    rn_chan_free(run->spare);
    rn_chan_free(run->jobs);

    run->counts.read = atomic_load_explicit(&run->read, memory_order_relaxed);
    *counts = run->counts;
    if (run->failed)
        *why = run->failure;
    else if (rn_ctx_err(ctx) != RN_OK)
        return issue_set(why, ISSUE_CANCELED, "canceled");
    return run->failed ? -1 : 0;
}

/* Each line was chosen by `make bench`; see bench/results. */
static struct pace usual_pace(enum load_method method, const struct sink *sink,
                              bool bare)
{
    static const struct pace paces[] = {
        [METHOD_SEQUENTIAL] = {.workers = 1, .batch_rows = 100, .jobs = 10},
        [METHOD_CONCURRENT] = {.workers = 8, .batch_rows = 100, .jobs = 100},
        [METHOD_BATCH] = {.workers = 4, .batch_rows = 500, .jobs = 10},
        /* Sessions that keep indexes stand in each other's way. */
        [METHOD_COPY] = {.workers = 2,
                         .batch_rows = 4096,
                         .jobs = 4,
                         .grow_rows = 20000},
    };
    static const struct pace into_bare = {
        .workers = 4, .batch_rows = 6144, .jobs = 2, .grow_rows = 20000};
    /* No commit to share: what fits the processor's cache is best. */
    static const struct pace into_nothing = {
        .workers = 1, .batch_rows = 1024, .jobs = 4};
    if (sink_discards(sink))
        return into_nothing;
    return method == METHOD_COPY && bare ? into_bare : paces[method];
}

struct pace pipeline_pace(enum load_method method, const struct sink *sink,
                          bool bare, unsigned workers, size_t batch_rows)
{
    struct pace pace = usual_pace(method, sink, bare);
    pace.method = method;
    pace.batch_bytes = (size_t)3 * 1024 * 1024;
    if (workers > 0 && method != METHOD_SEQUENTIAL)
        pace.workers = workers;
    if (batch_rows > 0)
        pace.batch_rows = batch_rows;
    if (sink_max_sessions(sink) == 1 && pace.workers > 2)
        pace.workers = 2; /* one converts while the other loads */
    return pace;
}
