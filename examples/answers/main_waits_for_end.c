/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_waits_for_end.c: the producer closes, so the range ends.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: produce */
static void produce(rn_sender(int) *own)
{
    for (int i = 1; i <= 3; i++)
        rn_send(*own, i);
    rn_close(*own);
}
/* guide: end produce */

static int start(void *arg)
{
    rn_chan(int) numbers = rn_chan_make(int, 0);
    struct rn_waitgroup producing = {0};
    (void)arg;
    rn_waitgroup_go(&producing, produce, rn_send_end(numbers));
    rn_range (int, number, numbers)
        printf("%d\n", number);
    printf("the end\n");
    rn_waitgroup_wait(&producing);
    rn_chan_free(numbers);
    return 0;
}

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
