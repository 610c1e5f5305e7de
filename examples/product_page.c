/* SPDX-License-Identifier: Apache-2.0 */
/*
 * product_page.c: one page from four services.
 *
 * The product, its reviews, suggestions and the stock are asked for one after
 * another (2,500 ms in all), then at once (as long as the slowest, 800 ms). The
 * page needs the product; without one of the others it is still a page. Look at
 * build_at_once: the required part is the only one whose error cancels, and
 * each goroutine writes the place of the page that is its own.
 *
 *     product_page
 *     product_page --unit-ms 1 --fail reviews
 */
#include <stdio.h>
#include <string.h>

#include "common/example.h"

#define PARTS   4
#define MISSING -1001

static int64_t unit_ms = 100;
static const char *fail;

static const struct service {
    const char *name;
    int units; /* what it takes to answer */
    bool required;
    const char *answer;
} services[PARTS] = {
    {"product", 8, true, "Teapot, 0.8 l, cast iron: 39.00"},
    {"reviews", 7, false, "4.6 of 5 stars, 812 reviews"},
    {"suggestions", 6, false, "tea strainer, cups, green tea"},
    {"inventory", 4, false, "17 in stock"},
};

struct page {
    const char *parts[PARTS]; /* NULL: the service did not answer */
};

struct request {
    size_t service;
    struct page *page;
};

/* Fills in one part; only a required one that is missing is an error. */
static int fetch(struct rn_ctx *ctx, struct request *own)
{
    const struct service *service = &services[own->service];
    int status = example_sleep(ctx, service->units * unit_ms * RN_MS);

    if (status != RN_OK)
        return status;
    if (fail && strcmp(fail, service->name) == 0)
        return service->required ? MISSING : RN_OK;
    own->page->parts[own->service] = service->answer;
    return RN_OK;
}

static int build_one_by_one(struct rn_ctx *ctx, struct page *page)
{
    int status = RN_OK;

    for (size_t i = 0; i < PARTS && status == RN_OK; i++)
        status = fetch(ctx, &(struct request){i, page});
    return status;
}

static int build_at_once(struct rn_ctx *ctx, struct page *page)
{
    struct rn_group *group = rn_group_make(ctx, 0);

    for (size_t i = 0; i < PARTS; i++)
        rn_group_go(group, fetch, (struct request){i, page});
    return rn_group_wait(group);
}

static void print(const struct page *page)
{
    for (size_t i = 0; i < PARTS; i++)
        printf("  %s: %s\n", services[i].name,
               page->parts[i] ? page->parts[i] : "not available now");
}

/* Builds a page one way and says how long it took; negative: no page. */
static double build(struct rn_ctx *ctx, const char *how,
                    int (*way)(struct rn_ctx *, struct page *),
                    struct page *page)
{
    int64_t start = rn_now();
    int status = way(ctx, page);
    double ms = example_ms_since(start);

    if (rn_ctx_err(ctx) != RN_OK)
        return -1;
    if (status != RN_OK) {
        example_error("%s: no page, a service that it needs failed", how);
        return -1;
    }
    printf("%s: %.0f ms\n", how, ms);
    return ms;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct page first = {{0}}, second = {{0}};
    double slow = build(ctx, "one after another", build_one_by_one, &first);
    if (slow < 0)
        return 1;
    double fast = build(ctx, "at once", build_at_once, &second);
    if (fast < 0)
        return 1;
    print(&second);
    bool same = memcmp(&first, &second, sizeof(first)) == 0;
    printf("%s page, %.1f times as fast\n", same ? "the same" : "another",
           slow / fast);
    return same ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"unit-ms", "MS", "a 25th of what the services take together",
         .number = &unit_ms, 0, 10000},
        {"fail", "SERVICE", "product, reviews, suggestions or inventory",
         .text = &fail},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--unit-ms MS] [--fail SERVICE]",
                          .about = "Builds a page from four services.",
                          .options = options,
                          .run = run});
}
