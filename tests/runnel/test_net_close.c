/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Close: wakes whoever waits, from anywhere, again; numbers that are used again;
 * the other side's end, its reset, its silence; out of descriptors.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "net_check.h"

struct user {
    struct rn_conn *conn;
    rn_chan(int64_t) result;
};

static void read_byte(struct user *own)
{
    char byte;

    rn_send(own->result, rn_conn_read(own->conn, &byte, 1));
}

static void write_for_ever(struct user *own)
{
    static const char zeroes[1 << 16];
    int status;

    do
        status = rn_conn_write(own->conn, zeroes, sizeof(zeroes), NULL);
    while (status == RN_OK);
    rn_send(own->result, (int64_t)status);
}

/* A close wakes readers and writers, those who wait for a turn too. */
static void close_wakes_all(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 0);
    struct net_pair pair;
    int64_t got = 0;
    char byte;

    if (!net_pair_make(&pair))
        return;
    for (int i = 0; i < 4; i++) {
        rn_go(read_byte, (struct user){pair.dialed, result});
        rn_go(write_for_ever, (struct user){pair.dialed, result});
    }
    rn_check_settle();
    rn_conn_close(pair.dialed);
    for (int i = 0; i < 8; i++) {
        rn_recv(result, &got);
        CHECK_EQ_INT(got, RN_CLOSED);
    }
    rn_conn_close(pair.dialed);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 1), RN_CLOSED);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 0), RN_CLOSED);
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "x", 1, NULL), RN_CLOSED);
    CHECK_EQ_INT(rn_conn_close_write(pair.dialed), RN_CLOSED);
    CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_CLOSED);
    rn_conn_set_deadline(pair.dialed, 1);
    CHECK_EQ_STR(rn_conn_remote(pair.dialed),
                 rn_listener_address(pair.listener));
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

struct acceptor {
    struct rn_listener *listener;
    rn_chan(int64_t) result;
};

static void accept_one(struct acceptor *own)
{
    struct rn_conn *conn = NULL;
    int status = rn_accept(own->listener, &conn);

    rn_conn_free(conn);
    rn_send(own->result, (int64_t)status);
}

/* A close wakes all that accept; nobody can connect any more. */
static void listener_close_wakes_all(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 0);
    struct rn_listener *listener;
    struct rn_conn *conn = NULL;
    char address[RN_ADDRESS_MAX];
    int64_t got = 0;

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &listener), RN_OK))
        return;
    snprintf(address, sizeof(address), "%s", rn_listener_address(listener));
    for (int i = 0; i < 5; i++)
        rn_go(accept_one, (struct acceptor){listener, result});
    rn_check_settle();
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &conn), RN_OK);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, RN_OK);
    rn_conn_free(conn);
    rn_listener_close(listener);
    for (int i = 0; i < 4; i++) {
        rn_recv(result, &got);
        CHECK_EQ_INT(got, RN_CLOSED);
    }
    CHECK_EQ_INT(rn_accept(listener, &conn), RN_CLOSED);
    CHECK_EQ_INT(rn_dial(rn_ctx_background(), address, &conn), -ECONNREFUSED);
    CHECK_EQ_STR(rn_listener_address(listener), address);
    net_join_all();
    rn_listener_free(listener);
    rn_chan_free(result);
}

static void *close_on_thread(void *arg)
{
    rn_conn_close(arg);
    return NULL;
}

static void join_thread(void *arg)
{
    CHECK_EQ_INT(pthread_join(*(pthread_t *)arg, NULL), 0);
}

/* A foreign thread may close. */
static void closed_by_a_foreign_thread(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct net_pair pair;
    pthread_t thread;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    rn_go(read_byte, (struct user){pair.dialed, result});
    rn_check_settle();
    CHECK_EQ_INT(pthread_create(&thread, NULL, close_on_thread, pair.dialed),
                 0);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, RN_CLOSED);
    rn_block(join_thread, &thread);
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

static void close_it(struct user *own)
{
    rn_conn_close(own->conn);
}

/*
 * Numbers are used again at once: while some connections are read and closed at
 * the same time, others are made. No reader ever sees another one's bytes.
 */
static void numbers_are_used_again(void)
{
    const int rounds = rn_check_rounds(2000);
    rn_chan(int64_t) result = rn_chan_make(int64_t, 4);
    int64_t got = 0;

    for (int i = 0; i < rounds; i++) {
        struct rn_conn *silent[2];
        struct rn_conn *loud[2];
        int fds[2];
        char byte = 0;

        CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        CHECK_EQ_INT(rn_conn_take(fds[0], &silent[0]), RN_OK);
        CHECK_EQ_INT(rn_conn_take(fds[1], &silent[1]), RN_OK);
        rn_go(read_byte, (struct user){silent[0], result});
        if (i % 2)
            rn_yield();
        rn_go(close_it, (struct user){silent[0], result});
        if (i % 3)
            rn_yield();
        CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        CHECK_EQ_INT(rn_conn_take(fds[0], &loud[0]), RN_OK);
        CHECK_EQ_INT(rn_conn_take(fds[1], &loud[1]), RN_OK);
        CHECK_EQ_INT(rn_conn_write(loud[1], "x", 1, NULL), RN_OK);
        rn_recv(result, &got);
        CHECK_EQ_INT(got, RN_CLOSED);
        CHECK_EQ_INT(rn_conn_read(loud[0], &byte, 1), 1);
        while (rn_task_count() > 1)
            rn_yield();
        for (int side = 0; side < 2; side++) {
            rn_conn_free(silent[side]);
            rn_conn_free(loud[side]);
        }
    }
    rn_chan_free(result);
}

/* A number is kept while somebody is inside a call on it, and no longer. */
static void number_is_kept_while_in_use(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct rn_conn *ends[2];
    int64_t got = 0;
    int fds[2];

    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ_INT(rn_conn_take(fds[i], &ends[i]), RN_OK);
    rn_go(read_byte, (struct user){ends[0], result});
    rn_check_settle();
    rn_conn_close(ends[0]);
    /* With one worker the reader has not run since, and is inside; with more
     * the runtime may open one of its own under the number. */
    if (rn_procs() == 1)
        CHECK(fcntl(fds[0], F_GETFD) >= 0);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, RN_CLOSED);
    if (rn_procs() == 1)
        CHECK_EQ_INT(fcntl(fds[0], F_GETFD), -1);
    net_join_all();
    for (int i = 0; i < 2; i++)
        rn_conn_free(ends[i]);
    rn_chan_free(result);
}

static void write_till_closed(struct user *own)
{
    int status;

    do
        status = rn_conn_write(own->conn, "x", 1, NULL);
    while (status == RN_OK);
    rn_send(own->result, (int64_t)status);
}

/*
 * A close in the middle of turns that change hands reaches each of them, and
 * the last to leave closes the number: the other side reads to the end, while
 * the connection itself is not yet freed.
 */
static void close_meets_turns(void)
{
    const int rounds = rn_check_rounds(200);
    rn_chan(int64_t) result = rn_chan_make(int64_t, 4);

    for (int i = 0; i < rounds; i++) {
        struct rn_conn *ends[2];
        char bytes[512];
        int64_t got = 0;
        int fds[2];

        CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        for (int k = 0; k < 2; k++)
            CHECK_EQ_INT(rn_conn_take(fds[k], &ends[k]), RN_OK);
        for (int k = 0; k < 4; k++)
            rn_go(write_till_closed, (struct user){ends[0], result});
        for (int k = 0; k < 1 + i % 7; k++)
            CHECK(rn_conn_read(ends[1], bytes, sizeof(bytes)) > 0);
        rn_conn_close(ends[0]);
        do
            got = rn_conn_read(ends[1], bytes, sizeof(bytes));
        while (got > 0);
        CHECK_EQ_INT(got, 0);
        for (int k = 0; k < 4; k++) {
            rn_recv(result, &got);
            CHECK_EQ_INT(got, RN_CLOSED);
        }
        net_join_all();
        for (int k = 0; k < 2; k++)
            rn_conn_free(ends[k]);
    }
    rn_chan_free(result);
}

/* A number lent to a library stays until free; its waits end at close. */
static void lent_number_stays(void)
{
    struct net_pair pair;
    char byte;
    int fd;

    if (!net_pair_make(&pair))
        return;
    fd = rn_conn_fd(pair.dialed);
    CHECK(fd >= 0);
    CHECK_EQ_INT(rn_conn_wait_writable(pair.dialed), RN_OK);
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "xy", 2, NULL), RN_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_OK);
        CHECK_EQ_INT(read(fd, &byte, 1), 1);
    }
    CHECK_EQ_INT(rn_wait_fd(fd, RN_READ, RN_NEVER), RN_INVALID);
    rn_conn_close(pair.dialed);
    CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_CLOSED);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    CHECK_EQ_INT(rn_conn_read(pair.accepted, &byte, 1), 0);
    rn_conn_free(pair.dialed);
    if (rn_procs() == 1)
        CHECK_EQ_INT(fcntl(fd, F_GETFD), -1);
    pair.dialed = NULL;
    net_pair_free(&pair);
}

/* The other side's close: what it wrote, then the end; writing to it fails
 * without a signal. */
static void other_side_has_ended(void)
{
    struct net_pair pair;
    char buffer[8];
    int status = RN_OK;

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "bye", 3, NULL), RN_OK);
    rn_conn_close(pair.dialed);
    CHECK_EQ_INT(rn_conn_read_full(pair.accepted, buffer, 8), 3);
    CHECK_EQ_INT(rn_conn_read(pair.accepted, buffer, 8), 0);
    CHECK_EQ_INT(rn_conn_read(pair.accepted, buffer, 8), 0);
    /* The first may still be taken: its answer is the reset. */
    while (status == RN_OK)
        status = rn_conn_write(pair.accepted, "x", 1, NULL);
    CHECK_MSG(status == -EPIPE || status == -ECONNRESET, "status is %d",
              status);
    net_pair_free(&pair);
}

/* The end right behind the last bytes is seen, whether its reader comes before
 * or after the poller has heard of both. */
static void end_right_behind_the_bytes(void)
{
    struct net_pair pair;
    char buffer[8];

    for (int i = 0; i < 40; i++) {
        if (!net_pair_make(&pair))
            return;
        CHECK_EQ_INT(rn_conn_write(pair.dialed, "bye", 3, NULL), RN_OK);
        CHECK_EQ_INT(rn_conn_close_write(pair.dialed), RN_OK);
        if (i % 2)
            rn_sleep(RN_MS);
        if (i % 4 < 2) {
            CHECK_EQ_INT(rn_conn_read_full(pair.accepted, buffer, 8), 3);
        } else {
            CHECK_EQ_INT(rn_conn_read(pair.accepted, buffer, 8), 3);
            if (i % 8 < 4)
                rn_sleep(RN_MS);
            CHECK_EQ_INT(rn_conn_read(pair.accepted, buffer, 8), 0);
        }
        net_pair_free(&pair);
    }
}

/* A reset reaches a reader that waits. */
static void reset_reaches_a_reader(void)
{
    const struct linger at_once = {.l_onoff = 1};
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct net_pair pair;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    rn_go(read_byte, (struct user){pair.accepted, result});
    rn_check_settle();
    CHECK_EQ_INT(setsockopt(rn_conn_fd(pair.dialed), SOL_SOCKET, SO_LINGER,
                            &at_once, sizeof(at_once)),
                 0);
    rn_conn_free(pair.dialed);
    pair.dialed = NULL;
    rn_recv(result, &got);
    CHECK_EQ_INT(got, -ECONNRESET);
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

static void write_stream(struct user *own)
{
    rn_send(own->result, (int64_t)net_write_stream(own->conn, 1 << 20));
    rn_conn_close_write(own->conn);
}

/* A slow reader with a small buffer gets all of what a writer has to write in
 * parts. */
static void slow_reader_gets_all(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    const int small = 4096;
    struct rn_conn *ends[2];
    int64_t status = -1;
    size_t at = 0;
    int64_t got;
    unsigned char buffer[777];
    bool right = true;
    int fds[2];

    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++) {
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
        CHECK_EQ_INT(rn_conn_take(fds[i], &ends[i]), RN_OK);
    }
    rn_go(write_stream, (struct user){ends[0], result});
    while ((got = rn_conn_read(ends[1], buffer, sizeof(buffer))) > 0) {
        for (size_t i = 0; i < (size_t)got; i++)
            right = right && buffer[i] == net_byte(at + i);
        at += (size_t)got;
        if (at % 5 == 0)
            rn_yield();
    }
    rn_recv(result, &status);
    CHECK_EQ_INT(status, RN_OK);
    CHECK_EQ_INT(at, 1 << 20);
    CHECK(right);
    net_join_all();
    rn_conn_free(ends[0]);
    rn_conn_free(ends[1]);
    rn_chan_free(result);
}

/* Out of descriptors, accept says so; the connection waits, and is accepted
 * when there is one again. */
static void accept_goes_on_after_emfile(void)
{
    struct rn_listener *listener;
    struct rn_conn *dialed = NULL;
    struct rn_conn *accepted = NULL;
    struct rlimit limit;
    struct rlimit none;

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &listener), RN_OK))
        return;
    CHECK_EQ_INT(
        rn_dial(rn_ctx_background(), rn_listener_address(listener), &dialed),
        RN_OK);
    CHECK_EQ_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ_INT(rn_accept(listener, &accepted), -EMFILE);
    CHECK(!accepted);
    CHECK_EQ_INT(
        rn_dial(rn_ctx_background(), rn_listener_address(listener), &accepted),
        -EMFILE);
    CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ_INT(rn_accept(listener, &accepted), RN_OK);
    rn_conn_free(accepted);
    rn_conn_free(dialed);
    rn_listener_free(listener);
}

/* Free of nothing is nothing. */
static void free_of_null(void)
{
    rn_conn_free(NULL);
    rn_listener_free(NULL);
}

RN_CHECK_MAIN(close_wakes_all, listener_close_wakes_all,
              closed_by_a_foreign_thread, numbers_are_used_again,
              number_is_kept_while_in_use, close_meets_turns, lent_number_stays,
              other_side_has_ended, end_right_behind_the_bytes,
              reset_reaches_a_reader, slow_reader_gets_all,
              accept_goes_on_after_emfile, free_of_null)
