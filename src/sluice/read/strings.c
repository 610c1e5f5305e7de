/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strings.c: reads the shared strings into two growing maps.
 *
 * The maps are grown by mremap, which moves pages and not bytes, so that the
 * table never stands in memory twice, as it would with realloc of a large
 * block. Plain items, <si><t>text</t></si>, are copied straight from the
 * scanner's window; all others go through its events.
 */
#include "read/strings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "read/read.h"
#include "read/xml_span.h"
#include "sluice_limits.h"

#define MAP_MIN ((size_t)1 << 20)

_Static_assert(LIMIT_STRINGS_BYTES <= UINT64_C(1) << STRINGS_OFFSET_BITS,
               "offsets fit");
_Static_assert(LIMIT_CELL_BYTES < 1u << STRINGS_LENGTH_BITS, "lengths fit");

/* ---- _xHHHH_ ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The UTF-16 unit of an escape "_xHHHH_" at p, or -1. */
static long escaped_unit(const char *p, const char *end)
{
    long unit = 0;

    if (end - p < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The character of the escapes at *p, which is moved behind them; or a code. */
static enum issue_code unescape_one(const char **p, const char *end,
                                    uint32_t *c)
{
    long unit = escaped_unit(*p, end);
    long low;

    *p += 7;
    if (unit == 0)
        return ISSUE_NUL;
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return ISSUE_ENCODING;
    *c = (uint32_t)unit;
    if (unit < 0xd800 || unit > 0xdbff)
        return ISSUE_NONE;
    low = escaped_unit(*p, end);
    if (low < 0xdc00 || low > 0xdfff)
        return ISSUE_ENCODING;
    *p += 7;
    *c = 0x10000 + (uint32_t)((unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
    return ISSUE_NONE;
}

/* Resolves escapes in place; the text can only become shorter. */
static enum issue_code unescape(char *bytes, size_t *len)
{
    const char *p = bytes;
    const char *end = bytes + *len;
    char *out = bytes;

    while (p < end) {
        const char *mark = memchr(p, '_', (size_t)(end - p));
        const char *stop = mark ? mark : end;
        enum issue_code bad;
        uint32_t c;

        memmove(out, p, (size_t)(stop - p));
        out += stop - p;
        p = stop;
        if (p == end)
            break;
        if (escaped_unit(p, end) < 0) {
            *out++ = *p++;
            continue;
        }
        bad = unescape_one(&p, end, &c);
        if (bad)
            return bad;
        out += xml_put_utf8(c, out);
    }
    *len = (size_t)(out - bytes);
    return ISSUE_NONE;
}

void strings_finish_text(struct xml_text *text, size_t from)
{
    struct slice added = {text->bytes + from, text->len - from};
    enum issue_code bad;

    if (added.len == 0)
        return;
    bad = xml_check_text(added);
    if (!bad && memmem(added.ptr, added.len, "_x", 2)) {
        bad = unescape(text->bytes + from, &added.len);
        if (!bad)
            text->len = from + added.len;
    }
    if (!bad && text->len > LIMIT_CELL_BYTES)
        bad = ISSUE_TEXT_TOO_LONG;
    if (!text->bad)
        text->bad = bad;
}

/* ---- items ---- */

/* After XML_OPEN of <r>: adds the text of the run. */
static int read_run(struct xml *x, struct xml_text *text, struct issue *why)
{
    unsigned depth = x->depth;

    for (;;) {
        enum xml_event event = xml_next(x, why);
        size_t from = text->len;

        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE && x->depth < depth)
            return 0;
        if (event != XML_OPEN)
            continue;
        if (!xml_is(x, SLICE("t"))) {
            if (xml_skip(x, why) < 0)
                return -1;
            continue;
        }
        if (xml_read_text(x, text, why) < 0)
            return -1;
        strings_finish_text(text, from);
    }
}

int strings_read_item(struct xml *x, struct xml_text *text, struct issue *why)
{
    unsigned depth = x->depth;

    for (;;) {
        enum xml_event event = xml_next(x, why);
        size_t from = text->len;
        int result = 0;

        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE && x->depth < depth)
            return 0;
        if (event != XML_OPEN)
            continue;
        if (xml_is(x, SLICE("t"))) {
            result = xml_read_text(x, text, why);
            strings_finish_text(text, from);
        } else if (xml_is(x, SLICE("r"))) {
            result = read_run(x, text, why);
        } else {
            result = xml_skip(x, why);
        }
        if (result < 0)
            return -1;
    }
}

/* ---- the table ---- */

/* Makes the map at least `want` bytes; false when memory is out. */
static bool map_grow(void **map, size_t *mapped, size_t want)
{
    size_t size = *mapped ? *mapped : MAP_MIN;
    void *larger;

    while (size < want)
        size *= 2;
    if (size == *mapped)
        return true;
    if (*mapped == 0)
        larger = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    else
        larger = mremap(*map, *mapped, size, MREMAP_MAYMOVE);
    if (larger == MAP_FAILED)
        return false;
    *map = larger;
    *mapped = size;
    return true;
}

/* Room for one more entry of `len` bytes. -1 with *why. */
static int make_room(struct strings *s, size_t len, const struct xml *x,
                     struct issue *why)
{
    size_t want = s->bytes_used + len;
    void *map = s->bytes;

    if (want + s->count * sizeof(*s->entries) > s->bytes_max)
        return xml_fail(x, ISSUE_LIMIT,
                        "holds more text than may be kept in memory here", why);
    if (want > LIMIT_STRINGS_BYTES || s->count == LIMIT_STRINGS_COUNT)
        return xml_fail(x, ISSUE_LIMIT,
                        "holds more text than is kept in memory (2 GB)", why);
    if (want > s->bytes_mapped || s->bytes_mapped == 0) {
        if (!map_grow(&map, &s->bytes_mapped, want))
            return xml_fail(x, ISSUE_MEMORY, "memory is out", why);
        s->bytes = map;
    }
    want = (s->count + 1) * sizeof(*s->entries);
    if (want > s->entries_mapped) {
        map = s->entries;
        if (!map_grow(&map, &s->entries_mapped, want))
            return xml_fail(x, ISSUE_MEMORY, "memory is out", why);
        s->entries = map;
    }
    return 0;
}

static int add(struct strings *s, struct slice text, enum issue_code bad,
               const struct xml *x, struct issue *why)
{
    uint64_t badness = bad == ISSUE_NONE       ? 0
                       : bad == ISSUE_NUL      ? 1
                       : bad == ISSUE_ENCODING ? 2
                                               : 3;

    if (bad)
        text.len = utf8_prefix(text, ISSUE_VALUE_MAX);
    if (make_room(s, text.len, x, why) < 0)
        return -1;
    if (text.len > 0)
        memcpy(s->bytes + s->bytes_used, text.ptr, text.len);
    s->entries[s->count++] =
        s->bytes_used | (uint64_t)text.len << STRINGS_OFFSET_BITS |
        badness << (STRINGS_OFFSET_BITS + STRINGS_LENGTH_BITS);
    s->bytes_used += text.len;
    return 0;
}

/*
 * Takes plain items from the window, as many as lie there whole. -1 with *why.
 * Everything unusual is left to the events.
 */
static int take_plain(struct strings *s, struct xml *x, struct issue *why)
{
    for (;;) {
        static const struct slice open = SLICE("<si><t>");
        static const struct slice kept =
            SLICE("<si><t xml:space=\"preserve\">");
        static const struct slice close = SLICE("</t></si>");
        const char *p = x->pos;
        struct xml_span span;

        if (memcmp(p, open.ptr, open.len) == 0)
            p += open.len;
        else if (memcmp(p, kept.ptr, kept.len) == 0)
            p += kept.len;
        else
            return 0;
        span = xml_span(p, x->end);
        if (!span.end || memcmp(span.end, close.ptr, close.len) != 0 ||
            !xml_span_is_plain(span, p) || span.end - p > LIMIT_CELL_BYTES)
            return 0;
        if (add(s, (struct slice){p, (size_t)(span.end - p)}, ISSUE_NONE, x,
                why) < 0)
            return -1;
        x->pos = span.end + close.len;
    }
}

/* After XML_OPEN of <sst>: takes all items. */
static int read_items(struct strings *s, struct xml *x, struct xml_text *text,
                      bool plain, struct issue *why)
{
    unsigned depth = x->depth;

    for (;;) {
        enum xml_event event;
        int result;

        if (plain && take_plain(s, x, why) < 0)
            return -1;
        event = xml_next(x, why);
        if (event == XML_ERROR)
            return -1;
        if (event == XML_CLOSE && x->depth < depth)
            return 0;
        if (event != XML_OPEN)
            continue;
        if (!xml_is(x, SLICE("si"))) {
            if (xml_skip(x, why) < 0)
                return -1;
            continue;
        }
        text->len = 0;
        text->bad = ISSUE_NONE;
        result = strings_read_item(x, text, why);
        if (result == 0)
            result = add(s, (struct slice){text->bytes, text->len}, text->bad,
                         x, why);
        if (result < 0)
            return -1;
    }
}

int strings_read(struct strings *strings, const struct zip *zip,
                 const struct zip_entry *entry, struct issue *why)
{
    const struct read_bounds *bounds = zip->file->bounds;
    struct strings s = {.bytes_max = bounds && bounds->strings_bytes > 0
                                         ? bounds->strings_bytes
                                         : UINT64_MAX};
    struct xml_text text = {0};
    struct xml x;
    enum xml_event event;
    int result = -1;

    if (xml_open(&x, zip, entry, why) < 0)
        goto out;
    event = xml_next(&x, why);
    if (event == XML_ERROR)
        goto out;
    if (event != XML_OPEN || !xml_is(&x, SLICE("sst"))) {
        xml_fail(&x, ISSUE_FORMAT, "holds no shared strings", why);
        goto out;
    }
    if (read_items(&s, &x, &text, xml_default_is_main(&x), why) < 0)
        goto out;
    if (xml_next(&x, why) == XML_ERROR)
        goto out;
    *strings = s;
    result = 0;
out:
    if (result < 0)
        strings_clear(&s);
    xml_text_clear(&text);
    xml_close(&x);
    return result;
}

void strings_clear(struct strings *s)
{
    if (s->bytes_mapped)
        munmap(s->bytes, s->bytes_mapped);
    if (s->entries_mapped)
        munmap(s->entries, s->entries_mapped);
    *s = (struct strings){0};
}
