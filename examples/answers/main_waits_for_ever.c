/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_waits_for_ever.c: all wait for each other, and the runtime sees it.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: ever */
static void produce(rn_sender(int) *own)
{
    for (int i = 1; i <= 3; i++)
        rn_send(*own, i);
} /* and nobody closes */

static int start(void *arg)
{
    rn_chan(int) numbers = rn_chan_make(int, 0);
    (void)arg;
    rn_go(produce, rn_send_end(numbers));
    rn_range (int, number, numbers)
        printf("%d\n", number);
    printf("never printed\n");
    rn_chan_free(numbers);
    return 0;
}
/* guide: end ever */

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
