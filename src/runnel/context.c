/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.c: the tree above cancel tokens.
 *
 * A context holds its parent (a reference); a parent lists its children without
 * holding them. `token.lock` of the parent protects the list and each child's
 * `sibling`. A context that is done has no children: they were taken out to be
 * canceled, or never got in.
 *
 * Canceling walks the tree with a list of its own (`doomed`), so that a tree of
 * any depth needs no stack. A child that is taken out is held by the walker,
 * unless its last reference is being given back at that moment: then it is
 * left to that thread (retain_unless_dead).
 *
 * A cause belongs to the context whose end began with it. Those below point to
 * it: they hold their parents, so it lasts.
 *
 * An armed timer holds a reference. Whoever is about to leave only that one
 * stops the timer while his own still keeps the context alive, and gives back
 * both if he was in time.
 */
#include <string.h>

#define RN_CTX_PLAIN_
#include <runnel/context.h>
#include <runnel/task.h>

#include "alloc.h"
#include "fatal.h"
#include "list.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sched.h"
#include "track.h"
#include "wait.h"

#define LOCK_CLASS LOCK_TOKEN

struct cause {
    int status;
    char text[];
};

/* A function to run when the context is done. */
struct call {
    void (*function)(void *arg);
    void *arg;
    const void *edge; /* for the race detector: an address, not to be read */
};

struct rn_ctx {
    struct cancel_token token; /* first: ctx_token in wait.h */
    _Atomic(uint32_t) references;
    struct rn_ctx *parent; /* NULL: the background */
    struct list sibling;   /* in parent->children; under parent's lock */
    struct list children;  /* under token.lock */
    struct rn_ctx *doomed; /* next in a walker's list */
    int64_t deadline;
    bool has_timer;
    struct timer timer;
    struct cause *timer_cause; /* owned, or NULL */
    struct cause *own_cause;   /* owned, or NULL; by who fired the token */
    rn_key_ key;               /* NULL: no value */
    void *value;
    struct call after;     /* after.function NULL: none */
    _Atomic(bool) pending; /* `after` is neither started nor stopped */
};

static struct rn_ctx background = {
    .token = {.waiters = {&background.token.waiters,
                          &background.token.waiters}},
    .references = 1,
    .sibling = {&background.sibling, &background.sibling},
    .children = {&background.children, &background.children},
    .deadline = RN_NEVER,
};

struct rn_ctx *rn_ctx_background(void)
{
    return &background;
}

struct rn_ctx *rn_ctx_retain(struct rn_ctx *ctx)
{
    if (ctx != &background)
        atomic_fetch_add_explicit(&ctx->references, 1, memory_order_relaxed);
    return ctx;
}

static bool retain_unless_dead(struct rn_ctx *ctx)
{
    uint32_t count =
        atomic_load_explicit(&ctx->references, memory_order_relaxed);
    while (count > 0)
        if (atomic_compare_exchange_weak_explicit(
                &ctx->references, &count, count + 1, memory_order_relaxed,
                memory_order_relaxed))
            return true;
    return false;
}

/* At the end: nobody is below it, nobody waits for it, no timer holds it. */
static bool ctx_check(const struct rn_ctx *ctx)
{
    return list_empty(&ctx->children) && list_empty(&ctx->token.waiters) &&
           !timerq_may_hold(&ctx->timer) &&
           atomic_load_explicit(&ctx->references, memory_order_relaxed) == 0;
}

/* Out of the parent's list; frees; returns the parent, to be released. */
static struct rn_ctx *destroy(struct rn_ctx *ctx)
{
    struct rn_ctx *parent = ctx->parent;
    INVARIANT(ctx_check(ctx));
    if (parent != &background) {
        lock_acquire(&parent->token.lock);
        list_remove(&ctx->sibling);
        lock_release(&parent->token.lock);
    }
    track_remove(ctx);
    if (ctx->key && *ctx->key)
        (*ctx->key)(ctx->value);
    alloc_free(ctx->timer_cause);
    alloc_free(ctx->own_cause);
    alloc_free(ctx);
    return parent;
}

/* Gives back the caller's reference; true when it was the last. */
static bool drop(struct rn_ctx *ctx)
{
    uint32_t count =
        atomic_load_explicit(&ctx->references, memory_order_relaxed);
    uint32_t mine = 1;
    for (;;) {
        if (mine == 1 && count == 2 && ctx->has_timer &&
            timerq_remove(&ctx->timer))
            mine = 2;
        /* Release our use of it; acquire that of the others, if last. */
        if (atomic_compare_exchange_weak_explicit(
                &ctx->references, &count, count - mine, memory_order_acq_rel,
                memory_order_relaxed))
            return count == mine;
    }
}

void rn_ctx_release(struct rn_ctx *ctx)
{
    while (ctx && ctx != &background) {
        race_release(&ctx->references);
        if (!drop(ctx))
            return;
        race_acquire(&ctx->references);
        ctx = destroy(ctx);
    }
}

/* Takes one child out of the parent's list, held; NULL when there is none. */
static struct rn_ctx *take_child(struct rn_ctx *parent)
{
    struct rn_ctx *child = NULL;
    lock_acquire(&parent->token.lock);
    while (!child && !list_empty(&parent->children)) {
        struct rn_ctx *first =
            container_of(parent->children.next, struct rn_ctx, sibling);
        list_remove(&first->sibling);
        if (retain_unless_dead(first))
            child = first;
    }
    lock_release(&parent->token.lock);
    return child;
}

static void run_call(struct call *own)
{
    race_acquire(own->edge); /* what was before rn_ctx_after_func */
    own->function(own->arg);
}

/* True for the one who may start the function, or has kept it from that. */
static bool take_call(struct rn_ctx *ctx)
{
    return atomic_exchange_explicit(&ctx->pending, false, memory_order_acq_rel);
}

/* Makes this one done; false when it was. */
static bool fire(struct rn_ctx *ctx, int status, const struct cause *cause)
{
    if (!token_fire(&ctx->token, status, cause))
        return false;
    if (ctx->after.function && (take_call(ctx) || MUTANT(STOPPED_IS_CALLED)))
        rn_go(run_call, ctx->after);
    return true;
}

/* Makes it and all below done; false when it was. The caller holds it. */
static bool cancel(struct rn_ctx *ctx, int status, const struct cause *cause)
{
    if (!fire(ctx, status, cause))
        return false;
    struct rn_ctx *doomed = NULL;
    rn_ctx_retain(ctx);
    for (struct rn_ctx *at = ctx; at;) {
        struct rn_ctx *child = take_child(at);
        if (child) {
            /* A child that was done has seen to its own. */
            if (fire(child, status, cause) && !MUTANT(CANCEL_SKIPS_TREE)) {
                child->doomed = doomed;
                doomed = child;
            } else {
                rn_ctx_release(child);
            }
            continue;
        }
        rn_ctx_release(at);
        at = doomed;
        if (at)
            doomed = at->doomed;
    }
    return true;
}

void rn_ctx_cancel(struct rn_ctx *ctx)
{
    rn_ctx_cancel_cause(ctx, RN_CANCELED, NULL);
}

/* A copy of what is to be said; NULL when the status says it all. */
static struct cause *make_cause(int status, const char *text, int usual)
{
    if (status >= 0)
        status = usual;
    if (!text && status == usual)
        return NULL;
    if (!text)
        text = rn_status_text(status);
    size_t size = strlen(text) + 1;
    struct cause *cause = alloc_or_die(1, sizeof(*cause) + size);
    cause->status = status;
    memcpy(cause->text, text, size);
    return cause;
}

void rn_ctx_cancel_cause(struct rn_ctx *ctx, int status, const char *text)
{
    sched_point();
    if (ctx == &background)
        misuse("cancel of the background context");
    if (token_status(&ctx->token) != 0)
        return;
    struct cause *cause = make_cause(status, text, RN_CANCELED);
    if (cancel(ctx, RN_CANCELED, cause))
        ctx->own_cause = cause;
    else
        alloc_free(cause);
}

static void deadline_passed(struct timer *timer, int64_t now)
{
    (void)now;
    struct rn_ctx *ctx = container_of(timer, struct rn_ctx, timer);
    cancel(ctx, RN_TIMEOUT, ctx->timer_cause);
    rn_ctx_release(ctx);
}

/* Into the parent's list, or done at once with a parent that is done. */
static void join(struct rn_ctx *parent, struct rn_ctx *child)
{
    lock_acquire(&parent->token.lock);
    int status =
        atomic_load_explicit(&parent->token.status, memory_order_relaxed);
    if (status == 0)
        list_append(&parent->children, &child->sibling);
    lock_release(&parent->token.lock);
    if (status != 0 && !MUTANT(CHILD_MISSES))
        cancel(child, status, MUTANT(CAUSE_LOST) ? NULL : parent->token.cause);
}

/* One that is in no list yet, and never done by itself. */
static struct rn_ctx *make_apart(struct rn_ctx *parent)
{
    if (!parent)
        misuse("context made from a NULL parent");
    struct rn_ctx *ctx = alloc_or_die(1, sizeof(*ctx));
    token_init(&ctx->token);
    atomic_init(&ctx->references, 1);
    ctx->parent = rn_ctx_retain(parent);
    ctx->deadline = RN_NEVER;
    list_init(&ctx->sibling);
    list_init(&ctx->children);
    track_add(TRACK_CONTEXT, ctx, NULL);
    return ctx;
}

static struct rn_ctx *make(struct rn_ctx *parent, int64_t deadline)
{
    struct rn_ctx *ctx = make_apart(parent);
    ctx->deadline = deadline < parent->deadline ? deadline : parent->deadline;
    if (parent != &background)
        join(parent, ctx);
    return ctx;
}

struct rn_ctx *rn_ctx_with_cancel(struct rn_ctx *parent)
{
    return make(parent, RN_NEVER);
}

struct rn_ctx *rn_ctx_with_deadline_cause(struct rn_ctx *parent,
                                          int64_t deadline, int status,
                                          const char *text)
{
    struct rn_ctx *ctx = make(parent, deadline);
    if (ctx->deadline != deadline || deadline == RN_NEVER)
        return ctx; /* the parent's comes first, and is enough */
    ctx->timer_cause = make_cause(status, text, RN_TIMEOUT);
    if (deadline <= seam_now()) {
        cancel(ctx, RN_TIMEOUT, ctx->timer_cause);
        return ctx;
    }
    ctx->has_timer = true;
    ctx->timer = (struct timer){.when = deadline, .fire = deadline_passed};
    rn_ctx_retain(ctx);
    sched_timer_add(&ctx->timer);
    return ctx;
}

struct rn_ctx *rn_ctx_with_deadline(struct rn_ctx *parent, int64_t deadline)
{
    return rn_ctx_with_deadline_cause(parent, deadline, RN_TIMEOUT, NULL);
}

struct rn_ctx *rn_ctx_with_timeout(struct rn_ctx *parent, int64_t timeout_ns)
{
    return rn_ctx_with_deadline(parent, rn_deadline(timeout_ns));
}

struct rn_ctx *rn_ctx_without_cancel(struct rn_ctx *parent)
{
    return make_apart(parent);
}

struct rn_ctx *rn_ctx_with_value_(struct rn_ctx *parent, rn_key_ key,
                                  void *value)
{
    struct rn_ctx *ctx = make(parent, RN_NEVER);
    ctx->value = value;
    ctx->key = key;
    return ctx;
}

void *rn_ctx_value_(const struct rn_ctx *ctx, rn_key_ key)
{
    while (ctx && ctx->key != key)
        ctx = ctx->parent;
    return ctx ? ctx->value : NULL;
}

struct rn_ctx *rn_ctx_after_func(struct rn_ctx *parent,
                                 void (*function)(void *arg), void *arg)
{
    struct rn_ctx *ctx = make_apart(parent);
    ctx->deadline = parent->deadline;
    ctx->after = (struct call){function, arg, ctx};
    race_release(ctx);
    atomic_init(&ctx->pending, true);
    if (parent != &background)
        join(parent, ctx);
    return ctx;
}

bool rn_ctx_stop(struct rn_ctx *after)
{
    sched_point();
    return take_call(after);
}

int rn_ctx_err(const struct rn_ctx *ctx)
{
    return token_status(&ctx->token);
}

int rn_ctx_cause(const struct rn_ctx *ctx)
{
    int status = token_status(&ctx->token);
    const struct cause *cause = status != 0 ? ctx->token.cause : NULL;
    return cause ? cause->status : status;
}

const char *rn_ctx_cause_text(const struct rn_ctx *ctx)
{
    int status = token_status(&ctx->token);
    const struct cause *cause = status != 0 ? ctx->token.cause : NULL;
    return cause ? cause->text : rn_status_text(status);
}

int64_t rn_ctx_deadline(const struct rn_ctx *ctx)
{
    return ctx->deadline;
}

int rn_ctx_wait(struct rn_ctx *ctx)
{
    sched_point();
    if (token_status(&ctx->token) != 0)
        return token_status(&ctx->token);
    sched_point();
    struct wait wait;
    struct token_wait token = {.token = &ctx->token, .source = 1};
    wait_begin(&wait, RN_NEVER, &token, 1);
    wait_park(&wait, (struct wait_for){.reason = WAIT_CONTEXT}, NULL, NULL);
    return token_status(&ctx->token);
}

struct rn_ctx *rn_ctx_made_(struct rn_ctx *ctx, const char *where)
{
    track_place(ctx, where);
    return ctx;
}
