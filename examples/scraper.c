/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scraper.c: a worker pool whose work makes more work.
 *
 * Workers fetch pages and find the links in them; one goroutine decides what is
 * fetched next. It alone knows what was seen, which sites there are, what their
 * robots.txt allow and how many of their pages are being fetched, so none of
 * this is locked. Look at crawl_all: one select offers the next page to whoever
 * is free (or nothing: the case is switched off) and takes what comes back, so
 * neither side can wait for the other; it is over when nothing is left to offer
 * and nothing under way.
 *
 *     scraper http://localhost:8080/
 *     scraper --workers 32 --per-site 4 --pages 500 http://a.example/
 *
 * It stays on the sites that it was given.
 */
#include <libxml/parser.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "robots_txt.h"
#include "web_page.h"

static int64_t workers = 16, per_site = 4, pages_max = 1000;
static int64_t timeout_ms = 10000;

struct target {
    struct target *next;
    char *url, *path;
};

struct site {
    struct site *next;
    char *name;                /* "http://host:port" */
    bool asked;                /* for its robots.txt */
    struct robots_txt *robots; /* NULL until it has come */
    int64_t active;            /* pages under way */
    struct target *first, **last;
};

struct crawl {
    rn_chan(struct web_page *) jobs, results;
    struct site *sites;
    void *seen;        /* a tree of addresses: tsearch */
    int64_t under_way; /* pages at workers, or about to be */
    int64_t started;   /* pages, robots.txt not among them */
    int64_t good, failed, links, forbidden;
};

/* --------------------------------------------------------------- workers */

static int work(struct rn_ctx *ctx, struct crawl **own)
{
    struct curl_go *curl = curl_go_make();
    CURL *easy = curl_easy_init();
    int status = curl && easy ? RN_OK : RN_NOMEM;
    struct web_page *page;

    while (status == RN_OK && rn_recv_ctx(ctx, (*own)->jobs, &page) == RN_OK) {
        status = web_page_fetch(ctx, curl, easy, timeout_ms, page);
        if (status == RN_OK)
            status = rn_send_ctx(ctx, (*own)->results, page);
        if (status != RN_OK)
            web_page_free(page); /* called off: it is still ours */
    }
    curl_easy_cleanup(easy);
    curl_go_free(curl);
    return status;
}

/* ------------------------------------------------------- what comes next */

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Whether it is new; remembers it. */
static bool is_new(struct crawl *crawl, const char *url)
{
    if (tfind(url, &crawl->seen, compare))
        return false;
    char *copy = strdup(url);
    return copy && tsearch(copy, &crawl->seen, compare);
}

static struct site *site_of(struct crawl *crawl, const char *name, bool add)
{
    struct site *site = crawl->sites;

    while (site && strcmp(site->name, name) != 0)
        site = site->next;
    if (site || !add)
        return site;
    site = calloc(1, sizeof(*site));
    char *copy = strdup(name);
    if (!site || !copy) {
        free(site);
        free(copy);
        return NULL;
    }
    *site = (struct site){.next = crawl->sites, .name = copy};
    site->last = &site->first;
    crawl->sites = site;
    return site;
}

/* Puts an address into its site's queue, once; false when it is none. */
static bool add_address(struct crawl *crawl, const char *address, bool add_site)
{
    char *url, *name, *path;

    if (!web_address(NULL, address, &url, &name, &path))
        return false;
    struct site *site = site_of(crawl, name, add_site);
    struct target *target = NULL;
    if (site && is_new(crawl, url))
        target = calloc(1, sizeof(*target));
    if (target) {
        *target = (struct target){NULL, url, path};
        *site->last = target;
        site->last = &target->next;
    } else {
        free(url);
        free(path);
    }
    free(name);
    return true;
}

/* The next page of a site; NULL: not now. */
static struct web_page *next_of(struct crawl *crawl, struct site *site)
{
    struct web_page *page = NULL;

    if (!site->asked) {
        char address[1024];
        site->asked = true;
        snprintf(address, sizeof(address), "%s/robots.txt", site->name);
        return web_page_make(address, site, true);
    }
    while (site->robots && site->active < per_site && site->first && !page &&
           crawl->started < pages_max) {
        struct target *target = site->first;
        site->first = target->next;
        if (!site->first)
            site->last = &site->first;
        if (robots_txt_allows(site->robots, target->path))
            page = web_page_make(target->url, site, false);
        else
            crawl->forbidden++;
        free(target->url);
        free(target->path);
        free(target);
    }
    crawl->started += page != NULL;
    return page;
}

static struct web_page *pick(struct crawl *crawl)
{
    struct web_page *page = NULL;

    for (struct site *site = crawl->sites; site && !page; site = site->next) {
        page = next_of(crawl, site);
        if (page) {
            site->active++;
            crawl->under_way++;
        }
    }
    return page;
}

/* A missing robots.txt allows everything; one that failed to come, nothing. */
static void take_robots(struct site *site, const struct web_page *page)
{
    if (page->answer == 200)
        site->robots = robots_txt_parse(page->size > 0 ? page->body : "",
                                        page->size, WEB_AGENT);
    else
        site->robots =
            robots_txt_all(page->answer >= 400 && page->answer < 500);
    if (page->answer == 0 || page->answer >= 500)
        example_error("%s: %s: nothing is fetched there", page->url,
                      page->why[0] ? page->why : "the server failed");
}

static void take_result(struct crawl *crawl, struct web_page *page)
{
    struct site *site = page->owner;

    site->active--;
    crawl->under_way--;
    if (page->plain) {
        take_robots(site, page);
    } else if (page->answer >= 200 && page->answer < 400) {
        crawl->good++;
        printf("%ld %s %s\n", page->answer, page->url,
               page->title ? page->title : "");
    } else {
        crawl->failed++;
        if (page->answer > 0)
            printf("%ld %s\n", page->answer, page->url);
        else
            printf("failed %s: %s\n", page->url, page->why);
    }
    for (size_t i = 0; i < page->link_count; i++)
        add_address(crawl, page->links[i], false);
    crawl->links += (int64_t)page->link_count;
    web_page_free(page);
}

static void crawl_all(struct rn_ctx *ctx, struct crawl *crawl)
{
    struct web_page *next = NULL, *back;
    bool called_off = false;

    while (!called_off) {
        if (!next)
            next = pick(crawl);
        if (crawl->under_way == 0)
            break;
        struct rn_case cases[] = {
            next ? rn_case_send(crawl->jobs, &next) : rn_case_none(),
            rn_case_recv(crawl->results, &back),
            rn_case_done(ctx),
        };
        switch (rn_select(cases, 3)) {
        case 0:
            next = NULL;
            break;
        case 1:
            take_result(crawl, back);
            break;
        default:
            called_off = true;
        }
    }
    web_page_free(next);
}

static void free_sites(struct crawl *crawl)
{
    while (crawl->sites) {
        struct site *site = crawl->sites;
        crawl->sites = site->next;
        while (site->first) {
            struct target *target = site->first;
            site->first = target->next;
            free(target->url);
            free(target->path);
            free(target);
        }
        robots_txt_free(site->robots);
        free(site->name);
        free(site);
    }
    tdestroy(crawl->seen, free);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct crawl crawl = {.jobs = rn_chan_make(struct web_page *, 0),
                          .results = rn_chan_make(struct web_page *, 0)};
    int wrong = 0;

    for (int i = 0; i < argc; i++) {
        if (!add_address(&crawl, argv[i], true)) {
            example_error("\"%s\" is no address of http or https", argv[i]);
            wrong++;
        }
    }
    struct rn_group *group = rn_group_make(ctx, 0);
    for (int64_t i = 0; i < workers; i++)
        rn_group_go(group, work, &crawl);
    crawl_all(rn_group_ctx(group), &crawl); /* also ends when a worker fails */
    rn_close(crawl.jobs);
    int status = rn_group_wait(group);
    if (rn_ctx_err(ctx) == RN_OK && status != RN_OK)
        example_error("%s", rn_status_text(status));
    if (rn_ctx_err(ctx) == RN_OK)
        printf("%lld pages, %lld links, %lld failed, %lld forbidden\n",
               (long long)crawl.good, (long long)crawl.links,
               (long long)crawl.failed, (long long)crawl.forbidden);
    free_sites(&crawl);
    rn_chan_free(crawl.results);
    rn_chan_free(crawl.jobs);
    return wrong > 0 || crawl.failed > 0 || crawl.good == 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"workers", "N", "pages at once", .number = &workers, .min = 1,
         .max = 1000},
        {"per-site", "N", "of one site at once", .number = &per_site, .min = 1,
         .max = 1000},
        {"pages", "N", "at most", .number = &pages_max, .min = 1,
         .max = 1000000},
        {"timeout-ms", "MS", "of one page", .number = &timeout_ms, .min = 1,
         .max = 600000},
        {0},
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    xmlInitParser();
    int status = example_main(
        argc, argv,
        &(struct example){.usage = "[--workers N] [--per-site N] URL...",
                          .about = "Walks over the pages of a site.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = -1,
                          .run = run});
    xmlCleanupParser();
    curl_global_cleanup();
    return status;
}
