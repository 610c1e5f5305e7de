/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache: what was put in comes out, to one at a time.
 */
#include <pthread.h>

#include "rn_check.h"

static _Atomic(int) alive;

struct object {
    int users; /* no atomic: never two at once */
    int uses;
};

static void *make_object(void)
{
    atomic_fetch_add(&alive, 1);
    return calloc(1, sizeof(struct object));
}

static void drop_object(void *object)
{
    atomic_fetch_sub(&alive, 1);
    free(object);
}

/* Get makes one when there is none; the one put back comes out again. */
static void put_comes_out_again(void)
{
    struct rn_cache *cache = rn_cache_make(4, make_object, drop_object);
    struct object *first = rn_cache_get(cache);
    struct object *second = rn_cache_get(cache);

    CHECK(first && second && first != second);
    CHECK_EQ_INT(atomic_load(&alive), 2);
    rn_cache_put(cache, first);
    CHECK(rn_cache_get(cache) == first);
    CHECK_EQ_INT(atomic_load(&alive), 2);
    rn_cache_put(cache, first);
    rn_cache_put(cache, second);
    rn_cache_put(cache, NULL);
    rn_cache_free(cache);
    rn_cache_free(NULL);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

/* The newest comes out first. */
static void newest_comes_first(void)
{
    struct rn_cache *cache = rn_cache_make(4, NULL, drop_object);
    void *objects[3];

    if (rn_procs() > 1) {
        rn_cache_free(cache);
        return; /* one who moves between workers finds them in two parts */
    }
    CHECK(!rn_cache_get(cache)); /* nobody makes one */
    for (int i = 0; i < 3; i++) {
        objects[i] = make_object();
        rn_cache_put(cache, objects[i]);
    }
    for (int i = 2; i >= 0; i--) {
        CHECK(rn_cache_get(cache) == objects[i]);
        drop_object(objects[i]);
    }
    rn_cache_free(cache);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

/* No more are kept than the limit a worker; the rest are dropped. */
static void limit_is_kept(void)
{
    struct rn_cache *cache = rn_cache_make(3, make_object, drop_object);
    struct rn_cache *none = rn_cache_make(0, make_object, drop_object);
    struct object *objects[40];

    for (int i = 0; i < 40; i++)
        objects[i] = rn_cache_get(cache);
    for (int i = 0; i < 40; i++)
        rn_cache_put(cache, objects[i]);
    CHECK(atomic_load(&alive) <= 3 * (int)rn_procs());
    rn_cache_free(cache);
    CHECK_EQ_INT(atomic_load(&alive), 0);
    rn_cache_put(none, rn_cache_get(none));
    CHECK_EQ_INT(atomic_load(&alive), 0);
    rn_cache_free(none);
}

struct user {
    struct rn_cache *cache;
    int rounds;
};

static void use_objects(struct user *own)
{
    for (int i = 0; i < own->rounds; i++) {
        struct object *object = rn_cache_get(own->cache);

        CHECK_EQ_INT(object->users++, 0);
        if (i % 4 == 0)
            rn_yield();
        object->uses++;
        CHECK_EQ_INT(--object->users, 0);
        rn_cache_put(own->cache, object);
    }
}

/* Many users on all workers: never two have the same object. */
static void one_user_at_a_time(void)
{
    struct rn_cache *cache = rn_cache_make(2, make_object, drop_object);
    struct rn_waitgroup all = {0};

    for (int i = 0; i < 16; i++)
        rn_waitgroup_go(&all, use_objects,
                        (struct user){cache, rn_check_rounds(500) + 5});
    rn_waitgroup_wait(&all);
    rn_cache_free(cache);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

static void take_elsewhere(struct rn_cache **own)
{
    void *object = rn_cache_get(*own);

    CHECK_EQ_INT(atomic_load(&alive), 1);
    rn_cache_put(*own, object);
}

/* What one worker put in, another gets: nothing is made beside it. */
static void others_are_looked_at(void)
{
    struct rn_cache *cache = rn_cache_make(2, make_object, drop_object);

    rn_cache_put(cache, rn_cache_get(cache));
    for (int i = 0; i < 200; i++) {
        struct rn_waitgroup all = {0};

        rn_waitgroup_go(&all, take_elsewhere, cache);
        rn_waitgroup_wait(&all);
    }
    rn_cache_free(cache);
}

static void *use_in_thread(void *arg)
{
    use_objects(arg);
    return NULL;
}

/* Threads use it as goroutines do. */
static void threads_share_it(void)
{
    struct user user = {rn_cache_make(2, make_object, drop_object), 500};
    pthread_t threads[2];

    if (rn_check_simulated()) {
        rn_cache_free(user.cache); /* threads are not simulated */
        return;
    }
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, use_in_thread, &user);
    use_objects(&user);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    rn_cache_free(user.cache);
    CHECK_EQ_INT(atomic_load(&alive), 0);
}

RN_CHECK_MAIN(put_comes_out_again, newest_comes_first, limit_is_kept,
              one_user_at_a_time, others_are_looked_at, threads_share_it)
