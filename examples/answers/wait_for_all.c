/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait_for_all.c: a WaitGroup returns when the last one has ended.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: wait */
struct part {
    int64_t takes_ns;
    int *result; /* a place of its own */
    int value;
};

static void compute(struct part *own)
{
    rn_sleep(own->takes_ns);
    *own->result = own->value * own->value;
}

static int start(void *arg)
{
    struct rn_waitgroup parts = {0};
    int results[3] = {0};
    int64_t begin = rn_now();
    (void)arg;
    for (int i = 0; i < 3; i++)
        rn_waitgroup_go(&parts, compute,
                        (struct part){(3 - i) * RN_S, &results[i], i + 1});
    rn_waitgroup_wait(&parts);
    printf("after %lld s: %d %d %d\n", (long long)((rn_now() - begin) / RN_S),
           results[0], results[1], results[2]);
    return 0;
}
/* guide: end wait */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
