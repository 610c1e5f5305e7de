/* SPDX-License-Identifier: Apache-2.0 */
/* crawl_plan.c: a queue of addresses for each site, and all that were seen. */
#include "crawl_plan.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "robots_txt.h"

/* An address that was seen; in its site's queue until it is picked. */
struct target {
    struct target *next;
    char *url, *path;
};

struct crawl_site {
    struct crawl_site *next;
    bool asked;                /* for its robots.txt */
    struct robots_txt *robots; /* NULL until it has come */
    int64_t active;            /* pages under way */
    struct target *first, **last;
    char name[]; /* "http://host:port" */
};

static void free_target(void *node)
{
    struct target *target = node;

    free(target->url);
    free(target->path);
    free(target);
}

static int by_url(const void *a, const void *b)
{
    return strcmp(((const struct target *)a)->url,
                  ((const struct target *)b)->url);
}

static struct crawl_site *site_of(struct crawl_plan *plan, const char *name,
                                  bool add)
{
    struct crawl_site *site = plan->sites;

    while (site && strcmp(site->name, name) != 0)
        site = site->next;
    if (site || !add)
        return site;
    site = calloc(1, sizeof(*site) + strlen(name) + 1);
    if (!site)
        return NULL;
    strcpy(site->name, name);
    site->next = plan->sites;
    site->last = &site->first;
    plan->sites = site;
    return site;
}

/* Puts an address into its site's queue, once; false when it is none. */
bool crawl_add(struct crawl_plan *plan, const char *address, bool add_site)
{
    char *url, *name, *path;

    if (!web_address(NULL, address, &url, &name, &path))
        return false;
    struct crawl_site *site = site_of(plan, name, add_site);
    struct target *target = site ? malloc(sizeof(*target)) : NULL;
    if (target)
        *target = (struct target){NULL, url, path};
    void *place = target ? tsearch(target, &plan->seen, by_url) : NULL;
    if (place && *(struct target **)place == target) {
        *site->last = target;
        site->last = &target->next;
    } else { /* another site's, or seen before */
        free(target);
        free(url);
        free(path);
    }
    free(name);
    return true;
}

/* The next page of a site; NULL: not now. */
static struct web_page *next_of(struct crawl_plan *plan,
                                struct crawl_site *site)
{
    struct web_page *page = NULL;

    if (!site->asked) {
        char address[1024];
        site->asked = true;
        snprintf(address, sizeof(address), "%s/robots.txt", site->name);
        return web_page_make(address, site, true);
    }
    while (site->robots && site->active < plan->per_site && site->first &&
           !page && plan->started < plan->pages_max) {
        struct target *target = site->first;
        site->first = target->next;
        if (!site->first)
            site->last = &site->first;
        if (robots_txt_allows(site->robots, target->path))
            page = web_page_make(target->url, site, false);
        else
            plan->forbidden++;
    }
    plan->started += page != NULL;
    return page;
}

struct web_page *crawl_pick(struct crawl_plan *plan)
{
    struct web_page *page = NULL;

    for (struct crawl_site *site = plan->sites; site && !page;
         site = site->next) {
        page = next_of(plan, site);
        if (page) {
            site->active++;
            plan->under_way++;
        }
    }
    return page;
}

/* A missing robots.txt allows everything; one that failed to come, nothing. */
static void take_robots(struct crawl_site *site, const struct web_page *page)
{
    if (page->reply.answer == 200)
        site->robots =
            robots_txt_parse(page->reply.size > 0 ? page->reply.body : "",
                             page->reply.size, CRAWL_AGENT);
    else
        site->robots = robots_txt_all(page->reply.answer >= 400 &&
                                      page->reply.answer < 500);
    if (page->reply.answer == 0 || page->reply.answer >= 500)
        example_error("%s: %s: nothing is fetched there", page->url,
                      page->reply.why[0] ? page->reply.why
                                         : "the server failed");
}

void crawl_take(struct crawl_plan *plan, struct web_page *page)
{
    struct crawl_site *site = page->owner;

    site->active--;
    plan->under_way--;
    if (page->plain)
        take_robots(site, page);
    for (size_t i = 0; i < page->link_count; i++)
        crawl_add(plan, page->links[i], false);
    web_page_free(page);
}

void crawl_clear(struct crawl_plan *plan)
{
    while (plan->sites) {
        struct crawl_site *site = plan->sites;
        plan->sites = site->next;
        robots_txt_free(site->robots);
        free(site);
    }
    tdestroy(plan->seen, free_target);
}
