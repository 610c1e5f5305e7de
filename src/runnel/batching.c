/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batching.c: values into batches (batching.h).
 *
 * One goroutine gathers. While the batch is empty, or has no age limit, it
 * waits with a plain receive; otherwise with a select until the batch is due.
 */
#include <string.h>

#include <runnel/batching.h>
#include <runnel/panic.h>
#include <runnel/select.h>

#include "alloc.h"
#include "deliver.h"
#include "fatal.h"
#include "panic_internal.h"

/* Places of a new batch; it doubles from there. */
#define FIRST_PLACES 16

struct rn_batched {
    size_t count;
    size_t places;
    size_t size;
    void (*drop)(void *value); /* of the values, or NULL */
    char *items;
};

/* next(): no value came before the batch was due. */
#define DUE 1

struct gathering {
    struct rn_channel *in;
    struct rn_channel *out;
    size_t size;
    struct rn_batch_limits limits;
    size_t (*weigh)(const void *value);
    struct rn_batched *batch; /* owned; NULL: empty */
    size_t weight;
    int64_t due; /* RN_NEVER when empty or without limit */
    void *value; /* owned: the next value */
};

void *rn_batch_items_(struct rn_batched *batch)
{
    return batch->items;
}

size_t rn_batch_count_(const struct rn_batched *batch)
{
    return batch->count;
}

void rn_batch_free_(struct rn_batched *batch)
{
    if (!batch)
        return;
    alloc_free(batch->items);
    alloc_free(batch);
}

static void drop_batch(struct rn_batched *batch)
{
    for (size_t i = 0; batch->drop && i < batch->count; i++)
        batch->drop(batch->items + i * batch->size);
    rn_batch_free_(batch);
}

/* The drop of the output: its element is the handle. */
static void drop_handle(void *handle)
{
    drop_batch(*(struct rn_batched **)handle);
}

static void append(struct gathering *g)
{
    struct rn_batched *batch = g->batch;
    if (!batch) {
        batch = g->batch = alloc_or_die(1, sizeof(*batch));
        batch->size = g->size;
        batch->drop = rn_chan_get_drop_(g->in);
        if (g->limits.age_ns > 0)
            g->due = rn_deadline(g->limits.age_ns);
    }
    if (batch->count == batch->places) {
        size_t places = batch->places > 0 ? 2 * batch->places : FIRST_PLACES;
        char *items = alloc_grow(batch->items, places, g->size);
        if (!items)
            fatal("out of memory: a batch of %zu values", places);
        batch->items = items;
        batch->places = places;
    }
    memcpy(batch->items + batch->count++ * g->size, g->value, g->size);
}

/* Sends what has been gathered, if anything. */
static int send_batch(struct rn_ctx *ctx, struct gathering *g)
{
    struct rn_batched *batch = g->batch;
    if (!batch)
        return RN_OK;
    g->batch = NULL;
    g->weight = 0;
    g->due = RN_NEVER;
    return deliver(ctx, g->out, &batch);
}

/* Takes in the next value; sends the batch before it or with it. */
static int gather(struct rn_ctx *ctx, struct gathering *g)
{
    const struct rn_batch_limits *limits = &g->limits;
    int status = RN_OK;
    if (limits->weight > 0) {
        size_t weight = g->weigh ? g->weigh(g->value) : g->size;
        if (weight > limits->weight || g->weight > limits->weight - weight)
            status = send_batch(ctx, g);
        if (status == RN_OK &&
            __builtin_add_overflow(g->weight, weight, &g->weight))
            g->weight = SIZE_MAX;
    }
    if (status < 0) {
        rn_chan_drop_(g->in, g->value);
        return status;
    }
    append(g);
    bool full = limits->count > 0 && g->batch->count >= limits->count;
    return full ? send_batch(ctx, g) : RN_OK;
}

/* RN_OK with a value, DUE, RN_CLOSED, or why the context is done. */
static int next(struct rn_ctx *ctx, struct gathering *g)
{
    if (g->due == RN_NEVER)
        return rn_chan_recv_ctx_(ctx, g->in, g->value);
    /* Under a steady stream no wait ever times out. */
    if (rn_now() >= g->due)
        return DUE;
    struct rn_case cases[] = {
        {.kind = RN_CASE_RECV, .chan = g->in, .value = g->value},
        {.kind = RN_CASE_DONE, .ctx = ctx},
    };
    switch (rn_select_until(g->due, cases, 2)) {
    case 0:
        return cases[0].ok ? RN_OK : RN_CLOSED;
    case 1:
        return rn_ctx_err(ctx);
    default:
        return DUE;
    }
}

static void leave(struct gathering *g)
{
    if (g->batch)
        drop_batch(g->batch);
    alloc_free(g->value);
    rn_chan_close_(g->out);
}

static int run_gathering(struct rn_ctx *ctx, void *own)
{
    struct gathering *g = own;
    rn_defer(leave, g);
    for (;;) {
        int status = next(ctx, g);
        if (status == RN_CLOSED)
            return send_batch(ctx, g);
        if (status == RN_OK)
            status = gather(ctx, g);
        else if (status == DUE)
            status = send_batch(ctx, g);
        if (status < 0)
            return status;
    }
}

void rn_batches_start_(struct rn_group *group, struct rn_channel *in,
                       size_t size, struct rn_channel *out,
                       const struct rn_batch_limits *limits,
                       size_t (*weigh)(const void *value), const char *where)
{
    if (limits->age_ns < 0)
        misuse("batches of a negative age");
    struct gathering g = {
        .in = in,
        .out = out,
        .size = size,
        .limits = *limits,
        .weigh = weigh,
        .due = RN_NEVER,
        .value = alloc_or_die(1, size),
    };
    rn_chan_set_drop_(out, drop_handle);
    rn_group_go_(group, run_gathering, &g, sizeof(g), where);
}
