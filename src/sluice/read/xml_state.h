/* SPDX-License-Identifier: Apache-2.0 */
/* xml_state.h: the scanner's record, which its files share. Users: xml.h. */
#ifndef SLUICE_XML_STATE_H
#define SLUICE_XML_STATE_H

#include "issue.h"
#include "read/zip.h"
#include "text.h"

/* Namespaces that a sheet's reader has to tell apart. */
enum xml_namespace {
    XML_NS_MAIN, /* SpreadsheetML, transitional or strict, or none at all */
    XML_NS_OTHER
};

struct xml_attribute {
    struct slice name; /* as written, prefix included */
    struct slice value;
};

/*
 * The window: bytes from pos to end are still to be read; *end is NUL, and
 * XML_PADDING bytes behind it may be read, but mean nothing.
 */
#define XML_PADDING 64

struct xml {
    const char *pos;
    const char *end;

    /* The element that opened or closes; XML_OPEN: its attributes. */
    struct slice name; /* without prefix */
    enum xml_namespace ns;
    struct xml_attribute *attributes;
    size_t attribute_count;
    struct slice text; /* XML_TEXT: raw unless `cdata` */
    bool cdata;

    /* The rest is the scanner's own. */
    struct inflate *source;
    const struct zip_entry *entry;
    char *buffer;
    size_t capacity;
    bool source_ended;
    bool self_closed; /* <a/>: the close is still to be given */
    bool in_cdata;
    bool root_seen;
    int wide;    /* 0: bytes are taken as they are; 1: UTF-16LE; 2: UTF-16BE */
    char raw[4]; /* a character that a read of UTF-16 cut */
    size_t raw_len;
    unsigned depth;
    struct xml_level *levels; /* depth of them */
    char *names;              /* of open elements, one after the other */
    size_t names_len;
    struct xml_binding *bindings; /* namespaces in scope, innermost last */
    size_t binding_count;
};

#endif
