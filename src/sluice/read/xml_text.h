/* SPDX-License-Identifier: Apache-2.0 */
/* xml_text.h: decoded text, and what goes wrong with a part. */
#ifndef SLUICE_XML_TEXT_H
#define SLUICE_XML_TEXT_H

#include "read/xml_state.h"

/* Sets *why at this part; returns -1. */
int xml_fail(const struct xml *x, enum issue_code code, const char *text,
             struct issue *why);
/* As xml_fail: "is not well-formed XML: TEXT". */
int xml_malformed(const struct xml *x, const char *text, struct issue *why);

/* Writes 1 to 4 bytes, returns how many; surrogates are encoded as they are. */
size_t xml_put_utf8(uint32_t c, char *out);

/* Text that is put together from pieces, in memory that is used again. */
struct xml_text {
    char *bytes;
    size_t len;
    size_t capacity;
    enum issue_code bad; /* ISSUE_NONE, or why the text cannot be used */
};

void xml_text_clear(struct xml_text *text);

/*
 * Appends raw text as it stands between tags: entities resolved, line ends made
 * LF. False when a reference is malformed or memory is out (then *why is set).
 */
bool xml_decode(const struct xml *x, struct slice raw, struct xml_text *text,
                struct issue *why);

/* Appends text as it stands in CDATA: line ends made LF. As xml_decode. */
bool xml_append(const struct xml *x, struct slice raw, struct xml_text *text,
                struct issue *why);

/*
 * Looks at decoded bytes for what no cell may hold. Returns ISSUE_NONE,
 * ISSUE_NUL or ISSUE_ENCODING.
 */
enum issue_code xml_check_text(struct slice text);

#endif
