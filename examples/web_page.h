/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_page.h: a page by its address: fetched by libcurl, its links and title
 * found by libxml2's HTML parser.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "common/curl_go.h"

#define WEB_AGENT     "runnel-scraper"
#define WEB_BODY_MAX  ((size_t)4 * 1024 * 1024)
#define WEB_LINKS_MAX 10000

struct web_page {
    char *url;
    void *owner; /* whatever the caller wants to find again */
    bool plain;  /* robots.txt: keep the body, look for nothing */

    long answer; /* 0: there was none, `why` says it */
    char why[CURL_ERROR_SIZE];
    char *body; /* while it is fetched, and after when it is plain */
    size_t size, room;
    char *title;  /* NULL: none */
    char **links; /* complete addresses, without fragments */
    size_t link_count;
};

/* NULL: out of memory. */
struct web_page *web_page_make(const char *url, void *owner, bool plain);
void web_page_free(struct web_page *page); /* NULL is allowed */

/* Fetches and takes apart; parks. RN_OK (look at answer and why), or the
   context's status. Redirects are links. */
int web_page_fetch(struct rn_ctx *ctx, struct curl_go *curl, CURL *easy,
                   int64_t timeout_ms, struct web_page *page);

/*
 * An address, relative to `base` (or NULL), made complete and regular; its site
 * ("http://host:port") and path with query. False when it is not http or https.
 * The texts are for free().
 */
bool web_address(const char *base, const char *address, char **url, char **site,
                 char **path);

#endif
