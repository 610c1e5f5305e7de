/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c: gives out the page.
 *
 * A browser keeps the files and asks each time whether they have changed, so
 * that a page never meets a server of another version.
 */
#include "serve/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One script, from here; the page's own style; nothing foreign. */
#define POLICY                                                              \
    "default-src 'none'; script-src 'self'; style-src %s; img-src 'self'; " \
    "connect-src 'self'; form-action 'none'; base-uri 'none'; "             \
    "frame-ancestors 'none'"

/* "br, gzip;q=0.8": whether gzip is among what the client takes. */
static bool takes_gzip(const char *accepted)
{
    while (accepted && *accepted) {
        accepted += strspn(accepted, " \t,");
        size_t len = strcspn(accepted, " \t,;");
        const char *rest = accepted + len;
        size_t rest_len = strcspn(rest, ",");
        if (len == 4 && strncasecmp(accepted, "gzip", 4) == 0) {
            const char *weight = memchr(rest, '=', rest_len);
            /* "q=0", "q=0.000": not at all. */
            return !weight || strtod(weight + 1, NULL) > 0;
        }
        accepted = rest + rest_len;
    }
    return false;
}

void page_show(void *app, struct http_request *request,
               struct http_response *response)
{
    (void)app;
    char tag[32];
    const struct page_file *file = page_files;
    while (file < page_files + page_file_count &&
           strcmp(file->path, request->path) != 0)
        file++;
    if (file == page_files + page_file_count) {
        http_reply_error(response, 404, "There is no such page");
        return;
    }
    const char *known = http_request_header(request, "If-None-Match");
    bool packed = takes_gzip(http_request_header(request, "Accept-Encoding"));
    snprintf(tag, sizeof(tag), "\"%s%s\"", file->tag, packed ? "-gzip" : "");
    http_header(response, "ETag", "%s", tag);
    http_header(response, "Cache-Control", "no-cache");
    http_header(response, "Vary", "Accept-Encoding");
    http_header(response, "Content-Security-Policy", POLICY, file->style);
    if (known && strcmp(known, tag) == 0) {
        http_reply(response, 304, NULL, NULL, 0);
    } else if (packed) {
        http_header(response, "Content-Encoding", "gzip");
        http_reply(response, 200, file->type, file->packed, file->packed_size);
    } else {
        http_reply(response, 200, file->type, file->bytes, file->size);
    }
}
