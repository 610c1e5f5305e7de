/* SPDX-License-Identifier: Apache-2.0 */
/*
 * no_way_to_stop.c: a goroutine that goes on after its work was called off.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: deaf */
static void watch(int64_t *period_ns)
{
    for (;;)
        rn_sleep(*period_ns); /* looks, and reports */
}

static int start(void *arg)
{
    (void)arg;
    rn_go(watch, 10 * RN_S);
    rn_sleep(25 * RN_S);
    printf("that was enough, but who tells it?\n");
    return 0;
}
/* guide: end deaf */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    setbuf(stdout, NULL);
    return rn_run_with(&options, start, NULL);
}
