/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes: a stream in one direction; the end of either side, without SIGPIPE.
 */
#include <fcntl.h>

#include "net_check.h"

struct stream {
    struct rn_conn *conn;
    size_t size;
};

static void write_stream(struct stream *own)
{
    CHECK_EQ_INT(net_write_stream(own->conn, own->size), RN_OK);
    CHECK_EQ_INT(rn_conn_close_write(own->conn), RN_OK);
}

/* More than a pipe holds goes through it, in order, to its end. */
static void stream_goes_through(void)
{
    struct rn_conn *reader;
    struct rn_conn *writer;

    if (!CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK))
        return;
    rn_go(write_stream, (struct stream){writer, 1 << 20});
    CHECK_EQ_INT(net_read_stream(reader), 1 << 20);
    net_join_all();
    CHECK_EQ_STR(rn_conn_local(reader), "");
    CHECK_EQ_STR(rn_conn_remote(writer), "");
    rn_conn_free(reader);
    rn_conn_free(writer);
}

/* Writing when nobody can read fails, and no signal comes. */
static void no_reader_is_no_signal(void)
{
    const struct iovec pieces[] = {{(char *)"a", 1}, {(char *)"b", 1}};
    struct rn_conn *reader;
    struct rn_conn *writer;
    sigset_t pending;
    sigset_t blocked;

    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    if (!CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK))
        return;
    rn_conn_free(reader);
    CHECK_EQ_INT(rn_conn_write(writer, "x", 1, NULL), -EPIPE);
    CHECK_EQ_INT(rn_conn_write_pieces(writer, pieces, 2, NULL), -EPIPE);
    sigpending(&pending);
    CHECK_EQ_INT(sigismember(&pending, SIGPIPE), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    CHECK_EQ_INT(sigismember(&blocked, SIGPIPE), 0);
    rn_conn_free(writer);
}

/* Each end has one direction. */
static void ends_have_one_direction(void)
{
    struct rn_conn *reader;
    struct rn_conn *writer;
    char byte;

    if (!CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK))
        return;
    CHECK_EQ_INT(rn_conn_write(reader, "x", 1, NULL), -EBADF);
    CHECK_EQ_INT(rn_conn_read(writer, &byte, 1), -EBADF);
    rn_conn_free(writer);
    CHECK_EQ_INT(rn_conn_read(reader, &byte, 1), 0);
    rn_conn_free(reader);
}

/* A deadline ends a read and a write of a pipe. */
static void deadlines(void)
{
    static const char zeroes[1 << 20];
    struct rn_conn *reader;
    struct rn_conn *writer;
    size_t written = 0;
    char byte;

    if (!CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK))
        return;
    rn_conn_set_deadline(reader, rn_deadline(RN_MS));
    CHECK_EQ_INT(rn_conn_read(reader, &byte, 1), RN_TIMEOUT);
    rn_conn_set_deadline(writer, rn_deadline(5 * RN_MS));
    CHECK_EQ_INT(rn_conn_write(writer, zeroes, sizeof(zeroes), &written),
                 RN_TIMEOUT);
    CHECK(written < sizeof(zeroes));
    rn_conn_free(reader);
    rn_conn_free(writer);
}

static void read_byte(struct stream *own)
{
    char byte;

    CHECK_EQ_INT(rn_conn_read(own->conn, &byte, 1), 0);
}

/* A reader that waits sees the end when the writer closes. */
static void end_wakes_a_reader(void)
{
    struct rn_conn *reader;
    struct rn_conn *writer;

    for (int i = 0; i < 50; i++) {
        if (!CHECK_EQ_INT(rn_pipe(&reader, &writer), RN_OK))
            return;
        rn_go(read_byte, (struct stream){reader, 0});
        if (i % 2)
            rn_yield();
        rn_conn_close(writer);
        net_join_all();
        rn_conn_free(reader);
        rn_conn_free(writer);
    }
}

RN_CHECK_MAIN(stream_goes_through, no_reader_is_no_signal,
              ends_have_one_direction, deadlines, end_wakes_a_reader)
