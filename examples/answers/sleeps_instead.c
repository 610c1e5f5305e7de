/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleeps_instead.c: sleeping until the others must have ended.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: sleep */
struct part {
    int *result;
    int value;
};

static void compute(struct part *own)
{
    *own->result = own->value * own->value;
}

static int start(void *arg)
{
    static int result;
    (void)arg;
    rn_go(compute, (struct part){&result, 7});
    rn_sleep(RN_S); /* a second is plenty */
    printf("%d\n", result);
    return 0;
}
/* guide: end sleep */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    setbuf(stdout, NULL);
    return rn_run_with(&options, start, NULL);
}
