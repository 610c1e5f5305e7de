/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receiver_closes.c: a receiver that has enough, and closes on its sender.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: receiver */
static void produce(rn_sender(int) *own)
{
    for (int i = 1;; i++)
        rn_send(*own, i);
}

static int start(void *arg)
{
    rn_chan(int) numbers = rn_chan_make(int, 0);
    struct rn_waitgroup producing = {0};
    int number;
    (void)arg;
    rn_waitgroup_go(&producing, produce, rn_send_end(numbers));
    rn_recv(numbers, &number);
    printf("%d is enough\n", number);
    rn_close(numbers);
    rn_waitgroup_wait(&producing);
    printf("never printed\n");
    return 0;
}
/* guide: end receiver */

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
