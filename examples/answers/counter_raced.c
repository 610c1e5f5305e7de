/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter_raced.c: two goroutines change a variable, and nothing orders them.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: race */
static int counted;

static void count(int *own)
{
    counted += *own;
}

static int start(void *arg)
{
    struct rn_waitgroup counting = {0};
    (void)arg;
    rn_waitgroup_go(&counting, count, 1);
    rn_waitgroup_go(&counting, count, 1);
    rn_waitgroup_wait(&counting);
    printf("counted to %d, today\n", counted);
    return 0;
}
/* guide: end race */

int main(void)
{
    setbuf(stdout, NULL);
    /* One worker: only one of them ever runs at a time. It is a race still. */
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
