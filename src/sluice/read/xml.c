/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.c: the scanner.
 *
 * A tag is only read when all of it stands in the window; otherwise what is
 * left is moved to the front, the window filled up, and the tag read again from
 * its first byte. Only a tag makes the window grow, up to LIMIT_XML_TAG_BYTES.
 * Text, comments and the like pass through in pieces of any length. So nothing
 * here depends on where a read ends, and memory does not depend on the part.
 *
 * Invariants:
 *   1. buffer <= pos <= end <= buffer + capacity; *end is NUL.
 *   2. names holds the qualified names of the `depth` open elements in order.
 *   3. bindings are those of open elements, each with the depth it belongs to.
 *
 * Rejected: a scanner that resumes inside a tag (a state per byte is slower and
 * far harder to read), and unpacking the whole part first (memory).
 */
#include "read/xml.h"

#include <stdlib.h>
#include <string.h>

#include "read/xml_window.h"
#include "sluice_limits.h"

#define WINDOW        ((size_t)128 * 1024)
/* No reference that XML allows us is longer: "&#x0010FFFF;". */
#define REFERENCE_MAX 16
#define NS_TRANSITIONAL \
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define NS_STRICT "http://purl.oclc.org/ooxml/spreadsheetml/main"

struct xml_level {
    uint32_t name; /* offset in names */
    uint32_t name_len;
    uint8_t ns;
};

struct xml_binding {
    unsigned depth;
    size_t prefix; /* offset in names, behind the element's own name */
    size_t prefix_len;
    enum xml_namespace ns;
};

/* ---- life ---- */

int xml_open(struct xml *x, const struct zip *zip,
             const struct zip_entry *entry, struct issue *why)
{
    *x = (struct xml){.entry = entry};
    x->attributes = calloc(LIMIT_XML_ATTRIBUTES, sizeof(*x->attributes));
    x->levels = calloc(LIMIT_XML_DEPTH, sizeof(*x->levels));
    x->bindings = calloc(LIMIT_XML_NAMESPACES, sizeof(*x->bindings));
    x->names = malloc((size_t)(LIMIT_XML_DEPTH + LIMIT_XML_NAMESPACES) *
                      LIMIT_XML_NAME_BYTES);
    if (!x->attributes || !x->levels || !x->bindings || !x->names)
        return xml_fail(x, ISSUE_MEMORY, "memory is out", why);
    return xml_window_open(x, zip, why);
}

void xml_close(struct xml *x)
{
    xml_window_close(x);
    free(x->attributes);
    free(x->levels);
    free(x->bindings);
    free(x->names);
    *x = (struct xml){0};
}

/* ---- names and namespaces ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes that end a name; all of the others, above space, may stand in one. */
static const bool ends_name[256] = {
    ['/'] = true,  ['>'] = true, ['<'] = true, ['='] = true, ['"'] = true,
    ['\''] = true, ['&'] = true, ['!'] = true, ['?'] = true, [';'] = true,
    [','] = true,  ['('] = true, [')'] = true, ['['] = true, [']'] = true,
    ['{'] = true,  ['}'] = true};

static bool is_name_byte(char c)
{
    return (unsigned char)c > ' ' && !ends_name[(unsigned char)c];
}

static bool is_name_start(char c)
{
    return is_name_byte(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.';
}

static const char *skip_name(const char *p)
{
    while (is_name_byte(*p))
        p++;
    return p;
}

static const char *skip_space(const char *p)
{
    while (is_space(*p))
        p++;
    return p;
}

/* Cuts "x:c" into its prefix, returned, and the rest, left in *name. */
static struct slice take_prefix(struct slice *name)
{
    const char *colon = memchr(name->ptr, ':', name->len);
    struct slice prefix = {name->ptr, 0};

    if (!colon)
        return prefix;
    prefix.len = (size_t)(colon - name->ptr);
    name->ptr = colon + 1;
    name->len -= prefix.len + 1;
    return prefix;
}

/* False when the prefix was never declared. */
static bool find_namespace(const struct xml *x, struct slice prefix,
                           enum xml_namespace *ns)
{
    for (size_t i = x->binding_count; i > 0; i--) {
        const struct xml_binding *b = &x->bindings[i - 1];

        if (b->prefix_len == prefix.len &&
            memcmp(x->names + b->prefix, prefix.ptr, prefix.len) == 0) {
            *ns = b->ns;
            return true;
        }
    }
    *ns = XML_NS_MAIN;
    return prefix.len == 0 || slice_equal(prefix, SLICE("xml"));
}

bool xml_default_is_main(const struct xml *x)
{
    enum xml_namespace ns;

    return find_namespace(x, SLICE(""), &ns) && ns == XML_NS_MAIN;
}

/* Declares the namespace of an xmlns attribute for the element at `depth`. */
static int bind(struct xml *x, const struct xml_attribute *a, struct issue *why)
{
    struct slice prefix = {a->name.ptr + 5, a->name.len - 5};
    struct xml_binding *b;

    if (prefix.len > 0 && *prefix.ptr != ':')
        return 0; /* "xmlnsfoo" is an ordinary attribute */
    if (prefix.len > 0) {
        prefix.ptr++;
        prefix.len--;
    }
    if (x->binding_count == LIMIT_XML_NAMESPACES)
        return xml_fail(x, ISSUE_LIMIT, "declares too many namespaces", why);
    b = &x->bindings[x->binding_count++];
    b->depth = x->depth;
    b->prefix = x->names_len;
    b->prefix_len = prefix.len;
    b->ns = XML_NS_OTHER;
    if (slice_equal(a->value, SLICE(NS_TRANSITIONAL)) ||
        slice_equal(a->value, SLICE(NS_STRICT)) || a->value.len == 0)
        b->ns = XML_NS_MAIN;
    memcpy(x->names + x->names_len, prefix.ptr, prefix.len);
    x->names_len += prefix.len;
    return 0;
}

/* The element whose qualified name is given becomes the innermost open one. */
static int push(struct xml *x, struct slice name, struct issue *why)
{
    struct xml_level *level;
    struct slice prefix;

    if (x->depth == LIMIT_XML_DEPTH)
        return xml_fail(x, ISSUE_LIMIT, "nests its elements too deeply", why);
    level = &x->levels[x->depth++];
    level->name = (uint32_t)x->names_len;
    level->name_len = (uint32_t)name.len;
    memcpy(x->names + x->names_len, name.ptr, name.len);
    x->names_len += name.len;
    for (size_t i = 0; i < x->attribute_count; i++) {
        const struct xml_attribute *a = &x->attributes[i];

        if (a->name.len >= 5 && memcmp(a->name.ptr, "xmlns", 5) == 0 &&
            bind(x, a, why) < 0)
            return -1;
    }
    x->name = name;
    prefix = take_prefix(&x->name);
    if (!find_namespace(x, prefix, &x->ns))
        return xml_malformed(x, "it uses a prefix that it does not declare",
                             why);
    level->ns = (uint8_t)x->ns;
    return 0;
}

/* Closes the innermost element; its name stays readable until the next push. */
static void pop(struct xml *x)
{
    const struct xml_level *level = &x->levels[x->depth - 1];

    while (x->binding_count > 0 &&
           x->bindings[x->binding_count - 1].depth == x->depth)
        x->binding_count--;
    x->name = (struct slice){x->names + level->name, level->name_len};
    take_prefix(&x->name);
    x->ns = (enum xml_namespace)level->ns;
    x->names_len = level->name;
    x->depth--;
}

/* ---- tags ---- */

/* What reading a tag came to. */
enum tag { TAG_ERROR = -1, TAG_CUT, TAG_READ };

/* Decodes a value with references in place: it can only become shorter. */
static int decode_value(struct xml *x, struct slice *value, struct issue *why)
{
    struct xml_text text = {0};
    int result = -1;

    if (!xml_decode(x, *value, &text, why))
        goto out;
    if (text.bad) {
        xml_malformed(x, "a character in an attribute is none", why);
        goto out;
    }
    memcpy((char *)(uintptr_t)value->ptr, text.bytes, text.len);
    value->len = text.len;
    result = 0;
out:
    xml_text_clear(&text);
    return result;
}

/* Reads one attribute at *at, which is on its first character. */
static enum tag read_attribute(struct xml *x, const char **at,
                               struct issue *why)
{
    struct xml_attribute a;
    const char *p = skip_name(*at);
    const char *close;

    a.name = (struct slice){*at, (size_t)(p - *at)};
    p = skip_space(p);
    if (p >= x->end)
        return TAG_CUT;
    if (*p++ != '=' || !is_name_start(*a.name.ptr))
        return xml_malformed(x, "an attribute has no value", why);
    p = skip_space(p);
    if (p >= x->end)
        return TAG_CUT;
    if (*p != '"' && *p != '\'')
        return xml_malformed(x, "the value of an attribute has no quotes", why);
    close = memchr(p + 1, *p, (size_t)(x->end - p - 1));
    if (!close)
        return TAG_CUT;
    a.value = (struct slice){p + 1, (size_t)(close - p - 1)};
    *at = close + 1;
    if (a.name.len > LIMIT_XML_NAME_BYTES ||
        x->attribute_count == LIMIT_XML_ATTRIBUTES)
        return xml_fail(x, ISSUE_LIMIT, "has a tag with too many attributes",
                        why);
    for (size_t i = 0; i < x->attribute_count; i++) {
        if (slice_equal(x->attributes[i].name, a.name))
            return xml_malformed(x, "an attribute is given twice", why);
    }
    if (memchr(a.value.ptr, '<', a.value.len))
        return xml_malformed(x, "the value of an attribute holds \"<\"", why);
    x->attributes[x->attribute_count++] = a;
    return TAG_READ;
}

/* Resolves references, once the tag is whole: before, it may be read again. */
static int decode_attributes(struct xml *x, struct issue *why)
{
    for (size_t i = 0; i < x->attribute_count; i++) {
        struct slice *value = &x->attributes[i].value;

        if (value->len > 0 && memchr(value->ptr, '&', value->len) &&
            decode_value(x, value, why) < 0)
            return -1;
    }
    return 0;
}

/* Reads "<name a="b">" at pos. */
static enum tag read_open(struct xml *x, struct issue *why)
{
    const char *p = skip_name(x->pos + 1);
    struct slice name = {x->pos + 1, (size_t)(p - x->pos - 1)};
    bool closed = false;

    x->attribute_count = 0;
    if (p >= x->end)
        return TAG_CUT;
    if (name.len == 0 || !is_name_start(*name.ptr))
        return xml_malformed(x, "a tag has no name", why);
    if (name.len > LIMIT_XML_NAME_BYTES)
        return xml_fail(x, ISSUE_LIMIT, "has an element with a very long name",
                        why);
    for (;;) {
        const char *before = p;
        enum tag got;

        p = skip_space(p);
        if (p >= x->end)
            return TAG_CUT;
        if (*p == '>')
            break;
        if (*p == '/') {
            if (p + 1 >= x->end)
                return TAG_CUT;
            if (p[1] != '>')
                return xml_malformed(x, "a tag is not closed", why);
            closed = true;
            p++;
            break;
        }
        if (p == before || !is_name_byte(*p))
            return xml_malformed(x, "a tag is not closed", why);
        got = read_attribute(x, &p, why);
        if (got != TAG_READ)
            return got;
    }
    if (x->depth == 0 && x->root_seen)
        return xml_malformed(x, "it goes on after its end", why);
    x->root_seen = true;
    x->pos = p + 1;
    x->self_closed = closed;
    return decode_attributes(x, why) < 0 || push(x, name, why) < 0 ? TAG_ERROR
                                                                   : TAG_READ;
}

/* Reads "</name>" at pos. */
static enum tag read_close(struct xml *x, struct issue *why)
{
    const struct xml_level *level;
    const char *p = x->pos + 2;
    const char *end = skip_name(p);
    const char *close = skip_space(end);

    if (close >= x->end)
        return TAG_CUT;
    if (x->depth == 0)
        return xml_malformed(x, "an element ends that did not begin", why);
    level = &x->levels[x->depth - 1];
    if (*close != '>' || level->name_len != (size_t)(end - p) ||
        memcmp(x->names + level->name, p, level->name_len) != 0)
        return xml_malformed(x, "an element ends that is not the innermost",
                             why);
    x->pos = close + 1;
    pop(x);
    return TAG_READ;
}

/* ---- everything else ---- */

/* Goes on behind `mark`. 1, or -1 with *why when the part ends before it. */
static int skip_behind(struct xml *x, struct slice mark, struct issue *why)
{
    for (;;) {
        size_t len = (size_t)(x->end - x->pos);
        const char *found = memmem(x->pos, len, mark.ptr, mark.len);
        int more;

        if (found) {
            x->pos = found + mark.len;
            return 1;
        }
        if (len >= mark.len)
            x->pos = x->end - (mark.len - 1);
        more = xml_fill(x, why);
        if (more < 0)
            return -1;
        if (more == 0)
            return xml_fail(x, ISSUE_TRUNCATED, "ends inside of a comment",
                            why);
    }
}

/*
 * Makes at least `want` bytes stand in the window. 1, 0 when the part ends
 * before that, -1 with *why.
 */
static int ensure(struct xml *x, size_t want, struct issue *why)
{
    while ((size_t)(x->end - x->pos) < want) {
        int more = xml_fill(x, why);

        if (more <= 0)
            return more;
    }
    return 1;
}

static bool ahead(const struct xml *x, struct slice mark)
{
    return (size_t)(x->end - x->pos) >= mark.len &&
           memcmp(x->pos, mark.ptr, mark.len) == 0;
}

/* At "<!" or "<?": 1 when it is passed (or CDATA begun), -1 with *why. */
static int pass_special(struct xml *x, struct issue *why)
{
    if (ensure(x, 9, why) < 0)
        return -1;
    if (ahead(x, SLICE("<?"))) {
        x->pos += 2;
        return skip_behind(x, SLICE("?>"), why);
    }
    if (ahead(x, SLICE("<!--"))) {
        x->pos += 4;
        return skip_behind(x, SLICE("-->"), why);
    }
    if (ahead(x, SLICE("<![CDATA["))) {
        if (x->depth == 0)
            return xml_malformed(x, "text stands outside of its elements", why);
        x->pos += 9;
        x->in_cdata = true;
        return 1;
    }
    if (ahead(x, SLICE("<!DOCTYPE")))
        return xml_fail(x, ISSUE_DTD,
                        "holds a document type, which no workbook needs and "
                        "which is refused",
                        why);
    return xml_malformed(x, "a tag has no name", why);
}

/* A piece of CDATA. 1 with x->text, 0 when it has ended, -1 with *why. */
static int cdata_piece(struct xml *x, struct issue *why)
{
    size_t len = (size_t)(x->end - x->pos);
    const char *close = memmem(x->pos, len, "]]>", 3);
    int more;

    if (close == x->pos) {
        x->pos += 3;
        x->in_cdata = false;
        return 0;
    }
    if (close)
        len = (size_t)(close - x->pos);
    else if (len > 3)
        len -= x->end[-3] == '\r' ? 3 : 2; /* may begin the mark, or CR LF */
    else
        len = 0;
    if (len > 0) {
        x->text = (struct slice){x->pos, len};
        x->cdata = true;
        x->pos += len;
        return 1;
    }
    more = xml_fill(x, why);
    if (more == 0)
        return xml_fail(x, ISSUE_TRUNCATED, "ends inside of a text", why);
    return more < 0 ? -1 : cdata_piece(x, why);
}

/* How much of a text that goes on may be given out: no reference is cut. */
static size_t uncut(const char *p, size_t len)
{
    size_t look = len < REFERENCE_MAX ? len : REFERENCE_MAX;
    const char *amp = memrchr(p + len - look, '&', look);

    if (amp && !memchr(amp, ';', (size_t)(p + len - amp)))
        return (size_t)(amp - p);
    return p[len - 1] == '\r' ? len - 1 : len;
}

/* A piece of text at pos. 1 with x->text, -1 with *why. */
static int text_piece(struct xml *x, struct issue *why)
{
    for (;;) {
        size_t len = (size_t)(x->end - x->pos);
        const char *tag = memchr(x->pos, '<', len);
        int more;

        if (!tag && !x->source_ended)
            len = uncut(x->pos, len);
        else if (tag)
            len = (size_t)(tag - x->pos);
        if (len > 0) {
            x->text = (struct slice){x->pos, len};
            x->cdata = false;
            x->pos += len;
            return 1;
        }
        more = xml_fill(x, why);
        if (more < 0)
            return -1;
    }
}

static bool all_space(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_space(s.ptr[i]))
            return false;
    }
    return true;
}

/* The next thing in the window, whatever it is: an event, or XML_END for "look
 * again". */
static enum xml_event scan(struct xml *x, struct issue *why)
{
    enum tag got;
    bool close;
    int more;

    if (x->in_cdata) {
        more = cdata_piece(x, why);
        return more < 0 ? XML_ERROR : more > 0 ? XML_TEXT : XML_END;
    }
    if (*x->pos != '<') {
        if (text_piece(x, why) < 0)
            return XML_ERROR;
        if (x->depth > 0)
            return XML_TEXT;
        if (all_space(x->text))
            return XML_END;
        xml_malformed(x, "text stands outside of its elements", why);
        return XML_ERROR;
    }
    if (ensure(x, 2, why) < 0)
        return XML_ERROR;
    if (x->pos[1] == '!' || x->pos[1] == '?')
        return pass_special(x, why) < 0 ? XML_ERROR : XML_END;
    for (;;) {
        close = x->pos[1] == '/';
        got = close ? read_close(x, why) : read_open(x, why);
        if (got != TAG_CUT)
            break;
        more = xml_fill(x, why);
        if (more < 0)
            return XML_ERROR;
        if (more == 0) {
            xml_fail(x, ISSUE_TRUNCATED, "ends inside of a tag", why);
            return XML_ERROR;
        }
    }
    if (got == TAG_ERROR)
        return XML_ERROR;
    return close ? XML_CLOSE : XML_OPEN;
}

static enum xml_event finish(struct xml *x, struct issue *why)
{
    if (x->depth > 0 || !x->root_seen) {
        xml_fail(x, ISSUE_TRUNCATED,
                 x->root_seen ? "ends before its elements do" : "is empty",
                 why);
        return XML_ERROR;
    }
    return XML_END;
}

enum xml_event xml_next(struct xml *x, struct issue *why)
{
    if (x->self_closed) {
        x->self_closed = false;
        pop(x);
        return XML_CLOSE;
    }
    for (;;) {
        enum xml_event event;

        if (x->pos == x->end) {
            int more = xml_fill(x, why);

            if (more < 0)
                return XML_ERROR;
            if (more == 0 && !x->in_cdata)
                return finish(x, why);
        }
        event = scan(x, why);
        if (event != XML_END)
            return event;
    }
}

int xml_skip(struct xml *x, struct issue *why)
{
    unsigned depth = x->depth;

    while (x->depth >= depth) {
        enum xml_event event = xml_next(x, why);

        if (event == XML_ERROR)
            return -1;
        if (event == XML_END)
            break;
    }
    return 0;
}

struct slice xml_attribute(const struct xml *x, struct slice name)
{
    for (size_t i = 0; i < x->attribute_count; i++) {
        if (slice_equal(x->attributes[i].name, name))
            return x->attributes[i].value;
    }
    return (struct slice){NULL, 0};
}

/* ---- text ---- */

/* Appends the text event's piece, unless the text is too long already. */
static int add_piece(struct xml *x, struct xml_text *text, struct issue *why)
{
    /* What is too long is still scanned, so that its end is found. */
    if (text->len + x->text.len > 4 * (size_t)LIMIT_CELL_BYTES) {
        text->bad = ISSUE_TEXT_TOO_LONG;
        return 0;
    }
    if (x->cdata)
        return xml_append(x, x->text, text, why) ? 0 : -1;
    return xml_decode(x, x->text, text, why) ? 0 : -1;
}

int xml_read_text(struct xml *x, struct xml_text *text, struct issue *why)
{
    unsigned depth = x->depth;

    for (;;) {
        enum xml_event event = xml_next(x, why);

        if (event == XML_ERROR)
            return -1;
        if (event == XML_OPEN && xml_skip(x, why) < 0)
            return -1;
        if (event == XML_TEXT && add_piece(x, text, why) < 0)
            return -1;
        if (event == XML_CLOSE && x->depth < depth)
            return 0;
    }
}
