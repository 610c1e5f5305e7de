/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waits_overlap.c: concurrency on one worker thread, parallelism on two.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: concurrent */
static void ask_database(int *own)
{
    (void)own;
    rn_sleep(RN_S);
}

static int concurrent(void *arg)
{
    struct rn_waitgroup asked = {0};
    int64_t begin = rn_now();
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_waitgroup_go(&asked, ask_database, i);
    rn_waitgroup_wait(&asked);
    printf("%u worker, three waits of 1 s: %lld s\n", rn_procs(),
           (long long)((rn_now() - begin) / RN_S));
    return 0;
}
/* guide: end concurrent */

/* guide: parallel */
static atomic_int computing;

/* Neither parks: each goes on when the other runs at the same time. */
static void meet(int *own)
{
    (void)own;
    atomic_fetch_add(&computing, 1);
    while (atomic_load(&computing) < 2)
        ;
}

static int parallel(void *arg)
{
    struct rn_waitgroup met = {0};
    (void)arg;
    rn_waitgroup_go(&met, meet, 1);
    rn_waitgroup_go(&met, meet, 2);
    rn_waitgroup_wait(&met);
    printf("%u workers, two that compute: both at once\n", rn_procs());
    return 0;
}
/* guide: end parallel */

int main(void)
{
    /* Virtual time: the second does not pass. Simulation has one worker. */
    struct rn_options one = {.simulate = true, .seed = 1};
    struct rn_options two = {.procs = 2};
    int status = rn_run_with(&one, concurrent, NULL);
    return status == 0 ? rn_run_with(&two, parallel, NULL) : status;
}
