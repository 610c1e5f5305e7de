/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h: child processes; only the goroutine waits for them.
 *
 *     const char *const argv[] = {"sort", "-u", NULL};
 *     const struct rn_process_options options = {.in = RN_STDIO_PIPE,
 *                                                .out = RN_STDIO_PIPE};
 *     struct rn_process *sort;
 *     int status = rn_process_start(ctx, argv, &options, &sort);
 *     if (status != RN_OK)
 *         return status;
 *     rn_conn_write(rn_process_stdin(sort), "b\na\n", 4, NULL);
 *     rn_conn_close(rn_process_stdin(sort));
 *     got = rn_conn_read_full(rn_process_stdout(sort), text, sizeof(text));
 *     struct rn_exit end;
 *     status = rn_process_wait(sort, &end);
 *     rn_process_free(sort);
 *
 * Life: a goroutine of the library's own watches the child. It takes its end
 * from the system, so no zombie stays, also when nobody waits; and it kills the
 * child when the context is done. A child that writes more than a pipe holds
 * waits for its reader: read its output before you wait for its end.
 *
 * The child starts with no signal blocked and SIGPIPE as usual. It gets
 * descriptors 0, 1, 2 and what is not closed by exec; all of the library's are.
 *
 * Ownership: the caller frees the process. Its pipes belong to it: they may be
 * closed early, and are not to be freed.
 *
 * Threads: any goroutine may call these; start and free, of one process, once.
 */
#ifndef RUNNEL_PROCESS_H
#define RUNNEL_PROCESS_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_conn;
struct rn_ctx;
struct rn_process;

/* What one of the child's standard descriptors is. */
enum rn_stdio {
    RN_STDIO_SAME, /* ours */
    RN_STDIO_NULL, /* /dev/null */
    RN_STDIO_PIPE, /* a pipe to us */
    RN_STDIO_OUT,  /* standard error only: where its standard output goes */
};

struct rn_process_options {
    const char *const *env; /* "NAME=value", ..., NULL; NULL: ours */
    const char *cwd;        /* its folder; NULL: ours */
    enum rn_stdio in;
    enum rn_stdio out;
    enum rn_stdio err;
    /* Of a process group of its own, and a kill reaches all of it. */
    bool own_group;
};

/* How a child ended. */
struct rn_exit {
    int code;   /* its exit status, or -1 when a signal ended it */
    int signal; /* the signal that ended it, or 0 */
};

/*
 * Starts argv[0] (looked for in $PATH when it has no slash); argv ends with
 * NULL. `options` may be NULL. Parks until the program has been loaded. RN_OK
 * with the process in *out; RN_NOT_FOUND (no such program, or folder), -EACCES,
 * RN_INVALID (no program, options that make no sense), -EMFILE, ..., or the
 * status of a context that is done.
 */
int rn_process_start(struct rn_ctx *ctx, const char *const argv[],
                     const struct rn_process_options *options,
                     struct rn_process **out);

/*
 * Our ends of its pipes: stdin to write, the others to read; NULL for what is
 * no pipe. Borrowed.
 */
struct rn_conn *rn_process_stdin(struct rn_process *process);
struct rn_conn *rn_process_stdout(struct rn_process *process);
struct rn_conn *rn_process_stderr(struct rn_process *process);

/* Its number, which is nobody else's until it has ended. */
int rn_process_pid(const struct rn_process *process);

/*
 * Parks until the child has ended. RN_OK with how in *end (NULL: not asked);
 * the context's status when that was done before and the child was killed for
 * it, *end is set then too; -ECHILD when somebody else took its end. May be
 * called again, and by several.
 */
int rn_process_wait(struct rn_process *process, struct rn_exit *end);

/*
 * Sends a signal. Does not park. RN_OK, -ESRCH when it has ended, RN_INVALID
 * for what is no signal.
 */
int rn_process_kill(struct rn_process *process, int signal);

/*
 * Kills the child if it runs still, and parks until it has ended. Closes and
 * frees its pipes. NULL is allowed.
 */
void rn_process_free(struct rn_process *process);

#ifdef __cplusplus
}
#endif

#endif
