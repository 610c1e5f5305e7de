/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h: the files of the page, and of the API's description, as they were
 * when the program was built (tools/embed).
 */
#ifndef SLUICE_PAGE_H
#define SLUICE_PAGE_H

#include "serve/http.h"

struct page_file {
    const char *path; /* as clients ask for it */
    const char *type;
    const unsigned char *bytes;
    size_t size;
    const unsigned char *packed; /* the same by gzip */
    size_t packed_size;
    const char *tag;   /* of these bytes */
    const char *style; /* what its policy allows as style: a source */
};

/* Made by tools/embed. */
extern const struct page_file page_files[];
extern const size_t page_file_count;

/* Answers with the file of the request's path. `app` is not used. */
void page_show(void *app, struct http_request *request,
               struct http_response *response);

#endif
