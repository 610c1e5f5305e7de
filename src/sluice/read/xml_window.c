/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_window.c: fills the scanner's window, as UTF-8.
 *
 * UTF-8 goes straight from the unpacker into the window; UTF-16 is converted on
 * the way. What else there is (Latin-1, UTF-32, UTF-7) no workbook needs, and a
 * wrong guess would change texts silently: it is refused.
 */
#include "read/xml_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/inflate.h"
#include "read/xml_text.h"
#include "sluice_limits.h"

#define WINDOW    ((size_t)128 * 1024)
/* A read of UTF-16 needs room for a few converted characters. */
#define WIDE_ROOM 16

static uint32_t wide_unit(const struct xml *x, const char *p)
{
    uint16_t unit = bytes_u16(p);

    return x->wide == 1 ? unit : (uint16_t)(unit << 8 | unit >> 8);
}

/*
 * Converts UTF-16 to UTF-8; a lone surrogate becomes the three bytes that no
 * UTF-8 holds, for the check of the text to find. Keeps a cut character in
 * x->raw. Two bytes become at most three: out has room for that.
 */
static size_t convert_wide(struct xml *x, const char *in, size_t len, char *out)
{
    size_t n = 0;
    size_t i = 0;

    while (len - i >= 2) {
        uint32_t c = wide_unit(x, in + i);

        if (c >= 0xd800 && c < 0xdc00) {
            uint32_t low;

            if (len - i < 4 && !x->source_ended)
                break;
            low = len - i >= 4 ? wide_unit(x, in + i + 2) : 0;
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        i += 2;
        n += xml_put_utf8(c, out + n);
    }
    x->raw_len = len - i;
    memcpy(x->raw, in + i, x->raw_len);
    return n;
}

/* Unpacks up to `room` bytes of UTF-8 to `out`; 0 at the end, -1 on error. */
static ssize_t read_wide(struct xml *x, char *out, size_t room,
                         struct issue *why)
{
    char units[8192];
    size_t want = room / 3 * 2;
    ssize_t got;
    size_t made;

    if (want > sizeof(units))
        want = sizeof(units);
    memcpy(units, x->raw, x->raw_len);
    got = inflate_read(x->source, units + x->raw_len, want - x->raw_len, why);
    if (got < 0)
        return -1;
    x->source_ended = got == 0;
    made = convert_wide(x, units, x->raw_len + (size_t)got, out);
    if (x->source_ended && x->raw_len > 0)
        return xml_malformed(x, "its UTF-16 ends inside a character", why);
    return (ssize_t)made;
}

/*
 * Fills the window behind what is left of it. 1 when there is more than before,
 * 0 when the part has ended, -1 with *why. Moves the window's bytes.
 */
int xml_fill(struct xml *x, struct issue *why)
{
    size_t left = (size_t)(x->end - x->pos);
    size_t len = left;

    if (x->capacity - left < (x->wide ? WIDE_ROOM : 1)) {
        char *larger;

        if (x->capacity >= LIMIT_XML_TAG_BYTES)
            return xml_fail(x, ISSUE_LIMIT, "has a tag of over a megabyte",
                            why);
        larger = realloc(x->buffer, x->capacity * 2 + XML_PADDING);
        if (!larger)
            return xml_fail(x, ISSUE_MEMORY, "memory is out", why);
        x->pos = larger + (x->pos - x->buffer);
        x->buffer = larger;
        x->capacity *= 2;
    }
    memmove(x->buffer, x->pos, left);
    while (len < x->capacity && !x->source_ended) {
        size_t room = x->capacity - len;
        ssize_t got;

        if (x->wide && room < WIDE_ROOM)
            break;
        got = x->wide ? read_wide(x, x->buffer + len, room, why)
                      : inflate_read(x->source, x->buffer + len, room, why);
        if (got < 0)
            return -1;
        if (!x->wide)
            x->source_ended = got == 0;
        len += (size_t)got;
    }
    x->pos = x->buffer;
    x->end = x->buffer + len;
    memset(x->buffer + len, 0, XML_PADDING);
    return len > left;
}

/* The value of encoding="..." in the XML declaration; empty if it is absent. */
static struct slice declared_encoding(const struct xml *x)
{
    struct slice none = {x->pos, 0};
    const char *end;
    const char *p;
    const char *close;

    if (x->end - x->pos < 6 || memcmp(x->pos, "<?xml", 5) != 0)
        return none;
    end = memmem(x->pos, (size_t)(x->end - x->pos), "?>", 2);
    p = end ? memmem(x->pos, (size_t)(end - x->pos), "encoding", 8) : NULL;
    if (!p)
        return none;
    for (p += 8; p < end && (*p == ' ' || *p == '='); p++)
        ;
    if (p == end || (*p != '"' && *p != '\''))
        return none;
    close = memchr(p + 1, *p, (size_t)(end - p - 1));
    if (!close)
        return none;
    return (struct slice){p + 1, (size_t)(close - p - 1)};
}

static int check_declared(struct xml *x, struct issue *why)
{
    struct slice name = declared_encoding(x);
    char text[120];

    if (name.len == 0 || slice_equal_nocase(name, SLICE("utf-8")) ||
        slice_equal_nocase(name, SLICE("utf8")) ||
        slice_equal_nocase(name, SLICE("us-ascii")) ||
        slice_equal_nocase(name, SLICE("ascii")))
        return 0;
    if (x->wide && name.len >= 6 &&
        slice_equal_nocase((struct slice){name.ptr, 6}, SLICE("utf-16")))
        return 0;
    snprintf(text, sizeof(text),
             "is encoded in %.*s; UTF-8 and UTF-16 are read",
             (int)utf8_prefix(name, 40), name.ptr);
    return xml_fail(x, ISSUE_UNSUPPORTED, text, why);
}

static int refuse_utf32(const struct xml *x, struct issue *why)
{
    return xml_fail(x, ISSUE_UNSUPPORTED,
                    "is encoded in UTF-32; UTF-8 and UTF-16 are read", why);
}

/* Looks at the first bytes, as the XML standard's appendix F advises. */
static int detect(struct xml *x, struct issue *why)
{
    const unsigned char *p;
    size_t len;

    if (xml_fill(x, why) < 0)
        return -1;
    p = (const unsigned char *)x->pos;
    len = (size_t)(x->end - x->pos);
    if (len >= 4 && memcmp(p, "\xff\xfe\0\0", 4) == 0) {
        return refuse_utf32(x, why);
    } else if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        x->pos += 3;
    } else if (len >= 2 && p[0] == 0xff && p[1] == 0xfe) {
        x->wide = 1;
    } else if (len >= 2 && p[0] == 0xfe && p[1] == 0xff) {
        x->wide = 2;
    } else if (len >= 4 && p[0] == '<' && p[1] == 0 && p[2] != 0) {
        x->wide = 1;
    } else if (len >= 4 && p[0] == 0 && p[1] == '<') {
        x->wide = 2;
    } else if (len >= 4 && (p[0] == 0 || p[1] == 0)) {
        return refuse_utf32(x, why);
    }
    return 0;
}

int xml_window_open(struct xml *x, const struct zip *zip, struct issue *why)
{
    x->capacity = WINDOW;
    x->buffer = malloc(WINDOW + XML_PADDING);
    if (!x->buffer)
        return xml_fail(x, ISSUE_MEMORY, "memory is out", why);
    x->pos = x->end = x->buffer;
    if (inflate_open(&x->source, zip, x->entry, why) < 0 || detect(x, why) < 0)
        return -1;
    if (x->wide) {
        /* From the start again, through the converter. */
        inflate_close(x->source);
        x->source = NULL;
        x->source_ended = false;
        x->pos = x->end = x->buffer;
        if (inflate_open(&x->source, zip, x->entry, why) < 0 ||
            xml_fill(x, why) < 0)
            return -1;
        if (x->end - x->pos >= 3 && memcmp(x->pos, "\xef\xbb\xbf", 3) == 0)
            x->pos += 3;
    }
    return check_declared(x, why);
}

void xml_window_close(struct xml *x)
{
    inflate_close(x->source);
    free(x->buffer);
}
