/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated descriptors: streams in memory with delays, short calls, resets.
 * Each case is explored under many seeds.
 */
#include <errno.h>
#include <stdlib.h>

#include <runnel/runnel.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 200
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEEDS 100
#endif
#endif
#ifndef SEEDS
#define SEEDS 3000
#endif

#define BYTES 300

static void explored(int (*program)(void *arg), unsigned fault_one_in)
{
    static const char *const schedules[] = {"uniform", "pct:2"};

    for (int i = 0; i < 2; i++) {
        const struct rn_sim_options options = {
            .seed = 1, .schedule = schedules[i], .fault_one_in = fault_one_in};
        struct rn_sim_result result = {0};
        int status = rn_sim_explore(&options, SEEDS, program, NULL, &result);

        CHECK_MSG(status == RN_OK, "%s, seed %" PRIu64 ": %s %s", schedules[i],
                  result.seed, rn_status_text(status), result.message);
    }
}

/* Until all is written, or a status. */
static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        int64_t put = rn_sim_write(fd, data, size);

        if (put == RN_AGAIN) {
            int ready = rn_wait_fd(fd, RN_WRITE, RN_NEVER);
            if (ready < 0)
                return ready;
            continue;
        }
        if (put < 0)
            return (int)put;
        RN_SIM_CHECK(put > 0 && (size_t)put <= size);
        data += put;
        size -= (size_t)put;
    }
    return RN_OK;
}

/* Some bytes, 0 at the end, or a status. */
static int64_t read_some(int fd, char *data, size_t size)
{
    for (;;) {
        int64_t got = rn_sim_read(fd, data, size);

        if (got != RN_AGAIN)
            return got;
        int ready = rn_wait_fd(fd, RN_READ, RN_NEVER);
        if (ready < 0)
            return ready;
    }
}

static char byte_at(size_t i)
{
    return (char)(i * 7 + i / 256);
}

struct side {
    int fd;
    struct rn_waitgroup *done;
    bool may_fail;
};

static void send_bytes(struct side *own)
{
    char data[BYTES];
    int status;

    for (size_t i = 0; i < BYTES; i++)
        data[i] = byte_at(i);
    status = write_all(own->fd, data, BYTES);
    RN_SIM_CHECK(status == RN_OK || (own->may_fail && status == -ECONNRESET));
    RN_SIM_CHECK(rn_sim_shutdown(own->fd) == RN_OK);
    int64_t late = rn_sim_write(own->fd, data, 1);
    RN_SIM_CHECK(late == -EPIPE || (own->may_fail && late == -ECONNRESET));
    rn_waitgroup_done(own->done);
}

static int transfer(bool may_fail)
{
    const struct rn_sim_link link = {
        .delay_ns = RN_MS, .capacity = 64, .short_calls = true};
    struct rn_waitgroup done = {0};
    char data[BYTES];
    size_t count = 0;
    int64_t got;
    int fds[2];

    RN_SIM_CHECK(rn_sim_pair(&link, fds) == RN_OK);
    rn_waitgroup_add(&done, 1);
    rn_go(send_bytes, (struct side){fds[0], &done, may_fail});
    while ((got = read_some(fds[1], data, sizeof(data))) > 0)
        for (int64_t i = 0; i < got; i++)
            RN_SIM_CHECK(data[i] == byte_at(count++));
    RN_SIM_CHECK(got == 0 || (may_fail && got == -ECONNRESET));
    RN_SIM_CHECK(got < 0 ? count <= BYTES : count == BYTES);
    rn_waitgroup_wait(&done);
    RN_SIM_CHECK(rn_sim_close(fds[0]) == RN_OK);
    RN_SIM_CHECK(rn_sim_close(fds[1]) == RN_OK);
    return 0;
}

static int transfer_whole(void *arg)
{
    (void)arg;
    return transfer(false);
}

/* What is written arrives whole, in order, and then the end. */
static void bytes_arrive_in_order(void)
{
    explored(transfer_whole, 0);
}

static int transfer_or_fail(void *arg)
{
    (void)arg;
    return transfer(true);
}

/* A reset ends both sides with -ECONNRESET; nobody hangs. */
static void reset_ends_both_sides(void)
{
    explored(transfer_or_fail, 20);
}

static int arrive_late(void *arg)
{
    const struct rn_sim_link link = {.delay_ns = 4 * RN_MS};
    int64_t start = rn_now();
    char byte = 0;
    int fds[2];

    (void)arg;
    RN_SIM_CHECK(rn_sim_pair(&link, fds) == RN_OK);
    RN_SIM_CHECK(rn_wait_fd(fds[1], RN_READ, start + RN_MS) == RN_TIMEOUT);
    RN_SIM_CHECK(rn_now() == start + RN_MS);
    RN_SIM_CHECK(rn_wait_fd(fds[1], RN_WRITE, 0) == RN_WRITE);
    RN_SIM_CHECK(rn_sim_write(fds[0], "x", 1) == 1);
    RN_SIM_CHECK(rn_wait_fd(fds[1], RN_READ, RN_NEVER) == RN_READ);
    RN_SIM_CHECK(rn_now() <= start + 5 * RN_MS);
    RN_SIM_CHECK((rn_now() - start) % RN_MS == 0);
    RN_SIM_CHECK(rn_sim_read(fds[1], &byte, 1) == 1 && byte == 'x');
    RN_SIM_CHECK(rn_sim_read(fds[1], &byte, 1) == RN_AGAIN);
    rn_sim_close(fds[0]);
    rn_sim_close(fds[1]);
    return 0;
}

/* Bytes come within the longest delay; a deadline before that is kept. */
static void delays_and_deadlines_are_kept(void)
{
    explored(arrive_late, 0);
}

static void cancel_soon(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
}

static void close_soon(int *own)
{
    RN_SIM_CHECK(rn_sim_close(*own) == RN_OK);
}

static int waits_end(void *arg)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    char byte;
    int fds[2];

    (void)arg;
    RN_SIM_CHECK(rn_sim_pair(NULL, fds) == RN_OK);
    rn_go(cancel_soon, ctx);
    RN_SIM_CHECK(rn_wait_fd_ctx(ctx, fds[0], RN_READ) == RN_CANCELED);
    rn_go(close_soon, fds[1]);
    RN_SIM_CHECK(rn_wait_fd(fds[0], RN_READ, RN_NEVER) == RN_READ);
    RN_SIM_CHECK(rn_sim_read(fds[0], &byte, 1) == 0);
    RN_SIM_CHECK(rn_sim_write(fds[0], "x", 1) == -EPIPE);
    rn_sleep(RN_US);
    RN_SIM_CHECK(rn_sim_pair(NULL, fds) == RN_OK);
    rn_go(close_soon, fds[0]);
    RN_SIM_CHECK(rn_wait_fd(fds[0], RN_READ, RN_NEVER) == -EBADF);
    RN_SIM_CHECK(rn_sim_read(fds[0], &byte, 1) == -EBADF);
    rn_ctx_release(ctx);
    return 0;
}

/* A wait ends by its context, by the other side's close, by its own. */
static void waits_end_by_context_and_close(void)
{
    explored(waits_end, 0);
}

static void wait_to_read(int *own)
{
    RN_SIM_CHECK(rn_wait_fd(*own, RN_READ, RN_NEVER) == RN_READ);
}

static int one_a_direction(void *arg)
{
    int fds[2];

    (void)arg;
    RN_SIM_CHECK(rn_sim_pair(NULL, fds) == RN_OK);
    rn_go(wait_to_read, fds[0]);
    rn_sleep(RN_US);
    RN_SIM_CHECK(rn_wait_fd(fds[0], RN_READ, RN_NEVER) == RN_INVALID);
    RN_SIM_CHECK(rn_sim_write(fds[1], "x", 1) == 1);
    return 0;
}

/* One goroutine at most waits for a direction. */
static void one_waits_for_each_direction(void)
{
    explored(one_a_direction, 0);
}

static int hang(void *arg)
{
    int fds[2];

    (void)arg;
    RN_SIM_CHECK(rn_sim_pair(NULL, fds) == RN_OK);
    rn_wait_fd(fds[0], RN_READ, RN_NEVER);
    return 0;
}

/* Waiting for what nobody will write is a deadlock, and it is found. */
static void waiting_for_nothing_is_a_deadlock(void)
{
    const struct rn_sim_options options = {.quiet = true};

    CHECK_EQ_INT(rn_sim_run(&options, hang, NULL), RN_DEADLOCK);
}

static int too_many(void *arg)
{
    const struct rn_sim_link bad[] = {{.delay_ns = -1}, {.capacity = SIZE_MAX}};
    int fds[2];
    int count = 0;

    (void)arg;
    for (int i = 0; i < 2; i++)
        RN_SIM_CHECK(rn_sim_pair(&bad[i], fds) == RN_INVALID);
    while (rn_sim_pair(NULL, fds) == RN_OK)
        count++;
    RN_SIM_CHECK(count == 128);
    RN_SIM_CHECK(rn_sim_pair(NULL, fds) == -EMFILE);
    RN_SIM_CHECK(rn_sim_close(-1) == -EBADF);
    RN_SIM_CHECK(rn_sim_shutdown(0) == -EBADF);
    return 0;
}

/* 128 pairs, sensible links, and only in a simulated run. */
static void limits_are_told(void)
{
    const struct rn_sim_options options = {0};
    char byte;
    int fds[2];

    CHECK_EQ_INT(rn_sim_run(&options, too_many, NULL), RN_OK);
    CHECK_EQ_INT(rn_sim_run(&options, too_many, NULL), RN_OK);
    CHECK_EQ_INT(rn_sim_pair(NULL, fds), RN_INVALID);
    CHECK_EQ_INT(rn_sim_read(1 << 24, &byte, 1), -EBADF);
}

CHECK_MAIN(bytes_arrive_in_order, reset_ends_both_sides,
           delays_and_deadlines_are_kept, waits_end_by_context_and_close,
           one_waits_for_each_direction, waiting_for_nothing_is_a_deadlock,
           limits_are_told)
