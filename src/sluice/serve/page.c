/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c: gives out the page.
 *
 * A browser keeps the files and asks each time whether they have changed, so
 * that a page never meets a server of another version.
 */
#include "serve/page.h"

#include <string.h>

/* One script and one style sheet, from here; nothing inline, nothing foreign.
 */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'none'";

void page_show(void *app, struct http_request *request,
               struct http_response *response)
{
    (void)app;
    const struct page_file *file = page_files;
    while (file < page_files + page_file_count &&
           strcmp(file->path, request->path) != 0)
        file++;
    if (file == page_files + page_file_count) {
        http_reply_error(response, 404, "There is no such page");
        return;
    }
    const char *known = http_request_header(request, "If-None-Match");
    http_header(response, "ETag", "%s", file->tag);
    http_header(response, "Cache-Control", "no-cache");
    http_header(response, "Content-Security-Policy", "%s", policy);
    if (known && strcmp(known, file->tag) == 0)
        http_reply(response, 304, NULL, NULL, 0);
    else
        http_reply(response, 200, file->type, file->bytes, file->size);
}
