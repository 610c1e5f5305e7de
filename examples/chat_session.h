/* SPDX-License-Identifier: Apache-2.0 */
/* chat_session.h: one client of the chat server. */
#ifndef CHAT_SESSION_H
#define CHAT_SESSION_H

#include <stdatomic.h>

#include <runnel/runnel.h>

#include "chat_hub.h"

struct chat_server {
    struct chat_hub *hub;
    struct rn_semaphore places; /* for sessions */
    int64_t slow_ns;            /* for a client to take what it is sent */
    _Atomic(int64_t) end;       /* the deadline of all writes, when it stops */
};

struct chat_session {
    struct chat_server *server;
    struct rn_conn *conn;
    struct rn_ctx *ctx; /* done when the server stops */
    struct chat_member member;
    struct rn_ctx *hearing;        /* done when the writer shall end */
    struct rn_waitgroup writing;   /* the writer, if any */
    struct rn_waitgroup finishing; /* begin_to_finish */
};

/*
 * Serves the client until it goes or ctx is done; frees the connection, gives
 * the place back. `server` and `conn` are given, the rest is zero. RN_OK.
 * Parks.
 */
int chat_serve(struct rn_ctx *ctx, struct chat_session *s);

#endif
