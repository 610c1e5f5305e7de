/* SPDX-License-Identifier: Apache-2.0 */
/*
 * done_reaches_all.c: closing one channel stops any number of goroutines.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: done */
struct worker {
    rn_receiver(int) jobs;
    rn_receiver(char) done;
};

static void work(struct worker *own)
{
    struct rn_case cases[] = {
        rn_case_recv(own->jobs, NULL),
        rn_case_recv(own->done, NULL),
    };
    while (rn_select(cases, 2) == 0)
        ;
}

static int start(void *arg)
{
    rn_chan(int) jobs = rn_chan_make(int, 0);
    rn_chan(char) done = rn_chan_make(char, 0);
    struct rn_waitgroup working = {0};
    (void)arg;
    for (int i = 0; i < 100; i++)
        rn_waitgroup_go(&working, work,
                        (struct worker){rn_recv_end(jobs), rn_recv_end(done)});
    rn_send(jobs, 1);
    rn_send(jobs, 2);
    printf("before: %zu goroutines\n", rn_task_count());
    rn_close(done); /* a send would reach one of them */
    rn_waitgroup_wait(&working);
    printf("after: all 100 have stopped\n");
    rn_chan_free(jobs);
    rn_chan_free(done);
    return 0;
}
/* guide: end done */

int main(void)
{
    return rn_run(start, NULL);
}
