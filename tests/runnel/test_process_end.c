/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of children: by themselves, killed, by a context, all at once; no
 * zombie stays.
 */
#include "net_check.h"

static const char *const sleeper[] = {"sleep", "1000", NULL};

/* No child of ours is left, dead or alive. */
static void check_no_children(void)
{
    CHECK_EQ_INT(waitpid(-1, NULL, WNOHANG), -1);
    CHECK_EQ_INT(errno, ECHILD);
}

/* A child that is killed says by which signal; later kills find nobody. */
static void killed_child_says_so(void)
{
    struct rn_process *process;
    struct rn_exit end = {0};

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), sleeper, NULL, &process),
            RN_OK))
        return;
    CHECK(rn_process_pid(process) > 0);
    CHECK_EQ_INT(kill(rn_process_pid(process), 0), 0);
    CHECK_EQ_INT(rn_process_kill(process, -1), RN_INVALID);
    CHECK_EQ_INT(rn_process_kill(process, SIGTERM), RN_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(rn_process_wait(process, &end), RN_OK);
        CHECK_EQ_INT(end.code, -1);
        CHECK_EQ_INT(end.signal, SIGTERM);
    }
    CHECK_EQ_INT(rn_process_wait(process, NULL), RN_OK);
    CHECK_EQ_INT(rn_process_kill(process, SIGTERM), -ESRCH);
    rn_process_free(process);
    net_join_all();
    check_no_children();
}

static void cancel(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
}

/* A context that is done kills the child, also when nobody waits for it. */
static void context_kills(void)
{
    struct rn_process *process;
    struct rn_exit end = {0};

    for (int i = 0; i < 3; i++) {
        struct rn_ctx *ctx =
            i == 0 ? rn_ctx_with_timeout(rn_ctx_background(), 10 * RN_MS)
                   : rn_ctx_with_cancel(rn_ctx_background());

        int status = rn_process_start(ctx, sleeper, NULL, &process);

        if (i == 0 && status == RN_TIMEOUT) {
            rn_ctx_release(ctx); /* a slow machine: it came before the start */
            continue;
        }
        if (!CHECK_EQ_INT(status, RN_OK))
            return;
        if (i == 1)
            rn_go(cancel, ctx);
        if (i == 2) {
            rn_ctx_cancel(ctx);
            while (rn_process_kill(process, 0) == RN_OK)
                rn_sleep(RN_MS);
        }
        CHECK_EQ_INT(rn_process_wait(process, &end),
                     i == 0 ? RN_TIMEOUT : RN_CANCELED);
        CHECK_EQ_INT(end.code, -1);
        CHECK_EQ_INT(end.signal, SIGKILL);
        rn_process_free(process);
        rn_ctx_release(ctx);
    }
    net_join_all();
    check_no_children();
}

/* A context that is done after the child's end changes nothing. */
static void context_comes_too_late(void)
{
    const char *const argv[] = {"sh", "-c", "exit 7", NULL};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_process *process;
    struct rn_exit end = {0};

    if (!CHECK_EQ_INT(rn_process_start(ctx, argv, NULL, &process), RN_OK))
        return;
    CHECK_EQ_INT(rn_process_wait(process, NULL), RN_OK);
    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_process_wait(process, &end), RN_OK);
    CHECK_EQ_INT(end.code, 7);
    rn_process_free(process);
    rn_ctx_release(ctx);
    net_join_all();
}

/* Freeing a child that runs kills it and takes its end. */
static void free_kills(void)
{
    struct rn_process *process;
    int pid;

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), sleeper, NULL, &process),
            RN_OK))
        return;
    pid = rn_process_pid(process);
    rn_process_free(process);
    CHECK_EQ_INT(kill(pid, 0), -1);
    CHECK_EQ_INT(errno, ESRCH);
    net_join_all();
    check_no_children();
}

/* With a group of its own a kill reaches the children's children. */
static void group_dies_together(void)
{
    const char *const argv[] = {"sh", "-c", "sleep 1000 & sleep 1000; true",
                                NULL};
    const struct rn_process_options options = {.out = RN_STDIO_PIPE,
                                               .own_group = true};
    struct rn_process *process;
    char byte;

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return;
    CHECK_EQ_INT(rn_process_kill(process, SIGKILL), RN_OK);
    /* The end of the output: every writer is gone. */
    CHECK_EQ_INT(rn_conn_read(rn_process_stdout(process), &byte, 1), 0);
    rn_process_free(process);
    net_join_all();
    check_no_children();
}

struct waiter {
    struct rn_process *process;
    struct rn_waitgroup *all;
};

static void wait_for_end(struct waiter *own)
{
    struct rn_exit end = {0};

    CHECK_EQ_INT(rn_process_wait(own->process, &end), RN_OK);
    CHECK_EQ_INT(end.code, 5);
    rn_waitgroup_done(own->all);
}

/* Several may wait for one child. */
static void several_wait(void)
{
    const char *const argv[] = {"sh", "-c", "read x; exit 5", NULL};
    const struct rn_process_options options = {.in = RN_STDIO_PIPE};
    struct rn_waitgroup all = {0};
    struct rn_process *process;

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return;
    rn_waitgroup_add(&all, 5);
    for (int i = 0; i < 5; i++)
        rn_go(wait_for_end, (struct waiter){process, &all});
    rn_check_settle();
    rn_conn_close(rn_process_stdin(process));
    rn_waitgroup_wait(&all);
    rn_process_free(process);
    net_join_all();
}

struct child {
    int code;
    struct rn_waitgroup *all;
};

static void run_child(struct child *own)
{
    char line[32];
    const char *const argv[] = {"sh", "-c", line, NULL};
    struct rn_process *process;
    struct rn_exit end = {0};

    snprintf(line, sizeof(line), "exit %d", own->code);
    if (CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, NULL, &process),
            RN_OK)) {
        CHECK_EQ_INT(rn_process_wait(process, &end), RN_OK);
        CHECK_EQ_INT(end.code, own->code);
        rn_process_free(process);
    }
    rn_waitgroup_done(own->all);
}

/* Many children at once: each end belongs to its own, and no zombie stays. */
static void many_children(void)
{
    const int count = rn_check_rounds(100);
    struct rn_waitgroup all = {0};

    rn_waitgroup_add(&all, count);
    for (int i = 0; i < count; i++)
        rn_go(run_child, (struct child){i, &all});
    rn_waitgroup_wait(&all);
    net_join_all();
    check_no_children();
}

/* An end that somebody else took is told as such. */
static void end_taken_by_another(void)
{
    const char *const argv[] = {"sh", "-c", "read x", NULL};
    const struct rn_process_options options = {.in = RN_STDIO_PIPE};
    struct rn_process *process;
    struct rn_exit end = {.code = 99};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;

    CHECK_EQ_INT(sigaction(SIGCHLD, &ignore, &before), 0);
    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return;
    rn_conn_close(rn_process_stdin(process));
    CHECK_EQ_INT(rn_process_wait(process, &end), -ECHILD);
    CHECK_EQ_INT(end.code, 99);
    rn_process_free(process);
    CHECK_EQ_INT(sigaction(SIGCHLD, &before, NULL), 0);
    net_join_all();
}

RN_CHECK_MAIN(killed_child_says_so, context_kills, context_comes_too_late,
              free_kills, group_dies_together, several_wait, many_children,
              end_taken_by_another)
