/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_cache.c: many read, few write: an RWMutex.
 *
 * A table of texts over HTTP. Readers take the read side of the lock and look
 * things up all at once; a writer has it alone. Look at get and put: the value
 * is copied out under the lock, so nobody holds it while a slow client is sent
 * its answer. Hits and misses are counted by atomics, which need no lock.
 *
 *     cache --listen 127.0.0.1:8080 &
 *     curl -X PUT --data hello localhost:8080/greeting
 *     curl localhost:8080/greeting
 *     curl localhost:8080/          how many entries, hits, misses
 */
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/mini_http.h"

static const char *address = "127.0.0.1:8080";
static int64_t limit = 100000;

struct text {
    const char *key;
    size_t size; /* of the value */
    char value[];
};

static struct {
    struct rn_rwmutex lock;
    void *tree;                 /* of entries by key; under lock */
    int64_t count;              /* under lock */
    atomic_ullong hits, misses; /* relaxed: counters */
} cache;

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct text *)a)->key, ((const struct text *)b)->key);
}

/* Where the entry of that key is; NULL: there is none. With the lock. */
static struct text **place_of(const char *key)
{
    return tfind(&(struct text){.key = key}, &cache.tree, by_key);
}

static int get(const char *key, FILE *out)
{
    rn_rwmutex_rlock(&cache.lock);
    struct text *const *place = place_of(key);
    if (place)
        fwrite((*place)->value, 1, (*place)->size, out);
    rn_rwmutex_runlock(&cache.lock);
    atomic_fetch_add_explicit(place ? &cache.hits : &cache.misses, 1,
                              memory_order_relaxed);
    return place ? 200 : 404;
}

/* An entry whose key stands behind its value. */
static struct text *make_entry(const char *key, const char *value, size_t size)
{
    struct text *entry = malloc(sizeof(*entry) + size + strlen(key) + 1);

    if (entry) {
        memcpy(entry->value, value, size);
        entry->size = size;
        entry->key = strcpy(entry->value + size, key);
    }
    return entry;
}

static int put(const char *key, const char *value, size_t size)
{
    struct text *entry = make_entry(key, value, size);
    int status = 507;

    if (!entry)
        return status;
    rn_rwmutex_lock(&cache.lock);
    struct text **place = place_of(key), *old = place ? *place : NULL;
    if (old) {
        *place = entry;
        entry = old;
        status = 200;
    } else if (cache.count < limit && tsearch(entry, &cache.tree, by_key)) {
        cache.count++;
        entry = NULL;
        status = 201;
    }
    rn_rwmutex_unlock(&cache.lock);
    free(entry); /* the old one, or the new one that had no place */
    return status;
}

static int drop(const char *key)
{
    struct text *entry = NULL;

    rn_rwmutex_lock(&cache.lock);
    struct text **place = place_of(key);
    if (place) {
        entry = *place;
        tdelete(entry, &cache.tree, by_key);
        cache.count--;
    }
    rn_rwmutex_unlock(&cache.lock);
    free(entry);
    return entry ? 204 : 404;
}

static void print_counts(FILE *out)
{
    rn_rwmutex_rlock(&cache.lock);
    int64_t count = cache.count;
    rn_rwmutex_runlock(&cache.lock);
    fprintf(out, "entries %lld\nhits %llu\nmisses %llu\n", (long long)count,
            atomic_load_explicit(&cache.hits, memory_order_relaxed),
            atomic_load_explicit(&cache.misses, memory_order_relaxed));
}

static void answer(struct rn_ctx *ctx, const struct http_request *request,
                   struct http_answer *answer, void *arg)
{
    const char *key = request->path + 1;
    (void)ctx;
    (void)arg;

    if (strcmp(request->method, "GET") == 0 && !*key)
        print_counts(answer->body);
    else if (strcmp(request->method, "GET") == 0)
        answer->status = get(key, answer->body);
    else if (strcmp(request->method, "PUT") == 0 && *key)
        answer->status = put(key, request->body, request->body_size);
    else if (strcmp(request->method, "DELETE") == 0 && *key)
        answer->status = drop(key);
    else
        answer->status = 405;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int status = mini_http_serve(ctx, address, answer, NULL);
    tdestroy(cache.tree, free);
    return status == RN_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "where", .text = &address},
        {"limit", "N", "entries", .number = &limit, 0, 1 << 30},
        {0},
    };
    return example_main(argc, argv,
                        &(struct example){.usage = "[--listen ADDRESS]",
                                          .about = "Keeps texts, over HTTP.",
                                          .options = options,
                                          .serves = true,
                                          .run = run});
}
