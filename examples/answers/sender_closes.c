/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sender_closes.c: a receiver that has enough, and says so to its sender.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: sender */
struct producer {
    struct rn_ctx *ctx;
    rn_sender(int) numbers;
};

static void produce(struct producer *own)
{
    for (int i = 1; rn_send_ctx(own->ctx, own->numbers, i) == RN_OK; i++)
        ;
    rn_close(own->numbers); /* the sender, when it sends no more */
}

static int start(void *arg)
{
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_chan(int) numbers = rn_chan_make(int, 0);
    struct rn_waitgroup producing = {0};
    int number;
    (void)arg;
    rn_waitgroup_go(&producing, produce,
                    (struct producer){ctx, rn_send_end(numbers)});
    rn_recv(numbers, &number);
    printf("%d is enough\n", number);
    rn_ctx_cancel(ctx);
    rn_waitgroup_wait(&producing);
    printf("closed: %s\n", rn_status_text(rn_try_recv(numbers, NULL)));
    rn_ctx_release(ctx);
    rn_chan_free(numbers);
    return 0;
}
/* guide: end sender */

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
