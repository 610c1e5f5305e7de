/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broadcast.c: one sender, all subscribers (broadcast.h).
 *
 * `sending` is held while a value is sent, so that every subscriber sees the
 * same order and no channel is freed under the sender. It protects what is in
 * the subscriptions; the list changes under both locks and may be read under
 * either. A subscriber that leaves may be the one that the sender waits for: it
 * finds itself under `lock` alone and ends `gone`, before it asks for `sending`.
 *
 * Lock order: sending, lock.
 */
#include <runnel/broadcast.h>
#include <runnel/context.h>
#include <runnel/select.h>
#include <runnel/sync.h>

#include "alloc.h"
#include "fatal.h"
#include "panic_internal.h"

struct subscription {
    struct subscription *next;
    struct rn_channel *chan;
    struct rn_ctx *gone;
    enum rn_slow slow;
    bool closed; /* its channel is */
    uint64_t missed;
};

struct rn_broadcaster {
    struct rn_mutex sending;
    struct rn_mutex lock;
    struct subscription *first;
    size_t count;
    size_t size; /* of a value */
    bool closed;
};

struct rn_broadcaster *rn_broadcast_make_(size_t size)
{
    struct rn_broadcaster *broadcast = alloc_or_die(1, sizeof(*broadcast));
    broadcast->size = size;
    return broadcast;
}

void rn_broadcast_free_(struct rn_broadcaster *broadcast)
{
    if (!broadcast)
        return;
    if (broadcast->first)
        misuse("free of a broadcast with %zu subscribers", broadcast->count);
    alloc_free(broadcast);
}

static void lock_both(struct rn_broadcaster *broadcast)
{
    rn_mutex_lock(&broadcast->sending);
    rn_mutex_lock(&broadcast->lock);
}

/* Under both: the list is as long as it is counted. */
static bool broadcast_check(const struct rn_broadcaster *broadcast)
{
    size_t count = 0;
    for (const struct subscription *s = broadcast->first; s; s = s->next)
        count++;
    return count == broadcast->count;
}

static void unlock_both(struct rn_broadcaster *broadcast)
{
    INVARIANT(broadcast_check(broadcast));
    rn_mutex_unlock(&broadcast->lock);
    rn_mutex_unlock(&broadcast->sending);
}

/* Waits for a subscriber; RN_OK also when that has gone meanwhile. */
static int send_waiting(struct rn_ctx *ctx, struct subscription *s,
                        const void *value)
{
    struct rn_case cases[] = {
        {.kind = RN_CASE_SEND,
         .chan = s->chan,
         .value = (void *)(uintptr_t)value},
        {.kind = RN_CASE_DONE, .ctx = s->gone},
        {.kind = RN_CASE_DONE, .ctx = ctx},
    };
    return rn_select(cases, 3) == 2 ? rn_ctx_err(ctx) : RN_OK;
}

static int send_one(struct rn_ctx *ctx, struct subscription *s,
                    const void *value)
{
    if (s->closed) {
        s->missed++;
        return RN_OK;
    }
    if (rn_chan_try_send_(s->chan, value) == RN_OK)
        return RN_OK;
    if (s->slow == RN_SLOW_WAITS)
        return send_waiting(ctx, s, value);
    s->missed++;
    if (s->slow == RN_SLOW_LEAVES) {
        s->closed = true;
        rn_chan_close_(s->chan);
    }
    return RN_OK;
}

int rn_broadcast_send_(struct rn_ctx *ctx, struct rn_broadcaster *broadcast,
                       const void *value)
{
    int status = rn_mutex_lock_ctx(ctx, &broadcast->sending);
    if (status < 0)
        return status;
    if (broadcast->closed)
        status = RN_CLOSED;
    struct subscription *s = broadcast->first;
    for (; s && status == RN_OK; s = s->next)
        status = send_one(ctx, s, value);
    rn_mutex_unlock(&broadcast->sending);
    return status;
}

void rn_broadcast_close_(struct rn_broadcaster *broadcast)
{
    rn_mutex_lock(&broadcast->sending);
    broadcast->closed = true;
    for (struct subscription *s = broadcast->first; s; s = s->next) {
        if (!s->closed)
            rn_chan_close_(s->chan);
        s->closed = true;
    }
    rn_mutex_unlock(&broadcast->sending);
}

size_t rn_broadcast_count_(struct rn_broadcaster *broadcast)
{
    rn_mutex_lock(&broadcast->lock);
    size_t count = broadcast->count;
    rn_mutex_unlock(&broadcast->lock);
    return count;
}

struct rn_channel *rn_subscribe_(struct rn_broadcaster *broadcast,
                                 size_t capacity, enum rn_slow slow,
                                 const char *where)
{
    struct rn_channel *chan = rn_chan_make_(broadcast->size, capacity, where);
    struct subscription *s = alloc_or_die(1, sizeof(*s));
    s->chan = chan;
    s->gone = rn_ctx_with_cancel(rn_ctx_background());
    s->slow = slow;
    lock_both(broadcast);
    s->closed = broadcast->closed;
    if (s->closed)
        rn_chan_close_(s->chan);
    s->next = broadcast->first;
    broadcast->first = s;
    broadcast->count++;
    unlock_both(broadcast);
    return s->chan;
}

/* Under a lock: the place that holds the subscription. */
static struct subscription **find(struct rn_broadcaster *broadcast,
                                  const struct rn_channel *chan)
{
    struct subscription **at = &broadcast->first;
    while (*at && (*at)->chan != chan)
        at = &(*at)->next;
    if (!*at) {
        rn_mutex_unlock(&broadcast->lock);
        misuse("not a subscriber of this broadcast");
    }
    return at;
}

/* Lets go a sender that waits for this subscriber. */
static void let_go(struct rn_broadcaster *broadcast,
                   const struct rn_channel *chan)
{
    rn_mutex_lock(&broadcast->lock);
    rn_ctx_cancel((*find(broadcast, chan))->gone);
    rn_mutex_unlock(&broadcast->lock);
}

void rn_unsubscribe_(struct rn_broadcaster *broadcast, struct rn_channel *chan)
{
    let_go(broadcast, chan);
    lock_both(broadcast);
    struct subscription **at = find(broadcast, chan);
    struct subscription *s = *at;
    *at = s->next;
    broadcast->count--;
    unlock_both(broadcast);
    rn_ctx_release(s->gone);
    rn_chan_free_(s->chan);
    alloc_free(s);
}

uint64_t rn_missed_(struct rn_broadcaster *broadcast, struct rn_channel *chan)
{
    lock_both(broadcast);
    uint64_t missed = (*find(broadcast, chan))->missed;
    unlock_both(broadcast);
    return missed;
}
