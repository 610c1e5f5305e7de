/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd.c: wait for a descriptor.
 */
#include <errno.h>

#include <runnel/io.h>

#include "os.h"
#include "poll.h"
#include "sched.h"
#include "simfd.h"
#include "wait.h"

enum { BY_POLL = 1, BY_TOKEN };

static void unlock(void *arg)
{
    poll_unlock((int)(intptr_t)arg);
}

/* A foreign thread can sleep in poll, but must look at the context at times. */
static int wait_foreign(int fd, int events, int64_t deadline,
                        struct cancel_token *token)
{
    for (;;) {
        if (token && token_status(token) != 0)
            return token_status(token);
        int64_t left = -1;
        if (deadline != RN_NEVER) {
            left = deadline - seam_now();
            if (left < 0)
                left = 0;
        }
        bool last = left >= 0;
        if (token && (left < 0 || left > 10 * RN_MS)) {
            left = 10 * RN_MS;
            last = false;
        }
        int ready = os_poll_one(fd, events, left);
        if (ready != 0)
            return ready < 0 ? ready : ready & events;
        if (last && seam_now() >= deadline)
            return RN_TIMEOUT;
    }
}

static int wait_within(int fd, int events, int64_t deadline,
                       struct cancel_token *token)
{
    if (fd < 0)
        return -EBADF;
    if (sched_is_foreign())
        return wait_foreign(fd, events, deadline, token);
    sched_point();
    if (unlikely(simfd_is(fd)))
        return simfd_wait(fd, events, deadline, token);
    if (token && token_status(token) != 0)
        return token_status(token);
    struct wait wait;
    struct token_wait token_wait = {.token = token, .source = BY_TOKEN};
    wait_begin(&wait, deadline, &token_wait, token ? 1 : 0);
    struct poll_wait poll = {.fd = fd,
                             .events = events,
                             .task = wait.task,
                             .claim = &wait.claim,
                             .source = BY_POLL};
    int status = poll_enlist(&poll);
    if (status < 0)
        return status;
    uint32_t winner = wait_park(&wait, (struct wait_for){.reason = WAIT_FD},
                                unlock, (void *)(intptr_t)fd);
    if (winner == BY_POLL)
        return poll.ready;
    poll_withdraw(&poll);
    return winner == BY_TOKEN ? token_status(token) : RN_TIMEOUT;
}

int rn_wait_fd(int fd, int events, int64_t deadline)
{
    return wait_within(fd, events, deadline, NULL);
}

int rn_wait_fd_ctx(struct rn_ctx *ctx, int fd, int events)
{
    return wait_within(fd, events, RN_NEVER, ctx_token(ctx));
}
