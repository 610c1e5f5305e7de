/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_head.h: the head of a request, strictly.
 *
 * Two servers that read the same bytes differently can be played against each
 * other, so nothing is guessed: what RFC 9112 calls an error or lets a server
 * mend is refused. Pure functions over bytes; slices point into them.
 *
 *     size_t scanned = 0;
 *     int64_t length = http_head_end(bytes, size, &scanned);
 *     length == 0: read more;  length < 0: answer with status -length
 *     int status = http_head_parse(bytes, (size_t)length, &head);
 *     status < 0: answer with status -status
 */
#ifndef SLUICE_HTTP_HEAD_H
#define SLUICE_HTTP_HEAD_H

#include "text.h"

/* Browsers send about 20 fields and 2 KiB; proxies with tickets add to that. */
#define HTTP_HEAD_MAX   65536u
#define HTTP_FIELDS_MAX 64u
/* What other servers allow at least (RFC 9112, 3). */
#define HTTP_TARGET_MAX 8192u

struct http_field {
    struct slice name;
    struct slice value; /* without white space around it */
};

struct http_head {
    struct slice method;
    struct slice path;  /* raw; begins with '/', or is "*" */
    struct slice query; /* raw, behind the '?'; ptr NULL: there is none */
    struct slice host;  /* of the one Host field */
    int minor;          /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;
    bool expects_continue;
    bool chunked;
    int64_t content_length; /* 0 without a body, -1 when chunked */
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t field_count;
};

/*
 * Where the head ends: its length with the empty line, 0 when there is more to
 * come, -400 or -431. `*scanned` (0 at first) remembers what was looked at, so
 * that a head that comes byte by byte is looked at once.
 */
int64_t http_head_end(const char *bytes, size_t size, size_t *scanned);

/*
 * 0, or minus the status to answer: 400, 414, 417, 431, 501, 505. `size` is
 * what http_head_end returned.
 */
int http_head_parse(const char *bytes, size_t size, struct http_head *head);

/* The first field of that name, or NULL. */
const struct http_field *http_head_field(const struct http_head *head,
                                         struct slice name);

/* A character of tokens: methods, names of fields. */
bool http_is_token(unsigned char c);
/* A character of a field's value: neither a control nor DEL, but for tab. */
bool http_is_text(unsigned char c);

#endif
