/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_text.c: decodes text: references, line ends, and what no text may hold.
 *
 * A reference that is malformed, or names an entity that XML does not predefine,
 * makes the part ill-formed. A reference or a byte that stands for no character
 * makes only its text bad.
 */
#include "read/xml_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice_limits.h"

int xml_fail(const struct xml *x, enum issue_code code, const char *text,
             struct issue *why)
{
    struct slice name = x->entry->name;

    issue_set(why, code, "%s", text);
    snprintf(why->sheet, sizeof(why->sheet), "%.*s",
             (int)utf8_prefix(name, sizeof(why->sheet) - 1), name.ptr);
    return -1;
}

int xml_malformed(const struct xml *x, const char *text, struct issue *why)
{
    char full[200];

    snprintf(full, sizeof(full), "is not well-formed XML: %s", text);
    return xml_fail(x, ISSUE_FORMAT, full, why);
}

size_t xml_put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

void xml_text_clear(struct xml_text *text)
{
    free(text->bytes);
    *text = (struct xml_text){0};
}

/* Room for `more` bytes; false when memory is out. */
static bool reserve(struct xml_text *text, size_t more)
{
    size_t want = text->capacity ? text->capacity : 256;
    char *larger;

    if (text->capacity - text->len >= more)
        return true;
    while (want - text->len < more)
        want *= 2;
    larger = realloc(text->bytes, want);
    if (!larger)
        return false;
    text->bytes = larger;
    text->capacity = want;
    return true;
}

/* The number in "#10" or "#xA"; UINT32_MAX when it is malformed. */
static uint32_t reference_number(struct slice s)
{
    bool hex = s.len > 1 && s.ptr[1] == 'x';
    uint32_t c = 0;
    size_t i = hex ? 2 : 1;

    if (i >= s.len)
        return UINT32_MAX;
    for (; i < s.len; i++) {
        char d = s.ptr[i];

        if (d >= '0' && d <= '9')
            c = c * (hex ? 16 : 10) + (uint32_t)(d - '0');
        else if (hex && (d | 0x20) >= 'a' && (d | 0x20) <= 'f')
            c = c * 16 + (uint32_t)((d | 0x20) - 'a' + 10);
        else
            return UINT32_MAX;
        if (c > 0x10ffff)
            c = 0x110000; /* stays out of range, cannot overflow */
    }
    return c;
}

/*
 * Appends what "&name;" stands for, given without & and ;. A number that is no
 * character makes the text bad; false for a name that nobody declared.
 */
static bool put_reference(struct slice name, struct xml_text *text)
{
    static const struct {
        struct slice name;
        char c;
    } known[] = {{SLICE("amp"), '&'},
                 {SLICE("lt"), '<'},
                 {SLICE("gt"), '>'},
                 {SLICE("quot"), '"'},
                 {SLICE("apos"), '\''}};
    uint32_t c = 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_equal(name, known[i].name))
            c = (uint32_t)known[i].c;
    }
    if (c == 0) {
        if (name.len == 0 || *name.ptr != '#')
            return false;
        c = reference_number(name);
        if (c == UINT32_MAX)
            return false;
    }
    if (c == 0)
        text->bad = ISSUE_NUL;
    else if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
             (c < ' ' && c != '\t' && c != '\n' && c != '\r'))
        text->bad = ISSUE_ENCODING;
    else
        text->len += xml_put_utf8(c, text->bytes + text->len);
    return true;
}

/* Appends bytes with CR LF and lone CR made LF; room is there. */
static void put_lines(struct slice s, struct xml_text *text)
{
    char *out = text->bytes + text->len;

    if (!memchr(s.ptr, '\r', s.len)) {
        memcpy(out, s.ptr, s.len);
        text->len += s.len;
        return;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\r')
            *out++ = s.ptr[i];
        else if (i + 1 == s.len || s.ptr[i + 1] != '\n')
            *out++ = '\n';
    }
    text->len = (size_t)(out - text->bytes);
}

bool xml_decode(const struct xml *x, struct slice raw, struct xml_text *text,
                struct issue *why)
{
    if (!reserve(text, raw.len + 1)) {
        xml_fail(x, ISSUE_MEMORY, "memory is out", why);
        return false;
    }
    while (raw.len > 0) {
        const char *amp = memchr(raw.ptr, '&', raw.len);
        size_t plain = amp ? (size_t)(amp - raw.ptr) : raw.len;
        const char *semicolon;
        size_t name_len;

        put_lines((struct slice){raw.ptr, plain}, text);
        if (!amp)
            break;
        raw.ptr += plain + 1;
        raw.len -= plain + 1;
        semicolon = memchr(raw.ptr, ';', raw.len);
        name_len = semicolon ? (size_t)(semicolon - raw.ptr) : 0;
        if (!put_reference((struct slice){raw.ptr, name_len}, text)) {
            xml_malformed(x, "\"&\" begins no entity that is known", why);
            return false;
        }
        raw.ptr += name_len + 1;
        raw.len -= name_len + 1;
    }
    return true;
}

bool xml_append(const struct xml *x, struct slice raw, struct xml_text *text,
                struct issue *why)
{
    if (!reserve(text, raw.len + 1)) {
        xml_fail(x, ISSUE_MEMORY, "memory is out", why);
        return false;
    }
    put_lines(raw, text);
    return true;
}

enum issue_code xml_check_text(struct slice text)
{
    if (utf8_check(text) != text.len)
        return ISSUE_ENCODING;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == 0)
            return ISSUE_NUL;
        if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
            return ISSUE_ENCODING;
    }
    return ISSUE_NONE;
}
