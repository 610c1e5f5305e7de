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
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/mini_http.h"

#define BUCKETS 4096

static const char *address = "127.0.0.1:8080";
static int64_t limit = 100000;

struct entry {
    struct entry *next;
    char *key, *value;
    size_t size;
};

static struct {
    struct rn_rwmutex lock;
    struct entry *buckets[BUCKETS]; /* under lock */
    int64_t count;                  /* under lock */
    atomic_ullong hits, misses;     /* relaxed: counters */
} cache;

static size_t bucket_of(const char *key)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return hash % BUCKETS;
}

/* Where the entry hangs, or would; the caller holds the lock. */
static struct entry **place_of(const char *key)
{
    struct entry **place = &cache.buckets[bucket_of(key)];

    while (*place && strcmp((*place)->key, key) != 0)
        place = &(*place)->next;
    return place;
}

static void free_entry(struct entry *entry)
{
    if (!entry)
        return;
    free(entry->key);
    free(entry->value);
    free(entry);
}

static int get(const char *key, FILE *out)
{
    rn_rwmutex_rlock(&cache.lock);
    const struct entry *entry = *place_of(key);
    if (entry)
        fwrite(entry->value, 1, entry->size, out);
    rn_rwmutex_runlock(&cache.lock);
    atomic_fetch_add_explicit(entry ? &cache.hits : &cache.misses, 1,
                              memory_order_relaxed);
    return entry ? 200 : 404;
}

static int put(const char *key, const char *value, size_t size)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    int status = 507;

    if (!entry)
        return status;
    entry->key = strdup(key);
    entry->value = malloc(size + 1);
    entry->size = size;
    if (entry->key && entry->value) {
        memcpy(entry->value, value, size);
        rn_rwmutex_lock(&cache.lock);
        struct entry **place = place_of(key);
        struct entry *old = *place;
        if (old || cache.count < limit) {
            status = old ? 200 : 201;
            cache.count += !old;
            entry->next = old ? old->next : NULL;
            *place = entry;
            entry = old;
        }
        rn_rwmutex_unlock(&cache.lock);
    }
    free_entry(entry); /* the old one, or the new one that had no place */
    return status;
}

static int drop(const char *key)
{
    rn_rwmutex_lock(&cache.lock);
    struct entry **place = place_of(key);
    struct entry *entry = *place;
    if (entry)
        *place = entry->next;
    cache.count -= entry != NULL;
    rn_rwmutex_unlock(&cache.lock);
    free_entry(entry);
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
    if (status != RN_OK)
        example_error("%s: %s", address, rn_status_text(status));
    for (size_t i = 0; i < BUCKETS; i++) {
        while (cache.buckets[i]) {
            struct entry *entry = cache.buckets[i];
            cache.buckets[i] = entry->next;
            free_entry(entry);
        }
    }
    return status == RN_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "where", .text = &address},
        {"limit", "N", "entries", .number = &limit, .min = 0, .max = 1 << 30},
        {0},
    };
    return example_main(argc, argv,
                        &(struct example){.usage = "[--listen ADDRESS]",
                                          .about = "Keeps texts, over HTTP.",
                                          .options = options,
                                          .serves = true,
                                          .run = run});
}
