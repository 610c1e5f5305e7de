/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shutdown.c: an end in two steps (shutdown.h).
 *
 * `lock` makes "may it start" and "count it" one step: after stop has returned
 * nothing is counted any more, so that the count which finish waits for only
 * goes down.
 */
#include <runnel/panic.h>
#include <runnel/shutdown.h>
#include <runnel/sync.h>

#include "alloc.h"
#include "spawn.h"

struct rn_shutdown {
    struct rn_ctx *stopping; /* take nothing in */
    struct rn_ctx *working;  /* with the same values; ends later */
    struct rn_waitgroup all;
    struct rn_mutex lock; /* protects what follows */
    size_t running;
    bool panicked;
    struct rn_panic panic; /* the first */
};

/* What a function's goroutine begins with; its argument follows. */
struct work {
    _Alignas(16) struct rn_shutdown *shutdown;
    void (*function)(struct rn_ctx *ctx, void *own);
};

struct rn_shutdown *rn_shutdown_make(struct rn_ctx *parent)
{
    struct rn_shutdown *shutdown = alloc_or_die(1, sizeof(*shutdown));
    shutdown->stopping = rn_ctx_with_cancel(parent);
    struct rn_ctx *values = rn_ctx_without_cancel(parent);
    shutdown->working = rn_ctx_with_cancel(values);
    rn_ctx_release(values);
    return shutdown;
}

struct rn_ctx *rn_shutdown_ctx(struct rn_shutdown *shutdown)
{
    return shutdown->stopping;
}

void rn_shutdown_stop(struct rn_shutdown *shutdown)
{
    rn_mutex_lock(&shutdown->lock);
    rn_ctx_cancel(shutdown->stopping);
    rn_mutex_unlock(&shutdown->lock);
}

static void do_work(void *own)
{
    struct work *work = own;
    work->function(work->shutdown->working, work + 1);
}

static void run_work(void *own)
{
    struct rn_shutdown *shutdown = ((struct work *)own)->shutdown;
    struct rn_panic panic;
    bool panicked = rn_try(do_work, own, &panic) == RN_PANICKED;
    rn_mutex_lock(&shutdown->lock);
    shutdown->running--;
    if (panicked && !shutdown->panicked)
        shutdown->panic = panic;
    shutdown->panicked |= panicked;
    rn_mutex_unlock(&shutdown->lock);
    rn_waitgroup_done(&shutdown->all);
}

int rn_shutdown_go_(struct rn_shutdown *shutdown,
                    void (*function)(struct rn_ctx *ctx, void *own),
                    const void *argument, size_t size, const char *where)
{
    rn_mutex_lock(&shutdown->lock);
    bool stopping = rn_ctx_err(shutdown->stopping) < 0;
    if (!stopping) {
        shutdown->running++;
        rn_waitgroup_add(&shutdown->all, 1);
    }
    rn_mutex_unlock(&shutdown->lock);
    if (stopping)
        return RN_CANCELED;
    struct work work = {shutdown, function};
    struct spawn_part parts[] = {{&work, sizeof(work), sizeof(work)},
                                 {argument, size, size}};
    spawn(NULL, run_work, parts, 2, where);
    return RN_OK;
}

size_t rn_shutdown_running(struct rn_shutdown *shutdown)
{
    rn_mutex_lock(&shutdown->lock);
    size_t running = shutdown->running;
    rn_mutex_unlock(&shutdown->lock);
    return running;
}

int rn_shutdown_finish(struct rn_shutdown *shutdown, int64_t grace_ns)
{
    rn_shutdown_stop(shutdown);
    int status = rn_waitgroup_wait_until(rn_deadline(grace_ns), &shutdown->all);
    rn_ctx_cancel(shutdown->working);
    rn_waitgroup_wait(&shutdown->all);
    bool panicked = shutdown->panicked;
    struct rn_panic panic = shutdown->panic;
    rn_ctx_release(shutdown->working);
    rn_ctx_release(shutdown->stopping);
    alloc_free(shutdown);
    if (panicked)
        rn_panic_again(&panic);
    return status;
}
