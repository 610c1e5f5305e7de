/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guide_sharing.c: confinement, Mutex and RWMutex, context.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: confinement */
struct part {
    const int *records;
    int *lengths; /* results: each goroutine writes its own places only */
    int from;
    int to;
    struct rn_waitgroup *running;
};

static void measure(struct part *own)
{
    for (int i = own->from; i < own->to; i++) {
        int digits = 0; /* on this goroutine's stack: nobody else's */
        for (int rest = own->records[i]; rest > 0; rest /= 10)
            digits++;
        own->lengths[i] = digits;
    }
    rn_waitgroup_done(own->running);
}

static void measure_all(void)
{
    static const int records[] = {7, 42, 365, 1000, 5, 99, 123, 4};
    int lengths[8];
    struct rn_waitgroup running = {0};
    rn_waitgroup_add(&running, 4);
    for (int i = 0; i < 4; i++)
        rn_go(measure,
              (struct part){records, lengths, 2 * i, 2 * i + 2, &running});
    rn_waitgroup_wait(&running); /* what they wrote is seen from here on */
    for (int i = 0; i < 8; i++)
        printf("%d has %d digits\n", records[i], lengths[i]);
}
/* guide: end confinement */

/* guide: mutex */
struct counter {
    struct rn_mutex lock; /* protects value */
    int value;
};

struct counting {
    struct counter *counter;
    struct rn_waitgroup *running;
};

static void count_one(struct counting *own)
{
    rn_mutex_lock(&own->counter->lock);
    own->counter->value++;
    rn_mutex_unlock(&own->counter->lock);
    rn_waitgroup_done(own->running);
}

static void count_to_thousand(void)
{
    struct counter counter = {0};
    struct rn_waitgroup running = {0};
    rn_waitgroup_add(&running, 1000);
    for (int i = 0; i < 1000; i++)
        rn_go(count_one, (struct counting){&counter, &running});
    rn_waitgroup_wait(&running);
    printf("counted to %d\n", counter.value);
}
/* guide: end mutex */

/* guide: rwmutex */
struct cache {
    struct rn_rwmutex lock; /* protects prices */
    int prices[100];
};

static int look_up(struct cache *cache, int article)
{
    rn_rwmutex_rlock(&cache->lock); /* beside other readers */
    int price = cache->prices[article];
    rn_rwmutex_runlock(&cache->lock);
    return price;
}

static void change(struct cache *cache, int article, int price)
{
    rn_rwmutex_lock(&cache->lock); /* alone */
    cache->prices[article] = price;
    rn_rwmutex_unlock(&cache->lock);
}
/* guide: end rwmutex */

/* guide: context */
static int ask_warehouse(struct rn_ctx *ctx, int64_t takes_ns)
{
    struct rn_case done = rn_case_done(ctx);
    if (rn_select_until(rn_deadline(takes_ns), &done, 1) == 0)
        return rn_ctx_err(ctx);
    return 42;
}

static void ask(int64_t takes_ns)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 30 * RN_MS);
    int stock = ask_warehouse(ctx, takes_ns);
    if (stock == RN_TIMEOUT)
        printf("the warehouse does not answer\n");
    else if (stock < 0)
        printf("called off: %s\n", rn_status_text(stock));
    else
        printf("%d in stock\n", stock);
    rn_ctx_cancel(ctx);
    rn_ctx_release(ctx);
}
/* guide: end context */

static int start(void *arg)
{
    static struct cache cache;
    (void)arg;
    measure_all();
    count_to_thousand();
    change(&cache, 17, 250);
    printf("article 17 costs %d\n", look_up(&cache, 17));
    ask(10 * RN_MS);
    ask(3600 * RN_S);
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
