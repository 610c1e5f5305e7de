/* SPDX-License-Identifier: Apache-2.0 */
/* web_address.c: addresses by libcurl's parser (web_page.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web_page.h"

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
