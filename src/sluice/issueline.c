/* SPDX-License-Identifier: Apache-2.0 */
/* issueline.c: issues written as lines, and read again. */
#include "issueline.h"

#include <stdio.h>
#include <string.h>

static const char escaped[] = "\\\t\n\r";
static const char letters[] = "\\tnr";

/* A code unit of UTF-16. */
static char *put_unit(char *to, uint32_t unit)
{
    return to + sprintf(to, "\\u%04x", (unsigned)unit);
}

/* Writes the character at *text, which is well-formed, and steps over it. */
static char *put_character(char *to, const char *text, size_t *len)
{
    unsigned char first = (unsigned char)text[0];
    *len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code = first & (0xffu >> (*len + 1));
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    if (code < 0x10000)
        return put_unit(to, code);
    code -= 0x10000;
    to = put_unit(to, 0xd800 + (code >> 10));
    return put_unit(to, 0xdc00 + (code & 0x3ff));
}

static char *put_text(char *to, const char *text)
{
    size_t len = strlen(text);
    size_t good = utf8_check((struct slice){text, len});
    for (size_t i = 0; i < len; i++) {
        if (i == good) {
            /* A field that was cut inside a character, or never was one. */
            *to++ = '?';
            good =
                i + 1 + utf8_check((struct slice){text + i + 1, len - i - 1});
            continue;
        }
        const char *at = strchr(escaped, text[i]);
        if ((unsigned char)text[i] >= 0x80) {
            size_t used;
            to = put_character(to, text + i, &used);
            i += used - 1;
        } else if (at) {
            *to++ = '\\';
            *to++ = letters[at - escaped];
        } else {
            *to++ = text[i];
        }
    }
    return to;
}

size_t issue_to_line(const struct issue *issue, char out[ISSUE_LINE_MAX])
{
    const char *const texts[] = {issue->sheet, issue->header, issue->value,
                                 issue->text};
    char *to = out + sprintf(out, "%s\t%llu\t%u", issue_code_name(issue->code),
                             (unsigned long long)issue->row, issue->column);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *to++ = '\t';
        to = put_text(to, texts[i]);
    }
    *to = '\0';
    return (size_t)(to - out);
}

/* Cuts the first field off the line. */
static struct slice next_field(struct slice *line)
{
    const char *tab = memchr(line->ptr, '\t', line->len);
    size_t len = tab ? (size_t)(tab - line->ptr) : line->len;
    struct slice field = {line->ptr, len};
    size_t used = len + (tab ? 1 : 0);
    *line = (struct slice){line->ptr + used, line->len - used};
    return field;
}

/* The four digits behind "\u"; false when there are none. */
static bool take_unit(struct slice field, size_t *at, uint32_t *unit)
{
    static const char digits[] = "0123456789abcdef";
    *unit = 0;
    if (field.len - *at < 6 || memcmp(field.ptr + *at, "\\u", 2) != 0)
        return false;
    for (size_t i = 2; i < 6; i++) {
        const char *digit = memchr(digits, field.ptr[*at + i], 16);
        if (!digit)
            return false;
        *unit = *unit << 4 | (uint32_t)(digit - digits);
    }
    *at += 6;
    return true;
}

/* Reads a character as UTF-8 into `out`; its length, 0 when it is none. */
static size_t take_character(struct slice field, size_t *at, char out[4])
{
    uint32_t code;
    uint32_t low;
    if (!take_unit(field, at, &code) || code < 0x80 ||
        (code >= 0xdc00 && code < 0xe000))
        return 0;
    if (code >= 0xd800 && code < 0xdc00) {
        if (!take_unit(field, at, &low) || low < 0xdc00 || low > 0xdfff)
            return 0;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len; --i > 0; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00u >> len & 0xf0) | code);
    return len;
}

static bool take_text(struct slice *line, char *out, size_t size)
{
    struct slice field = next_field(line);
    size_t len = 0;
    for (size_t i = 0; i < field.len; i++, len++) {
        char c = field.ptr[i];
        if (c == '\\' && i + 1 < field.len && field.ptr[i + 1] == 'u') {
            char made[4];
            size_t more = take_character(field, &i, made);
            if (more == 0 || len + more >= size)
                return false;
            memcpy(out + len, made, more);
            len += more - 1;
            i--;
            continue;
        }
        if (c == '\\') {
            const char *at =
                ++i < field.len ? strchr(letters, field.ptr[i]) : NULL;
            if (!at || !*at)
                return false;
            c = escaped[at - letters];
        }
        if (len + 1 >= size)
            return false;
        out[len] = c;
    }
    out[len] = '\0';
    return true;
}

static bool take_number(struct slice *line, int64_t max, int64_t *number)
{
    return integer_from_text(next_field(line), number) && *number >= 0 &&
           *number <= max;
}

static bool take_code(struct slice *line, enum issue_code *code)
{
    struct slice name = next_field(line);
    for (int i = 0; i <= ISSUE_MEMORY; i++) {
        if (slice_equal(name, slice_of(issue_code_name((enum issue_code)i)))) {
            *code = (enum issue_code)i;
            return true;
        }
    }
    return false;
}

bool issue_from_line(struct slice line, struct issue *issue)
{
    int64_t row;
    int64_t column;
    *issue = (struct issue){0};
    if (!take_code(&line, &issue->code) ||
        !take_number(&line, INT64_MAX, &row) ||
        !take_number(&line, UINT32_MAX, &column))
        return false;
    issue->row = (uint64_t)row;
    issue->column = (uint32_t)column;
    return take_text(&line, issue->sheet, sizeof(issue->sheet)) &&
           take_text(&line, issue->header, sizeof(issue->header)) &&
           take_text(&line, issue->value, sizeof(issue->value)) &&
           take_text(&line, issue->text, sizeof(issue->text)) && line.len == 0;
}
