/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_stats.c: counters behind a Mutex.
 *
 * A server that counts its requests by path, how long they took and how many
 * failed; /stats prints that while others are counted. Look at count: three
 * fields belong together, so they change under one lock, which is held for a
 * few instructions and never while somebody waits. (Counted without the lock,
 * a thousand requests are fewer than a thousand; the race build says where.)
 *
 *     request_stats --listen 127.0.0.1:8080 &
 *     curl localhost:8080/work?ms=20
 *     curl localhost:8080/fail
 *     curl localhost:8080/stats
 */
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/mini_http.h"

/* Paths come from outside: beyond this many they share the last place. */
#define ENDPOINTS_MAX 100
#define PATH_SIZE     64

static const char *address = "127.0.0.1:8080";

struct endpoint {
    char path[PATH_SIZE];
    uint64_t requests, errors;
    int64_t total_ns, longest_ns;
};

static struct {
    struct rn_mutex lock;
    struct endpoint endpoints[ENDPOINTS_MAX]; /* under lock */
    size_t count;                             /* under lock */
    uint64_t under_way;                       /* under lock */
} stats;

/* The caller holds the lock. */
static struct endpoint *endpoint_of(const char *path)
{
    for (size_t i = 0; i < stats.count; i++) {
        if (strncmp(stats.endpoints[i].path, path, PATH_SIZE - 1) == 0)
            return &stats.endpoints[i];
    }
    if (stats.count == ENDPOINTS_MAX)
        return &stats.endpoints[ENDPOINTS_MAX - 1];
    struct endpoint *added = &stats.endpoints[stats.count++];
    snprintf(added->path, PATH_SIZE, "%s",
             stats.count == ENDPOINTS_MAX ? "(others)" : path);
    return added;
}

static void count(const char *path, int64_t took_ns, bool failed)
{
    rn_mutex_lock(&stats.lock);
    stats.under_way--;
    struct endpoint *endpoint = endpoint_of(path);
    endpoint->requests++;
    endpoint->errors += failed;
    endpoint->total_ns += took_ns;
    if (took_ns > endpoint->longest_ns)
        endpoint->longest_ns = took_ns;
    rn_mutex_unlock(&stats.lock);
}

/* Copies under the lock, prints after it. */
static void print(FILE *out)
{
    struct endpoint *copy = malloc(sizeof(stats.endpoints));

    if (!copy)
        return;
    rn_mutex_lock(&stats.lock);
    size_t copied = stats.count;
    unsigned long long under_way = stats.under_way;
    memcpy(copy, stats.endpoints, copied * sizeof(*copy));
    rn_mutex_unlock(&stats.lock);
    fprintf(out,
            "%llu under way\n"
            "requests errors average_ms longest_ms path\n",
            under_way);
    for (size_t i = 0; i < copied; i++)
        fprintf(out, "%llu %llu %.3f %.3f %s\n",
                (unsigned long long)copy[i].requests,
                (unsigned long long)copy[i].errors,
                (double)copy[i].total_ns / 1e6 / (double)copy[i].requests,
                (double)copy[i].longest_ns / 1e6, copy[i].path);
    free(copy);
}

static void answer(struct rn_ctx *ctx, const struct http_request *request,
                   struct http_answer *answer, void *arg)
{
    int64_t start = rn_now();
    (void)arg;

    if (strcmp(request->path, "/stats") == 0) {
        print(answer->body);
        return;
    }
    rn_mutex_lock(&stats.lock);
    stats.under_way++;
    rn_mutex_unlock(&stats.lock);
    if (strncmp(request->query, "ms=", 3) == 0) {
        long ms = strtol(request->query + 3, NULL, 10);
        example_sleep(ctx, (ms > 0 && ms < 60000 ? ms : 0) * RN_MS);
    }
    if (strcmp(request->path, "/fail") == 0)
        answer->status = 503;
    fputs("done\n", answer->body);
    count(request->path, rn_now() - start, answer->status >= 500);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (mini_http_serve(ctx, address, answer, NULL) != RN_OK)
        return 1;
    print(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "where", .text = &address},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--listen ADDRESS]",
                          .about = "Counts its requests by path, over HTTP.",
                          .options = options,
                          .serves = true,
                          .run = run});
}
