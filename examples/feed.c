/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.c: the best of what answered in time.
 *
 * A feed is made of three sources: people one follows, what is trending, what
 * is recommended. They are asked at once; whoever has not answered when the
 * time is over is left out, and the reader gets a feed all the same. Look at
 * collect: one receive with the context as its limit, and the channel has room
 * for every answer, so that a late source never waits for a reader who is gone.
 *
 *     feed
 *     feed --slow trending --limit 5
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"

#define SOURCES        3
#define POSTS_A_SOURCE 8
#define POSTS_IN_ALL   20 /* so that sources overlap */

static int64_t timeout_ms = 500, unit_ms = 50, limit = 10, seed = 1;
static const char *slow;

struct post {
    int number;
    double score;
    const char *source;
};

struct source {
    const char *name;
    double weight;
    int units; /* what it takes to answer */
};

static const struct source sources[SOURCES] = {
    {"following", 1.0, 2}, {"trending", 0.8, 3}, {"recommended", 0.9, 1}};

struct answer {
    size_t source;
    struct post posts[POSTS_A_SOURCE];
};

struct question {
    size_t source;
    rn_sender(struct answer) answers;
};

static int ask(struct rn_ctx *ctx, struct question *own)
{
    const struct source *source = &sources[own->source];
    bool late = slow && strcmp(slow, source->name) == 0;
    int64_t takes_ms = late ? 10 * timeout_ms : source->units * unit_ms;
    if (example_sleep(ctx, takes_ms * RN_MS) != RN_OK)
        return RN_OK; /* too late is no error: others have answered */

    struct answer answer = {.source = own->source};
    uint64_t state = (uint64_t)seed * SOURCES + own->source;
    for (int i = 0; i < POSTS_A_SOURCE; i++) {
        answer.posts[i] = (struct post){
            .number = (int)(example_random(&state) % POSTS_IN_ALL),
            .score =
                (double)(example_random(&state) % 1000) / 1000 * source->weight,
            .source = source->name};
    }
    rn_send(own->answers, answer);
    return RN_OK;
}

/* The better of two places in the feed stays. */
static size_t add(struct post *feed, size_t count, struct post post)
{
    for (size_t i = 0; i < count; i++) {
        if (feed[i].number == post.number) {
            if (post.score > feed[i].score)
                feed[i] = post;
            return count;
        }
    }
    feed[count] = post;
    return count + 1;
}

/* Answers until all are there or the time is over; the number of posts. */
static size_t collect(struct rn_ctx *ctx, rn_chan(struct answer) answers,
                      struct post *feed, bool *answered)
{
    struct answer answer;
    size_t count = 0;

    for (int i = 0; i < SOURCES; i++) {
        if (rn_recv_ctx(ctx, answers, &answer) != RN_OK)
            break;
        answered[answer.source] = true;
        for (int p = 0; p < POSTS_A_SOURCE; p++)
            count = add(feed, count, answer.posts[p]);
    }
    return count;
}

static int by_score(const void *a, const void *b)
{
    const struct post *x = a, *y = b;

    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->number - y->number;
}

static int run(struct rn_ctx *outer, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct post feed[SOURCES * POSTS_A_SOURCE];
    bool answered[SOURCES] = {false};
    int64_t start = rn_now();
    struct rn_ctx *ctx = rn_ctx_with_timeout(outer, timeout_ms * RN_MS);
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct answer) answers =
        rn_group_chan(group, struct answer, SOURCES);

    for (size_t i = 0; i < SOURCES; i++)
        rn_group_go(group, ask, (struct question){i, rn_send_end(answers)});
    size_t count = collect(ctx, answers, feed, answered);
    rn_ctx_cancel(ctx);
    rn_group_wait(group);
    rn_ctx_release(ctx);
    if (rn_ctx_err(outer) != RN_OK)
        return 1;

    qsort(feed, count, sizeof(*feed), by_score);
    for (size_t i = 0; i < count && i < (size_t)limit; i++)
        printf("%.3f post %d (%s)\n", feed[i].score, feed[i].number,
               feed[i].source);
    for (size_t i = 0; i < SOURCES; i++) {
        if (!answered[i])
            printf("without %s: no answer within %lld ms\n", sources[i].name,
                   (long long)timeout_ms);
    }
    printf("%zu posts after %.0f ms\n", count, example_ms_since(start));
    return count > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"timeout-ms", "MS", "when the feed must be there",
         .number = &timeout_ms, 1, 60000},
        {"unit-ms", "MS", "the fastest source; the slowest takes three",
         .number = &unit_ms, 0, 60000},
        {"limit", "N", "posts shown", .number = &limit, 1, 100},
        {"slow", "SOURCE", "a source that will be too late", .text = &slow},
        {"seed", "N", "other posts", .number = &seed, 0, 1 << 30},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--timeout-ms MS] [--slow SOURCE]",
                          .about = "Ranks the posts of three sources.",
                          .options = options,
                          .run = run});
}
