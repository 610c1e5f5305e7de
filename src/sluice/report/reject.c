/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reject.c: the report as CSV, or as a workbook by libxlsxwriter with constant
 * memory.
 */
#include "report/reject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "sluice_limits.h"

enum { FIELDS = 7, AT_ROW = 1 };

static const char *const titles[FIELDS] = {"sheet", "row",  "column", "header",
                                           "value", "code", "reason"};

struct reject_file {
    char *path;
    char *temporary;
    FILE *csv; /* one of the two */
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    uint32_t lines;
    bool failed; /* reported once, by the call that saw it */
};

static int fail(struct reject_file *file, const char *what, struct issue *why)
{
    file->failed = true;
    return issue_set(why, ISSUE_IO, "cannot %s the rejects file %s: %s", what,
                     file->path, strerror(errno));
}

static bool wants_workbook(const char *path)
{
    size_t len = strlen(path);
    return len > 5 && strcmp(path + len - 5, ".xlsx") == 0;
}

/* Would a spreadsheet take it for a formula? */
static bool looks_like_formula(const char *text)
{
    double number;
    return *text && strchr("=+-@\t\r", *text) &&
           !number_from_text(slice_of(text), &number);
}

static void put_csv_field(FILE *out, const char *text)
{
    bool guarded = looks_like_formula(text);
    if (!guarded && !strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    if (guarded)
        fputc('\'', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static int put_line(struct reject_file *file, const char *const fields[FIELDS],
                    struct issue *why)
{
    if (file->csv) {
        for (int i = 0; i < FIELDS; i++) {
            if (i > 0)
                fputc(',', file->csv);
            put_csv_field(file->csv, fields[i]);
        }
        fputs("\r\n", file->csv);
        return ferror(file->csv) ? fail(file, "write", why) : 0;
    }
    if (file->lines == LIMIT_SHEET_ROWS)
        return issue_set(why, ISSUE_LIMIT,
                         "more than %u rejected rows do not fit a workbook; "
                         "name the rejects file .csv",
                         LIMIT_SHEET_ROWS);
    for (int i = 0; i < FIELDS; i++) {
        lxw_col_t column = (lxw_col_t)i;
        if (i == AT_ROW && file->lines > 0)
            worksheet_write_number(file->sheet, file->lines, column,
                                   strtod(fields[i], NULL), NULL);
        else
            worksheet_write_string(file->sheet, file->lines, column, fields[i],
                                   NULL);
    }
    file->lines++;
    return 0;
}

static void free_file(struct reject_file *file)
{
    free(file->path);
    free(file->temporary);
    free(file);
}

int reject_open(struct reject_file **out, const char *path, struct issue *why)
{
    struct reject_file *file = calloc(1, sizeof(*file));
    if (!file)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    file->path = strdup(path);
    if (!file->path || asprintf(&file->temporary, "%s.part", path) < 0) {
        file->temporary = NULL;
        free_file(file);
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    }
    /* Also for a workbook: says at once when it cannot be written. */
    file->csv = fopen(file->temporary, "we");
    if (!file->csv) {
        fail(file, "create", why);
        free_file(file);
        return -1;
    }
    if (wants_workbook(path)) {
        fclose(file->csv);
        file->csv = NULL;
        lxw_workbook_options options = {.constant_memory = LXW_TRUE};
        file->workbook = workbook_new_opt(file->temporary, &options);
        file->sheet = workbook_add_worksheet(file->workbook, "Rejects");
    }
    int status = put_line(file, titles, why);
    if (status < 0)
        reject_close(file, false, &(struct issue){0});
    else
        *out = file;
    return status;
}

int reject_add(struct reject_file *file, const struct issue *reject,
               struct issue *why)
{
    char row[24];
    char column[9] = "";
    snprintf(row, sizeof(row), "%llu", (unsigned long long)reject->row);
    if (reject->column)
        column_name(reject->column, column);
    const char *const fields[FIELDS] = {
        reject->sheet,  row,           column,
        reject->header, reject->value, issue_code_name(reject->code),
        reject->text};
    return file->failed ? 0 : put_line(file, fields, why);
}

/* Ends the writing; 0 when all of it is on its way to the disk. */
static int finish(struct reject_file *file)
{
    if (file->csv) {
        bool good = fflush(file->csv) == 0 && fsync(fileno(file->csv)) == 0;
        return fclose(file->csv) == 0 && good ? 0 : -1;
    }
    return workbook_close(file->workbook) == LXW_NO_ERROR ? 0 : -1;
}

int reject_close(struct reject_file *file, bool keep, struct issue *why)
{
    int status = 0;
    if (!file)
        return 0;
    if (finish(file) < 0 && keep && !file->failed)
        status = fail(file, "write", why);
    if (!keep || file->failed)
        unlink(file->temporary);
    else if (rename(file->temporary, file->path) < 0)
        status = fail(file, "put in place", why);
    free_file(file);
    return status;
}
