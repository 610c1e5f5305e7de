/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fan.c: several channels into one, one into several (fan.h).
 *
 * Merging takes a goroutine for each input, not a select over them: a select
 * takes 64 cases at most and looks at each for every value. What they share is
 * freed by the group.
 */
#include <stdatomic.h>
#include <string.h>

#include <runnel/fan.h>
#include <runnel/panic.h>

#include "alloc.h"
#include "deliver.h"

/* A copy of an array of handles; at least one place, so that it is not NULL. */
static struct rn_channel **copy_handles(const void *handles, size_t count)
{
    struct rn_channel **copy = alloc_or_die(count + 1, sizeof(*copy));
    if (count > 0)
        memcpy(copy, handles, count * sizeof(*copy));
    return copy;
}

/* Passes on all of a channel: RN_OK at its end, or why the context is done. */
static int forward(struct rn_ctx *ctx, struct rn_channel *in,
                   struct rn_channel *out, void *value)
{
    int status = RN_OK;
    while (status == RN_OK) {
        status = rn_chan_recv_ctx_(ctx, in, value);
        if (status == RN_OK)
            status = deliver(ctx, out, value);
    }
    return status == RN_CLOSED ? RN_OK : status;
}

/* ------------------------------------------------------------------ merge */

struct merge {
    struct rn_channel *out;
    size_t size;
    _Atomic(size_t) alive; /* release and acquire: the last one closes */
};

struct branch {
    struct merge *merge;
    struct rn_channel *in;
    void *value;
};

static void leave_branch(struct branch *branch)
{
    alloc_free(branch->value);
    if (atomic_fetch_sub(&branch->merge->alive, 1) == 1)
        rn_chan_close_(branch->merge->out);
}

static int run_branch(struct rn_ctx *ctx, void *own)
{
    struct branch *branch = own;
    branch->value = alloc_or_die(1, branch->merge->size);
    rn_defer(leave_branch, branch);
    return forward(ctx, branch->in, branch->merge->out, branch->value);
}

static void merge_any(struct rn_group *group, const void *inputs, size_t count,
                      struct rn_channel *out, size_t size, const char *where)
{
    struct rn_channel **handles = copy_handles(inputs, count);
    struct merge *merge = alloc_or_die(1, sizeof(*merge));
    merge->out = out;
    merge->size = size;
    atomic_init(&merge->alive, count);
    rn_group_finally(group, alloc_free, merge);
    if (count == 0)
        rn_chan_close_(out);
    for (size_t i = 0; i < count; i++) {
        struct branch branch = {merge, handles[i], NULL};
        rn_group_go_(group, run_branch, &branch, sizeof(branch), where);
    }
    alloc_free(handles);
}

/* ---------------------------------------------------------- merge in order */

/*
 * A binary heap of the inputs that have not ended, by their next values; the
 * least is at the root.
 */
struct sorter {
    struct rn_channel **inputs; /* this and what follows is owned */
    char *next;                 /* the next value of each input */
    size_t *heap;               /* numbers of inputs */
    size_t count;               /* of inputs; then of those in the heap */
    struct rn_channel *out;
    size_t size;
    int (*compare)(const void *a, const void *b);
};

static void *next_of(const struct sorter *sorter, size_t input)
{
    return sorter->next + input * sorter->size;
}

static bool comes_before(const struct sorter *sorter, size_t a, size_t b)
{
    int order = sorter->compare(next_of(sorter, a), next_of(sorter, b));
    return order < 0 || (order == 0 && a < b);
}

static void sift_down(struct sorter *sorter, size_t at)
{
    size_t *heap = sorter->heap;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < sorter->count &&
                comes_before(sorter, heap[child], heap[least]))
                least = child;
        if (least == at)
            return;
        size_t moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

/* The first value of each input; those that have none are left out. */
static int fill_heap(struct rn_ctx *ctx, struct sorter *sorter)
{
    size_t inputs = sorter->count;
    sorter->count = 0;
    for (size_t i = 0; i < inputs; i++) {
        int status =
            rn_chan_recv_ctx_(ctx, sorter->inputs[i], next_of(sorter, i));
        if (status == RN_OK)
            sorter->heap[sorter->count++] = i;
        else if (status != RN_CLOSED)
            return status;
    }
    for (size_t at = sorter->count / 2; at-- > 0;)
        sift_down(sorter, at);
    return RN_OK;
}

/* Sends the least value and puts its input's next one in its place. */
static int send_least(struct rn_ctx *ctx, struct sorter *sorter)
{
    size_t least = sorter->heap[0];
    int status = rn_chan_send_ctx_(ctx, sorter->out, next_of(sorter, least));
    if (status < 0)
        return status;
    status =
        rn_chan_recv_ctx_(ctx, sorter->inputs[least], next_of(sorter, least));
    if (status != RN_OK)
        sorter->heap[0] = sorter->heap[--sorter->count];
    sift_down(sorter, 0);
    return status == RN_CLOSED ? RN_OK : status;
}

static void leave_sorter(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->count; i++)
        rn_chan_drop_(sorter->out, next_of(sorter, sorter->heap[i]));
    rn_chan_close_(sorter->out);
    alloc_free(sorter->inputs);
    alloc_free(sorter->next);
    alloc_free(sorter->heap);
}

static int run_sorter(struct rn_ctx *ctx, void *own)
{
    struct sorter *sorter = own;
    rn_defer(leave_sorter, sorter);
    int status = fill_heap(ctx, sorter);
    while (status == RN_OK && sorter->count > 0)
        status = send_least(ctx, sorter);
    return status;
}

void rn_merge_start_(struct rn_group *group, const void *inputs, size_t count,
                     struct rn_channel *out, size_t size,
                     int (*compare)(const void *a, const void *b),
                     const char *where)
{
    if (!compare) {
        merge_any(group, inputs, count, out, size, where);
        return;
    }
    struct sorter sorter = {
        .inputs = copy_handles(inputs, count),
        .next = alloc_or_die(count, size),
        .heap = alloc_or_die(count, sizeof(*sorter.heap)),
        .count = count,
        .out = out,
        .size = size,
        .compare = compare,
    };
    rn_group_go_(group, run_sorter, &sorter, sizeof(sorter), where);
}

/* -------------------------------------------------------------------- tee */

struct tee {
    struct rn_channel *in;
    struct rn_channel **outputs; /* owned */
    size_t count;
    void *value; /* owned */
};

static void leave_tee(struct tee *tee)
{
    for (size_t i = 0; i < tee->count; i++)
        rn_chan_close_(tee->outputs[i]);
    alloc_free(tee->outputs);
    alloc_free(tee->value);
}

static int run_tee(struct rn_ctx *ctx, void *own)
{
    struct tee *tee = own;
    rn_defer(leave_tee, tee);
    int status = RN_OK;
    while (status == RN_OK) {
        status = rn_chan_recv_ctx_(ctx, tee->in, tee->value);
        for (size_t i = 0; i < tee->count && status == RN_OK; i++)
            status = rn_chan_send_ctx_(ctx, tee->outputs[i], tee->value);
    }
    return status == RN_CLOSED ? RN_OK : status;
}

void rn_tee_start_(struct rn_group *group, struct rn_channel *in, size_t size,
                   const void *outputs, size_t count, const char *where)
{
    struct tee tee = {in, copy_handles(outputs, count), count,
                      alloc_or_die(1, size)};
    rn_group_go_(group, run_tee, &tee, sizeof(tee), where);
}

/* ----------------------------------------------------------------- bridge */

struct bridge {
    struct rn_channel *in;
    struct rn_channel *out;
    void *value; /* owned */
};

static void leave_bridge(struct bridge *bridge)
{
    rn_chan_close_(bridge->out);
    alloc_free(bridge->value);
}

static int run_bridge(struct rn_ctx *ctx, void *own)
{
    struct bridge *bridge = own;
    rn_defer(leave_bridge, bridge);
    struct rn_channel *inner;
    int status = RN_OK;
    while (status == RN_OK) {
        status = rn_chan_recv_ctx_(ctx, bridge->in, &inner);
        if (status == RN_OK)
            status = forward(ctx, inner, bridge->out, bridge->value);
    }
    return status == RN_CLOSED ? RN_OK : status;
}

void rn_bridge_start_(struct rn_group *group, struct rn_channel *in,
                      struct rn_channel *out, size_t size, const char *where)
{
    struct bridge bridge = {in, out, alloc_or_die(1, size)};
    rn_group_go_(group, run_bridge, &bridge, sizeof(bridge), where);
}
