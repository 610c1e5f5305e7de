/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_for_each.c: a goroutine for each job, all at once.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: each */
/* Connections to the database. */
static atomic_int taken;
static atomic_int most;

static void ask_database(int *own)
{
    int now = atomic_fetch_add(&taken, 1) + 1;
    (void)own;
    int before = atomic_load(&most);
    while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
        ;
    rn_sleep(RN_S);
    atomic_fetch_sub(&taken, 1);
}

static int start(void *arg)
{
    struct rn_waitgroup asking = {0};
    (void)arg;
    for (int i = 0; i < 500; i++)
        rn_waitgroup_go(&asking, ask_database, i);
    rn_waitgroup_wait(&asking);
    printf("at most %d at once\n", atomic_load(&most));
    return 0;
}
/* guide: end each */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
