/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_session.h: one client of the chat server: a goroutine that reads what he
 * says, and one that writes what he hears.
 */
#ifndef CHAT_SESSION_H
#define CHAT_SESSION_H

#include "chat_hub.h"

struct chat_server {
    struct chat_hub *hub;
    struct rn_semaphore places; /* for sessions */
    int64_t slow_ns;            /* for a client to take what it is sent */
    struct rn_shutdown *shutdown;
};

struct chat_session {
    struct chat_server *server;
    struct rn_conn *conn;
    struct chat_member member;
    struct rn_ctx *hearing;      /* done when the writer shall end; or NULL */
    struct rn_waitgroup writing; /* the writer, if any */
};

/*
 * A function of the server's shutdown: serves the client until it goes or the
 * end has begun; frees the connection, gives the place back. `server` and
 * `conn` are given, the rest is zero. Parks.
 */
void chat_serve(struct rn_ctx *ctx, struct chat_session *s);

/* For commands. To this client alone; parks. */
void chat_tell(struct chat_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* He hears his room from now on; not any more. The latter parks. */
void chat_start_hearing(struct chat_session *s);
void chat_stop_hearing(struct chat_session *s);

/* What the line says, is done (chat_command.c). False: he wants to go. */
bool chat_obey(struct chat_session *s, char *line);

#endif
