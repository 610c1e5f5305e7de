/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_of_three.c: a fixed number of workers takes jobs from one channel.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: pool */
struct worker {
    rn_receiver(int) jobs;
    rn_sender(int) results;
};

static void work(struct worker *own)
{
    rn_range (int, job, own->jobs) {
        rn_sleep(RN_S);
        rn_send(own->results, job * job);
    }
}

static int start(void *arg)
{
    rn_chan(int) jobs = rn_chan_make(int, 9);
    rn_chan(int) results = rn_chan_make(int, 9);
    struct rn_waitgroup workers = {0};
    int64_t begin = rn_now();
    int sum = 0;
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_waitgroup_go(
            &workers, work,
            (struct worker){rn_recv_end(jobs), rn_send_end(results)});
    for (int job = 1; job <= 9; job++)
        rn_send(jobs, job);
    rn_close(jobs); /* a worker ends when there are no more */
    rn_waitgroup_wait(&workers);
    rn_close(results);
    rn_range (int, result, results)
        sum += result;
    printf("9 jobs of 1 s, 3 workers: %lld s, sum %d\n",
           (long long)((rn_now() - begin) / RN_S), sum);
    rn_chan_free(jobs);
    rn_chan_free(results);
    return 0;
}
/* guide: end pool */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
