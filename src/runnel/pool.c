/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c: workers on a channel of jobs (pool.h).
 *
 * A worker waits for its job with a context of the pool's, the round, which is
 * a child of the group's. Resizing ends the round: every worker without a job
 * wakes, looks whether it is one too many, and goes on with the next round. A
 * token per worker was rejected: it costs a select where one receive is enough.
 *
 * Results in order: a job's number is drawn with the job, under `taking`. Its
 * result goes into the ring at that number; whoever finds the next one to be
 * sent there takes it and sends it without the lock, and all that follow.
 * Meanwhile the others find no next one, since `sent` moves on after the send;
 * so one worker at a time sends. `places` has as many places as the ring: a worker fills one before
 * it takes a job, and the one who sends a result empties one, so no number laps
 * the ring. The job that all wait for has its place: it cannot be kept out.
 *
 * Invariants, under `lock`:
 *  1. alive counts the workers that will still come to leave().
 *  2. alive >= 1 until the pool has ended; a worker that is one too many leaves
 *     others behind. The last to leave closes the results, once.
 *  3. ring[i].full only for numbers sent .. sent + window - 1.
 */
#include <string.h>

#include <runnel/panic.h>
#include <runnel/pool.h>
#include <runnel/sync.h>

#include "alloc.h"
#include "deliver.h"
#include "fatal.h"
#include "panic_internal.h"

#define WINDOW_MIN        64
#define WINDOW_PER_WORKER 4

/* take(): there is no job for this worker any more. */
#define ENDED 1

struct slot {
    bool full;
    bool skip; /* nothing to send */
};

struct rn_pool {
    struct rn_pool_plan_ plan;
    struct rn_group *group;
    const char *where;
    struct rn_mutex lock; /* protects what follows, but the channel's inside */
    size_t target;
    size_t alive;
    bool ended;           /* no worker is added any more */
    struct rn_ctx *round; /* of the workers that are not too many */
    struct rn_mutex taking;
    uint64_t taken;       /* under taking: jobs numbered so far */
    uint64_t sent;        /* results that have left the ring */
    size_t window;        /* 0: not ordered */
    rn_chan(char) places; /* jobs taken whose results have not been sent */
    struct slot *slots;
    char *results; /* window elements */
};

struct worker {
    struct rn_pool *pool;
    struct rn_ctx *ctx;   /* the group's */
    struct rn_ctx *round; /* retained */
    uint64_t number;      /* of its job, when ordered */
    void *in;
    void *out;
};

static void pool_free(void *own)
{
    struct rn_pool *pool = own;
    rn_ctx_release(pool->round);
    rn_chan_free(pool->places);
    alloc_free(pool->slots);
    alloc_free(pool->results);
    alloc_free(pool);
}

/* ------------------------------------------------------- who is too many */

/* Under the lock: invariant 2. */
static bool pool_check(const struct rn_pool *pool)
{
    return pool->ended || (pool->alive >= 1 && pool->target >= 1);
}

/* Into the round of now; false: the worker is one too many, and not alive. */
static bool enter_round(struct worker *worker)
{
    struct rn_pool *pool = worker->pool;
    if (worker->round && rn_ctx_err(worker->round) == RN_OK)
        return true;
    rn_ctx_release(worker->round);
    worker->round = NULL;
    rn_mutex_lock(&pool->lock);
    bool stays = pool->alive <= pool->target;
    if (stays)
        worker->round = rn_ctx_retain(pool->round);
    else
        pool->alive--;
    INVARIANT(pool_check(pool));
    rn_mutex_unlock(&pool->lock);
    return stays;
}

/* ----------------------------------------------------------- in the order */

static char *result_at(struct rn_pool *pool, uint64_t number)
{
    return pool->results + number % pool->window * pool->plan.out_size;
}

/*
 * Under the lock, which it gives up while it sends: sends what is next as long
 * as that is there. After a cancel it goes on: deliver() drops then.
 */
static void send_ready(struct worker *worker)
{
    struct rn_pool *pool = worker->pool;
    for (;;) {
        struct slot *slot = &pool->slots[pool->sent % pool->window];
        if (!slot->full)
            break;
        slot->full = false;
        if (!slot->skip) {
            /* Its place is not used again before `places` says so. */
            rn_mutex_unlock(&pool->lock);
            (void)deliver(worker->ctx, pool->plan.out,
                          result_at(pool, pool->sent));
            rn_mutex_lock(&pool->lock);
        }
        pool->sent++;
        rn_recv(pool->places, NULL);
    }
}

/* A job that failed leaves a hole: nothing after it is sent. */
static void put_in_order(struct worker *worker, int status)
{
    struct rn_pool *pool = worker->pool;
    if (status < 0)
        return;
    struct slot *slot = &pool->slots[worker->number % pool->window];
    rn_mutex_lock(&pool->lock);
    slot->full = true;
    slot->skip = status != RN_OK;
    if (!slot->skip)
        memcpy(result_at(pool, worker->number), worker->out,
               pool->plan.out_size);
    send_ready(worker);
    rn_mutex_unlock(&pool->lock);
}

/* Every worker has left: what an error kept from being sent. */
static void drop_ring(struct rn_pool *pool)
{
    for (size_t i = 0; i < pool->window; i++)
        if (pool->slots[i].full && !pool->slots[i].skip)
            rn_chan_drop_(pool->plan.out,
                          pool->results + i * pool->plan.out_size);
}

/* A job and its number; RN_OK, or what the round or the channel says. */
static int take_in_order(struct worker *worker)
{
    struct rn_pool *pool = worker->pool;
    int status = rn_send_ctx(worker->round, pool->places, 0);
    if (status < 0)
        return status;
    rn_mutex_lock(&pool->taking);
    status = rn_chan_recv_ctx_(worker->round, pool->plan.in, worker->in);
    if (status == RN_OK)
        worker->number = pool->taken++;
    rn_mutex_unlock(&pool->taking);
    if (status < 0)
        rn_recv(pool->places, NULL);
    return status;
}

/* --------------------------------------------------------------- a worker */

/* RN_OK with a job, ENDED, or why the group is done. */
static int take(struct worker *worker)
{
    struct rn_pool *pool = worker->pool;
    for (;;) {
        if (!enter_round(worker))
            return ENDED;
        int status =
            pool->window > 0
                ? take_in_order(worker)
                : rn_chan_recv_ctx_(worker->round, pool->plan.in, worker->in);
        if (status == RN_OK)
            return RN_OK;
        if (status == RN_CLOSED)
            return ENDED;
        if (rn_ctx_err(worker->ctx) < 0)
            return rn_ctx_err(worker->ctx);
    }
}

static int work(struct worker *worker)
{
    const struct rn_pool_plan_ *plan = &worker->pool->plan;
    if (plan->each)
        return plan->each(worker->ctx, plan->data, worker->in);
    int status = plan->map(worker->ctx, plan->data, worker->in, worker->out);
    if (worker->pool->window > 0)
        put_in_order(worker, status);
    else if (status == RN_OK)
        status = deliver(worker->ctx, plan->out, worker->out);
    return status;
}

static void leave(struct worker *worker)
{
    struct rn_pool *pool = worker->pool;
    /* One that was too many has no round, and has been counted out. */
    if (worker->round) {
        rn_mutex_lock(&pool->lock);
        pool->ended = true;
        bool last = --pool->alive == 0;
        rn_mutex_unlock(&pool->lock);
        if (last && pool->plan.out) {
            drop_ring(pool);
            rn_chan_close_(pool->plan.out);
        }
    }
    rn_ctx_release(worker->round);
    alloc_free(worker->in);
    alloc_free(worker->out);
}

static int run_worker(struct rn_ctx *ctx, void *own)
{
    struct rn_pool *pool = *(struct rn_pool **)own;
    struct worker worker = {
        .pool = pool,
        .ctx = ctx,
        .in = alloc_or_die(1, pool->plan.in_size),
        .out = alloc_or_die(1, pool->plan.out_size),
    };
    rn_defer(leave, &worker); /* also when the function panics */
    int status = RN_OK;
    while (status >= 0) {
        status = take(&worker);
        if (status == ENDED)
            break;
        if (status == RN_OK)
            status = work(&worker);
    }
    return status;
}

/* --------------------------------------------------------------- the pool */

struct rn_pool *rn_pool_start_(struct rn_group *group, size_t workers,
                               const struct rn_pool_plan_ *plan,
                               const char *where)
{
    if (workers == 0)
        misuse("pool of no workers");
    size_t window = workers * WINDOW_PER_WORKER;
    if (window < WINDOW_MIN)
        window = WINDOW_MIN;
    /* First: it panics when memory cannot hold it. */
    rn_chan(char) places = plan->ordered ? rn_chan_make(char, window) : NULL;
    struct rn_pool *pool = alloc_or_die(1, sizeof(*pool));
    pool->plan = *plan;
    pool->group = group;
    pool->where = where;
    pool->target = workers;
    pool->alive = workers;
    pool->round = rn_ctx_with_cancel(rn_group_ctx(group));
    if (plan->ordered) {
        pool->window = window;
        pool->places = places;
        pool->slots = alloc_or_die(pool->window, sizeof(*pool->slots));
        pool->results = alloc_or_die(pool->window, plan->out_size);
    }
    rn_group_finally(group, pool_free, pool);
    for (size_t i = 0; i < workers; i++)
        rn_group_go_(group, run_worker, &pool, sizeof(pool), where);
    return pool;
}

void rn_pool_resize(struct rn_pool *pool, size_t workers)
{
    if (workers == 0)
        misuse("pool of no workers");
    struct rn_ctx *round = NULL;
    rn_mutex_lock(&pool->lock);
    pool->target = workers;
    /* Under the lock: no worker leaves, so the group is not over either. */
    while (!pool->ended && pool->alive < workers &&
           rn_group_try_go_(pool->group, run_worker, &pool, sizeof(pool),
                            pool->where) == RN_OK)
        pool->alive++;
    if (pool->alive > workers) {
        round = pool->round;
        pool->round = rn_ctx_with_cancel(rn_group_ctx(pool->group));
    }
    rn_mutex_unlock(&pool->lock);
    if (round)
        rn_ctx_cancel(round);
    rn_ctx_release(round);
}

size_t rn_pool_workers(struct rn_pool *pool)
{
    rn_mutex_lock(&pool->lock);
    size_t alive = pool->alive;
    rn_mutex_unlock(&pool->lock);
    return alive;
}
