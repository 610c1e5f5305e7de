/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adds_by_itself.c: a function call for each addition.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: call */
static int plus(int a, int b)
{
    return a + b;
}
/* guide: end call */

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
    printf("sum %d: %d goroutines started, parked %d times\n", sum,
           (int)(after.started - before.started),
           (int)(after.parks - before.parks));
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
