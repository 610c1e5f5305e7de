/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c: start a child, watch it, tell how it ended (process.h).
 *
 * A goroutine watches: it waits for the child's descriptor (a pidfd) or the
 * context, kills for the one, takes the child's end, and closes `done`, on
 * which everybody else waits. It shares the record with the caller: two
 * references, who is last frees.
 *
 * `lock` protects `pidfd` against a kill that comes when the watcher is about
 * to close it. Until the watcher has taken the child's end its number cannot
 * belong to another process, so a group can be killed by number.
 */
#include <errno.h>
#include <signal.h>

#include <runnel/chan.h>
#include <runnel/context.h>
#include <runnel/io.h>
#include <runnel/net.h>
#include <runnel/process.h>
#include <runnel/task.h>

#include "alloc.h"
#include "chan_internal.h"
#include "lock.h"
#include "os.h"
#include "os_process.h"
#include "sanitize.h"
#include "schedule.h"

#define LOCK_CLASS LOCK_LEAF

/* When the system has no memory to wait with: how often to look. */
#define LOOK_AGAIN (10 * RN_MS)

enum { IN, OUT, ERR, STDIO };

struct rn_process {
    _Atomic(uint32_t) references;
    struct rn_ctx *ctx;
    struct rn_conn *pipes[STDIO];
    int pid;
    bool own_group;
    lock_word lock;
    int pidfd;          /* -1: has ended; under the lock */
    rn_chan(char) done; /* closed once the fields below are set */
    struct rn_exit end;
    int status;
};

static void release(struct rn_process *process)
{
    race_release(process);
    if (atomic_fetch_sub_explicit(&process->references, 1,
                                  memory_order_acq_rel) != 1)
        return;
    race_acquire(process);
    rn_chan_free(process->done);
    rn_ctx_release(process->ctx);
    alloc_free(process);
}

int rn_process_kill(struct rn_process *process, int number)
{
    int status = -ESRCH;
    lock_acquire(&process->lock);
    if (process->pidfd >= 0)
        status = os_process_kill(process->pidfd,
                                 process->own_group ? process->pid : 0, number);
    lock_release(&process->lock);
    return status;
}

/* ---------------------------------------------------------------- watching */

/* Parks until the child has ended, killing it when the context is done. */
static int await_end(struct rn_process *process)
{
    struct rn_ctx *ctx = process->ctx;
    struct rn_exit end = {0};
    int killed = 0;
    int status;
    while ((status = os_process_reap(process->pidfd, &end.code, &end.signal)) ==
           -EAGAIN) {
        if (killed == 0 && rn_ctx_err(ctx) != 0) {
            killed = rn_ctx_err(ctx);
            rn_process_kill(process, SIGKILL);
        }
        int ready = killed == 0 ? rn_wait_fd_ctx(ctx, process->pidfd, RN_READ)
                                : rn_wait_fd(process->pidfd, RN_READ, RN_NEVER);
        if (ready < 0 && ready != rn_ctx_err(ctx))
            rn_sleep(LOOK_AGAIN);
    }
    process->end = end;
    return status == 0 && end.signal == SIGKILL ? killed : status;
}

static void watch(struct rn_process **own)
{
    struct rn_process *process = *own;
    process->status = await_end(process);
    lock_acquire(&process->lock);
    int pidfd = process->pidfd;
    process->pidfd = -1;
    lock_release(&process->lock);
    os_close(pidfd);
    rn_close(process->done);
    release(process);
}

/* ---------------------------------------------------------------- starting */

/* What the offload thread is asked to do, and what came of it. */
struct launch {
    struct os_spawn what;
    int pid;
    int pidfd;
};

static void spawn_child(void *arg)
{
    struct launch *launch = arg;
    launch->pid = schedule_call_fails() ? -EAGAIN : os_spawn(&launch->what);
    if (launch->pid < 0)
        return;
    launch->pidfd = os_process_open(launch->pid);
    if (launch->pidfd >= 0)
        return;
    /* Nobody could ever watch it. */
    os_process_end(launch->pid);
    launch->pid = launch->pidfd;
}

/* The child's side of one descriptor, -1: ours; and our side of a pipe. */
static int prepare(enum rn_stdio kind, int which, int *theirs,
                   struct rn_conn **ours)
{
    int ends[2];
    switch (kind) {
    case RN_STDIO_SAME:
        return 0;
    case RN_STDIO_NULL:
        *theirs = os_process_null();
        return *theirs < 0 ? *theirs : 0;
    case RN_STDIO_OUT:
        *theirs = OUT; /* which is the child's by then */
        return which == ERR ? 0 : RN_INVALID;
    case RN_STDIO_PIPE:
        break;
    default:
        return RN_INVALID;
    }
    int status = os_process_pipe(ends);
    if (status < 0)
        return status;
    int our_end = which == IN ? 1 : 0;
    *theirs = ends[!our_end];
    status = rn_conn_take(ends[our_end], ours);
    if (status < 0)
        os_close(ends[our_end]);
    return status;
}

static int start(struct rn_process *process, const char *const argv[],
                 const struct rn_process_options *options)
{
    const enum rn_stdio kinds[STDIO] = {options->in, options->out,
                                        options->err};
    struct launch launch = {.what = {.argv = argv,
                                     .env = options->env,
                                     .cwd = options->cwd,
                                     .stdio = {-1, -1, -1},
                                     .own_group = options->own_group}};
    int status = 0;
    for (int i = 0; i < STDIO && status == 0; i++)
        status =
            prepare(kinds[i], i, &launch.what.stdio[i], &process->pipes[i]);
    if (status == 0) {
        rn_block(spawn_child, &launch);
        status = launch.pid < 0 ? launch.pid : 0;
    }
    for (int i = 0; i < STDIO; i++)
        if (launch.what.stdio[i] > ERR)
            os_close(launch.what.stdio[i]);
    process->pid = launch.pid;
    process->pidfd = launch.pidfd;
    process->own_group = options->own_group;
    return status;
}

int rn_process_start(struct rn_ctx *ctx, const char *const argv[],
                     const struct rn_process_options *options,
                     struct rn_process **out)
{
    const struct rn_process_options usual = {0};
    if (!argv || !argv[0])
        return RN_INVALID;
    if (rn_ctx_err(ctx) != 0)
        return rn_ctx_err(ctx);
    struct rn_process *process = schedule_alloc(1, sizeof(*process));
    if (!process)
        return RN_NOMEM;
    atomic_init(&process->references, 1);
    process->done = (rn_chan(char))(uintptr_t)chan_new(1, 0, RN_HERE_);
    if (!process->done) {
        alloc_free(process);
        return RN_NOMEM;
    }
    process->ctx = rn_ctx_retain(ctx);
    int status = start(process, argv, options ? options : &usual);
    if (status != 0) {
        for (int i = 0; i < STDIO; i++)
            rn_conn_free(process->pipes[i]);
        release(process);
        return status;
    }
    atomic_fetch_add_explicit(&process->references, 1, memory_order_relaxed);
    rn_go(watch, process);
    *out = process;
    return RN_OK;
}

/* --------------------------------------------------------------------- use */

struct rn_conn *rn_process_stdin(struct rn_process *process)
{
    return process->pipes[IN];
}

struct rn_conn *rn_process_stdout(struct rn_process *process)
{
    return process->pipes[OUT];
}

struct rn_conn *rn_process_stderr(struct rn_process *process)
{
    return process->pipes[ERR];
}

int rn_process_pid(const struct rn_process *process)
{
    return process->pid;
}

int rn_process_wait(struct rn_process *process, struct rn_exit *end)
{
    rn_recv(process->done, NULL);
    if (end && process->status != -ECHILD)
        *end = process->end;
    return process->status;
}

void rn_process_free(struct rn_process *process)
{
    if (!process)
        return;
    rn_process_kill(process, SIGKILL);
    rn_recv(process->done, NULL);
    for (int i = 0; i < STDIO; i++)
        rn_conn_free(process->pipes[i]);
    release(process);
}
