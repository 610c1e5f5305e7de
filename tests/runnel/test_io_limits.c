/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits for descriptors that end by a deadline or a context, and that time goes
 * on while everybody waits.
 */
#include <sys/socket.h>

#include "rn_check.h"

static void make_pair(int fds[2])
{
    CHECK_EQ_INT(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
        0);
}

/* The deadline ends it, never early; the descriptor works afterwards. */
static void deadline_ends_a_wait(void)
{
    int64_t deadline;
    int fds[2];

    make_pair(fds);
    for (int i = 0; i < 5; i++) {
        deadline = rn_deadline(i * RN_MS);
        CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, deadline), RN_TIMEOUT);
        CHECK(rn_now() >= deadline);
    }
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, 0), RN_TIMEOUT);
    CHECK_EQ_INT(write(fds[1], "x", 1), 1);
    CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, rn_deadline(60 * RN_S)) & RN_READ,
                 RN_READ);
    close(fds[0]);
    close(fds[1]);
}

struct canceler {
    struct rn_ctx *ctx;
};

static void cancel_soon(struct canceler *own)
{
    rn_sleep(RN_MS);
    rn_ctx_cancel(own->ctx);
    rn_ctx_release(own->ctx);
}

/* A canceled context ends it; so does the context's deadline. */
static void context_ends_a_wait(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int fds[2];

    make_pair(fds);
    rn_go(cancel_soon, (struct canceler){rn_ctx_retain(ctx)});
    CHECK_EQ_INT(rn_wait_fd_ctx(ctx, fds[0], RN_READ), RN_CANCELED);
    CHECK_EQ_INT(rn_wait_fd_ctx(ctx, fds[0], RN_READ), RN_CANCELED);
    rn_ctx_release(ctx);
    ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    CHECK_EQ_INT(rn_wait_fd_ctx(ctx, fds[0], RN_READ), RN_TIMEOUT);
    rn_ctx_release(ctx);
    CHECK_EQ_INT(write(fds[1], "x", 1), 1);
    CHECK_EQ_INT(rn_wait_fd_ctx(rn_ctx_background(), fds[0], RN_READ) & RN_READ,
                 RN_READ);
    close(fds[0]);
    close(fds[1]);
}

struct edge {
    int fd;
    int64_t at;
    struct rn_waitgroup *all;
};

static void write_at(struct edge *own)
{
    rn_sleep_until(own->at);
    CHECK_EQ_INT(write(own->fd, "x", 1), 1);
    rn_waitgroup_done(own->all);
}

/* A deadline that races the readiness: either answer, and no byte is lost. */
static void racing_deadline_is_harmless(void)
{
    int fds[2];

    make_pair(fds);
    for (int i = 0; i < rn_check_rounds(300); i++) {
        struct rn_waitgroup all = {0};
        int64_t at = rn_deadline(100 * RN_US);
        char byte;
        int ready;

        rn_waitgroup_add(&all, 1);
        rn_go(write_at, (struct edge){fds[1], at, &all});
        ready = rn_wait_fd(fds[0], RN_READ, at);
        CHECK(ready == RN_TIMEOUT || ready == RN_READ);
        rn_waitgroup_wait(&all);
        CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, RN_NEVER), RN_READ);
        CHECK_EQ_INT(read(fds[0], &byte, 1), 1);
    }
    close(fds[0]);
    close(fds[1]);
}

struct silent {
    struct rn_ctx *ctx;
    int fd;
    struct rn_waitgroup *all;
};

static void wait_for_silence(struct silent *own)
{
    CHECK_EQ_INT(rn_wait_fd_ctx(own->ctx, own->fd, RN_READ), RN_CANCELED);
    rn_waitgroup_done(own->all);
}

/* Timers fire in time while goroutines wait for descriptors and none is ready.
 */
static void timers_fire_while_all_wait(void)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_waitgroup all = {0};
    int fds[10][2];
    int64_t start = rn_now();

    rn_waitgroup_add(&all, 10);
    for (int i = 0; i < 10; i++) {
        make_pair(fds[i]);
        rn_go(wait_for_silence, (struct silent){ctx, fds[i][0], &all});
    }
    for (int i = 0; i < 5; i++)
        rn_sleep(RN_MS);
    CHECK(rn_now() - start < 20 * RN_S);
    rn_ctx_cancel(ctx);
    rn_waitgroup_wait(&all);
    for (int i = 0; i < 10; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    rn_ctx_release(ctx);
}

static void answer(rn_chan(int) *own)
{
    rn_recv(own[0], NULL);
    rn_sleep(RN_MS);
    rn_send(own[0], 2);
}

/* New work and a new, earlier timer interrupt a long wait for descriptors. */
static void new_work_interrupts_the_poll(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_waitgroup all = {0};
    int64_t start = rn_now();
    int fds[2];

    make_pair(fds);
    rn_waitgroup_add(&all, 1);
    rn_go(wait_for_silence, (struct silent){ctx, fds[0], &all});
    rn_check_settle();
    for (int i = 0; i < 5; i++) {
        rn_go(answer, chan);
        rn_send(chan, 1);
        rn_recv(chan, NULL);
    }
    CHECK(rn_now() - start < 20 * RN_S);
    rn_ctx_cancel(ctx);
    rn_waitgroup_wait(&all);
    rn_ctx_release(ctx);
    rn_chan_free(chan);
    close(fds[0]);
    close(fds[1]);
}

RN_CHECK_MAIN(deadline_ends_a_wait, context_ends_a_wait,
              racing_deadline_is_harmless, timers_fire_while_all_wait,
              new_work_interrupts_the_poll)
