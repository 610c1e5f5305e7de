/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debug server answers what it should and refuses the rest, stops at any
 * moment, and is no goroutine of the program.
 */
#include <sys/mman.h>

#include "rn_check.h"

static char answer[1 << 18];

#define LINE(target) "GET " target " HTTP/1.1\r\n"
#define HOST         "Host: localhost\r\n"
#define GET(target)  LINE(target) HOST "\r\n"

static struct rn_conn *dial(const char *address)
{
    struct rn_conn *conn = NULL;

    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &conn), RN_OK);
    return conn;
}

/* Reads to the end into `answer`; the status, or -1. */
static int read_answer(struct rn_conn *conn)
{
    int64_t got = rn_conn_read_full(conn, answer, sizeof(answer) - 1);

    answer[got > 0 ? got : 0] = '\0';
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0)
        return -1;
    return atoi(answer + 9);
}

static int ask(const struct rn_debug_server *server, const char *request)
{
    struct rn_conn *conn = dial(rn_debug_address(server));
    int status = -1;

    if (conn && CHECK_EQ_INT(
                    rn_conn_write(conn, request, strlen(request), NULL), RN_OK))
        status = read_answer(conn);
    rn_conn_free(conn);
    return status;
}

static bool says(const char *words)
{
    return CHECK_MSG(strstr(answer, words), "it does not say \"%s\":\n%s",
                     words, answer);
}

static struct rn_debug_server *serve(void)
{
    struct rn_debug_server *server = NULL;

    CHECK_EQ_INT(rn_debug_serve("127.0.0.1:0", NULL, &server), RN_OK);
    return server;
}

static void receiver(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
}

/* Each page is there, of the length that it says. */
static void pages_are_there(void)
{
    struct rn_debug_server *server = serve();
    rn_chan(int) chan = rn_chan_make(int, 0);

    if (!server)
        return;
    rn_go(receiver, chan);
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/")), 200);
    says("Content-Type: text/html");
    says("</html>");
    CHECK_EQ_INT(ask(server, GET("/debug/counters")), 200);
    says("\ngoroutines 2\n");
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/goroutine?debug=2")), 200);
    says("goroutine 1 [");
    CHECK(!strstr(answer, "debug server"));
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/goroutine?format=folded")), 200);
    says("created at rn_run");
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/goroutine")), 200);
    says("application/octet-stream");
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/block?debug=1")), 200);
    says("Content-Length: 0\r\n");
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/mutex")), 200);
    CHECK_EQ_INT(ask(server, GET("/debug/pprof/nothing")), 404);
    rn_close(chan);
    rn_debug_stop(server);
    rn_check_alone();
    rn_chan_free(chan);
}

static char long_head[10000];
static char long_path[300];

/* What is not a plain GET of this machine is refused with its status. */
static void other_requests_are_refused(void)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"POST /debug/counters HTTP/1.1\r\n" HOST "\r\n", 405},
        {"HEAD /debug/counters HTTP/1.1\r\n" HOST "\r\n", 405},
        {"GET /debug/counters HTTP/1.0\r\n" HOST "\r\n", 505},
        {"GET /debug/counters\r\n\r\n", 400},
        {"GET  /debug/counters HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /debug/counters HTTP/1.1 \r\n" HOST "\r\n", 400},
        {"GET /debug/\x01 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET debug/counters HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET http://localhost/debug/counters HTTP/1.1\r\n" HOST "\r\n", 400},
        {LINE("/debug/counters") "\r\n", 400},
        {LINE("/debug/counters") HOST HOST "\r\n", 400},
        {LINE("/debug/counters") "Host:\r\n\r\n", 400},
        {LINE("/debug/counters") "Host : localhost\r\n\r\n", 400},
        {LINE("/debug/counters") HOST "a: b\r\n c\r\n\r\n", 400},
        {LINE("/debug/counters") HOST "a\r\n\r\n", 400},
        {LINE("/debug/counters") HOST "a: b\nc: d\r\n\r\n", 400},
        {LINE("/debug/counters") HOST "Content-Length: 5\r\n\r\nhello", 400},
        {LINE("/debug/counters") HOST "Transfer-Encoding: chunked\r\n\r\n",
         400},
        {LINE("/debug/counters") "Host: evil.example\r\n\r\n", 403},
        {LINE("/debug/counters") "Host: 127.0.0.1.evil.example\r\n\r\n", 403},
        {LINE("/debug/counters") "Host: 10.0.0.1:80\r\n\r\n", 403},
        {LINE("/debug/counters") "Host: 127.0.0.1:6060\r\n\r\n", 200},
        {LINE("/debug/counters") "host: [::1]:6060\r\n\r\n", 200},
        {LINE("/debug/counters") "Host: LOCALHOST:1\r\nA:\r\n\r\n", 200},
        {GET("/debug/pprof/profile?seconds=0"), 400},
        {GET("/debug/pprof/profile?seconds=-1"), 400},
        {GET("/debug/pprof/profile?seconds=99999999999999"), 400},
        {GET("/debug/pprof/goroutine?debug=3"), 400},
        {GET("/debug/pprof/goroutine?format=svg"), 400},
        {GET("/debug/pprof/goroutine?nothing=1"), 400},
        {GET("/"), 404},
        {GET("/debug/pprof/../counters"), 404},
        {long_path, 404},
        {long_head, 431},
    };
    struct rn_debug_server *server = serve();

    if (!server)
        return;
    memset(long_head, 'a', sizeof(long_head) - 1);
    snprintf(long_path, sizeof(long_path), "GET /%0200d HTTP/1.1\r\n%s\r\n", 0,
             HOST);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = ask(server, cases[i].request);

        CHECK_MSG(status == cases[i].status, "%d, not %d, for %.60s", status,
                  cases[i].status, cases[i].request);
    }
    rn_debug_stop(server);
    rn_check_alone();
}

/*
 * Waits until the block profile collects. Not by a start, in whose short while
 * the request would be refused: by what is in it, which was nothing.
 */
static void until_block_profile(void)
{
    off_t size = 0;

    while (size == 0) {
        int fd = memfd_create("profile", MFD_CLOEXEC);

        rn_sleep(100 * RN_US);
        if (CHECK(fd >= 0))
            rn_profile_write(RN_PROFILE_BLOCK, RN_PROFILE_FOLDED, fd);
        size = lseek(fd, 0, SEEK_END);
        close(fd);
    }
}

/* Waits until it does not collect; empties it. */
static void until_no_block_profile(void)
{
    while (rn_profile_start(RN_PROFILE_BLOCK, 1) == -EBUSY)
        rn_sleep(100 * RN_US);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_OK);
}

/* A profile that another request collects is refused; who leaves ends his. */
static void who_leaves_ends_his_profile(void)
{
    const char *request = GET("/debug/pprof/block?seconds=3000");
    struct rn_debug_server *server = serve();
    struct rn_conn *conn = server ? dial(rn_debug_address(server)) : NULL;

    if (!conn)
        return;
    CHECK_EQ_INT(rn_conn_write(conn, request, strlen(request), NULL), RN_OK);
    until_block_profile();
    CHECK_EQ_INT(ask(server, request), 409);
    rn_conn_free(conn);
    until_no_block_profile();
    rn_debug_stop(server);
    rn_check_alone();
}

/* A trace that is on is refused to another; who leaves ends his. */
static void who_leaves_ends_his_trace(void)
{
    const char *request = GET("/debug/pprof/trace?seconds=3000");
    struct rn_debug_server *server = serve();
    struct rn_conn *conn = server ? dial(rn_debug_address(server)) : NULL;

    if (!conn)
        return;
    CHECK_EQ_INT(rn_conn_write(conn, request, strlen(request), NULL), RN_OK);
    while (!rn_trace_on())
        rn_sleep(100 * RN_US);
    CHECK_EQ_INT(ask(server, request), 409);
    rn_conn_free(conn);
    while (rn_trace_on())
        rn_sleep(100 * RN_US);
    rn_debug_stop(server);
    rn_check_alone();
}

/* A stop ends requests that are under way, and frees the port. */
static void stop_ends_what_is_under_way(void)
{
    const char *request = GET("/debug/pprof/block?seconds=3000");
    struct rn_debug_server *server = serve();
    char address[RN_ADDRESS_MAX];
    struct rn_conn *waits;
    struct rn_conn *silent;
    int status;

    if (!server)
        return;
    snprintf(address, sizeof(address), "%s", rn_debug_address(server));
    waits = dial(address);
    silent = dial(address);
    if (!waits || !silent)
        return;
    CHECK_EQ_INT(rn_conn_write(waits, request, strlen(request), NULL), RN_OK);
    until_block_profile();
    rn_debug_stop(server);
    until_no_block_profile();
    CHECK_EQ_INT(read_answer(waits), -1);
    /* It may have been accepted just then, and told so. */
    status = read_answer(silent);
    CHECK_MSG(status == -1 || status == 503, "it was answered %d", status);
    rn_conn_free(waits);
    rn_conn_free(silent);
    CHECK_EQ_INT(rn_debug_serve(address, NULL, &server), RN_OK);
    CHECK_EQ_INT(ask(server, GET("/debug/counters")), 200);
    rn_debug_stop(server);
}

/* Beyond sixteen, connections are told to come later. */
static void connections_are_bounded(void)
{
    struct rn_debug_server *server = serve();
    struct rn_conn *conns[17] = {0};

    if (!server)
        return;
    /* Accepted in this order, by one who accepts. */
    for (int i = 0; i < 17; i++)
        conns[i] = dial(rn_debug_address(server));
    if (conns[16])
        CHECK_EQ_INT(read_answer(conns[16]), 503);
    for (int i = 0; i < 17; i++)
        rn_conn_free(conns[i]);
    rn_debug_stop(server);
}

/* The server's goroutines count nowhere. */
static void server_is_no_goroutine_of_the_program(void)
{
    struct rn_debug_server *server = serve();
    struct rn_conn *conn = server ? dial(rn_debug_address(server)) : NULL;
    struct rn_stats stats;

    if (!conn)
        return;
    do
        rn_stats(&stats);
    while (stats.waiting_fds < 2); /* who accepts, and who reads a head */
    CHECK_EQ_INT(rn_task_count(), 1);
    CHECK_EQ_INT(rn_leaks_check(), 0);
    rn_conn_free(conn);
    rn_debug_stop(server);
}

/* What others could reach is refused, unless it is asked for. */
static void other_machines_are_kept_out(void)
{
    const struct rn_debug_options open = {.any_host = true};
    struct rn_debug_server *server = NULL;
    char port[RN_ADDRESS_MAX];

    CHECK_EQ_INT(rn_debug_serve(":0", NULL, &server), -EACCES);
    CHECK_EQ_INT(rn_debug_serve("0.0.0.0:0", NULL, NULL), -EACCES);
    CHECK_EQ_INT(rn_debug_serve("nonsense", NULL, &server), RN_INVALID);
    CHECK_EQ_INT(rn_debug_serve(NULL, NULL, &server), RN_INVALID);
    CHECK_EQ_INT(rn_debug_serve("0.0.0.0:0", &open, &server), RN_OK);
    if (!server)
        return;
    snprintf(port, sizeof(port), "127.0.0.1%s",
             strrchr(rn_debug_address(server), ':'));
    struct rn_conn *conn = dial(port);
    const char *request = LINE("/debug/counters") "Host: other.example\r\n\r\n";
    if (conn) {
        rn_conn_write(conn, request, strlen(request), NULL);
        CHECK_EQ_INT(read_answer(conn), 200);
    }
    rn_conn_free(conn);
    rn_debug_stop(server);
}

/* When its context is done a server answers no more. */
static void context_ends_the_server(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    const struct rn_debug_options options = {.ctx = ctx};
    struct rn_debug_server *server = NULL;
    struct rn_conn *conn = NULL;
    int status = RN_OK;

    CHECK_EQ_INT(rn_debug_serve("127.0.0.1:0", &options, &server), RN_OK);
    if (!server)
        return;
    CHECK_EQ_INT(ask(server, GET("/debug/counters")), 200);
    rn_ctx_cancel(ctx);
    while (status == RN_OK) {
        status = rn_dial(rn_ctx_background(), rn_debug_address(server), &conn);
        if (status == RN_OK)
            rn_conn_free(conn);
    }
    /* Or it was still waiting to be accepted. */
    CHECK(status == -ECONNREFUSED || status == -ECONNRESET);
    rn_debug_stop(server);
    rn_ctx_release(ctx);
}

RN_CHECK_MAIN(pages_are_there, other_requests_are_refused,
              who_leaves_ends_his_profile, who_leaves_ends_his_trace,
              stop_ends_what_is_under_way, connections_are_bounded,
              server_is_no_goroutine_of_the_program,
              other_machines_are_kept_out, context_ends_the_server)
