/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_options.h: what a client asks for beside its file.
 *
 * As parameters of the query, or as a JSON object in the form's field
 * `options`, which wins:
 *
 *     target, table, sheet, preset, method, separator
 *     map        of the query, again and again: "Header=column"
 *     mapping    of the object: {"Header": "column", "Other": null}
 *
 * A header that is mapped to nothing (an empty name, null) is left out.
 */
#ifndef SLUICE_API_OPTIONS_H
#define SLUICE_API_OPTIONS_H

#include "serve/jobs.h"

/* 503: no place for a preview or a report became free. */
void api_busy(struct http_response *response);

/* An import of usual size takes about a second. */
#define API_RETRY_AFTER_S 5

/* Headers that one request maps; a sheet has at most 16,384 columns. */
#define API_MAPS_MAX 1600

struct api_options {
    struct job_request request; /* its texts live as long as this */
    json_t *object;             /* owned; NULL: none was sent */
    char **maps;                /* owned */
    size_t map_count;
};

/*
 * Reads the options that came with an upload. RN_OK, the caller's to clear; -1
 * after a 400 was answered.
 */
int api_options_read(struct api_options *options, struct upload *upload,
                     struct http_request *request,
                     struct http_response *response);
void api_options_clear(struct api_options *options);

/* A whole number of the query, or `usual` when it is none; at most `max`. */
uint64_t api_query_number(const struct http_request *request, const char *name,
                          uint64_t usual, uint64_t max);

#endif
