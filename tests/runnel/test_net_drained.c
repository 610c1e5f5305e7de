/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a connection without asking: that a short read of a TCP
 * socket has drained it, so that nobody asks again before something comes; and
 * when that is not known, or not true any more.
 *
 * The linker puts this file's functions before the library's calls, which are
 * counted.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "net_check.h"

enum { MESSAGES = 400 };
#define LONG_TIME (60 * RN_S)

/* ------------------------------------------------------------------ counting */

static atomic_int reads;      /* recvfrom */
static atomic_int vain_reads; /* of them those with EAGAIN */
static atomic_int questions;  /* ppoll that does not wait */

#if defined(__clang__)
#define UNSEEN __attribute__((no_sanitize("thread", "address", "undefined")))
#else
#define UNSEEN                                              \
    __attribute__((no_sanitize_thread, no_sanitize_address, \
                   no_sanitize_undefined))
#endif

/* NOLINTBEGIN: the linker's names */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                 const sigset_t *mask);

UNSEEN long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    long status = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number == SYS_recvfrom) {
        int error = errno;
        atomic_fetch_add(&reads, 1);
        if (status < 0 && error == EAGAIN)
            atomic_fetch_add(&vain_reads, 1);
        errno = error;
    }
    return status;
}

UNSEEN int __wrap_ppoll(struct pollfd *fds, nfds_t count,
                        const struct timespec *limit, const sigset_t *mask)
{
    if (limit && limit->tv_sec == 0 && limit->tv_nsec == 0)
        atomic_fetch_add(&questions, 1);
    return __real_ppoll(fds, count, limit, mask);
}
/* NOLINTEND */

static void count_from_here(void)
{
    atomic_store(&reads, 0);
    atomic_store(&vain_reads, 0);
    atomic_store(&questions, 0);
}

/* An edge may come between a begin and its read: that costs one call in vain. */
static void check_calls_of(int messages)
{
    CHECK_MSG(atomic_load(&reads) <= messages + messages / 4,
              "%d reads of %d messages", atomic_load(&reads), messages);
    CHECK_MSG(atomic_load(&vain_reads) <= messages / 4,
              "%d reads of %d messages in vain", atomic_load(&vain_reads),
              messages);
    CHECK_MSG(atomic_load(&questions) <= messages / 4,
              "asked %d times for %d messages", atomic_load(&questions),
              messages);
}

/* ----------------------------------------------------------------- no call */

struct echo {
    struct rn_conn *conn;
    bool waits; /* before it reads */
};

static void give_back(struct echo *own)
{
    char data[256];
    int64_t got = 1;

    while (got > 0) {
        if (own->waits && rn_conn_wait_readable(own->conn) != RN_OK)
            break;
        got = rn_conn_read(own->conn, data, sizeof(data));
        if (got > 0)
            rn_conn_write(own->conn, data, (size_t)got, NULL);
    }
}

/* Both ends read less than they could. */
static void count_calls(bool waits)
{
    struct net_pair pair;
    char data[256] = {0};

    if (!net_pair_make(&pair))
        return;
    rn_go(give_back, (struct echo){pair.accepted, waits});
    for (int i = -10; i < MESSAGES; i++) {
        if (i == 0)
            count_from_here();
        CHECK_EQ_INT(rn_conn_write(pair.dialed, data, 64, NULL), RN_OK);
        if (waits)
            CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 64);
    }
    check_calls_of(2 * MESSAGES);
    rn_conn_close_write(pair.dialed);
    net_join_all();
    net_pair_free(&pair);
}

/* Who reads the next message parks without a call: one read each. */
static void reads_are_not_tried_in_vain(void)
{
    count_calls(false);
}

/* A wait between two messages takes no call of its own. */
static void waits_ask_nobody(void)
{
    count_calls(true);
}

/* With nothing to read: a wait may end without reason, the next one asks. */
static int wait_in_vain(struct rn_conn *conn)
{
    int status = rn_conn_wait_readable(conn);

    return status == RN_OK ? rn_conn_wait_readable(conn) : status;
}

/* A wait that ends at its deadline says nothing of what comes then. */
static void wait_ends_at_its_deadline(void)
{
    struct net_pair pair;
    char data[8];
    int64_t deadline;

    if (!net_pair_make(&pair))
        return;
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_INT(rn_conn_write(pair.accepted, "x", 1, NULL), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 1);
        deadline = rn_deadline(2 * RN_MS);
        rn_conn_set_read_deadline(pair.dialed, deadline);
        CHECK_EQ_INT(wait_in_vain(pair.dialed), RN_TIMEOUT);
        CHECK(rn_now() >= deadline);
        CHECK_EQ_INT(rn_conn_write(pair.accepted, "y", 1, NULL), RN_OK);
        CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_TIMEOUT);
        rn_conn_set_read_deadline(pair.dialed, rn_deadline(LONG_TIME));
        CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 1);
        CHECK_EQ_INT(data[0], 'y');
    }
    net_pair_free(&pair);
}

static void close_it(struct rn_conn **own)
{
    rn_conn_close(*own);
}

/* A close ends a wait that asked nobody. */
static void wait_ends_at_a_close(void)
{
    struct net_pair pair;
    char data[8];

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "x", 1, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 1);
    rn_go(close_it, pair.dialed);
    CHECK_EQ_INT(wait_in_vain(pair.dialed), RN_CLOSED);
    net_join_all();
    net_pair_free(&pair);
}

/* ----------------------------------------------- nothing is slept through */

enum way { READ, WAIT, FULL, WAYS };

struct feed {
    struct rn_conn *conn;
    enum way way;
    atomic_int *taken;
    int all;
};

static void take_all(struct feed *own)
{
    char data[512];
    int taken = 0;

    while (taken < own->all) {
        int64_t got = 0;

        if (own->way == WAIT &&
            !CHECK_EQ_INT(rn_conn_wait_readable(own->conn), RN_OK))
            break;
        got = own->way == FULL ? rn_conn_read_full(own->conn, data, 1)
                               : rn_conn_read(own->conn, data, sizeof(data));
        if (!CHECK_MSG(got > 0, "a read says %d", (int)got))
            break;
        taken += (int)got;
        atomic_store(own->taken, taken);
    }
}

/*
 * Bytes come at any moment: while the reader reads, before it parks, and when
 * it has. The writer then waits until all are taken: one that is slept through
 * would never be.
 */
static void feed(enum way way, int bytes)
{
    struct net_pair pair;
    atomic_int taken = 0;
    unsigned random = 1;

    if (!net_pair_make(&pair))
        return;
    rn_conn_set_read_deadline(pair.dialed, rn_deadline(LONG_TIME));
    rn_go(take_all, (struct feed){pair.dialed, way, &taken, bytes});
    for (int sent = 0; sent < bytes;) {
        random = random * 1103515245u + 12345u;
        for (unsigned i = 0; i <= random >> 16 && i < 3 && sent < bytes; i++) {
            CHECK_EQ_INT(rn_conn_write(pair.accepted, "x", 1, NULL), RN_OK);
            sent++;
            for (unsigned pause = random >> 20 & 3; pause > 0; pause--)
                rn_yield();
            random = random * 1103515245u + 12345u;
        }
        while (random >> 28 & 1 && atomic_load(&taken) < sent &&
               rn_task_count() > 1)
            rn_yield();
    }
    net_join_all();
    CHECK_EQ_INT(atomic_load(&taken), bytes);
    net_pair_free(&pair);
}

/* However it is waited for, and whenever it comes, no byte is slept through. */
static void nothing_is_slept_through(void)
{
    for (enum way way = READ; way < WAYS; way++)
        feed(way, rn_check_rounds(6000) + 20);
}

static void take_one(struct feed *own)
{
    char byte;

    for (int i = 0; i < own->all; i++) {
        CHECK_EQ_INT(rn_conn_wait_readable(own->conn), RN_OK);
        CHECK_EQ_INT(rn_conn_read(own->conn, &byte, 1), 1);
        atomic_fetch_add(own->taken, 1);
    }
}

/* Each of several who wait for the same connection gets a turn. */
static void several_wait_in_turn(void)
{
    enum { READERS = 4 };
    struct net_pair pair;
    atomic_int taken = 0;
    char data[64] = {0};
    int each = rn_check_rounds(500) + 5;

    if (!net_pair_make(&pair))
        return;
    CHECK_EQ_INT(rn_conn_write(pair.accepted, "xy", 2, NULL), RN_OK);
    CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 2);
    for (int i = 0; i < READERS; i++)
        rn_go(take_one, (struct feed){pair.dialed, WAIT, &taken, each});
    for (int i = 0; i < each; i++) {
        CHECK_EQ_INT(rn_conn_write(pair.accepted, data, READERS, NULL), RN_OK);
        while (i % 8 == 0 && atomic_load(&taken) < (i + 1) * READERS)
            rn_yield();
    }
    net_join_all();
    CHECK_EQ_INT(atomic_load(&taken), each * READERS);
    net_pair_free(&pair);
}

/* ------------------------------------------------- what is no plain message */

/* The end comes with the bytes, or behind them, or when all wait for it. */
static void an_end_is_readable(void)
{
    for (int late = 0; late < 3; late++) {
        struct net_pair pair;
        char data[8];

        if (!net_pair_make(&pair))
            return;
        rn_conn_set_read_deadline(pair.dialed, rn_deadline(LONG_TIME));
        CHECK_EQ_INT(rn_conn_write(pair.accepted, "x", 1, NULL), RN_OK);
        if (late == 0)
            CHECK_EQ_INT(rn_conn_close_write(pair.accepted), RN_OK);
        rn_sleep(RN_MS); /* so that the edges may be told of before the read */
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 1);
        if (late == 1)
            CHECK_EQ_INT(rn_conn_close_write(pair.accepted), RN_OK);
        if (late == 2)
            rn_go(close_it, pair.accepted);
        for (int i = 0; i < 2; i++) {
            CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_OK);
            CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 0);
        }
        net_join_all();
        net_pair_free(&pair);
    }
}

static void reset(struct rn_conn **own)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    int fd = rn_conn_fd(*own);

    CHECK_EQ_INT(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    rn_conn_free(*own);
}

/* A reset ends the wait; the read then tells. */
static void a_reset_is_readable(void)
{
    for (int late = 0; late < 2; late++) {
        struct net_pair pair;
        char data[8];

        if (!net_pair_make(&pair))
            return;
        rn_conn_set_read_deadline(pair.dialed, rn_deadline(LONG_TIME));
        CHECK_EQ_INT(rn_conn_write(pair.accepted, "x", 1, NULL), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 1);
        if (late)
            rn_go(reset, pair.accepted);
        else
            reset(&pair.accepted);
        pair.accepted = NULL;
        CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)),
                     -ECONNRESET);
        net_join_all();
        net_pair_free(&pair);
    }
}

/*
 * A read ends before an urgent byte, although there is more behind it: that
 * short read has drained nothing.
 */
static void urgent_data_hides_nothing(void)
{
    for (int waits = 0; waits < 2; waits++) {
        struct net_pair pair;
        char data[8] = "";

        if (!net_pair_make(&pair))
            return;
        int fd = rn_conn_fd(pair.accepted);
        rn_conn_set_read_deadline(pair.dialed, rn_deadline(LONG_TIME / 30));
        CHECK_EQ_INT(send(fd, "abc", 3, 0), 3);
        CHECK_EQ_INT(send(fd, "!", 1, MSG_OOB), 1);
        CHECK_EQ_INT(send(fd, "def", 3, 0), 3);
        rn_sleep(RN_MS); /* so that the edges may be told of before the read */
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 3);
        CHECK_EQ_STR(data, "abc");
        if (waits)
            CHECK_EQ_INT(rn_conn_wait_readable(pair.dialed), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, data, sizeof(data)), 3);
        CHECK_EQ_STR(data, "def");
        net_pair_free(&pair);
    }
}

/* A Unix socket gives less than it has where a descriptor comes along. */
static void unix_sockets_are_asked(void)
{
    struct rn_conn *conn;
    char data[8] = "";
    int fds[2];

    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    CHECK_EQ_INT(rn_conn_take(fds[0], &conn), RN_OK);
    rn_conn_set_read_deadline(conn, rn_deadline(LONG_TIME));
    for (int i = 0; i < 2; i++) {
        char control[CMSG_SPACE(sizeof(int))] = {0};
        char bytes[] = "ab";
        struct iovec piece = {bytes, 2};
        struct msghdr message = {.msg_iov = &piece,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                   .cmsg_type = SCM_RIGHTS,
                                   .cmsg_len = CMSG_LEN(sizeof(int))};
        memcpy(CMSG_DATA(header), &fds[1], sizeof(int));
        CHECK_EQ_INT(sendmsg(fds[1], &message, 0), 2);
        CHECK_EQ_INT(write(fds[1], "cd", 2), 2);
        rn_sleep(RN_MS);
        CHECK_EQ_INT(rn_conn_read(conn, data, sizeof(data)), 2);
        if (i == 1)
            CHECK_EQ_INT(rn_conn_wait_readable(conn), RN_OK);
        CHECK_EQ_INT(rn_conn_read(conn, data + 2, sizeof(data) - 2), 2);
        CHECK_EQ_STR(data, "abcd");
    }
    close(fds[1]);
    rn_conn_free(conn);
}

RN_CHECK_MAIN(reads_are_not_tried_in_vain, waits_ask_nobody,
              wait_ends_at_its_deadline, wait_ends_at_a_close,
              nothing_is_slept_through, several_wait_in_turn,
              an_end_is_readable, a_reset_is_readable,
              urgent_data_hides_nothing, unix_sockets_are_asked)
