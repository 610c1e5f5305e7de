/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_url.h: paths and queries, decoded. Pure functions over bytes.
 */
#ifndef SLUICE_HTTP_URL_H
#define SLUICE_HTTP_URL_H

#include "text.h"

/*
 * Decodes a raw path into `out` (raw.len + 1 bytes), terminated. False when an
 * escape is broken, when it holds a control character, a backslash or an
 * encoded slash, when it is not UTF-8, or when a segment is "." or "..": no
 * such path names anything here, and none may be taken for another.
 */
bool http_path_decode(struct slice raw, char *out);

/*
 * The n-th parameter of that name in a raw query, decoded into `out`
 * (query.len + 1 bytes), terminated. False when there is none, or when it is
 * broken in the ways above (but for slashes and dots).
 */
bool http_query_find(struct slice query, const char *name, size_t n, char *out);

/*
 * True when the path fits the pattern, whose segments "{name}" fit any segment
 * that is not empty.
 */
bool http_path_fits(const char *pattern, const char *path);
/* The segment of the path that stands where `name` does in the pattern. */
struct slice http_path_param(const char *pattern, const char *path,
                             const char *name);

#endif
