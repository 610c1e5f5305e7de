/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guide_goroutines.c: starting goroutines, waiting for them, what they share.
 *
 * It runs in virtual time: the orders take their ten seconds, but nobody waits
 * for them, and the figures are the same each time.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: order */
struct order {
    int number;
    int64_t takes_ns;
    struct rn_waitgroup *open; /* says done at its end */
};

static void process(struct order *own)
{
    rn_sleep(own->takes_ns); /* asks the warehouse, waits for the answer */
    rn_waitgroup_done(own->open);
}
/* guide: end order */

/* guide: sequence */
static void one_after_another(void)
{
    struct rn_waitgroup open = {0};
    rn_waitgroup_add(&open, 5);
    for (int i = 1; i <= 5; i++)
        process(&(struct order){i, 2 * RN_S, &open});
}
/* guide: end sequence */

/* guide: together */
static void all_at_once(void)
{
    struct rn_waitgroup open = {0};
    rn_waitgroup_add(&open, 5);
    for (int i = 1; i <= 5; i++)
        rn_go(process, (struct order){i, 2 * RN_S, &open});
    rn_waitgroup_wait(&open);
}
/* guide: end together */

static void measure(const char *how, void (*run)(void))
{
    int64_t begin = rn_now();
    run();
    printf("%s: %.1f s\n", how, (double)(rn_now() - begin) / RN_S);
}

/* guide: copy */
static void print_number(int *own)
{
    printf("goroutine %d has its own copy\n", *own);
    *own = 0;
}

static void copies(void)
{
    for (int i = 1; i <= 3; i++) {
        rn_go(print_number, i);
        rn_sleep(RN_MS); /* it runs now; i is still ours */
    }
}
/* guide: end copy */

static int start(void *arg)
{
    (void)arg;
    measure("five orders, one after another", one_after_another);
    measure("five orders, all at once", all_at_once);
    copies();
    return 0;
}

/* guide: main */
int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
/* guide: end main */
