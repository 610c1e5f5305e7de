/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c: goroutines that end together.
 *
 * The limit is a channel with as many places as goroutines may run: starting
 * one sends, ending one receives.
 */
#include <string.h>

#define RN_CTX_PLAIN_
#include <runnel/chan.h>
#include <runnel/group.h>
#include <runnel/sync.h>

#include "alloc.h"
#include "fatal.h"
#include "local.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sched.h"
#include "spawn.h"

struct rn_group {
    struct rn_ctx *ctx;
    struct rn_waitgroup running;
    rn_chan(char) places; /* nil: no limit */
    struct rn_mutex lock; /* protects what follows */
    int status;           /* the first negative one */
    bool panicked;
    struct rn_panic panic; /* the first */
    struct finale *last;   /* what wait calls, newest first */
};

struct finale {
    struct finale *before;
    void (*function)(void *arg);
    void *arg;
};

/* What a member's stack begins with; its argument follows. */
struct member {
    _Alignas(16) struct rn_group *group;
    int (*function)(struct rn_ctx *ctx, void *own);
    int status;
};

struct rn_group *rn_group_make(struct rn_ctx *parent, size_t limit)
{
    /* First: a limit that memory cannot hold panics. */
    rn_chan(char) places = limit > 0 ? rn_chan_make(char, limit) : NULL;
    struct rn_group *group = alloc_or_die(1, sizeof(*group));
    group->ctx = rn_ctx_with_cancel(parent);
    group->places = places;
    return group;
}

struct rn_group *rn_group_made_(struct rn_group *group, const char *where)
{
    rn_ctx_made_(group->ctx, where);
    return group;
}

struct rn_ctx *rn_group_ctx(struct rn_group *group)
{
    return group->ctx;
}

static void fail(struct rn_group *group, int status)
{
    rn_mutex_lock(&group->lock);
    bool first = group->status == RN_OK || MUTANT(LAST_ERROR);
    if (first)
        group->status = status;
    rn_mutex_unlock(&group->lock);
    if (first)
        rn_ctx_cancel_cause(group->ctx, status, NULL);
}

static void call_member(void *own)
{
    struct member *member = own;
    member->status = member->function(member->group->ctx, member + 1);
}

static void keep_panic(struct rn_group *group, const struct rn_panic *panic)
{
    rn_mutex_lock(&group->lock);
    if (!group->panicked)
        group->panic = *panic;
    group->panicked = true;
    rn_mutex_unlock(&group->lock);
}

static void keep_panic_of_member(const struct rn_panic *panic, void *own)
{
    keep_panic(((struct member *)own)->group, panic);
}

static void run_member(void *own)
{
    struct member *member = own;
    struct rn_group *group = member->group;
    int status = panic_stop(call_member, keep_panic_of_member, member);
    locals_drop(task_self());
    if (status == RN_OK)
        status = member->status;
    if (status < 0)
        fail(group, status);
    if (group->places && !(MUTANT(PLACE_KEPT) && status < 0))
        rn_recv(group->places, NULL);
    rn_waitgroup_done(&group->running);
}

static void start(struct rn_group *group,
                  int (*function)(struct rn_ctx *ctx, void *own),
                  const void *argument, size_t size, const char *where)
{
    need_function(function != NULL, where);
    struct member member = {group, function, RN_OK};
    struct spawn_part parts[] = {{&member, sizeof(member), sizeof(member)},
                                 {argument, size, size}};
    rn_waitgroup_add(&group->running, 1);
    spawn(NULL, run_member, parts, 2, where);
}

void rn_group_go_(struct rn_group *group,
                  int (*function)(struct rn_ctx *ctx, void *own),
                  const void *argument, size_t size, const char *where)
{
    if (group->places)
        rn_send(group->places, 0);
    start(group, function, argument, size, where);
}

int rn_group_try_go_(struct rn_group *group,
                     int (*function)(struct rn_ctx *ctx, void *own),
                     const void *argument, size_t size, const char *where)
{
    if (group->places && rn_try_send(group->places, 0) != RN_OK)
        return RN_AGAIN;
    start(group, function, argument, size, where);
    return RN_OK;
}

void rn_group_finally(struct rn_group *group, void (*function)(void *arg),
                      void *arg)
{
    struct finale *finale = alloc_or_die(1, sizeof(*finale));
    *finale = (struct finale){NULL, function, arg};
    rn_mutex_lock(&group->lock);
    finale->before = group->last;
    group->last = finale;
    rn_mutex_unlock(&group->lock);
}

static void free_channel(void *channel)
{
    rn_chan_free_(channel);
}

struct rn_channel *rn_group_chan_(struct rn_group *group, size_t element_size,
                                  size_t capacity, const char *where)
{
    struct rn_channel *channel = rn_chan_make_(element_size, capacity, where);
    rn_group_finally(group, free_channel, channel);
    return channel;
}

/* A finale may ask for another. */
static void run_finales(struct rn_group *group)
{
    while (group->last) {
        struct finale *finale = group->last;
        group->last = finale->before;
        finale->function(finale->arg);
        alloc_free(finale);
    }
}

/* At the end: nobody runs, and no place of the limit is taken. */
static bool group_check(const struct rn_group *group)
{
    return atomic_load_explicit(&group->running.state_, memory_order_relaxed) ==
               0 &&
           !group->running.first_ && rn_chan_len(group->places) == 0;
}

int rn_group_wait(struct rn_group *group)
{
    rn_waitgroup_wait(&group->running);
    INVARIANT(group_check(group));
    int status = group->status;
    bool panicked = group->panicked;
    struct rn_panic panic = group->panic;
    /* Work that was handed the context beyond the group hears of its end. */
    rn_ctx_cancel(group->ctx);
    run_finales(group);
    rn_ctx_release(group->ctx);
    rn_chan_free(group->places);
    alloc_free(group);
    if (panicked)
        rn_panic_again(&panic);
    return status;
}

struct body {
    struct rn_group *group;
    int (*function)(struct rn_group *group, void *arg);
    void *arg;
    int status;
};

static void call_body(void *arg)
{
    struct body *body = arg;
    body->status = body->function(body->group, body->arg);
}

static void keep_panic_of_body(const struct rn_panic *panic, void *arg)
{
    keep_panic(((struct body *)arg)->group, panic);
}

int rn_group_run(struct rn_ctx *parent, size_t limit,
                 int (*function)(struct rn_group *group, void *arg), void *arg)
{
    struct rn_group *group = rn_group_make(parent, limit);
    struct body body = {group, function, arg, RN_OK};
    int status = panic_stop(call_body, keep_panic_of_body, &body);
    if (status == RN_OK)
        status = body.status;
    if (status < 0)
        fail(group, status);
    return rn_group_wait(group);
}
