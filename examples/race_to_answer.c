/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race_to_answer.c: ask several servers at once, take the first answer, cancel
 * the others, give up after a time.
 *
 *     race_to_answer [TIMEOUT_MS]
 *
 * The servers are goroutines that need 30, 20 and 50 ms.
 */
#include <stdio.h>
#include <stdlib.h>

#include <runnel/runnel.h>

struct question {
    int server;
    int64_t takes_ns;
    rn_sender(int) answers;
};

/* Answers, unless the question is withdrawn first. */
static int ask(struct rn_ctx *ctx, struct question *own)
{
    struct rn_timer *work = rn_timer_make(own->takes_ns);
    int status = rn_recv_ctx(ctx, rn_timer_chan(work), NULL);
    if (status == RN_OK)
        status = rn_send_ctx(ctx, own->answers, own->server);
    rn_timer_free(work);
    return status == RN_CANCELED ? RN_OK : status;
}

static int start(void *arg)
{
    static const int64_t takes[] = {30 * RN_MS, 20 * RN_MS, 50 * RN_MS};
    int64_t timeout_ms = *(int *)arg;
    rn_chan(int) answers = rn_chan_make(int, 0);
    struct rn_ctx *ctx =
        rn_ctx_with_timeout(rn_ctx_background(), timeout_ms * RN_MS);
    struct rn_group *group = rn_group_make(ctx, 0);

    for (int i = 0; i < 3; i++)
        rn_group_go(group, ask,
                    (struct question){i + 1, takes[i], rn_send_end(answers)});

    int server;
    int status = rn_recv_ctx(ctx, answers, &server);
    if (status == RN_OK)
        printf("server %d was first\n", server);
    else
        printf("no answer: %s\n", rn_status_text(status));

    rn_ctx_cancel(ctx); /* the others stop */
    rn_group_wait(group);
    rn_ctx_release(ctx);
    rn_chan_free(answers);
    return status == RN_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    int timeout_ms = argc > 1 ? atoi(argv[1]) : 1000;
    return rn_run(start, &timeout_ms);
}
