/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adds_by_goroutines.c: a goroutine and a channel for each addition.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: goroutine */
struct sum {
    int a, b;
    rn_sender(int) result;
};

static void add(struct sum *own)
{
    rn_send(own->result, own->a + own->b);
}

static int plus(int a, int b)
{
    rn_chan(int) result = rn_chan_make(int, 0);
    struct rn_waitgroup adding = {0};
    int sum;
    rn_waitgroup_go(&adding, add, (struct sum){a, b, rn_send_end(result)});
    rn_recv(result, &sum);
    rn_waitgroup_wait(&adding);
    rn_chan_free(result);
    return sum;
}
/* guide: end goroutine */

static int start(void *arg)
{
    struct rn_stats before;
    struct rn_stats after;
    int sum = 0;
    (void)arg;
    rn_stats(&before);
    for (int i = 1; i <= 1000; i++)
        sum = plus(sum, i);
    rn_stats(&after);
    uint64_t started = after.started - before.started;
    printf("sum %d: %d goroutines started, parked %s\n", sum, (int)started,
           after.parks - before.parks >= started ? "at least as often"
                                                 : "less often");
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
