/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat.c: a chat server for ten thousand, and a client for the terminal.
 *
 * Lines of text over TCP: the first is "/nick NAME"; then "/join ROOM", "/who",
 * "/quit", and everything else is said in the room. A client has a goroutine
 * that reads what it says and one that writes what it hears. Look at chat_wait:
 * a room is a ring of lines in which everyone has a place of his own, so a
 * client that does not read holds up its own writer and nobody else. When such
 * a write takes too long (--slow-ms) the client is dropped. Ctrl-C or SIGTERM:
 * everyone is sent what was said until then, and told that it is over.
 *
 *     chat --listen 127.0.0.1:7000
 *     chat --connect 127.0.0.1:7000 --nick ann        or telnet, nc
 */
#include <stdio.h>
#include <sys/resource.h>

#include "chat_session.h"
#include "chat_terminal.h"
#include "common/example.h"

#define OTHER_FILES 32 /* beside connections */

static const char *listen_address = "127.0.0.1:7000", *connect_address, *nick;
static int64_t most = 10000, slow_ms = 10000;

static void stop_listening(void *arg)
{
    rn_listener_close(arg);
}

static void accept_all(struct chat_server *server, struct rn_listener *listener,
                       struct rn_group *group)
{
    static const char full[] = "! the server is full\n";
    struct chat_session next = {.server = server};
    int status;

    while ((status = rn_accept(listener, &next.conn)) != RN_CLOSED) {
        if (status != RN_OK) {
            rn_sleep(10 * RN_MS); /* out of descriptors: they come back */
        } else if (rn_semaphore_try_acquire(&server->places, 1)) {
            rn_group_go(group, chat_serve, next);
        } else {
            rn_conn_write(next.conn, full, sizeof(full) - 1, NULL);
            rn_conn_free(next.conn);
        }
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

    int64_t places = raise_limit(most);
    struct chat_server server = {chat_hub_make(), RN_SEMAPHORE(places),
                                 slow_ms * RN_MS, 0};
    struct rn_listener *listener = NULL;
    int status =
        server.hub ? rn_listen(listen_address, NULL, &listener) : RN_NOMEM;
    if (status == RN_OK) {
        struct rn_group *group = rn_group_make(ctx, 0);
        struct rn_ctx *after = rn_ctx_after_func(ctx, stop_listening, listener);
        printf("listening on tcp://%s for %lld clients\n",
               rn_listener_address(listener), (long long)places);
        fflush(stdout);
        accept_all(&server, listener, group);
        rn_group_wait(group);
        rn_ctx_release(after);
    } else {
        example_error("%s: %s", listen_address, rn_status_text(status));
    }
    rn_listener_free(listener);
    chat_hub_free(server.hub);
    return status == RN_OK ? 0 : 1;
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
