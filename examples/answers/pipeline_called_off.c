/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_called_off.c: a pipeline whose last stage stops early, without a leak.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: stages */
struct stage {
    struct rn_ctx *ctx;
    rn_receiver(int) in;
    rn_sender(int) out;
};

static void generate(struct stage *own)
{
    for (int n = 1; rn_send_ctx(own->ctx, own->out, n) == RN_OK; n++)
        ;
    rn_close(own->out);
}

static void square(struct stage *own)
{
    rn_range_ctx(int, n, own->ctx, own->in)
    {
        if (rn_send_ctx(own->ctx, own->out, n * n) != RN_OK)
            break;
    }
    rn_close(own->out);
}

static void keep_even(struct stage *own)
{
    rn_range_ctx(int, n, own->ctx, own->in)
    {
        if (n % 2 == 0 && rn_send_ctx(own->ctx, own->out, n) != RN_OK)
            break;
    }
    rn_close(own->out);
}
/* guide: end stages */

/* guide: line */
static int start(void *arg)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_chan(int) numbers = rn_chan_make(int, 0);
    rn_chan(int) squares = rn_chan_make(int, 0);
    rn_chan(int) even = rn_chan_make(int, 0);
    struct rn_waitgroup stages = {0};
    (void)arg;
    rn_waitgroup_go(&stages, generate,
                    (struct stage){ctx, NULL, rn_send_end(numbers)});
    rn_waitgroup_go(
        &stages, square,
        (struct stage){ctx, rn_recv_end(numbers), rn_send_end(squares)});
    rn_waitgroup_go(
        &stages, keep_even,
        (struct stage){ctx, rn_recv_end(squares), rn_send_end(even)});

    for (int i = 0; i < 5; i++) {
        int n;
        rn_recv(even, &n);
        printf("%d\n", n);
    }
    rn_ctx_cancel(ctx); /* enough: every stage hears of it */
    rn_waitgroup_wait(&stages);
    rn_ctx_release(ctx);
    rn_chan_free(numbers);
    rn_chan_free(squares);
    rn_chan_free(even);
    return 0;
}
/* guide: end line */

int main(void)
{
    return rn_run(start, NULL);
}
