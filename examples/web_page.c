/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_page.c: the parser is libxml2's, which is made for what is really out
 * there; it looks for nothing on the network or on the disk by itself.
 */
#include "web_page.h"

#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINKS_MAX 10000 /* that are taken of a page */

struct web_page *web_page_make(const char *url, void *owner, bool plain)
{
    struct web_page *page = calloc(1, sizeof(*page));

    if (!page)
        return NULL;
    page->url = strdup(url);
    page->owner = owner;
    page->plain = plain;
    if (!page->url) {
        free(page);
        return NULL;
    }
    return page;
}

void web_page_free(struct web_page *page)
{
    if (!page)
        return;
    for (size_t i = 0; i < page->link_count; i++)
        free(page->links[i]);
    free(page->links);
    free(page->title);
    http_reply_clear(&page->reply);
    free(page->url);
    free(page);
}

static void add_link(struct web_page *page, const char *address)
{
    char *url, *site, *path;

    if (page->link_count == LINKS_MAX ||
        !web_address(page->url, address, &url, &site, &path))
        return;
    free(site);
    free(path);
    char **links =
        realloc(page->links, (page->link_count + 1) * sizeof(*links));
    if (!links) {
        free(url);
        return;
    }
    page->links = links;
    page->links[page->link_count++] = url;
}

static void look_at(struct web_page *page, const xmlNode *node)
{
    const char *name = (const char *)node->name;

    if (node->type != XML_ELEMENT_NODE)
        return;
    if (strcasecmp(name, "a") == 0) {
        xmlChar *href = xmlGetProp(node, (const xmlChar *)"href");
        if (href)
            add_link(page, (const char *)href);
        xmlFree(href);
    } else if (strcasecmp(name, "title") == 0 && !page->title) {
        xmlChar *title = xmlNodeGetContent(node);
        page->title = title ? strdup((const char *)title) : NULL;
        xmlFree(title);
    }
}

/*
 * Every node, without recursion: pages are as deep as they like. Runs where a
 * thread may block: libxml2 keeps a state for each thread that calls it, and
 * the race detector, which takes goroutines for threads, cannot know who owns
 * one that goroutines have shared.
 */
static void take_apart(void *arg)
{
    struct web_page *page = arg;
    xmlDoc *doc =
        htmlReadMemory(page->reply.body, (int)page->reply.size, page->url, NULL,
                       HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                           HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    const xmlNode *node = doc ? xmlDocGetRootElement(doc) : NULL;

    while (node) {
        look_at(page, node);
        if (node->children && node->type == XML_ELEMENT_NODE) {
            node = node->children;
            continue;
        }
        while (node && !node->next)
            node = node->parent;
        node = node ? node->next : NULL;
    }
    xmlFreeDoc(doc);
}

int web_page_fetch(struct rn_ctx *ctx, struct http_client *client,
                   struct web_page *page)
{
    int status = http_get(ctx, client, page->url, NULL, &page->reply);

    if (rn_ctx_err(ctx) != RN_OK || status == RN_NOMEM)
        return status;
    if (page->plain || status != RN_OK)
        return RN_OK;
    if (page->reply.redirect)
        add_link(page, page->reply.redirect);
    else if (page->reply.answer == 200 && page->reply.size > 0 &&
             page->reply.html)
        rn_block(take_apart, page);
    return RN_OK;
}
