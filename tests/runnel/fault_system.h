/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_system.h: work that asks the system for something, for the sweep: what
 * each call may say when one of those below it failed, and what is then left.
 */
#ifndef FAULT_SYSTEM_H
#define FAULT_SYSTEM_H

#include <fcntl.h>
#include <sys/stat.h>

#include "fault_wrap.h"
#include "rn_check.h"

/* ------------------------------------------------------- what may come of it */

/* What a failure may look like from another side than the one it hit. */
static inline bool follows(int64_t status)
{
    switch (status) {
    case RN_NOMEM:
    case RN_CLOSED:
    case RN_TIMEOUT:
    case RN_CANCELED:
    case RN_NOT_FOUND:
    case RN_CRASHED:
    case RN_DEADLOCK:
    case -ECONNREFUSED:
    case -ECONNRESET:
    case -ENOTCONN: /* of a connection that was reset */
        return true;
    default:
        return status == -fault_error();
    }
}

/* A status that a failing call may turn into. */
static bool expect(int64_t status)
{
    if (status >= 0)
        return true;
    CHECK_MSG(fault_happened(), "status %" PRId64 " without a failure", status);
    CHECK_MSG(follows(status), "status %" PRId64 " after errno %d", status,
              fault_error());
    return false;
}

/* What must be so unless a call failed. */
#define UNLESS_FAILED(condition) CHECK((condition) || fault_happened())

static void wait_for_others(void)
{
    while (rn_task_count() > 1)
        rn_sleep(50 * RN_US);
}

/* ----------------------------------------------------- goroutines, time, fds */

static void use_nothing(void)
{
}

static void echo(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
}

static void use_goroutines(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int started = 0;

    rn_defer(rn_chan_free_, (struct rn_channel *)(uintptr_t)chan);
    for (int i = 0; i < 20; i++)
        started += expect(rn_try_go(echo, chan));
    for (int i = 0; i < started; i++)
        rn_send(chan, i);
    wait_for_others();
}

/* Another stack for each: carving, guarding, cooling down. */
static void use_stacks(void)
{
    for (size_t size = (size_t)16 << 10; size <= (size_t)1 << 20; size *= 4) {
        const struct rn_task_options options = {.stack_size = size};
        rn_chan(int) chan = rn_chan_make(int, 0);

        rn_defer(rn_chan_free_, (struct rn_channel *)(uintptr_t)chan);
        rn_go_with(&options, echo, chan);
        rn_send(chan, 1);
        wait_for_others();
    }
}

static void nothing(void *arg)
{
    (void)arg;
}

static void use_time(void)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_S);
    rn_defer(rn_ctx_release, ctx);
    struct rn_timer *timer = rn_timer_make(RN_US);
    rn_defer(rn_timer_free, timer);

    rn_sleep(RN_US);
    rn_recv(rn_timer_chan(timer), NULL);
    rn_ctx_cancel(ctx);
    rn_block(nothing, NULL);
    expect(rn_set_procs(3));
    if (expect(rn_lock_thread()))
        rn_unlock_thread();
}

/* Past the library, and what stands in front of it. */
static int own_pipe(int fds[2])
{
    char name[] = "/proc/self/fd/XXXXXXXXXXXX";
    struct rn_conn *reader;
    struct rn_conn *writer;
    int status = rn_pipe(&reader, &writer);

    if (!expect(status))
        return status;
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "/proc/self/fd/%d",
                 rn_conn_fd(i ? writer : reader));
        fds[i] = openat(AT_FDCWD, name, (i ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    }
    rn_conn_free(reader);
    rn_conn_free(writer);
    return 0;
}

static void use_descriptors(void)
{
    struct rn_conn *conn;
    int fds[2];

    if (own_pipe(fds) != 0)
        return;
    expect(rn_wait_fd(fds[1], RN_WRITE, rn_deadline(RN_S)));
    if (expect(rn_conn_take(fds[0], &conn)))
        rn_conn_free(conn);
    else
        rn_file_close(fds[0]);
    rn_file_close(fds[1]);
}

/* -------------------------------------------------------------------- network */

#define TEXT "a line that is longer than one byte"
#define SIZE ((int64_t)sizeof(TEXT))

static bool write_text(struct rn_conn *conn)
{
    char text[] = TEXT;
    const struct iovec pieces[] = {{text, 2}, {text + 2, sizeof(text) - 2}};
    size_t written;
    int status = rn_conn_write_pieces(conn, pieces, 2, &written);

    CHECK(status != RN_OK || written == sizeof(text));
    return expect(status);
}

/* All of it, a piece of it, or why not. */
static bool read_text(struct rn_conn *conn)
{
    char text[sizeof(TEXT)];
    int64_t got = rn_conn_read_full(conn, text, sizeof(text));

    UNLESS_FAILED(got == SIZE);
    CHECK(got < 0 || memcmp(text, TEXT, (size_t)got) == 0);
    return expect(got) && got == SIZE;
}

/* Whatever fails ends the other side's wait too. */
static void serve(struct rn_listener **own)
{
    struct rn_conn *conn;

    if (!expect(rn_accept(*own, &conn))) {
        rn_listener_close(*own);
        return;
    }
    if (read_text(conn))
        write_text(conn);
    rn_conn_free(conn);
}

static void dial(const char *address)
{
    struct rn_conn *conn;
    char byte;

    if (!expect(rn_dial(rn_ctx_background(), address, &conn)))
        return;
    UNLESS_FAILED(*rn_conn_local(conn) != '\0' ||
                  strncmp(address, "unix:", 5) == 0);
    if (write_text(conn) && expect(rn_conn_close_write(conn)) &&
        expect(rn_conn_wait_writable(conn)) && read_text(conn))
        expect(rn_conn_read(conn, &byte, 1));
    rn_conn_free(conn);
}

/* True when it was listening. */
static bool serve_and_dial(const char *address, const char *dialed)
{
    const struct rn_listen_options options = {.reuse_port = true};
    struct rn_listener *listener;
    char name[RN_ADDRESS_MAX];

    if (!expect(rn_listen(address, &options, &listener)))
        return false;
    snprintf(name, sizeof(name), "%s%s", dialed ? dialed : "",
             dialed ? strrchr(rn_listener_address(listener), ':')
                    : rn_listener_address(listener));
    if (expect(rn_try_go(serve, listener)))
        dial(name);
    rn_listener_close(listener);
    wait_for_others();
    rn_listener_free(listener);
    return true;
}

static void use_tcp(void)
{
    serve_and_dial("127.0.0.1:0", NULL);
}

static void use_tcp_any(void)
{
    serve_and_dial(":0", "127.0.0.1");
}

static void use_names(void)
{
    serve_and_dial("localhost:0", "localhost");
}

static void use_unix(void)
{
    char name[RN_ADDRESS_MAX];
    struct stat stat;

    bool listened = serve_and_dial("unix:socket", NULL);

    /* One that cannot be looked at may be another's: then it stays. */
    if (fstatat(AT_FDCWD, "socket", &stat, 0) == 0) {
        CHECK(listened && fault_error() == EIO);
        unlink("socket");
    }
    snprintf(name, sizeof(name), "unix:@runnel-fault-sweep-%d", (int)getpid());
    serve_and_dial(name, NULL);
}

static void use_udp(void)
{
    char text[sizeof(TEXT)];
    struct rn_udp *udp;

    if (!expect(rn_udp_bind("127.0.0.1:0", &udp)))
        return;
    if (expect(rn_udp_send(udp, rn_udp_address(udp), TEXT, sizeof(TEXT))))
        expect(rn_udp_recv(udp, text, sizeof(text), NULL));
    rn_udp_free(udp);
}

static void use_pipe(void)
{
    struct rn_conn *reader;
    struct rn_conn *writer;

    if (!expect(rn_pipe(&reader, &writer)))
        return;
    if (write_text(writer))
        read_text(reader);
    rn_conn_free(writer);
    rn_conn_free(reader);
}

/* ---------------------------------------------------------- files, processes */

/* Whole in any case, with the permissions it had. */
static void check_file(unsigned mode)
{
    struct stat found;

    if (fstatat(AT_FDCWD, "file", &found, 0) != 0)
        return;
    CHECK_EQ_INT(found.st_size, SIZE);
    CHECK_EQ_INT(found.st_mode & 0777, mode);
}

static void use_whole_files(void)
{
    char *text;
    size_t size;

    expect(rn_file_write_all("file", TEXT, sizeof(TEXT), 0600));
    check_file(0600);
    if (fchmodat(AT_FDCWD, "file", 0640, 0) == 0) {
        expect(rn_file_write_all("file", TEXT, sizeof(TEXT), 0600));
        check_file(0640);
        if (expect(rn_file_read_all("file", 1000, &text, &size))) {
            CHECK_EQ_INT(size, SIZE);
            free(text);
        }
    }
    if (expect(rn_file_read_all("/proc/self/stat", 1 << 20, &text, &size)))
        free(text);
    unlink("file");
}

static void use_open_files(void)
{
    int fd = rn_file_open("file", O_RDWR | O_CREAT, 0600);
    char text[sizeof(TEXT)];

    if (!expect(fd))
        return;
    if (expect(rn_file_write(fd, TEXT, sizeof(TEXT))) &&
        expect(rn_file_write_at(fd, TEXT, sizeof(TEXT), SIZE)) &&
        expect(rn_file_sync(fd)) && expect(rn_file_size(fd))) {
        int64_t got = rn_file_read_at(fd, text, sizeof(text), SIZE);

        CHECK(!expect(got) ||
              (got > 0 && memcmp(text, TEXT, (size_t)got) == 0));
        CHECK(rn_file_read(fd, text, 1) != 0 || fault_happened());
    }
    expect(rn_file_close(fd));
    unlink("file");
}

/* One that ends with its input, whatever else fails. */
static void run_cat(const struct rn_process_options *options)
{
    const char *const argv[] = {"cat", NULL};
    struct rn_process *cat;
    struct rn_exit end = {0};

    if (!expect(rn_process_start(rn_ctx_background(), argv, options, &cat)))
        return;
    if (write_text(rn_process_stdin(cat)) && rn_process_stdout(cat))
        read_text(rn_process_stdout(cat));
    if (options->own_group)
        expect(rn_process_kill(cat, SIGTERM));
    rn_conn_close(rn_process_stdin(cat));
    if (expect(rn_process_wait(cat, &end)))
        UNLESS_FAILED(end.signal == (options->own_group ? SIGTERM : 0));
    rn_process_free(cat);
}

static void use_processes(void)
{
    run_cat(&(struct rn_process_options){.in = RN_STDIO_PIPE,
                                         .out = RN_STDIO_PIPE,
                                         .err = RN_STDIO_NULL,
                                         .cwd = "."});
}

static void use_process_groups(void)
{
    run_cat(&(struct rn_process_options){.in = RN_STDIO_PIPE,
                                         .out = RN_STDIO_NULL,
                                         .err = RN_STDIO_OUT,
                                         .own_group = true});
}

static void use_signals(void)
{
    rn_chan(int) signals = rn_chan_make(int, 1);
    int number = 0;

    rn_defer(rn_chan_free_, (struct rn_channel *)(uintptr_t)signals);
    if (expect(rn_signal_notify(signals, SIGUSR1))) {
        raise(SIGUSR1);
        rn_recv(signals, &number);
        CHECK_EQ_INT(number, SIGUSR1);
    }
    rn_signal_stop(signals);
}

#endif
