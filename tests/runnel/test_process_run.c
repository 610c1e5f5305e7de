/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes at work: arguments, environment, folder, pipes, signals they
 * start with; and programs that cannot be started.
 */
#include <linux/close_range.h>

#include "net_check.h"

/* Runs a line of shell to its end; what it wrote is in `out`. */
static int run_shell(const char *line, struct rn_process_options options,
                     char *out, size_t size)
{
    const char *const argv[] = {"sh", "-c", line, NULL};
    struct rn_process *process;
    struct rn_exit end = {0};
    int64_t got;

    options.out = RN_STDIO_PIPE;
    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return -1;
    got = rn_conn_read_full(rn_process_stdout(process), out, size - 1);
    CHECK(got >= 0);
    out[got > 0 ? got : 0] = '\0';
    CHECK_EQ_INT(rn_process_wait(process, &end), RN_OK);
    rn_process_free(process);
    CHECK_EQ_INT(end.signal, 0);
    return end.code;
}

/* Its output and its exit status arrive. */
static void output_and_status(void)
{
    char out[64];

    CHECK_EQ_INT(run_shell("echo hello; exit 3", (struct rn_process_options){0},
                           out, sizeof(out)),
                 3);
    CHECK_EQ_STR(out, "hello\n");
}

/* Arguments pass as they are. */
static void arguments_pass(void)
{
    const char *const argv[] = {"/bin/sh", "-c",   "printf '<%s>' \"$@\"",
                                "name",    "a b",  "",
                                "*",       "\"x'", NULL};
    const struct rn_process_options options = {.out = RN_STDIO_PIPE};
    struct rn_process *process;
    char out[64] = "";

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return;
    CHECK(rn_conn_read_full(rn_process_stdout(process), out, 63) > 0);
    CHECK_EQ_STR(out, "<a b><><*><\"x'>");
    rn_process_free(process);
}

/* Environment and folder: ours, or those given. */
static void environment_and_folder(void)
{
    const char *const env[] = {"COLOUR=green", "PATH=/usr/bin:/bin", NULL};
    char out[256];

    setenv("COLOUR", "blue", 1);
    run_shell("echo $COLOUR", (struct rn_process_options){0}, out, sizeof(out));
    CHECK_EQ_STR(out, "blue\n");
    run_shell("echo $COLOUR; pwd",
              (struct rn_process_options){.env = env, .cwd = "/"}, out,
              sizeof(out));
    CHECK_EQ_STR(out, "green\n/\n");
}

/* Standard error can be a pipe, or go where the output goes, or nowhere. */
static void standard_error(void)
{
    const char *const argv[] = {"sh", "-c", "echo out; echo err >&2", NULL};
    struct rn_process_options options = {.out = RN_STDIO_NULL,
                                         .err = RN_STDIO_PIPE};
    struct rn_process *process;
    char out[64] = "";

    run_shell("echo out; echo err >&2",
              (struct rn_process_options){.err = RN_STDIO_OUT}, out,
              sizeof(out));
    CHECK_EQ_STR(out, "out\nerr\n");
    run_shell("echo out; echo err >&2",
              (struct rn_process_options){.err = RN_STDIO_NULL}, out,
              sizeof(out));
    CHECK_EQ_STR(out, "out\n");
    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return;
    CHECK(!rn_process_stdin(process) && !rn_process_stdout(process));
    memset(out, 0, sizeof(out));
    rn_conn_read_full(rn_process_stderr(process), out, 63);
    CHECK_EQ_STR(out, "err\n");
    rn_process_free(process);
}

struct feeder {
    struct rn_conn *conn;
    size_t size;
};

static void feed(struct feeder *own)
{
    CHECK_EQ_INT(net_write_stream(own->conn, own->size), RN_OK);
    rn_conn_close(own->conn);
}

/* Ten megabytes in and out of a child, both pipes at once. */
static void ten_megabytes_through(void)
{
    const size_t size =
        RN_CHECK_TSAN || RN_CHECK_ASAN ? 1 << 20 : 10 * (1 << 20);
    const char *const argv[] = {"cat", NULL};
    const struct rn_process_options options = {.in = RN_STDIO_PIPE,
                                               .out = RN_STDIO_PIPE};
    struct rn_process *cat;
    struct rn_exit end = {0};

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &cat), RN_OK))
        return;
    rn_go(feed, (struct feeder){rn_process_stdin(cat), size});
    CHECK_EQ_INT(net_read_stream(rn_process_stdout(cat)), size);
    CHECK_EQ_INT(rn_process_wait(cat, &end), RN_OK);
    CHECK_EQ_INT(end.code, 0);
    rn_process_free(cat);
    net_join_all();
}

/* A child that does not read its input: writing to it fails, without SIGPIPE.
 */
static void child_closes_its_input(void)
{
    const char *const argv[] = {"sh", "-c", "exec <&-; echo closed; read x <&1",
                                NULL};
    const struct rn_process_options options = {
        .in = RN_STDIO_PIPE, .out = RN_STDIO_PIPE, .err = RN_STDIO_NULL};
    struct rn_process *process;
    char out[8] = "";

    if (!CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), argv, &options, &process),
            RN_OK))
        return;
    CHECK_EQ_INT(rn_conn_read_full(rn_process_stdout(process), out, 7), 7);
    CHECK_EQ_STR(out, "closed\n");
    CHECK_EQ_INT(rn_conn_write(rn_process_stdin(process), "x", 1, NULL),
                 -EPIPE);
    rn_process_free(process);
}

/* Descriptors of ours stay ours: the child has 0, 1, 2 (and what it opens). */
static void descriptors_stay_ours(void)
{
    char out[128] = "";
    struct net_pair pair;
    struct rn_conn *ends[2];

    /* What this program was started with is none of the library's. */
    CHECK_EQ_INT(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0);
    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_pipe(&ends[0], &ends[1]), RN_OK);
    run_shell("cd /proc/self/fd; echo *", (struct rn_process_options){0}, out,
              sizeof(out));
    CHECK_MSG(strcmp(out, "0 1 2\n") == 0 || strcmp(out, "0 1 2 3\n") == 0,
              "the child has %s", out);
    rn_conn_free(ends[0]);
    rn_conn_free(ends[1]);
    net_pair_free(&pair);
}

/* Even when a signal is ignored, or blocked, here. */
static void child_starts_with_plain_signals(void)
{
    char out[256];
    unsigned long long blocked = 1;
    unsigned long long ignored = 1u << (SIGPIPE - 1);

    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    run_shell("grep -e SigBlk -e SigIgn /proc/self/status",
              (struct rn_process_options){0}, out, sizeof(out));
    CHECK_EQ_INT(sscanf(out, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored),
                 2);
    CHECK_EQ_INT(blocked, 0);
    CHECK_EQ_INT(ignored & 1u << (SIGPIPE - 1), 0);
    signal(SIGPIPE, SIG_DFL);
}

/* Programs and folders that are not there, and what makes no sense. */
static void what_cannot_be_started(void)
{
    const char *const nothing[] = {NULL};
    const char *const missing[] = {"/no/such/program", NULL};
    const char *const unknown[] = {"no-such-program-anywhere", NULL};
    const char *const folder[] = {"/etc", NULL};
    const char *const good[] = {"true", NULL};
    const struct rn_process_options odd = {.out = RN_STDIO_OUT};
    struct rn_ctx *root = rn_ctx_background();
    struct rn_ctx *done = rn_ctx_with_cancel(root);
    struct rn_process *process = NULL;

    CHECK_EQ_INT(rn_process_start(root, nothing, NULL, &process), RN_INVALID);
    CHECK_EQ_INT(rn_process_start(root, NULL, NULL, &process), RN_INVALID);
    CHECK_EQ_INT(rn_process_start(root, missing, NULL, &process), RN_NOT_FOUND);
    CHECK_EQ_INT(rn_process_start(root, unknown, NULL, &process), RN_NOT_FOUND);
    CHECK_EQ_INT(rn_process_start(root, folder, NULL, &process), -EACCES);
    CHECK_EQ_INT(rn_process_start(root, good, &odd, &process), RN_INVALID);
    rn_ctx_cancel(done);
    CHECK_EQ_INT(rn_process_start(done, good, NULL, &process), RN_CANCELED);
    rn_ctx_release(done);
    CHECK(!process);
    rn_process_free(NULL);
}

/* A start that fails leaves no descriptor and no child behind. */
static void failed_start_leaves_nothing(void)
{
    const char *const good[] = {"true", NULL};
    const struct rn_process_options nowhere = {.cwd = "/no/such/folder",
                                               .in = RN_STDIO_PIPE,
                                               .out = RN_STDIO_PIPE,
                                               .err = RN_STDIO_NULL};
    struct rn_process *process = NULL;
    int first = -1;
    int last = -1;

    /* The runtime opens one now and then: a leak shows by its number. */
    for (int i = 0; i < 50; i++) {
        CHECK_EQ_INT(
            rn_process_start(rn_ctx_background(), good, &nowhere, &process),
            RN_NOT_FOUND);
        last = dup(0);
        if (i == 0)
            first = last;
        close(last);
    }
    CHECK_MSG(last < first + 25, "descriptors went from %d to %d", first, last);
    CHECK_EQ_INT(waitpid(-1, NULL, WNOHANG), -1);
    CHECK_EQ_INT(errno, ECHILD);
}

RN_CHECK_MAIN(output_and_status, arguments_pass, environment_and_folder,
              standard_error, ten_megabytes_through, child_closes_its_input,
              descriptors_stay_ours, child_starts_with_plain_signals,
              what_cannot_be_started, failed_start_leaves_nothing)
