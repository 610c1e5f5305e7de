/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waits_instead.c: waiting until the others have ended.
 */
#include <stdio.h>

#include <runnel/runnel.h>

struct part {
    int *result;
    int value;
};

static void compute(struct part *own)
{
    *own->result = own->value * own->value;
}

/* guide: wait */
static int start(void *arg)
{
    static int result;
    struct rn_waitgroup computing = {0};
    (void)arg;
    rn_waitgroup_go(&computing, compute, (struct part){&result, 7});
    rn_waitgroup_wait(&computing); /* as long as it takes, and no longer */
    printf("%d\n", result);
    return 0;
}
/* guide: end wait */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
