/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thousand_on_two.c: many goroutines share a few threads.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: many */
static void wait_for_end(rn_receiver(char) *own)
{
    rn_recv(*own, NULL);
}

static int start(void *arg)
{
    struct rn_waitgroup waiting = {0};
    rn_chan(char) end = rn_chan_make(char, 0);
    struct rn_stats stats;
    (void)arg;
    for (int i = 0; i < 1000; i++)
        rn_waitgroup_go(&waiting, wait_for_end, rn_recv_end(end));
    rn_stats(&stats);
    printf("%zu goroutines, the first among them, on %u threads\n",
           stats.goroutines, rn_procs());
    rn_close(end);
    rn_waitgroup_wait(&waiting);
    rn_chan_free(end);
    return 0;
}

int main(void)
{
    return rn_run_with(&(struct rn_options){.procs = 2}, start, NULL);
}
/* guide: end many */
