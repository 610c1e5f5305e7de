/* SPDX-License-Identifier: Apache-2.0 */
/* issue.c: fills issues and writes them as one line. */
#include "issue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[] = {
    [ISSUE_NONE] = "none",
    [ISSUE_TOO_FEW_COLUMNS] = "too_few_columns",
    [ISSUE_EXTRA_VALUE] = "extra_value",
    [ISSUE_REQUIRED] = "required",
    [ISSUE_ERROR_VALUE] = "error_value",
    [ISSUE_NUL] = "nul",
    [ISSUE_ENCODING] = "encoding",
    [ISSUE_STRING_INDEX] = "string_index",
    [ISSUE_BAD_NUMBER] = "bad_number",
    [ISSUE_BAD_BOOLEAN] = "bad_boolean",
    [ISSUE_BAD_REFERENCE] = "bad_reference",
    [ISSUE_DUPLICATE_CELL] = "duplicate_cell",
    [ISSUE_CELL_TYPE] = "cell_type",
    [ISSUE_QUOTE] = "quote",
    [ISSUE_TEXT_TOO_LONG] = "text_too_long",
    [ISSUE_CONVERT] = "convert",
    [ISSUE_OUT_OF_RANGE] = "out_of_range",
    [ISSUE_REFUSED] = "refused",
    [ISSUE_NOT_FOUND] = "not_found",
    [ISSUE_IO] = "io",
    [ISSUE_FORMAT] = "format",
    [ISSUE_TRUNCATED] = "truncated",
    [ISSUE_CHECKSUM] = "checksum",
    [ISSUE_ENCRYPTED] = "encrypted",
    [ISSUE_UNSUPPORTED] = "unsupported",
    [ISSUE_DTD] = "dtd",
    [ISSUE_LIMIT] = "limit",
    [ISSUE_AMBIGUOUS] = "ambiguous",
    [ISSUE_MAPPING] = "mapping",
    [ISSUE_USAGE] = "usage",
    [ISSUE_CONNECT] = "connect",
    [ISSUE_CONNECTION_LOST] = "connection_lost",
    [ISSUE_PERMISSION] = "permission",
    [ISSUE_DATABASE] = "database",
    [ISSUE_CANCELED] = "canceled",
    [ISSUE_MEMORY] = "memory",
};

_Static_assert(sizeof(code_names) / sizeof(code_names[0]) == ISSUE_MEMORY + 1,
               "every code has a name");

int issue_set(struct issue *issue, enum issue_code code, const char *format,
              ...)
{
    char text[ISSUE_TEXT_MAX + 4];
    va_list args;
    size_t len;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    len = utf8_prefix(slice_of(text), ISSUE_TEXT_MAX - 1);

    issue->code = code;
    issue->row = 0;
    issue->column = 0;
    issue->sheet[0] = '\0';
    issue->header[0] = '\0';
    issue->value[0] = '\0';
    memcpy(issue->text, text, len);
    issue->text[len] = '\0';
    return -1;
}

void issue_value(struct issue *issue, struct slice value)
{
    size_t len = utf8_prefix(value, ISSUE_VALUE_MAX - 1);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];

        issue->value[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    issue->value[len] = '\0';
    /* What is not UTF-8 must not reach a terminal or a report as it is. */
    for (size_t i = 0;;) {
        i += utf8_check((struct slice){issue->value + i, len - i});
        if (i == len)
            break;
        issue->value[i] = '?';
    }
}

/* A line being written: keeps counting when it is full, like snprintf. */
struct line {
    char *out;
    size_t size;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line,
                                                           const char *format,
                                                           ...)
{
    size_t room = line->len < line->size ? line->size - line->len : 0;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room ? line->out + line->len : NULL, room, format, args);
    va_end(args);
    if (n > 0)
        line->len += (size_t)n;
}

/* Excel allows neither of these in the name of a sheet; parts have one. */
static bool is_part_name(const char *name)
{
    return strpbrk(name, "/[") != NULL;
}

static void line_add_place(struct line *line, const struct issue *issue)
{
    const char *comma = "";
    char name[9];

    if (issue->sheet[0]) {
        line_add(line, "%s \"%s\"",
                 is_part_name(issue->sheet) ? "part" : "sheet", issue->sheet);
        comma = ", ";
    }
    if (issue->row > 0) {
        line_add(line, "%srow %llu", comma, (unsigned long long)issue->row);
        comma = ", ";
    }
    if (issue->column > 0) {
        column_name(issue->column, name);
        if (issue->row > 0)
            line_add(line, "%scell %s%llu", comma, name,
                     (unsigned long long)issue->row);
        else
            line_add(line, "%scolumn %s", comma, name);
        if (issue->header[0])
            line_add(line, " (\"%s\")", issue->header);
    } else if (issue->header[0]) {
        line_add(line, "%scolumn \"%s\"", comma, issue->header);
    }
}

size_t issue_format(const struct issue *issue, const char *file, char *out,
                    size_t size)
{
    struct line line = {out, size, 0};
    size_t before;

    if (size > 0)
        out[0] = '\0';
    if (file)
        line_add(&line, "%s: ", file);
    before = line.len;
    line_add_place(&line, issue);
    line_add(&line, "%s%s", line.len > before ? ": " : "", issue->text);
    if (issue->value[0])
        line_add(&line, ": \"%s\"", issue->value);
    return line.len < size ? line.len : size > 0 ? size - 1 : 0;
}

const char *issue_code_name(enum issue_code code)
{
    if ((unsigned)code > ISSUE_MEMORY)
        return "unknown";
    return code_names[code];
}

bool issue_is_row(enum issue_code code)
{
    return code > ISSUE_NONE && code <= ISSUE_REFUSED;
}
