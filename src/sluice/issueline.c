/* SPDX-License-Identifier: Apache-2.0 */
/* issueline.c: issues written as lines, and read again. */
#include "issueline.h"

#include <stdio.h>
#include <string.h>

static const char escaped[] = "\\\t\n\r";
static const char letters[] = "\\tnr";

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
        if (at) {
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

static bool take_text(struct slice *line, char *out, size_t size)
{
    struct slice field = next_field(line);
    size_t len = 0;
    for (size_t i = 0; i < field.len; i++, len++) {
        char c = field.ptr[i];
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
