/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: listen, dial, accept, read, write, half-close; TCP and Unix sockets;
 * addresses; many connections; both directions at once.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "net_check.h"

/* What is dialed is accepted, and bytes go both ways. */
static void bytes_go_both_ways(void)
{
    struct net_pair pair;
    char buffer[8] = "";

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "ping", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(pair.accepted, buffer, 4), 4);
    CHECK_EQ_STR(buffer, "ping");
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "pong", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(pair.dialed, buffer, 4), 4);
    CHECK_EQ_STR(buffer, "pong");
    net_pair_free(&pair);
}

/* Each end knows its own address and the other's. */
static void addresses_are_told(void)
{
    struct net_pair pair;

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_STR(rn_conn_remote(pair.dialed),
                 rn_listener_address(pair.listener));
    CHECK_EQ_STR(rn_conn_local(pair.accepted),
                 rn_listener_address(pair.listener));
    CHECK_EQ_STR(rn_conn_remote(pair.accepted), rn_conn_local(pair.dialed));
    CHECK(strncmp(rn_conn_local(pair.dialed), "127.0.0.1:", 10) == 0);
    net_pair_free(&pair);
}

/* Text that is no address is refused, without a look-up. */
static void what_is_no_address_is_refused(void)
{
    static const char *const wrong[] = {
        "",       "localhost", "127.0.0.1",      "127.0.0.1:",
        ":",      ":65536",    "127.0.0.1:-1",   "127.0.0.1:80x",
        "::1:80", "[::1]",     "[::1]80",        "[]:80",
        "unix:",  "unix:@",    "[127.0.0.1]:80", "1.2.3.4:080808",
    };
    struct rn_listener *listener = NULL;
    struct rn_conn *conn = NULL;
    char path[200] = "unix:";

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_MSG(rn_dial(rn_ctx_background(), wrong[i], &conn) == RN_INVALID,
                  "dial takes \"%s\"", wrong[i]);
        CHECK_MSG(rn_listen(wrong[i], NULL, &listener) == RN_INVALID,
                  "listen takes \"%s\"", wrong[i]);
    }
    memset(path + 5, 'x', 108);
    CHECK_EQ_INT(rn_listen(path, NULL, &listener), RN_INVALID);
    CHECK(!listener && !conn);
}

/* A port that nobody listens on refuses. */
static void nobody_listens(void)
{
    struct rn_listener *listener;
    struct rn_conn *conn = NULL;
    char address[RN_ADDRESS_MAX];

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &listener), RN_OK))
        return;
    snprintf(address, sizeof(address), "%s", rn_listener_address(listener));
    rn_listener_free(listener);
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &conn), -ECONNREFUSED);
    CHECK(!conn);
}

/* A port that somebody listens on cannot be listened on again. */
static void address_in_use(void)
{
    struct rn_listener *first;
    struct rn_listener *second = NULL;

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &first), RN_OK))
        return;
    CHECK_EQ_INT(rn_listen(rn_listener_address(first), NULL, &second),
                 -EADDRINUSE);
    CHECK(!second);
    rn_listener_free(first);
}

/* With reuse_port several share a port, and each may accept. */
static void shared_port(void)
{
    const struct rn_listen_options options = {.reuse_port = true};
    struct rn_listener *first;
    struct rn_listener *second = NULL;
    struct rn_conn *conn;

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", &options, &first), RN_OK))
        return;
    CHECK_EQ_INT(rn_listen(rn_listener_address(first), &options, &second),
                 RN_OK);
    rn_listener_free(first);
    if (CHECK_EQ_INT(
            rn_dial(rn_ctx_background(), rn_listener_address(second), &conn),
            RN_OK))
        rn_conn_free(conn);
    rn_listener_free(second);
}

/* "localhost" is looked up; ":0" listens on any interface. */
static void names_and_any_interface(void)
{
    struct rn_listener *listener;
    struct rn_conn *dialed = NULL;
    struct rn_conn *accepted = NULL;
    char address[RN_ADDRESS_MAX];

    if (!CHECK_EQ_INT(rn_listen(":0", NULL, &listener), RN_OK))
        return;
    snprintf(address, sizeof(address), "localhost%s",
             strrchr(rn_listener_address(listener), ':'));
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &dialed), RN_OK);
    CHECK_EQ_INT(rn_accept(listener, &accepted), RN_OK);
    rn_conn_free(dialed);
    rn_conn_free(accepted);
    rn_listener_free(listener);
}

/* A name that cannot exist is not found. */
static void name_is_not_found(void)
{
    struct rn_conn *conn = NULL;

    CHECK_EQ_INT(rn_dial(rn_ctx_background(), "no..such..name:80", &conn),
                 RN_NOT_FOUND);
    CHECK(!conn);
}

/* Reading nothing returns 0 at once, without waiting. */
static void reading_nothing(void)
{
    struct net_pair pair;
    char byte;

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 0), 0);
    CHECK_EQ_INT(rn_conn_read_full(pair.dialed, &byte, 0), 0);
    CHECK_EQ_INT(rn_conn_write(pair.dialed, &byte, 0, NULL), RN_OK);
    net_pair_free(&pair);
}

/* After close_write the other side reads to the end and can still write. */
static void half_close(void)
{
    struct net_pair pair;
    char buffer[8] = "";

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "last", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_close_write(pair.dialed), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(pair.accepted, buffer, 8), 4);
    CHECK_EQ_STR(buffer, "last");
    CHECK_EQ_INT(rn_conn_read(pair.accepted, buffer, 8), 0);
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "x", 1, NULL), -EPIPE);
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "more", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(pair.dialed, buffer, 4), 4);
    CHECK_EQ_STR(buffer, "more");
    net_pair_free(&pair);
}

/* Several pieces arrive as one, empty ones too; too many are refused. */
static void pieces_arrive_in_order(void)
{
    const struct iovec pieces[] = {
        {(char *)"", 0}, {(char *)"one ", 4}, {NULL, 0}, {(char *)"two", 3}};
    struct net_pair pair;
    char buffer[8] = "";
    size_t written = 99;

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_write_pieces(pair.dialed, pieces, 4, &written), RN_OK);
    CHECK_EQ_INT(written, 7);
    CHECK_EQ_INT(rn_conn_read_full(pair.accepted, buffer, 7), 7);
    CHECK_EQ_STR(buffer, "one two");
    CHECK_EQ_INT(rn_conn_write_pieces(pair.dialed, pieces, 65, &written),
                 RN_INVALID);
    CHECK_EQ_INT(rn_conn_write_pieces(pair.dialed, pieces, -1, &written),
                 RN_INVALID);
    CHECK_EQ_INT(written, 0);
    CHECK_EQ_INT(rn_conn_write_pieces(pair.dialed, NULL, 0, &written), RN_OK);
    net_pair_free(&pair);
}

struct stream {
    struct rn_conn *conn;
    size_t size;
};

static void write_stream(struct stream *own)
{
    CHECK_EQ_INT(net_write_stream(own->conn, own->size), RN_OK);
    CHECK_EQ_INT(rn_conn_close_write(own->conn), RN_OK);
}

static void read_stream(struct stream *own)
{
    CHECK_EQ_INT(net_read_stream(own->conn), own->size);
}

/* Megabytes in both directions at once: reader and writer of one end. */
static void reader_and_writer_at_once(void)
{
    const size_t size = 2 << 20;
    struct net_pair pair;

    if (!net_pair_make(&pair))
        return;
    rn_go(write_stream, (struct stream){pair.dialed, size});
    rn_go(write_stream, (struct stream){pair.accepted, size});
    rn_go(read_stream, (struct stream){pair.dialed, size});
    rn_go(read_stream, (struct stream){pair.accepted, size});
    net_join_all();
    net_pair_free(&pair);
}

/* No divisor of what a pipe holds: a writer is often stopped inside one. */
#define LINE 10007

struct line {
    struct rn_conn *conn;
    char mark;
    int count;
};

static void write_lines(struct line *own)
{
    char text[LINE];

    memset(text, own->mark, sizeof(text));
    for (int i = 0; i < own->count; i++)
        CHECK_EQ_INT(rn_conn_write(own->conn, text, sizeof(text), NULL), RN_OK);
}

/* Several writers of one connection: no write is mixed with another. */
static void writers_take_turns(void)
{
    static char text[LINE];
    const int count = rn_check_rounds(200);
    struct rn_conn *reader;
    struct rn_conn *writer;
    int64_t got = LINE;

    if (!CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK))
        return;
    for (char mark = 'a'; mark < 'e'; mark++)
        rn_go(write_lines, (struct line){writer, mark, count});
    for (int i = 0; i < 4 * count && got == LINE; i++) {
        got = rn_conn_read_full(reader, text, LINE);
        for (int k = 1; k < LINE; k++)
            if (text[k] != text[0])
                got = -1;
    }
    CHECK_EQ_INT(got, LINE);
    rn_conn_close(reader);
    net_join_all();
    rn_conn_free(reader);
    rn_conn_free(writer);
}

static void read_one(struct stream *own)
{
    char byte = 0;

    CHECK_EQ_INT(rn_conn_read(own->conn, &byte, 1), 1);
}

/* Several readers of one connection: each byte goes to one of them. */
static void readers_take_turns(void)
{
    struct net_pair pair;

    if (!net_pair_make(&pair))
        return;
    for (int i = 0; i < 16; i++)
        rn_go(read_one, (struct stream){pair.accepted, 0});
    rn_check_settle();
    for (int i = 0; i < 16; i++)
        CHECK_EQ_INT(rn_conn_write(pair.dialed, "x", 1, NULL), RN_OK);
    net_join_all();
    net_pair_free(&pair);
}

static void echo(struct rn_conn **own)
{
    char buffer[256];
    int64_t got;

    while ((got = rn_conn_read(*own, buffer, sizeof(buffer))) > 0)
        CHECK_EQ_INT(rn_conn_write(*own, buffer, (size_t)got, NULL), RN_OK);
    CHECK_EQ_INT(got, 0);
    rn_conn_free(*own);
}

static int shared;

static void write_after_work(struct rn_conn **own)
{
    shared = 42;
    CHECK_EQ_INT(rn_conn_write(*own, "x", 1, NULL), RN_OK);
}

/* What a writer did before is visible to who has read its bytes. */
static void bytes_order_memory(void)
{
    struct net_pair pair;
    char byte;

    if (!net_pair_make(&pair))
        return;
    shared = 0;
    rn_go(write_after_work, pair.dialed);
    CHECK_EQ_INT(rn_conn_read(pair.accepted, &byte, 1), 1);
    CHECK_EQ_INT(shared, 42);
    net_join_all();
    net_pair_free(&pair);
}

struct dialer {
    struct rn_ctx *ctx;
    const char *address;
};

static void dial_or_be_canceled(struct dialer *own)
{
    struct rn_conn *conn = NULL;
    int status = rn_dial(own->ctx, own->address, &conn);

    CHECK_MSG(status == RN_OK || status == RN_CANCELED, "status is %d", status);
    CHECK_EQ_INT(conn != NULL, status == RN_OK);
    rn_conn_free(conn);
}

/* Dials that are canceled while they look up or connect end, and leave nothing
 * behind. */
static void canceled_dials_end(void)
{
    struct rn_listener *listener;
    char address[RN_ADDRESS_MAX];

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &listener), RN_OK))
        return;
    snprintf(address, sizeof(address), "localhost%s",
             strrchr(rn_listener_address(listener), ':'));
    for (int i = 0; i < 20; i++) {
        struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());

        for (int k = 0; k < 4; k++)
            rn_go(dial_or_be_canceled,
                  (struct dialer){ctx, k % 2 ? address
                                             : rn_listener_address(listener)});
        for (int k = 0; k < i; k++)
            rn_yield();
        rn_ctx_cancel(ctx);
        net_join_all();
        rn_ctx_release(ctx);
    }
    rn_listener_free(listener);
}

struct server {
    struct rn_listener *listener;
    int count;
};

static void serve(struct server *own)
{
    for (int i = 0; i < own->count; i++) {
        struct rn_conn *conn;

        if (CHECK_EQ_INT(rn_accept(own->listener, &conn), RN_OK))
            rn_go(echo, conn);
    }
}

struct client {
    const char *address;
    rn_chan(bool) go;
    struct rn_waitgroup *here;
};

/* Connects, waits until all are, and has its bytes echoed. */
static void ask(struct client *own)
{
    struct rn_conn *conn;
    char buffer[32] = "";

    if (!CHECK_EQ_INT(rn_dial(rn_ctx_background(), own->address, &conn),
                      RN_OK)) {
        rn_waitgroup_done(own->here);
        return;
    }
    CHECK_EQ_INT(rn_conn_write(conn, "here", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(conn, buffer, 4), 4);
    rn_waitgroup_done(own->here);
    rn_recv(own->go, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_INT(rn_conn_write(conn, "question", 8, NULL), RN_OK);
        CHECK_EQ_INT(rn_conn_read_full(conn, buffer, 8), 8);
        CHECK_EQ_STR(buffer, "question");
    }
    rn_conn_free(conn);
}

static void many_at(const char *address, int count)
{
    rn_chan(bool) go = rn_chan_make(bool, 0);
    struct rn_waitgroup here = {0};
    struct rn_listener *listener;

    if (!CHECK_EQ_INT(rn_listen(address, NULL, &listener), RN_OK))
        return;
    rn_go(serve, (struct server){listener, count});
    rn_waitgroup_add(&here, count);
    for (int i = 0; i < count; i++)
        rn_go(ask, (struct client){rn_listener_address(listener), go, &here});
    rn_waitgroup_wait(&here);
    rn_close(go);
    net_join_all();
    rn_listener_free(listener);
    rn_chan_free(go);
}

/* A thousand connections at once (fewer under the sanitizers). */
static void thousand_connections(void)
{
    many_at("127.0.0.1:0", RN_CHECK_TSAN || RN_CHECK_ASAN ? 200 : 1000);
}

/* Unix sockets by abstract name; more dial at once than the queue holds. */
static void abstract_unix_sockets(void)
{
    char address[64];

    snprintf(address, sizeof(address), "unix:@runnel-test-%d", (int)getpid());
    many_at(address, 100);
}

/* A Unix socket has a file while it listens, with the rights asked for. */
static void unix_socket_has_a_file(void)
{
    const struct rn_listen_options options = {.mode = 0620};
    char folder[] = "/tmp/runnel-XXXXXX";
    char path[64];
    char address[80];
    struct rn_listener *listener;
    struct stat stat_of;
    struct net_pair pair;

    if (!CHECK(mkdtemp(folder)))
        return;
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(address, sizeof(address), "unix:%s", path);
    if (CHECK_EQ_INT(rn_listen(address, &options, &listener), RN_OK)) {
        CHECK_EQ_STR(rn_listener_address(listener), address);
        CHECK_EQ_INT(stat(path, &stat_of), 0);
        CHECK_EQ_INT(stat_of.st_mode & 0777, 0620);
        rn_listener_free(listener);
    }
    CHECK(access(path, F_OK) != 0);
    if (net_pair_at(&pair, address)) {
        CHECK_EQ_STR(rn_conn_remote(pair.dialed), address);
        CHECK_EQ_STR(rn_conn_remote(pair.accepted), "");
        net_pair_free(&pair);
    }
    CHECK_EQ_INT(rmdir(folder), 0);
}

/* A file that a dead listener left is replaced; one in use, or no socket, not.
 */
static void socket_left_behind_is_replaced(void)
{
    char folder[] = "/tmp/runnel-XXXXXX";
    char path[64];
    char address[80];
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct rn_listener *first;
    struct rn_listener *second = NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (!CHECK(mkdtemp(folder)))
        return;
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(address, sizeof(address), "unix:%s", path);
    memcpy(name.sun_path, path, strlen(path) + 1);
    CHECK_EQ_INT(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    close(fd);
    if (CHECK_EQ_INT(rn_listen(address, NULL, &first), RN_OK)) {
        CHECK_EQ_INT(rn_listen(address, NULL, &second), -EADDRINUSE);
        rn_listener_free(first);
    }
    fd = creat(path, 0600);
    CHECK(fd >= 0);
    close(fd);
    CHECK_EQ_INT(rn_listen(address, NULL, &second), -EADDRINUSE);
    CHECK_EQ_INT(access(path, F_OK), 0);
    unlink(path);
    CHECK_EQ_INT(rmdir(folder), 0);
}

/* IPv6 where the machine has it. */
static void ipv6(void)
{
    struct rn_listener *listener;
    struct net_pair pair;
    int status = rn_listen("[::1]:0", NULL, &listener);

    if (status == -EAFNOSUPPORT || status == -EADDRNOTAVAIL) {
        CHECK_SKIP("no IPv6 here");
        return;
    }
    if (!CHECK_EQ_INT(status, RN_OK))
        return;
    rn_listener_free(listener);
    if (!net_pair_at(&pair, "[::1]:0"))
        return;
    CHECK(strncmp(rn_conn_local(pair.dialed), "[::1]:", 6) == 0);
    net_pair_free(&pair);
}

/* Any stream socket, and a pipe's end, can be taken; a plain file cannot. */
static void descriptors_are_taken(void)
{
    struct rn_conn *ends[2];
    char buffer[8] = "";
    int fds[2];
    FILE *file = tmpfile();

    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ_INT(rn_conn_take(fds[i], &ends[i]), RN_OK);
    CHECK_EQ_INT(rn_conn_write(ends[0], "pair", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(ends[1], buffer, 4), 4);
    CHECK_EQ_STR(buffer, "pair");
    rn_conn_free(ends[0]);
    CHECK_EQ_INT(rn_conn_read(ends[1], buffer, 4), 0);
    rn_conn_free(ends[1]);
    CHECK_EQ_INT(rn_conn_take(fileno(file), &ends[0]), -EPERM);
    CHECK_EQ_INT(rn_conn_take(-1, &ends[0]), -EBADF);
    CHECK_EQ_INT(fputs("x", file), 1);
    fclose(file);
}

RN_CHECK_MAIN(bytes_go_both_ways, addresses_are_told,
              what_is_no_address_is_refused, nobody_listens, address_in_use,
              shared_port, names_and_any_interface, name_is_not_found,
              reading_nothing, half_close, pieces_arrive_in_order,
              reader_and_writer_at_once, writers_take_turns, readers_take_turns,
              bytes_order_memory, canceled_dials_end, thousand_connections,
              abstract_unix_sockets, unix_socket_has_a_file,
              socket_left_behind_is_replaced, ipv6, descriptors_are_taken)
