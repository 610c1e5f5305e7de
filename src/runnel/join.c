/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c: goroutines whose end is waited for.
 *
 * Who waits finds all done: a goroutine's locals are dropped before it says so.
 */
#include <runnel/sync.h>
#include <runnel/task.h>

#include "alloc.h"
#include "local.h"
#include "sched.h"
#include "spawn.h"

/* What a counted goroutine's stack begins with; its argument follows. */
struct counted {
    _Alignas(CACHE_LINE) struct rn_waitgroup *group;
    void (*function)(void *own);
};

static void run_counted(void *own)
{
    struct counted *counted = own;
    counted->function(counted + 1);
    locals_drop(task_self());
    rn_waitgroup_done(counted->group);
}

void rn_waitgroup_go_(struct rn_waitgroup *group, void (*function)(void *own),
                      const void *argument, size_t size, const char *where)
{
    need_function(function != NULL, where);
    struct counted counted = {group, function};
    struct spawn_part parts[] = {
        {&counted, SIZE_UP_TO(struct counted, function), sizeof(counted)},
        {argument, size, size}};
    rn_waitgroup_add(group, 1);
    spawn(NULL, run_counted, parts, 2, where);
}

/* Two hold it: the goroutine until its end, and whoever joins or detaches. */
struct rn_handle {
    _Atomic(unsigned) holders;
    struct rn_waitgroup running;
    int result; /* written before running falls to 0 */
};

/* What a goroutine with a handle begins with; its argument follows. */
struct joined {
    _Alignas(CACHE_LINE) struct rn_handle *handle;
    int (*function)(void *own);
};

static void drop_handle(struct rn_handle *handle)
{
    /* Release our use of it; acquire the other's, if we are the last. */
    if (atomic_fetch_sub_explicit(&handle->holders, 1, memory_order_acq_rel) ==
        1)
        alloc_free(handle);
}

static void run_joined(void *own)
{
    struct joined *joined = own;
    struct rn_handle *handle = joined->handle;
    handle->result = joined->function(joined + 1);
    locals_drop(task_self());
    rn_waitgroup_done(&handle->running);
    drop_handle(handle);
}

struct rn_handle *rn_spawn_(const struct rn_task_options *options,
                            int (*function)(void *), const void *argument,
                            size_t size, const char *where)
{
    need_function(function != NULL, where);
    struct rn_handle *handle = alloc_or_die(1, sizeof(*handle));
    struct joined joined = {handle, function};
    struct spawn_part parts[] = {
        {&joined, SIZE_UP_TO(struct joined, function), sizeof(joined)},
        {argument, size, size}};
    atomic_init(&handle->holders, 2);
    rn_waitgroup_add(&handle->running, 1);
    spawn(options, run_joined, parts, 2, where);
    return handle;
}

/* After a wait for the end: the handle is freed when there was one. */
static int take_result(int status, struct rn_handle *handle, int *result)
{
    if (status != RN_OK)
        return status;
    if (result)
        *result = handle->result;
    drop_handle(handle);
    return RN_OK;
}

int rn_join(struct rn_handle *handle)
{
    int result;
    rn_waitgroup_wait(&handle->running);
    take_result(RN_OK, handle, &result);
    return result;
}

int rn_join_until(int64_t deadline, struct rn_handle *handle, int *result)
{
    int status = rn_waitgroup_wait_until(deadline, &handle->running);
    return take_result(status, handle, result);
}

int rn_join_ctx(struct rn_ctx *ctx, struct rn_handle *handle, int *result)
{
    int status = rn_waitgroup_wait_ctx(ctx, &handle->running);
    return take_result(status, handle, result);
}

void rn_detach(struct rn_handle *handle)
{
    drop_handle(handle);
}
