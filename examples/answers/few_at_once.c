/* SPDX-License-Identifier: Apache-2.0 */
/*
 * few_at_once.c: a goroutine for each job, but no more than eight at once.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <runnel/runnel.h>

/* Connections to the database. */
static atomic_int taken;
static atomic_int most;

static int ask_database(struct rn_ctx *ctx, int *own)
{
    int now = atomic_fetch_add(&taken, 1) + 1;
    (void)ctx;
    (void)own;
    int before = atomic_load(&most);
    while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
        ;
    rn_sleep(RN_S);
    atomic_fetch_sub(&taken, 1);
    return RN_OK;
}

/* guide: few */
static int start(void *arg)
{
    struct rn_group *asking = rn_group_make(rn_ctx_background(), 8);
    (void)arg;
    for (int i = 0; i < 500; i++)
        rn_group_go(asking, ask_database, i); /* waits while 8 run */
    int status = rn_group_wait(asking);
    printf("at most %d at once, status %d\n", atomic_load(&most), status);
    return 0;
}
/* guide: end few */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
