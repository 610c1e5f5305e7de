/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat.c: a chat server for ten thousand, and a client for the terminal.
 *
 * Lines of text over TCP: the first is "/nick NAME"; then "/join ROOM", "/who",
 * "/quit", and everything else is said in the room. A client has a goroutine
 * that reads what it says and one that writes what it hears. Look at
 * chat_room.h: a room is a ring of lines in which everyone has a place of his own, so a
 * client that does not read holds up its own writer and nobody else. When such
 * a write takes too long (--slow-ms) the client is dropped. Ctrl-C or SIGTERM:
 * everyone is sent what was said until then, and told that it is over.
 *
 *     chat --listen 127.0.0.1:7000
 *     chat --connect 127.0.0.1:7000 --nick ann        or telnet, nc
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "chat_session.h"
#include "chat_terminal.h"
#include "common/example.h"
#include "common/tcp_serve.h"

#define OTHER_FILES 32         /* beside connections */
#define GOODBYE_NS  (3 * RN_S) /* for the last lines at the end */

static const char *listen_address = "127.0.0.1:7000", *connect_address, *nick;
static int64_t most = 10000, slow_ms = 10000;

static void take(struct rn_conn *conn, void *arg)
{
    static const char full[] = "! the server is full\n";
    struct chat_server *server = arg;

    if (!rn_semaphore_try_acquire(&server->places, 1)) {
        rn_conn_write(conn, full, sizeof(full) - 1, NULL);
        rn_conn_free(conn);
    } else if (rn_shutdown_go(server->shutdown, chat_serve,
                              (struct chat_session){.server = server,
                                                    .conn = conn}) != RN_OK) {
        rn_conn_free(conn); /* it came with the signal */
    }
}

/* As many connections as the system allows, up to what was asked for. */
static int64_t raise_limit(int64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int64_t files =
        limit.rlim_max > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_max;
    int64_t has = files > OTHER_FILES ? files - OTHER_FILES : 1;
    return has < wanted ? has : wanted;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (connect_address)
        return chat_terminal(ctx, connect_address, nick);

    struct chat_server server = {.hub = chat_hub_make(),
                                 .slow_ns = slow_ms * RN_MS};
    char more[64];
    int64_t places = raise_limit(most);
    snprintf(more, sizeof(more), " for %lld clients", (long long)places);
    struct rn_listener *listener =
        server.hub ? tcp_listen("tcp", listen_address, more) : NULL;
    if (listener) {
        server.places = (struct rn_semaphore)RN_SEMAPHORE(places);
        server.shutdown = rn_shutdown_make(ctx);
        tcp_accept_all(rn_shutdown_ctx(server.shutdown), listener, take,
                       &server);
        rn_shutdown_finish(server.shutdown, GOODBYE_NS);
    }
    rn_listener_free(listener);
    free(server.hub);
    return listener ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "serve there", .text = &listen_address},
        {"clients", "N", "at most so many", .number = &most, 1, 1000000},
        {"slow-ms", "MS", "a client that takes nothing for so long is dropped",
         .number = &slow_ms, 1, 3600000},
        {"connect", "ADDRESS", "be a client of the server there",
         .text = &connect_address},
        {"nick", "NAME", "of this client", .text = &nick},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[--listen ADDRESS | --connect ADDRESS [--nick NAME]]",
            .about = "A chat server, or a client of one in the terminal.",
            .options = options,
            .serves = true,
            .run = run});
}
