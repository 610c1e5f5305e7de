/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_session.c: the reader and the writer of a client.
 *
 * The writer belongs to a room: it is stopped before the client goes into
 * another, so `member` is its own meanwhile but for the name. Whatever ends a
 * session ends the reader; whoever cannot write closes the connection for that.
 * When the server's end begins, reading ends; when its time is over, the
 * connection is closed, whoever still writes.
 */
#include "chat_session.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/line_reader.h"
#include "common/tcp_serve.h"

#define NAMING_NS    (60 * RN_S) /* for a nickname to be given */
#define LAST_BATCHES 40          /* that hold more lines than a room keeps */

static struct rn_ctx *stopping(const struct chat_session *s)
{
    return rn_shutdown_ctx(s->server->shutdown);
}

static int send_text(struct chat_session *s, const char *text, size_t size)
{
    rn_conn_set_write_deadline(s->conn, rn_deadline(s->server->slow_ns));
    int status = rn_conn_write(s->conn, text, size, NULL);
    if (status != RN_OK)
        rn_conn_close(s->conn); /* which ends the reader */
    return status;
}

void chat_tell(struct chat_session *s, const char *format, ...)
{
    char text[2048]; /* the longest is the answer to /who */
    va_list args;

    va_start(args, format);
    int size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    send_text(s, text,
              (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1);
}

/* What is said in the room, as fast as the client takes it. */
static void write_lines(struct chat_session **own)
{
    struct chat_session *s = *own;
    struct chat_member *member = &s->member;
    char lines[4096];

    for (int left = LAST_BATCHES; left > 0;) {
        left -= rn_ctx_err(s->hearing) != RN_OK;
        size_t size = chat_room_wait(s->hearing, member->room, &member->seen,
                                     lines, sizeof(lines));
        if (size == 0 || send_text(s, lines, size) != RN_OK)
            break;
    }
    rn_waitgroup_done(&s->writing);
}

void chat_start_hearing(struct chat_session *s)
{
    s->hearing = rn_ctx_with_cancel(stopping(s));
    rn_waitgroup_add(&s->writing, 1);
    rn_go(write_lines, s);
}

void chat_stop_hearing(struct chat_session *s)
{
    if (!s->hearing)
        return;
    rn_ctx_cancel(s->hearing);
    rn_waitgroup_wait(&s->writing);
    rn_ctx_release(s->hearing);
    s->hearing = NULL;
}

/* Until the client goes (0), or what ended the reading. */
static int read_lines(struct chat_session *s)
{
    struct line_reader lines = {.conn = s->conn};
    char *line;

    /* take_nick may undo what ends the reading, but not past this look. */
    while (rn_ctx_err(stopping(s)) == RN_OK) {
        int status = line_read(&lines, &line);
        if (status == -EMSGSIZE)
            chat_tell(s, "! more than %d bytes are no line\n", LINE_READ_MAX);
        else if (status <= 0)
            return status;
        else if (!chat_obey(s, line))
            return 0;
    }
    return RN_CANCELED;
}

void chat_serve(struct rn_ctx *ctx, struct chat_session *s)
{
    struct tcp_guard at_stop, at_end;

    rn_conn_set_read_deadline(s->conn, rn_deadline(NAMING_NS));
    tcp_guard_begin(&at_stop, stopping(s), s->conn, tcp_end_reading);
    tcp_guard_begin(&at_end, ctx, s->conn, rn_conn_close);
    chat_tell(s, "* welcome, say /nick NAME\n");
    int status = read_lines(s);
    chat_stop_hearing(s);
    if (rn_ctx_err(stopping(s)) != RN_OK)
        chat_tell(s, "* the server ends\n");
    else if (status == RN_TIMEOUT)
        chat_tell(s, "! no name, no chat\n");
    tcp_guard_end(&at_end);
    tcp_guard_end(&at_stop);
    chat_leave(s->server->hub, &s->member);
    rn_conn_free(s->conn);
    rn_semaphore_release(&s->server->places, 1);
}
