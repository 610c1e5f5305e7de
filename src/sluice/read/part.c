/* SPDX-License-Identifier: Apache-2.0 */
/* part.c: drives expat over an unpacked part. */
#include "read/part.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "read/inflate.h"
#include "sluice_limits.h"

#define CHUNK 16384

struct reading {
    XML_Parser parser;
    const struct zip_entry *entry;
    part_open_fn *open;
    void *context;
    struct issue *why;
    unsigned depth;
    bool failed; /* *why is filled */
};

static void at_part(const struct zip_entry *entry, struct issue *why)
{
    snprintf(why->sheet, sizeof(why->sheet), "%.*s",
             (int)utf8_prefix(entry->name, sizeof(why->sheet) - 1),
             entry->name.ptr);
}

static void stop(struct reading *r)
{
    r->failed = true;
    at_part(r->entry, r->why);
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_open(void *context, const char *full, const char **attributes)
{
    struct reading *r = context;
    const char *name = strchr(full, ' ');
    char space[128] = "";

    if (r->failed)
        return;
    if (r->depth == LIMIT_XML_DEPTH) {
        issue_set(r->why, ISSUE_LIMIT, "nests its elements too deeply");
        stop(r);
        return;
    }
    if (name)
        snprintf(space, sizeof(space), "%.*s", (int)(name - full), full);
    if (r->open(r->context, r->depth++, name ? name + 1 : full, space,
                attributes, r->why) < 0)
        stop(r);
}

static void on_close(void *context, const char *name)
{
    struct reading *r = context;

    (void)name;
    r->depth--;
}

static void on_doctype(void *context, const char *name, const char *system,
                       const char *public_id, int has_subset)
{
    struct reading *r = context;

    (void)name;
    (void)system;
    (void)public_id;
    (void)has_subset;
    issue_set(r->why, ISSUE_DTD,
              "holds a document type, which no workbook needs and which is "
              "refused");
    stop(r);
}

static void not_well_formed(struct reading *r)
{
    enum XML_Error error = XML_GetErrorCode(r->parser);
    bool cut = error == XML_ERROR_NO_ELEMENTS ||
               error == XML_ERROR_UNCLOSED_TOKEN ||
               error == XML_ERROR_PARTIAL_CHAR;

    if (error == XML_ERROR_NO_MEMORY)
        issue_set(r->why, ISSUE_MEMORY, "memory is out");
    else
        issue_set(r->why, cut ? ISSUE_TRUNCATED : ISSUE_FORMAT,
                  "is not well-formed XML: %s in line %lu",
                  XML_ErrorString(error),
                  (unsigned long)XML_GetCurrentLineNumber(r->parser));
    at_part(r->entry, r->why);
}

/* Feeds the parser until the part ends. -1 with *r->why. */
static int feed(struct reading *r, struct inflate *in)
{
    char chunk[CHUNK];
    ssize_t got;

    do {
        enum XML_Status status;

        got = inflate_read(in, chunk, sizeof(chunk), r->why);
        if (got < 0)
            return -1;
        status = XML_Parse(r->parser, chunk, (int)got, got == 0);
        if (r->failed)
            return -1;
        if (status != XML_STATUS_OK) {
            not_well_formed(r);
            return -1;
        }
    } while (got > 0);
    return 0;
}

int part_read(const struct zip *zip, const struct zip_entry *entry,
              part_open_fn *open, void *context, struct issue *why)
{
    struct reading r = {
        .entry = entry, .open = open, .context = context, .why = why};
    struct inflate *in = NULL;
    int result = -1;

    if (entry->size > LIMIT_SMALL_PART_BYTES) {
        issue_set(why, ISSUE_LIMIT, "is larger than such a part may be");
        at_part(entry, why);
        return -1;
    }
    r.parser = XML_ParserCreateNS(NULL, ' ');
    if (!r.parser)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_open, on_close);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    if (inflate_open(&in, zip, entry, why) < 0)
        goto out;
    result = feed(&r, in);
out:
    inflate_close(in);
    XML_ParserFree(r.parser);
    return result;
}

const char *part_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2) {
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    }
    return NULL;
}
