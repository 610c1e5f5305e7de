/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_page.h: a page by its address: fetched, its links and title found by
 * libxml2's HTML parser.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "common/http_get.h"

struct web_page {
    char *url;
    void *owner; /* whatever the caller wants to find again */
    bool plain;  /* robots.txt: look for nothing */

    struct http_reply reply; /* answer 0: there was none, `why` says it */
    char *title;             /* NULL: none */
    char **links;            /* complete addresses, without fragments */
    size_t link_count;
};

/* NULL: out of memory. */
struct web_page *web_page_make(const char *url, void *owner, bool plain);
void web_page_free(struct web_page *page); /* NULL is allowed */

/* Fetches and takes apart; parks. RN_OK (look at the reply), or the context's
   status. Redirects are links. */
int web_page_fetch(struct rn_ctx *ctx, struct http_client *client,
                   struct web_page *page);

/*
 * An address, relative to `base` (or NULL), made complete and regular; its site
 * ("http://host:port") and path with query. False when it is not http or https.
 * The texts are for free().
 */
bool web_address(const char *base, const char *address, char **url, char **site,
                 char **path);

#endif
