/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_session.c: a goroutine that reads what the client says, and one that
 * writes what it hears.
 *
 * The writer belongs to a room: it is stopped before the client goes into
 * another, so `member` is its own meanwhile but for the name. Whatever ends a
 * session ends the reader; whoever cannot write closes the connection for that.
 */
#include "chat_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/line_reader.h"

#define NAMING_NS    (60 * RN_S) /* for a nickname to be given */
#define GOODBYE_NS   (3 * RN_S)  /* for the last lines at the end */
#define LAST_BATCHES 40          /* that hold more lines than a room keeps */

static int64_t write_deadline(struct chat_session *s)
{
    int64_t none = 0, end = rn_deadline(GOODBYE_NS);

    if (rn_ctx_err(s->ctx) == RN_OK)
        return rn_deadline(s->server->slow_ns);
    return atomic_compare_exchange_strong(&s->server->end, &none, end) ? end
                                                                       : none;
}

static int send_text(struct chat_session *s, const char *text, size_t size)
{
    rn_conn_set_write_deadline(s->conn, write_deadline(s));
    return rn_conn_write(s->conn, text, size, NULL);
}

/* To this client alone. */
__attribute__((format(printf, 2, 3))) static void tell(struct chat_session *s,
                                                       const char *format, ...)
{
    char text[CHAT_LINE_MAX];
    va_list args;

    va_start(args, format);
    int size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (send_text(s, text, (size_t)size) != RN_OK)
        rn_conn_close(s->conn);
}

/* What is said in the room, as fast as the client takes it. */
static void write_lines(struct chat_session **own)
{
    struct chat_session *s = *own;
    char lines[4096];
    size_t size;

    for (int left = LAST_BATCHES; left > 0;) {
        left -= rn_ctx_err(s->hearing) != RN_OK;
        size = chat_wait(s->hearing, &s->member, lines, sizeof(lines));
        if (size == 0)
            break;
        if (send_text(s, lines, size) != RN_OK) {
            rn_conn_close(s->conn); /* which ends the reader */
            break;
        }
    }
    rn_waitgroup_done(&s->writing);
}

static void stop_writer(struct chat_session *s)
{
    if (!s->hearing)
        return;
    rn_ctx_cancel(s->hearing);
    rn_waitgroup_wait(&s->writing);
    rn_ctx_release(s->hearing);
    s->hearing = NULL;
}

static void join(struct chat_session *s, const char *name)
{
    stop_writer(s);
    size_t members = chat_enter(s->server->hub, &s->member, name);
    if (members == 0)
        tell(s, "! there are %d rooms, and that is all\n", CHAT_ROOMS);
    else
        tell(s, "* this is %s, %zu here\n", name, members);
    if (!s->member.room)
        return; /* even the lobby has gone; /nick tries again */
    s->hearing = rn_ctx_with_cancel(s->ctx);
    rn_waitgroup_add(&s->writing, 1);
    rn_go(write_lines, s);
}

static void take_nick(struct chat_session *s, const char *name)
{
    if (!chat_name_good(name)) {
        tell(s, "! a name has 1 to %d letters, digits, - and _\n",
             CHAT_NAME_MAX);
    } else if (!chat_rename(s->server->hub, &s->member, name)) {
        tell(s, "! %s is taken\n", name);
    } else if (!s->member.room) {
        rn_conn_set_read_deadline(s->conn, RN_NEVER);
        join(s, "lobby");
    }
}

/* False when the client wants to go. */
static bool obey(struct chat_session *s, char *line)
{
    char *rest = line;
    const char *command = strsep(&rest, " ");
    const char *argument = rest ? rest : "";

    if (strcmp(command, "/quit") == 0)
        return false;
    if (strcmp(command, "/nick") == 0) {
        take_nick(s, argument);
    } else if (!s->member.room) {
        tell(s, "! first say /nick NAME\n");
    } else if (strcmp(command, "/join") == 0) {
        if (chat_name_good(argument))
            join(s, argument);
        else
            tell(s, "! which room?\n");
    } else if (strcmp(command, "/who") == 0) {
        char *who = chat_who(s->server->hub, &s->member);
        if (who && send_text(s, who, strlen(who)) != RN_OK)
            rn_conn_close(s->conn);
        free(who);
    } else {
        tell(s, "! there are /nick, /join, /who and /quit\n");
    }
    return true;
}

/* False when the client wants to go. */
static bool take_line(struct chat_session *s, char *line)
{
    for (char *c = line; *c; c++) { /* nobody moves another's cursor */
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    }
    if (line[0] == '/')
        return obey(s, line);
    if (!s->member.room)
        tell(s, "! first say /nick NAME\n");
    else if (line[strspn(line, " ")] != '\0')
        chat_say(&s->member, "%s: %s", s->member.nick, line);
    return true;
}

static void begin_to_finish(void *arg)
{
    struct chat_session *s = arg;

    rn_conn_set_write_deadline(s->conn, write_deadline(s));
    rn_conn_set_read_deadline(s->conn, rn_now());
    rn_waitgroup_done(&s->finishing);
}

/* A client, from its first line to its last. */
int chat_serve(struct rn_ctx *ctx, struct chat_session *s)
{
    struct line_reader lines = {.conn = s->conn};
    char *line;
    int status = 1;

    s->ctx = ctx;
    rn_conn_set_read_deadline(s->conn, rn_deadline(NAMING_NS));
    rn_waitgroup_add(&s->finishing, 1);
    struct rn_ctx *after = rn_ctx_after_func(ctx, begin_to_finish, s);
    tell(s, "* welcome, say /nick NAME\n");
    /* take_nick moves a deadline of begin_to_finish, but not past this look. */
    while (status != 0 && rn_ctx_err(ctx) == RN_OK) {
        status = line_read(&lines, &line);
        if (status == -EMSGSIZE)
            tell(s, "! more than %d bytes are no line\n", LINE_READ_MAX);
        else if (status <= 0)
            break;
        else if (!take_line(s, line))
            status = 0;
    }
    stop_writer(s);
    if (rn_ctx_err(ctx) != RN_OK)
        tell(s, "* the server ends\n");
    else if (status == RN_TIMEOUT)
        tell(s, "! no name, no chat\n");
    if (!rn_ctx_stop(after))
        rn_waitgroup_wait(&s->finishing);
    rn_ctx_release(after);
    chat_leave(s->server->hub, &s->member);
    rn_conn_free(s->conn);
    rn_semaphore_release(&s->server->places, 1);
    return RN_OK;
}
