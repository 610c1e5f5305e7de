/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.c: one call for each key at a time (flight.h).
 *
 * A call is found by its key from its start until it has ended or everybody has
 * left it; then it is out of the table and another may start. It is held by its
 * goroutine and by each who waits; the last one frees it.
 *
 * Invariants, under `lock`:
 *  1. A call is in the table as long as it is neither ended nor left.
 *  2. waiting > 0 for a call in the table.
 * What a call brought (status, result, panic) is written before `done` is
 * closed, and read after.
 */
#include <string.h>

#include <runnel/flight.h>
#include <runnel/panic.h>
#include <runnel/sync.h>

#include "alloc.h"
#include "chan_internal.h"
#include "fatal.h"
#include "spawn.h"

#define BUCKETS 256

struct call {
    struct call *next; /* in its bucket */
    struct rn_flights *flights;
    char *key;
    size_t waiting;
    size_t references;
    bool listed;
    int (*function)(struct rn_ctx *ctx, void *own, void *result);
    struct rn_ctx *ctx;
    rn_chan(char) done; /* closed when the call has ended */
    int status;
    struct rn_panic panic; /* when status is RN_PANICKED */
    void *result;
};

struct rn_flights {
    struct rn_mutex lock;
    size_t size; /* of a result */
    struct rn_waitgroup running;
    struct call *buckets[BUCKETS];
};

struct rn_flights *rn_flight_make_(size_t size)
{
    struct rn_flights *flights = alloc_or_die(1, sizeof(*flights));
    flights->size = size;
    return flights;
}

void rn_flight_free_(struct rn_flights *flights)
{
    if (!flights)
        return;
    rn_waitgroup_wait(&flights->running);
    alloc_free(flights);
}

/* Fowler, Noll and Vo's FNV-1a. */
static struct call **bucket_of(struct rn_flights *flights, const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return &flights->buckets[(hash ^ hash >> 32) % BUCKETS];
}

/* Under the lock: the place that holds the call for the key, or the end. */
static struct call **find(struct rn_flights *flights, const char *key)
{
    struct call **at = bucket_of(flights, key);
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

/* Under the lock: the invariants, for those in the table beside the key. */
static bool flights_check(struct rn_flights *flights, const char *key)
{
    const struct call *call = *bucket_of(flights, key);
    for (; call; call = call->next)
        if (!call->listed || call->waiting == 0 ||
            call->references < call->waiting)
            return false;
    return true;
}

/* Under the lock: takes it out of the table, if it is there. */
static void unlist(struct call *call)
{
    if (!call->listed)
        return;
    *find(call->flights, call->key) = call->next;
    call->listed = false;
}

/* Under the lock, which it releases: gives one reference back. */
static void release(struct rn_flights *flights, struct call *call)
{
    bool last = --call->references == 0;
    rn_mutex_unlock(&flights->lock);
    if (!last)
        return;
    rn_ctx_release(call->ctx);
    rn_chan_free(call->done);
    alloc_free(call->result);
    alloc_free(call->key);
    alloc_free(call);
}

/* What a call's goroutine begins with; the argument follows. */
struct flight {
    _Alignas(16) struct call *call;
};

static void make_call(void *own)
{
    struct flight *flight = own;
    struct call *call = flight->call;
    call->status = call->function(call->ctx, flight + 1, call->result);
}

static void run_call(void *own)
{
    struct call *call = ((struct flight *)own)->call;
    struct rn_flights *flights = call->flights;
    if (rn_try(make_call, own, &call->panic) == RN_PANICKED)
        call->status = RN_PANICKED;
    rn_mutex_lock(&flights->lock);
    unlist(call);
    rn_mutex_unlock(&flights->lock);
    rn_close(call->done);
    rn_mutex_lock(&flights->lock);
    release(flights, call);
    rn_waitgroup_done(&flights->running);
}

/* Under the lock: a call in the table, to be started. */
static struct call *new_call(struct rn_ctx *ctx, struct rn_flights *flights,
                             const char *key)
{
    struct call *call = alloc_or_die(1, sizeof(*call));
    size_t length = strlen(key) + 1;
    call->flights = flights;
    call->key = memcpy(alloc_or_die(1, length), key, length);
    call->references = 1; /* its goroutine's */
    struct rn_ctx *values = rn_ctx_without_cancel(ctx);
    call->ctx = rn_ctx_with_cancel(values);
    rn_ctx_release(values);
    call->done = (rn_chan(char))(uintptr_t)chan_new(1, 0, RN_HERE_);
    if (!call->done)
        fatal("out of memory for a call of %s", key); /* we hold the lock */
    call->result = alloc_or_die(1, flights->size);
    call->listed = true;
    struct call **bucket = bucket_of(flights, key);
    call->next = *bucket;
    *bucket = call;
    rn_waitgroup_add(&flights->running, 1);
    return call;
}

/* The caller waits no more; a call that everybody has left is called off. */
static void leave(struct rn_flights *flights, struct call *call)
{
    rn_mutex_lock(&flights->lock);
    bool left = --call->waiting == 0 && call->listed;
    if (left) {
        unlist(call);
        rn_ctx_cancel(call->ctx);
    }
    INVARIANT(flights_check(flights, call->key));
    release(flights, call);
}

int rn_flight_do_(struct rn_ctx *ctx, struct rn_flights *flights,
                  const char *key,
                  int (*function)(struct rn_ctx *ctx, void *own, void *result),
                  void *result, const void *argument, size_t size,
                  const char *where)
{
    if (rn_ctx_err(ctx) < 0)
        return rn_ctx_err(ctx);
    rn_mutex_lock(&flights->lock);
    struct call *call = *find(flights, key);
    bool first = !call;
    if (first)
        call = new_call(ctx, flights, key);
    call->waiting++;
    call->references++;
    INVARIANT(flights_check(flights, key));
    rn_mutex_unlock(&flights->lock);
    if (first) {
        struct flight flight = {call};
        struct spawn_part parts[] = {{&flight, sizeof(flight), sizeof(flight)},
                                     {argument, size, size}};
        call->function = function;
        spawn(NULL, run_call, parts, 2, where);
    }
    int status = rn_recv_ctx(ctx, call->done, NULL);
    struct rn_panic panic;
    bool panicked = false;
    if (status == RN_CLOSED) {
        status = call->status;
        panicked = status == RN_PANICKED;
        if (panicked)
            panic = call->panic;
        else if (status >= 0)
            memcpy(result, call->result, flights->size);
    }
    leave(flights, call);
    if (panicked)
        rn_panic_again(&panic);
    return status;
}
