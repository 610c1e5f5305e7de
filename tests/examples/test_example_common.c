/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the examples share: small HTTP requests, lines off a connection, servers
 * that hear of the end, whole files, percentiles.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "common/histogram.h"
#include "common/line_reader.h"
#include "common/mini_http.h"
#include "common/tcp_serve.h"
#include "common/whole_file.h"

#include "../runnel/rn_check.h"

/* --------------------------------------------------------------- requests */

struct link {
    struct rn_listener *listener;
    struct rn_conn *client, *server;
};

static void join(struct link *link)
{
    *link = (struct link){.listener = NULL};
    CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &link->listener), RN_OK);
    CHECK_EQ_INT(rn_dial(rn_ctx_background(),
                         rn_listener_address(link->listener), &link->client),
                 RN_OK);
    CHECK_EQ_INT(rn_accept(link->listener, &link->server), RN_OK);
}

static void part(struct link *link)
{
    rn_conn_free(link->client);
    rn_conn_free(link->server);
    rn_listener_free(link->listener);
}

static void say(struct rn_conn *conn, const char *text)
{
    CHECK_EQ_INT(rn_conn_write(conn, text, strlen(text), NULL), RN_OK);
}

/* Two requests at once, the second with a body: each with what is its own. */
static void requests_one_after_the_other(void)
{
    static struct http_reader reader;
    struct http_request request;
    struct link link;

    join(&link);
    reader = (struct http_reader){.conn = link.server};
    say(link.client, "GET /a/b?c=1&d HTTP/1.1\r\nHost: x\r\nX-Id:   7 \r\n\r\n"
                     "POST /p HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello");
    CHECK_EQ_INT(http_read(&reader, &request), 1);
    CHECK_EQ_STR(request.method, "GET");
    CHECK_EQ_STR(request.path, "/a/b");
    CHECK_EQ_STR(request.query, "c=1&d");
    CHECK_EQ_STR(http_header(&request, "x-id"), "7 ");
    CHECK_EQ_STR(http_header(&request, "Y"), NULL);
    CHECK(request.keep && request.body_size == 0);
    CHECK_EQ_INT(http_read(&reader, &request), 1);
    CHECK_EQ_STR(request.method, "POST");
    CHECK(!request.keep && request.body_size == 5 &&
          memcmp(request.body, "hello", 5) == 0);
    rn_conn_close_write(link.client);
    CHECK_EQ_INT(http_read(&reader, &request), 0);
    part(&link);
}

/* What cannot be taken is refused with its status, and never read on. */
static void requests_that_are_refused(void)
{
    static const struct {
        const char *text, *status;
    } cases[] = {
        {"GET\r\n\r\n", "400"},
        {"GET x HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/3\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nContent-Length: 1\r\n"
         "Content-Length: 2\r\n\r\n",
         "400"},
        {"GET / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", "413"},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "501"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        static struct http_reader reader;
        struct http_request request;
        struct link link;
        char answer[64] = "";

        join(&link);
        reader = (struct http_reader){.conn = link.server};
        say(link.client, cases[i].text);
        rn_conn_close_write(link.client);
        CHECK_EQ_INT(http_read(&reader, &request), RN_INVALID);
        rn_conn_read_full(link.client, answer, 12);
        CHECK_MSG(strncmp(answer + 9, cases[i].status, 3) == 0,
                  "%s: answered \"%s\"", cases[i].text, answer);
        part(&link);
    }
}

/* -------------------------------------------------------- lines and files */

/* Ends of lines of both kinds; a line that is too long is told, then gone. */
static void lines_off_a_connection(void)
{
    struct rn_conn *reader, *writer;
    char *line, longer[LINE_READ_MAX + 8];

    CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK);
    struct line_reader lines = {.conn = reader};
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    say(writer, "one\r\n\ntw");
    say(writer, "o\n");
    say(writer, longer);
    say(writer, "\nthree\nno end");
    rn_conn_free(writer);
    for (int i = 0; i < 3; i++) {
        static const char *const wanted[] = {"one", "", "two"};
        CHECK_EQ_INT(line_read(&lines, &line), 1);
        CHECK_EQ_STR(line, wanted[i]);
    }
    CHECK_EQ_INT(line_read(&lines, &line), -EMSGSIZE);
    CHECK_EQ_INT(line_read(&lines, &line), 1);
    CHECK_EQ_STR(line, "three");
    CHECK_EQ_INT(line_read(&lines, &line), 0);
    rn_conn_free(reader);
}

/* What was written is read; a folder and what is not there are no files. */
static void files_at_once(void)
{
    char folder[] = "/tmp/example_common.XXXXXX", path[64], gone[80];
    struct whole_file file = {(unsigned char *)(uintptr_t) "bytes", 5}, back;

    if (!CHECK(mkdtemp(folder)))
        return;
    snprintf(path, sizeof(path), "%s/file", folder);
    snprintf(gone, sizeof(gone), "%s/file.part", folder);
    CHECK_EQ_INT(whole_file_write(path, &file), RN_OK);
    file.size = 3;
    CHECK_EQ_INT(whole_file_write(path, &file), RN_OK);
    CHECK(access(gone, F_OK) != 0);
    if (CHECK(whole_file_read(path, &back) == RN_OK)) {
        CHECK(back.size == 3 && memcmp(back.data, "byt", 4) == 0);
        free(back.data);
    }
    CHECK_EQ_INT(whole_file_read(folder, &back), -EISDIR);
    CHECK_EQ_INT(whole_file_read(gone, &back), -ENOENT);
    CHECK_EQ_INT(whole_file_write("/none/such", &file), -ENOENT);
    unlink(path);
    rmdir(folder);
}

/* ---------------------------------------------------------------- servers */

/* The end of the context ends a read that waits. */
static void guard_ends_the_reading(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_conn *reader, *writer;
    struct tcp_guard guard;
    char byte;

    CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK);
    tcp_guard_begin(&guard, ctx, reader, tcp_end_reading);
    rn_ctx_cancel(ctx);
    CHECK_EQ_INT(rn_conn_read(reader, &byte, 1), RN_TIMEOUT);
    tcp_guard_end(&guard);
    rn_conn_free(reader);
    rn_conn_free(writer);
    rn_ctx_release(ctx);
    rn_check_alone();
}

/* After its end a guard does nothing any more. */
static void guard_that_has_ended(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_conn *reader, *writer;
    struct tcp_guard guard;
    char byte = 0;

    CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK);
    tcp_guard_begin(&guard, ctx, reader, rn_conn_close);
    tcp_guard_end(&guard);
    rn_ctx_cancel(ctx);
    say(writer, "x");
    CHECK_EQ_INT(rn_conn_read(reader, &byte, 1), 1);
    rn_conn_free(reader);
    rn_conn_free(writer);
    rn_ctx_release(ctx);
    rn_check_alone();
}

static void greet(struct rn_ctx *ctx, const struct http_request *request,
                  struct http_answer *answer, void *arg)
{
    (void)request;
    *(int *)arg += 1;
    rn_ctx_wait(ctx); /* it is under way when the end begins */
    fputs("hello", answer->body);
}

struct serving {
    struct rn_ctx *ctx;
    struct rn_listener *listener;
    int asked, status;
    struct rn_waitgroup ended;
};

static void serve(struct serving **own)
{
    struct serving *s = *own;

    s->status = mini_http_serve_on(s->ctx, s->listener, greet, &s->asked);
    rn_waitgroup_done(&s->ended);
}

/* What is under way is answered, who is idle is hung up on, nobody comes. */
static void server_ends_with_its_context(void)
{
    struct serving serving = {
        rn_ctx_with_cancel(rn_ctx_background()), NULL, 0, 1, {0}};
    struct rn_conn *asking, *idle;
    char address[RN_ADDRESS_MAX], answer[256] = "";

    CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &serving.listener), RN_OK);
    strcpy(address, rn_listener_address(serving.listener));
    rn_waitgroup_add(&serving.ended, 1);
    rn_go(serve, &serving);
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &idle), RN_OK);
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &asking), RN_OK);
    say(asking, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    rn_conn_set_read_deadline(asking, rn_deadline(20 * RN_MS));
    CHECK_EQ_INT(rn_conn_read(asking, answer, 1), RN_TIMEOUT);
    rn_conn_set_read_deadline(asking, RN_NEVER);
    rn_ctx_cancel(serving.ctx);
    rn_waitgroup_wait(&serving.ended);
    CHECK_EQ_INT(serving.status, RN_OK);
    CHECK(rn_conn_read_full(asking, answer, sizeof(answer) - 1) >= 0);
    /* Unless the end came before the request: then there is no answer. */
    CHECK(serving.asked == 0 || strstr(answer, "\r\n\r\nhello"));
    CHECK(rn_conn_read(idle, answer, 1) <= 0);
    rn_conn_free(asking);
    rn_conn_free(idle);
    rn_ctx_release(serving.ctx);
    rn_check_alone();
}

/* ------------------------------------------------------------ percentiles */

/* Small values are exact; large ones at most 1/64 too high, never too low. */
static void percentiles(void)
{
    static struct histogram h;

    histogram_clear(&h);
    CHECK_EQ_INT(histogram_percentile(&h, 50), 0);
    for (int64_t i = 1; i <= 3; i++)
        histogram_add(&h, i);
    CHECK_EQ_INT(histogram_percentile(&h, 50), 2); /* the nearest rank */
    CHECK_EQ_INT(histogram_percentile(&h, 1), 1);
    histogram_clear(&h);
    for (int64_t i = 1; i <= 100; i++)
        histogram_add(&h, i);
    CHECK_EQ_INT(histogram_percentile(&h, 50), 50);
    CHECK_EQ_INT(histogram_percentile(&h, 99), 99);
    CHECK_EQ_INT(histogram_percentile(&h, 100), 100);
    for (int64_t value = 128; value < INT64_MAX / 3; value += value / 4) {
        histogram_clear(&h);
        histogram_add(&h, value);
        histogram_add(&h, INT64_MAX);
        int64_t told = histogram_percentile(&h, 50);
        CHECK_MSG(told >= value && told - value <= value / 64, "of %lld: %lld",
                  (long long)value, (long long)told);
        CHECK_EQ_INT(histogram_percentile(&h, 100), INT64_MAX);
    }
}

RN_CHECK_MAIN(requests_one_after_the_other, requests_that_are_refused,
              lines_off_a_connection, files_at_once, guard_ends_the_reading,
              guard_that_has_ended, server_ends_with_its_context, percentiles)
