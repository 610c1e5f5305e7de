/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scraper.c: a worker pool whose work makes more work.
 *
 * Workers fetch pages and find the links in them; one goroutine, which alone
 * has the plan (crawl_plan.h), decides what is fetched next. Look at crawl_all:
 * one select offers the next page to whoever is free (or nothing: the case is
 * switched off) and takes what comes back, so neither side can wait for the
 * other; it is over when nothing is left to offer and nothing under way.
 *
 *     scraper http://localhost:8080/
 *     scraper --workers 32 --per-site 4 --pages 500 http://a.example/
 *
 * It stays on the sites that it was given.
 */
#include <libxml/parser.h>
#include <stdio.h>

#include "crawl_plan.h"

static int64_t workers = 16, per_site = 4, pages_max = 1000;
static int64_t timeout_ms = 10000;

struct crawl {
    struct crawl_plan plan;
    rn_chan(struct web_page *) jobs, results;
    int64_t good, failed, links;
};

static int fetch(struct rn_ctx *ctx, struct http_client *client,
                 struct web_page **job, struct web_page **result)
{
    int status = web_page_fetch(ctx, client, *job);

    if (status != RN_OK)
        web_page_free(*job); /* called off: it is still ours */
    *result = *job;
    return status;
}

static void drop_page(struct web_page **page)
{
    web_page_free(*page);
}

static void report(struct crawl *crawl, const struct web_page *page)
{
    long answer = page->reply.answer;

    crawl->links += (int64_t)page->link_count;
    if (page->plain)
        return;
    if (answer >= 200 && answer < 400) {
        crawl->good++;
        printf("%ld %s %s\n", answer, page->url,
               page->title ? page->title : "");
        return;
    }
    crawl->failed++;
    if (answer > 0)
        printf("%ld %s\n", answer, page->url);
    else
        printf("failed %s: %s\n", page->url, page->reply.why);
}

static void crawl_all(struct rn_ctx *ctx, struct crawl *crawl)
{
    struct web_page *next = NULL, *back = NULL;

    for (;;) {
        if (!next)
            next = crawl_pick(&crawl->plan);
        if (crawl->plan.under_way == 0)
            break;
        struct rn_case cases[] = {
            next ? rn_case_send(crawl->jobs, &next) : rn_case_none(),
            rn_case_recv(crawl->results, &back),
            rn_case_done(ctx),
        };
        int happened = rn_select(cases, 3);
        if (happened == 0) {
            next = NULL;
        } else if (happened == 1 && cases[1].ok) {
            report(crawl, back);
            crawl_take(&crawl->plan, back);
        } else {
            break; /* called off */
        }
    }
    web_page_free(next);
    rn_close(crawl->jobs);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct http_client client = {.agent = CRAWL_AGENT,
                                 .timeout_ms = timeout_ms,
                                 .body_max = (size_t)4 * 1024 * 1024};
    struct crawl crawl = {
        .plan = {.per_site = per_site, .pages_max = pages_max}};
    int wrong = 0;

    for (int i = 0; i < argc; i++) {
        if (!crawl_add(&crawl.plan, argv[i], true)) {
            example_error("\"%s\" is no address of http or https", argv[i]);
            wrong++;
        }
    }
    struct rn_group *group = rn_group_make(ctx, 0);
    crawl.jobs = rn_group_chan(group, struct web_page *, 0);
    crawl.results = rn_group_chan(group, struct web_page *, 0);
    rn_chan_set_drop(crawl.results, drop_page);
    http_client_open(&client);
    rn_pool_map(group, (size_t)workers, crawl.jobs, crawl.results, fetch,
                &client);
    crawl_all(rn_group_ctx(group), &crawl); /* also ends when a worker fails */
    int status = rn_group_wait(group);
    if (rn_ctx_err(ctx) == RN_OK && status != RN_OK)
        example_error("%s", rn_status_text(status));
    if (rn_ctx_err(ctx) == RN_OK)
        printf("%lld pages, %lld links, %lld failed, %lld forbidden\n",
               (long long)crawl.good, (long long)crawl.links,
               (long long)crawl.failed, (long long)crawl.plan.forbidden);
    http_client_close(&client);
    crawl_clear(&crawl.plan);
    return wrong > 0 || crawl.failed > 0 || crawl.good == 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"workers", "N", "pages at once", .number = &workers, 1, 1000},
        {"per-site", "N", "of one site at once", .number = &per_site, 1, 1000},
        {"pages", "N", "at most", .number = &pages_max, 1, 1000000},
        {"timeout-ms", "MS", "of one page", .number = &timeout_ms, 1, 600000},
        {0},
    };
    xmlInitParser();
    int status = curl_go_main(
        argc, argv,
        &(struct example){.usage = "[--workers N] [--per-site N] URL...",
                          .about = "Walks over the pages of a site.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = -1,
                          .run = run});
    xmlCleanupParser();
    return status;
}
