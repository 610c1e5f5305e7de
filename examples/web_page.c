/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_page.c: the parser is libxml2's, which is made for what is really out
 * there; it looks for nothing on the network or on the disk by itself.
 */
#include "web_page.h"

#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    free(page->body);
    free(page->url);
    free(page);
}

static char *part_of(CURLU *parts, CURLUPart part, unsigned flags)
{
    char *text, *copy = NULL;

    if (curl_url_get(parts, part, &text, flags) == CURLUE_OK) {
        copy = strdup(text);
        curl_free(text);
    }
    return copy;
}

bool web_address(const char *base, const char *address, char **url, char **site,
                 char **path)
{
    CURLU *parts = curl_url();
    bool good = parts && (!base || curl_url_set(parts, CURLUPART_URL, base,
                                                0) == CURLUE_OK);

    *url = *site = *path = NULL;
    good = good && curl_url_set(parts, CURLUPART_URL, address, 0) == CURLUE_OK;
    if (good) {
        curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0);
        curl_url_set(parts, CURLUPART_USER, NULL, 0);
        curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
        *url = part_of(parts, CURLUPART_URL, 0);
        char *scheme = part_of(parts, CURLUPART_SCHEME, 0);
        char *host = part_of(parts, CURLUPART_HOST, 0);
        char *port = part_of(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        char *query = part_of(parts, CURLUPART_QUERY, 0);
        char *bare = part_of(parts, CURLUPART_PATH, 0);
        good = *url && scheme && host && port && bare &&
               (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
               asprintf(site, "%s://%s:%s", scheme, host, port) > 0 &&
               asprintf(path, "%s%s%s", bare, query ? "?" : "",
                        query ? query : "") > 0;
        free(scheme);
        free(host);
        free(port);
        free(query);
        free(bare);
    }
    curl_url_cleanup(parts);
    if (!good) {
        free(*url);
        free(*site);
        free(*path);
        *url = *site = *path = NULL;
    }
    return good;
}

static void add_link(struct web_page *page, const char *address)
{
    char *url, *site, *path;

    if (page->link_count == WEB_LINKS_MAX ||
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
    xmlDoc *doc = htmlReadMemory(page->body, (int)page->size, page->url, NULL,
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

/* Appends to the body; fewer bytes than it was given make libcurl stop. */
static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct web_page *page = arg;
    size_t more = size * count;

    if (more > WEB_BODY_MAX - page->size)
        return 0;
    if (page->size + more > page->room) {
        size_t room = 2 * (page->size + more);
        char *body = realloc(page->body, room);
        if (!body)
            return 0;
        page->body = body;
        page->room = room;
    }
    memcpy(page->body + page->size, data, more);
    page->size += more;
    return more;
}

int web_page_fetch(struct rn_ctx *ctx, struct curl_go *curl, CURL *easy,
                   int64_t timeout_ms, struct web_page *page)
{
    CURLcode code = CURLE_OK;
    const char *type = NULL, *redirect = NULL;

    curl_easy_setopt(easy, CURLOPT_URL, page->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, WEB_AGENT);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, page);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, page->why);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    int status = curl_go_perform(ctx, curl, easy, &code);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL); /* page goes its way */
    if (status != RN_OK)
        return status;
    if (code != CURLE_OK) {
        if (!page->why[0])
            strcpy(page->why, curl_easy_strerror(code));
        return RN_OK;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &page->answer);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
    if (page->plain)
        return RN_OK;
    if (redirect)
        add_link(page, redirect);
    else if (page->answer == 200 && page->size > 0 && type &&
             strncasecmp(type, "text/html", 9) == 0)
        rn_block(take_apart, page);
    free(page->body);
    page->body = NULL;
    page->size = page->room = 0;
    return RN_OK;
}
