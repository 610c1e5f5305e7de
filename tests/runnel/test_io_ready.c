/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for descriptors: pipes, sockets, eventfds; both directions of one;
 * what cannot be waited for.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "rn_check.h"

static void make_pair(int fds[2])
{
    CHECK_EQ_INT(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
        0);
}

/* Reads exactly `size` bytes, waiting as needed; what it got. */
static size_t read_all(int fd, char *buffer, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t now = read(fd, buffer + got, size - got);

        if (now > 0)
            got += (size_t)now;
        else if (now == 0)
            break;
        else if (!CHECK(errno == EAGAIN) ||
                 !CHECK(rn_wait_fd(fd, RN_READ, RN_NEVER) & RN_READ))
            break;
    }
    return got;
}

static size_t write_all(int fd, const char *buffer, size_t size)
{
    size_t put = 0;

    while (put < size) {
        ssize_t now = write(fd, buffer + put, size - put);

        if (now > 0)
            put += (size_t)now;
        else if (!CHECK(errno == EAGAIN) ||
                 !CHECK(rn_wait_fd(fd, RN_WRITE, RN_NEVER) & RN_WRITE))
            break;
    }
    return put;
}

struct peer {
    int fd;
    size_t size;
    struct rn_waitgroup *all;
};

static void write_pattern(struct peer *own)
{
    char buffer[4096];
    size_t put = 0;

    while (put < own->size) {
        size_t part = own->size - put < 4096 ? own->size - put : 4096;

        for (size_t i = 0; i < part; i++)
            buffer[i] = (char)((put + i) * 31);
        CHECK_EQ_INT(write_all(own->fd, buffer, part), part);
        put += part;
    }
    rn_waitgroup_done(own->all);
}

static void read_pattern(struct peer *own)
{
    char buffer[1000];
    size_t got = 0;
    bool right = true;

    while (got < own->size) {
        size_t part = own->size - got < 1000 ? own->size - got : 1000;

        if (!CHECK_EQ_INT(read_all(own->fd, buffer, part), part))
            break;
        for (size_t i = 0; i < part; i++)
            right = right && buffer[i] == (char)((got + i) * 31);
        got += part;
    }
    CHECK(right);
    rn_waitgroup_done(own->all);
}

/* A megabyte through a pipe: the writer waits for room, the reader for bytes.
 */
static void pipe_carries_a_stream(void)
{
    struct rn_waitgroup all = {0};
    int fds[2];

    CHECK_EQ_INT(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    rn_waitgroup_add(&all, 2);
    rn_go(read_pattern, (struct peer){fds[0], 1 << 20, &all});
    rn_go(write_pattern, (struct peer){fds[1], 1 << 20, &all});
    rn_waitgroup_wait(&all);
    close(fds[0]);
    close(fds[1]);
}

/* Both directions of both ends at once: two goroutines wait for one fd. */
static void both_directions_at_once(void)
{
    struct rn_waitgroup all = {0};
    int fds[2];

    make_pair(fds);
    rn_waitgroup_add(&all, 4);
    for (int i = 0; i < 2; i++) {
        rn_go(read_pattern, (struct peer){fds[i], 1 << 20, &all});
        rn_go(write_pattern, (struct peer){fds[i], 1 << 20, &all});
    }
    rn_waitgroup_wait(&all);
    close(fds[0]);
    close(fds[1]);
}

/* What is ready is told at once, with the directions that are. */
static void ready_directions_are_told(void)
{
    int fds[2];
    int ready;

    make_pair(fds);
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_WRITE, RN_NEVER), RN_WRITE);
    ready = rn_wait_fd(fds[0], RN_READ | RN_WRITE, RN_NEVER);
    CHECK_EQ_INT(ready, RN_WRITE);
    CHECK_EQ_INT(write(fds[1], "x", 1), 1);
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, RN_NEVER) & RN_READ, RN_READ);
    close(fds[1]);
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, RN_NEVER) & RN_READ, RN_READ);
    close(fds[0]);
}

struct poster {
    int fd;
    int64_t after;
};

static void post_later(struct poster *own)
{
    uint64_t one = 1;

    rn_sleep(own->after);
    CHECK_EQ_INT(write(own->fd, &one, sizeof(one)), sizeof(one));
}

/* An eventfd wakes who waits, again and again. */
static void eventfd_wakes_again_and_again(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    for (int i = 0; i < 20; i++) {
        uint64_t count = 0;

        rn_go(post_later, (struct poster){fd, i % 3 * 100 * RN_US});
        CHECK_EQ_INT(read_all(fd, (char *)&count, sizeof(count)),
                     sizeof(count));
        CHECK_EQ_INT(count, 1);
    }
    while (rn_task_count() > 1)
        rn_yield();
    close(fd);
}

struct closer {
    int fd;
};

static void close_later(struct closer *own)
{
    rn_sleep(RN_MS);
    close(own->fd);
}

/* A hang-up of the other end wakes who waits; the next call tells. */
static void hang_up_wakes(void)
{
    char byte;
    int fds[2];

    make_pair(fds);
    rn_go(close_later, (struct closer){fds[1]});
    CHECK_EQ_INT(read_all(fds[0], &byte, 1), 0);
    close(fds[0]);

    CHECK_EQ_INT(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(fds[1], &fds, sizeof(fds)) > 0)
        continue;
    rn_go(close_later, (struct closer){fds[0]});
    CHECK(rn_wait_fd(fds[1], RN_WRITE, RN_NEVER) & RN_WRITE);
    close(fds[1]);
}

/* A descriptor that is not one: -EBADF. A plain file: -EPERM. */
static void what_cannot_be_waited_for(void)
{
    char name[] = "/tmp/rn_wait_XXXXXX";
    int file = mkstemp(name);

    CHECK_EQ_INT(rn_wait_fd(-1, RN_READ, RN_NEVER), -EBADF);
    CHECK_EQ_INT(rn_wait_fd(100000, RN_READ, RN_NEVER), -EBADF);
    CHECK_EQ_INT(rn_wait_fd_ctx(rn_ctx_background(), -1, RN_WRITE), -EBADF);
    if (CHECK(file >= 0)) {
        CHECK_EQ_INT(rn_wait_fd(file, RN_READ, RN_NEVER), -EPERM);
        close(file);
        unlink(name);
        CHECK_EQ_INT(rn_wait_fd(file, RN_READ, RN_NEVER), -EBADF);
    }
}

struct waiting {
    int fd;
    struct rn_waitgroup *all;
};

static void wait_to_read(struct waiting *own)
{
    int status;

    /* The other one asks at times; then the place is taken. */
    do {
        rn_yield();
        status = rn_wait_fd(own->fd, RN_READ, RN_NEVER);
    } while (status == RN_INVALID);
    CHECK_EQ_INT(status & RN_READ, RN_READ);
    rn_waitgroup_done(own->all);
}

/* One waiter a direction: the second is refused, the first not disturbed. */
static void second_waiter_is_refused(void)
{
    struct rn_waitgroup all = {0};
    int fds[2];
    int status;

    make_pair(fds);
    rn_waitgroup_add(&all, 1);
    rn_go(wait_to_read, (struct waiting){.fd = fds[0], .all = &all});
    do {
        rn_yield();
        status = rn_wait_fd(fds[0], RN_READ, rn_deadline(10 * RN_US));
    } while (status == RN_TIMEOUT);
    CHECK_EQ_INT(status, RN_INVALID);
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_WRITE, RN_NEVER) & RN_WRITE, RN_WRITE);
    CHECK_EQ_INT(write(fds[1], "x", 1), 1);
    rn_waitgroup_wait(&all);
    close(fds[0]);
    close(fds[1]);
}

/* A number that is used again for another descriptor starts anew. */
static void descriptor_numbers_are_reused(void)
{
    for (int i = 0; i < 50; i++) {
        char byte = 0;
        int fds[2];

        make_pair(fds);
        CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, rn_deadline(10 * RN_US)),
                     RN_TIMEOUT);
        CHECK_EQ_INT(write(fds[1], "x", 1), 1);
        CHECK_EQ_INT(read_all(fds[0], &byte, 1), 1);
        close(fds[0]);
        close(fds[1]);
    }
}

#define PAIRS 200

/* Several hundred descriptors, somebody waiting for each. */
static void many_descriptors(void)
{
    struct rn_waitgroup all = {0};
    static int fds[PAIRS][2];

    rn_waitgroup_add(&all, PAIRS);
    for (int i = 0; i < PAIRS; i++) {
        make_pair(fds[i]);
        rn_go(read_pattern, (struct peer){fds[i][0], 100, &all});
    }
    rn_check_settle();
    rn_waitgroup_add(&all, PAIRS);
    for (int i = PAIRS - 1; i >= 0; i--)
        rn_go(write_pattern, (struct peer){fds[i][1], 100, &all});
    rn_waitgroup_wait(&all);
    for (int i = 0; i < PAIRS; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

struct trips {
    int fd;
    int count;
    bool first;
    struct rn_waitgroup *all;
};

static void play(struct trips *own)
{
    char ball = 'x';

    for (int i = 0; i < own->count; i++) {
        if (own->first || i > 0)
            CHECK_EQ_INT(write_all(own->fd, &ball, 1), 1);
        CHECK_EQ_INT(read_all(own->fd, &ball, 1), 1);
    }
    if (!own->first)
        CHECK_EQ_INT(write_all(own->fd, &ball, 1), 1);
    rn_waitgroup_done(own->all);
}

/* Ping-pong over sockets between many pairs: no wake-up is lost. */
static void ping_pong_loses_no_wake_up(void)
{
    struct rn_waitgroup all = {0};
    int fds[8][2];
    const int count = rn_check_rounds(1000);

    rn_waitgroup_add(&all, 16);
    for (int i = 0; i < 8; i++) {
        make_pair(fds[i]);
        rn_go(play, (struct trips){fds[i][0], count, true, &all});
        rn_go(play, (struct trips){fds[i][1], count, false, &all});
    }
    rn_waitgroup_wait(&all);
    for (int i = 0; i < 8; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

RN_CHECK_MAIN(pipe_carries_a_stream, both_directions_at_once,
              ready_directions_are_told, eventfd_wakes_again_and_again,
              hang_up_wakes, what_cannot_be_waited_for,
              second_waiter_is_refused, descriptor_numbers_are_reused,
              many_descriptors, ping_pong_loses_no_wake_up)
