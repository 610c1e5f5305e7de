/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers_together.c: a Mutex lets one in, an RWMutex all who only read.
 */
#include <stdio.h>

#include <runnel/runnel.h>

static struct rn_mutex mutex;
static struct rn_rwmutex rw;

/* guide: users */
static void use_mutex(int *own)
{
    (void)own;
    rn_mutex_lock(&mutex);
    rn_sleep(RN_S);
    rn_mutex_unlock(&mutex);
}

static void read(int *own)
{
    (void)own;
    rn_rwmutex_rlock(&rw);
    rn_sleep(RN_S);
    rn_rwmutex_runlock(&rw);
}

static void write(int *own)
{
    (void)own;
    rn_rwmutex_lock(&rw);
    rn_sleep(RN_S);
    rn_rwmutex_unlock(&rw);
}

static void start_five(const char *title, void (*use)(int *own))
{
    struct rn_waitgroup users = {0};
    int64_t begin = rn_now();
    for (int i = 0; i < 5; i++)
        rn_waitgroup_go(&users, use, i);
    rn_waitgroup_wait(&users);
    printf("%s: %lld s\n", title, (long long)((rn_now() - begin) / RN_S));
}
/* guide: end users */

static int start(void *arg)
{
    (void)arg;
    start_five("Mutex, five users of a second each", use_mutex);
    start_five("RWMutex, five readers", read);
    start_five("RWMutex, five writers", write);
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
