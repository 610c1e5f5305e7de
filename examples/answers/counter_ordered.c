/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter_ordered.c: a counter by Mutex and by atomic: the two cures of a race.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: ordered */
static struct rn_mutex lock;
static int locked; /* under the lock */
static atomic_int alone;

static void count(int *own)
{
    (void)own;
    rn_mutex_lock(&lock);
    locked++;
    rn_mutex_unlock(&lock);
    atomic_fetch_add(&alone, 1);
}

static int start(void *arg)
{
    struct rn_waitgroup counting = {0};
    (void)arg;
    for (int i = 0; i < 1000; i++)
        rn_waitgroup_go(&counting, count, i);
    rn_waitgroup_wait(&counting);
    printf("by Mutex %d, by atomic %d\n", locked, atomic_load(&alone));
    return 0;
}
/* guide: end ordered */

int main(void)
{
    return rn_run(start, NULL);
}
