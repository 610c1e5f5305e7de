/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crawl_plan.h: which page is fetched next.
 *
 * The plan knows what was seen, which sites there are, what their robots.txt
 * allow and how many of their pages are under way. It belongs to one goroutine:
 * nothing in it is locked.
 */
#ifndef CRAWL_PLAN_H
#define CRAWL_PLAN_H

#include "web_page.h"

#define CRAWL_AGENT "runnel-scraper"

struct crawl_site;

struct crawl_plan {
    int64_t per_site;  /* pages of one site at once */
    int64_t pages_max; /* pages at most, robots.txt not among them */
    /* So far: */
    int64_t under_way; /* picked, and not taken back */
    int64_t started, forbidden;
    /* Internal. */
    struct crawl_site *sites;
    void *seen; /* a tree of all addresses: tsearch */
};

/*
 * Plans an address unless it was seen before. `add_site`: also one of a site
 * that is new. False when it is no address of http or https.
 */
bool crawl_add(struct crawl_plan *plan, const char *address, bool add_site);

/* The next page to fetch, to be given back; NULL: not now. */
struct web_page *crawl_pick(struct crawl_plan *plan);

/* A page came back: takes what it says into account, its links. Frees it. */
void crawl_take(struct crawl_plan *plan, struct web_page *page);

void crawl_clear(struct crawl_plan *plan);

#endif
