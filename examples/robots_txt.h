/* SPDX-License-Identifier: Apache-2.0 */
/*
 * robots_txt.h: what a site asks crawlers to leave alone (RFC 9309).
 */
#ifndef ROBOTS_TXT_H
#define ROBOTS_TXT_H

#include <stdbool.h>
#include <stddef.h>

struct robots_txt;

/*
 * The rules for `agent`, or for all where it is not named. The text need not
 * end with a NUL. NULL: out of memory.
 */
struct robots_txt *robots_txt_parse(const char *text, size_t size,
                                    const char *agent);
/* Rules that allow everything, or nothing: what a missing file means, and one
   that the server failed to send. */
struct robots_txt *robots_txt_all(bool allowed);
void robots_txt_free(struct robots_txt *robots); /* NULL is allowed */

/* Whether a path with its query ("/a?b") may be asked for: the longest rule
   that fits decides, and an allowing one when two are as long. */
bool robots_txt_allows(const struct robots_txt *robots, const char *path);

#endif
