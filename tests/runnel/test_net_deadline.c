/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines of connections and listeners: passed, moved under whoever waits,
 * one a side; contexts of a dial.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "net_check.h"

#define FAR (3600 * RN_S)

/* A read ends at its deadline, never before it; then the connection works on.
 */
static void read_ends_at_its_deadline(void)
{
    struct net_pair pair;
    int64_t deadline;
    char byte = 0;

    if (!net_pair_make(&pair))
        return;
    deadline = rn_deadline(20 * RN_MS);
    rn_conn_set_read_deadline(pair.dialed, deadline);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 1), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "x", 1, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 1), RN_TIMEOUT);
    rn_conn_set_read_deadline(pair.dialed, RN_NEVER);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 1), 1);
    CHECK_EQ_INT(byte, 'x');
    net_pair_free(&pair);
}

/* One in the past ends a call at once, even one that could succeed. */
static void deadline_in_the_past(void)
{
    struct net_pair pair;
    char byte = 0;
    size_t written = 99;

    if (!net_pair_make(&pair))
        return;
    rn_conn_set_deadline(pair.dialed, 1);
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "x", 1, &written), RN_TIMEOUT);
    CHECK_EQ_INT(written, 0);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 1), RN_TIMEOUT);
    CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_TIMEOUT);
    CHECK_EQ_INT(rn_conn_wait_writable(pair.dialed), RN_TIMEOUT);
    rn_listener_set_deadline(pair.listener, 1);
    CHECK_EQ_INT(rn_accept(pair.listener, &pair.accepted), RN_TIMEOUT);
    net_pair_free(&pair);
}

/* An accept ends at its deadline; the next one, with a later one, accepts. */
static void accept_ends_at_its_deadline(void)
{
    struct rn_listener *listener;
    struct rn_conn *dialed;
    struct rn_conn *accepted;
    int64_t deadline;

    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &listener), RN_OK))
        return;
    deadline = rn_deadline(10 * RN_MS);
    rn_listener_set_deadline(listener, deadline);
    CHECK_EQ_INT(rn_accept(listener, &accepted), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    rn_listener_set_deadline(listener, rn_deadline(FAR));
    CHECK_EQ_INT(
        rn_dial(rn_ctx_background(), rn_listener_address(listener), &dialed),
        RN_OK);
    CHECK_EQ_INT(rn_accept(listener, &accepted), RN_OK);
    rn_conn_free(dialed);
    rn_conn_free(accepted);
    rn_listener_free(listener);
}

/* A write that the other side does not take ends at its deadline, and says how
 * much was written. */
static void write_ends_at_its_deadline(void)
{
    static const char zeroes[1 << 20];
    struct net_pair pair;
    size_t written = 0;
    size_t all = 0;
    char buffer[4096];
    int status = RN_OK;
    int64_t got;

    if (!net_pair_make(&pair))
        return;
    rn_conn_set_write_deadline(pair.dialed, rn_deadline(20 * RN_MS));
    while (status == RN_OK) {
        status = rn_conn_write(pair.dialed, zeroes, sizeof(zeroes), &written);
        all += written;
    }
    CHECK_EQ_INT(status, RN_TIMEOUT);
    CHECK_EQ_INT(rn_conn_close_write(pair.dialed), RN_OK);
    while ((got = rn_conn_read(pair.accepted, buffer, sizeof(buffer))) > 0)
        all -= (size_t)got;
    CHECK_EQ_INT(got, 0);
    CHECK_EQ_INT(all, 0);
    net_pair_free(&pair);
}

struct reader {
    struct rn_conn *conn;
    rn_chan(int64_t) result;
};

static void read_byte(struct reader *own)
{
    char byte;

    rn_send(own->result, rn_conn_read(own->conn, &byte, 1));
}

/* Moved earlier under a waiting reader: it ends at the new one. */
static void moved_earlier_while_waiting(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    const int64_t firsts[] = {RN_NEVER, rn_deadline(FAR)};
    struct net_pair pair;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    for (int i = 0; i < 4; i++) {
        int64_t moved = i < 2 ? 1 : rn_deadline(5 * RN_MS);

        rn_conn_set_read_deadline(pair.dialed, firsts[i % 2]);
        rn_go(read_byte, (struct reader){pair.dialed, result});
        rn_check_settle();
        rn_conn_set_read_deadline(pair.dialed, moved);
        rn_recv(result, &got);
        CHECK_EQ_INT(got, RN_TIMEOUT);
        CHECK(rn_now() >= moved);
    }
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

/* Moved later, again and again, under a waiting reader: it does not end until
 * its byte comes. */
static void moved_later_while_waiting(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct net_pair pair;
    int64_t got = 0;
    int64_t last;

    if (!net_pair_make(&pair))
        return;
    /* Far enough that no machine is late for it; each move says the same. */
    rn_conn_set_read_deadline(pair.dialed, rn_deadline(60 * RN_S));
    rn_go(read_byte, (struct reader){pair.dialed, result});
    rn_check_settle();
    for (int i = 0; i < 100; i++) {
        rn_conn_set_read_deadline(pair.dialed, rn_deadline((61 + i) * RN_S));
        rn_yield();
    }
    CHECK_EQ_INT(rn_try_recv(result, &got), RN_AGAIN);
    rn_conn_write(pair.accepted, "x", 1, NULL);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, 1);
    /* Now one that would have ended it, moved away before that. */
    last = rn_deadline(50 * RN_MS);
    rn_conn_set_read_deadline(pair.dialed, rn_deadline(FAR));
    rn_go(read_byte, (struct reader){pair.dialed, result});
    rn_sleep_until(last);
    CHECK_EQ_INT(rn_try_recv(result, &got), RN_AGAIN);
    rn_conn_set_read_deadline(pair.dialed, RN_NEVER);
    rn_check_settle();
    CHECK_EQ_INT(rn_try_recv(result, &got), RN_AGAIN);
    rn_conn_set_read_deadline(pair.dialed, 0);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, RN_TIMEOUT);
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

/* The deadline of one side is none of the other's. */
static void sides_have_their_own(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct net_pair pair;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    rn_go(read_byte, (struct reader){pair.dialed, result});
    rn_check_settle();
    rn_conn_set_write_deadline(pair.dialed, 0);
    rn_check_settle();
    CHECK_EQ_INT(rn_try_recv(result, &got), RN_AGAIN);
    CHECK_EQ_INT(rn_conn_write(pair.dialed, "x", 1, NULL), RN_TIMEOUT);
    rn_conn_write(pair.accepted, "x", 1, NULL);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, 1);
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

/* Those who wait for their turn have the same deadline. */
static void deadline_ends_the_wait_for_a_turn(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 8);
    struct net_pair pair;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    for (int i = 0; i < 8; i++)
        rn_go(read_byte, (struct reader){pair.dialed, result});
    rn_check_settle();
    rn_conn_set_read_deadline(pair.dialed, rn_deadline(RN_MS));
    for (int i = 0; i < 8; i++) {
        rn_recv(result, &got);
        CHECK_EQ_INT(got, RN_TIMEOUT);
    }
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

struct mover {
    struct rn_conn *conn;
    int rounds;
};

static void move_about(struct mover *own)
{
    uint32_t random = 12345;

    for (int i = 0; i < own->rounds; i++) {
        random = random * 1664525 + 1013904223;
        rn_conn_set_read_deadline(own->conn, rn_deadline(random % 200 * RN_US));
        rn_yield();
    }
    rn_conn_set_read_deadline(own->conn, RN_NEVER);
}

static void drip(struct mover *own)
{
    for (int i = 0; i < own->rounds; i++) {
        CHECK_EQ_INT(rn_conn_write(own->conn, "x", 1, NULL), RN_OK);
        rn_yield();
    }
    CHECK_EQ_INT(rn_conn_close_write(own->conn), RN_OK);
}

struct timed {
    struct rn_conn *conn;
    int64_t timeout;
};

static void read_until_late(struct timed *own)
{
    int64_t deadline = rn_deadline(own->timeout);
    char byte;

    for (int i = 0; i < 3; i++) {
        rn_conn_set_read_deadline(own->conn, deadline);
        CHECK_EQ_INT(rn_conn_read(own->conn, &byte, 1), RN_TIMEOUT);
        CHECK(rn_now() >= deadline);
        deadline = rn_deadline(own->timeout);
    }
}

/* Very short and longer deadlines of many connections at once: each passes, and
 * none too early. */
static void various_deadlines_all_pass(void)
{
    static const int64_t timeouts[] = {
        1,           100,         RN_US,     10 * RN_US, 100 * RN_US,
        500 * RN_US, 750 * RN_US, RN_MS,     5 * RN_MS,  25 * RN_MS,
        0,           -RN_S,       2 * RN_MS,
    };
    const size_t count = sizeof(timeouts) / sizeof(timeouts[0]);
    struct rn_conn *ends[2 * sizeof(timeouts) / sizeof(timeouts[0])];

    for (size_t i = 0; i < count; i++) {
        int fds[2];

        CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        for (int side = 0; side < 2; side++) {
            CHECK_EQ_INT(rn_conn_take(fds[side], &ends[2 * i + side]), RN_OK);
            rn_go(read_until_late,
                  (struct timed){ends[2 * i + side], timeouts[i]});
        }
    }
    net_join_all();
    for (size_t i = 0; i < 2 * count; i++)
        rn_conn_free(ends[i]);
}

static void end_reads(void *conn)
{
    rn_conn_set_read_deadline(conn, 0);
}

/* A context ends a read by way of the deadline, as net.h shows. */
static void context_ends_a_read(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct rn_ctx *after;
    struct net_pair pair;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    after = rn_ctx_after_func(ctx, end_reads, pair.dialed);
    rn_go(read_byte, (struct reader){pair.dialed, result});
    rn_check_settle();
    CHECK_EQ_INT(rn_try_recv(result, &got), RN_AGAIN);
    rn_ctx_cancel(ctx);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, RN_TIMEOUT);
    CHECK_EQ_INT(rn_ctx_err(ctx), RN_CANCELED);
    net_join_all();
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    net_pair_free(&pair);
    rn_chan_free(result);
}

/* While one waits long for bytes, timers and others go on. */
static void others_go_on_meanwhile(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct net_pair pair;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    rn_conn_set_read_deadline(pair.dialed, rn_deadline(FAR));
    rn_go(read_byte, (struct reader){pair.dialed, result});
    for (int i = 0; i < 5; i++) {
        int64_t deadline = rn_deadline(RN_MS);

        rn_sleep_until(deadline);
        CHECK(rn_now() >= deadline);
    }
    rn_conn_write(pair.accepted, "x", 1, NULL);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, 1);
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

/* Deadlines that are moved all the time lose no byte and no wake-up. */
static void storm_of_moves(void)
{
    const int rounds = rn_check_rounds(20000);
    struct net_pair pair;
    int64_t got;
    int all = 0;
    char byte;

    if (!net_pair_make(&pair))
        return;
    rn_go(move_about, (struct mover){pair.dialed, rounds});
    rn_go(move_about, (struct mover){pair.dialed, rounds});
    rn_go(drip, (struct mover){pair.accepted, rounds});
    while ((got = rn_conn_read(pair.dialed, &byte, 1)) != 0) {
        if (got == 1)
            all++;
        else if (CHECK_EQ_INT(got, RN_TIMEOUT))
            rn_yield(); /* a deadline in the past does not park */
        else
            break;
    }
    CHECK_EQ_INT(all, rounds);
    net_join_all();
    net_pair_free(&pair);
}

static void *move_on_thread(void *arg)
{
    rn_conn_set_read_deadline(arg, 1);
    return NULL;
}

static void join_thread(void *arg)
{
    CHECK_EQ_INT(pthread_join(*(pthread_t *)arg, NULL), 0);
}

/* A foreign thread may move them. */
static void moved_by_a_foreign_thread(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct net_pair pair;
    pthread_t thread;
    int64_t got = 0;

    if (!net_pair_make(&pair))
        return;
    rn_go(read_byte, (struct reader){pair.dialed, result});
    rn_check_settle();
    CHECK_EQ_INT(pthread_create(&thread, NULL, move_on_thread, pair.dialed), 0);
    rn_recv(result, &got);
    CHECK_EQ_INT(got, RN_TIMEOUT);
    rn_block(join_thread, &thread);
    net_join_all();
    net_pair_free(&pair);
    rn_chan_free(result);
}

static void *read_on_thread(void *arg)
{
    struct rn_conn *conn = arg;
    char buffer[4];

    rn_conn_set_read_deadline(conn, rn_deadline(10 * RN_MS));
    CHECK_EQ_INT(rn_conn_read(conn, buffer, 1), RN_TIMEOUT);
    rn_conn_set_read_deadline(conn, RN_NEVER);
    CHECK_EQ_INT(rn_conn_write(conn, "here", 4, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read_full(conn, buffer, 4), 4);
    return NULL;
}

/* A foreign thread reads, writes and waits as a thread. */
static void foreign_thread_reads(void)
{
    struct net_pair pair;
    pthread_t thread;
    char buffer[4];

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(pthread_create(&thread, NULL, read_on_thread, pair.dialed), 0);
    CHECK_EQ_INT(rn_conn_read_full(pair.accepted, buffer, 4), 4);
    rn_sleep(RN_MS);
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "back", 4, NULL), RN_OK);
    rn_block(join_thread, &thread);
    net_pair_free(&pair);
}

static void cancel(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
}

/* A listener whose queue is full keeps dials waiting: Unix sockets. */
static void context_ends_a_dial(void)
{
    const struct rn_listen_options options = {.backlog = 1};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *limit;
    struct rn_listener *listener;
    struct rn_conn *queued[2] = {0};
    struct rn_conn *conn = NULL;
    char address[64];

    snprintf(address, sizeof(address), "unix:@runnel-full-%d", (int)getpid());
    if (!CHECK_EQ_INT(rn_listen(address, &options, &listener), RN_OK))
        return;
    for (int i = 0; i < 2; i++)
        CHECK_EQ_INT(rn_dial(ctx, address, &queued[i]), RN_OK);
    limit = rn_ctx_with_timeout(ctx, 5 * RN_MS);
    CHECK_EQ_INT(rn_dial(limit, address, &conn), RN_TIMEOUT);
    rn_ctx_release(limit);
    rn_go(cancel, ctx);
    CHECK_EQ_INT(rn_dial(ctx, address, &conn), RN_CANCELED);
    CHECK_EQ_INT(rn_dial(ctx, address, &conn), RN_CANCELED);
    CHECK(!conn);
    for (int i = 0; i < 2; i++)
        rn_conn_free(queued[i]);
    net_join_all();
    rn_listener_free(listener);
    rn_ctx_release(ctx);
}

RN_CHECK_MAIN(read_ends_at_its_deadline, deadline_in_the_past,
              accept_ends_at_its_deadline, write_ends_at_its_deadline,
              moved_earlier_while_waiting, moved_later_while_waiting,
              sides_have_their_own, deadline_ends_the_wait_for_a_turn,
              various_deadlines_all_pass, context_ends_a_read,
              others_go_on_meanwhile, storm_of_moves, moved_by_a_foreign_thread,
              foreign_thread_reads, context_ends_a_dial)
