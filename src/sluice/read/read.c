/* SPDX-License-Identifier: Apache-2.0 */
/* read.c: tells the format of a file and hands on to its reader. */
#include "read/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/bytes.h"
#include "read/csv.h"
#include "read/sheet.h"
#include "read/workbook.h"

struct workbook {
    enum workbook_format format;
    struct mapped_file file;
    char *name; /* of the one sheet of a text file */
    union {
        struct xlsx xlsx;
        char separator; /* of a text file; 0: one column */
    };
};

struct sheet {
    const struct workbook *book;
    size_t index;
    union {
        struct xlsx_sheet *xlsx;
        struct csv *csv;
    };
};

/* Old Office files, and new ones with a password, are OLE containers. */
static const char ole_signature[8] = {'\xd0', '\xcf', '\x11', '\xe0',
                                      '\xa1', '\xb1', '\x1a', '\xe1'};
static const char encrypted_mark[] =
    "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";

static int refuse_ole(const struct mapped_file *file, struct issue *why)
{
    if (memmem(file->ptr, file->len, encrypted_mark, sizeof(encrypted_mark)))
        return issue_set(why, ISSUE_ENCRYPTED,
                         "is protected by a password; save it without one");
    return issue_set(why, ISSUE_UNSUPPORTED,
                     "is an old Office file (.xls), which is not read; save "
                     "it as .xlsx");
}

/*
 * Files that programs save or servers send under the name of a workbook, and
 * that would pass for text of one odd column: told by how they begin.
 */
static const struct {
    const char *start;
    const char *what;
} strangers[] = {
    {"<!doctype html", "a web page"}, {"<html", "a web page"},
    {"<table", "a web page"},         {"<?xml", "an XML file"},
    {"%PDF-", "a PDF file"},
};

static int refuse_strangers(struct slice all, struct issue *why)
{
    if (all.len >= 3 && memcmp(all.ptr, "\xef\xbb\xbf", 3) == 0)
        all = (struct slice){all.ptr + 3, all.len - 3};
    while (all.len > 0 && memchr(" \t\r\n", *all.ptr, 4))
        all = (struct slice){all.ptr + 1, all.len - 1};
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        struct slice start = slice_of(strangers[i].start);
        if (all.len >= start.len &&
            slice_equal_nocase((struct slice){all.ptr, start.len}, start))
            return issue_set(why, ISSUE_UNSUPPORTED,
                             "is %s, which is not read; open it in a "
                             "spreadsheet program and save it as .xlsx",
                             strangers[i].what);
    }
    return 0;
}

/* The file's name without folders and ending; NULL when memory is out. */
static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    return strndup(name,
                   dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

/* Sees that the file is text, and how its fields are separated. */
static int look_at_text(struct workbook *book, char separator,
                        struct issue *why)
{
    struct slice all = {book->file.ptr, book->file.len};
    struct csv *csv;

    if (csv_open(&csv, all, separator, why) < 0)
        return -1;
    book->separator = csv_separator(csv);
    csv_close(csv);
    return 0;
}

/* Opens the file, which is mapped, as what it is. */
static int open_format(struct workbook *book, const char *path,
                       const struct read_options *options, struct issue *why)
{
    struct slice all = {book->file.ptr, book->file.len};

    if (all.len == 0)
        return issue_set(why, ISSUE_FORMAT, "is empty");
    if (all.len < 4 && memcmp(all.ptr, "PK\3\4", all.len) == 0)
        return issue_set(why, ISSUE_TRUNCATED,
                         "ends before its end: it was cut while it was copied "
                         "or sent; fetch it again");
    if (all.len >= sizeof(ole_signature) &&
        memcmp(all.ptr, ole_signature, sizeof(ole_signature)) == 0)
        return refuse_ole(&book->file, why);
    if (zip_looks_like_one(all)) {
        book->format = FORMAT_XLSX;
        return xlsx_open(&book->xlsx, &book->file, why);
    }
    if (refuse_strangers(all, why) < 0)
        return -1;
    book->format = FORMAT_CSV;
    book->name = base_name(options && options->name ? options->name : path);
    if (!book->name)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    return look_at_text(book, options ? options->separator : '\0', why);
}

int workbook_open(struct workbook **book, const char *path,
                  const struct read_options *options, struct issue *why)
{
    struct workbook *b = calloc(1, sizeof(*b));

    if (!b)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    int mapped = bytes_map(&b->file, path, why);
    b->file.bounds = options ? options->bounds : NULL;
    if (mapped < 0 || open_format(b, path, options, why) < 0) {
        workbook_free(b);
        return -1;
    }
    *book = b;
    return 0;
}

void workbook_free(struct workbook *book)
{
    if (!book)
        return;
    if (book->format == FORMAT_XLSX)
        xlsx_close(&book->xlsx);
    free(book->name);
    bytes_unmap(&book->file);
    free(book);
}

enum workbook_format workbook_format(const struct workbook *book)
{
    return book->format;
}

size_t workbook_sheet_count(const struct workbook *book)
{
    return book->format == FORMAT_XLSX ? book->xlsx.sheet_count : 1;
}

const char *workbook_sheet_name(const struct workbook *book, size_t index)
{
    return book->format == FORMAT_XLSX ? book->xlsx.sheets[index].name
                                       : book->name;
}

enum sheet_visibility workbook_sheet_visibility(const struct workbook *book,
                                                size_t index)
{
    return book->format == FORMAT_XLSX ? book->xlsx.sheets[index].visibility
                                       : SHEET_VISIBLE;
}

/* Says which sheets there are. */
static int no_such_sheet(const struct workbook *book, const char *name,
                         struct issue *why)
{
    char list[300] = "";
    size_t len = 0;
    size_t count = workbook_sheet_count(book);

    for (size_t i = 0; i < count && len < sizeof(list) - 1; i++) {
        const char *other = workbook_sheet_name(book, i);
        size_t room = sizeof(list) - 1 - len;

        if (strlen(other) + 4 > room) {
            memcpy(list + len, ", ...", room < 5 ? room : 5);
            break;
        }
        len += (size_t)snprintf(list + len, room + 1, "%s\"%s\"",
                                i > 0 ? ", " : "", other);
    }
    return issue_set(why, ISSUE_NOT_FOUND, "has no sheet \"%.64s\", but %s",
                     name, count > 0 ? list : "none at all");
}

int workbook_find_sheet(const struct workbook *book, const char *name,
                        size_t *index, struct issue *why)
{
    size_t count = workbook_sheet_count(book);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(workbook_sheet_name(book, i), name) == 0) {
            *index = i;
            return 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(slice_of(workbook_sheet_name(book, i)),
                               slice_of(name))) {
            *index = i;
            return 0;
        }
    }
    return no_such_sheet(book, name, why);
}

/* Names the sheet in an issue that names no part of the archive. */
static int at_sheet(const struct workbook *book, size_t index,
                    struct issue *why)
{
    struct slice name = slice_of(workbook_sheet_name(book, index));

    if (!why->sheet[0])
        snprintf(why->sheet, sizeof(why->sheet), "%.*s",
                 (int)utf8_prefix(name, sizeof(why->sheet) - 1), name.ptr);
    return -1;
}

int sheet_open(struct sheet **sheet, struct workbook *book, size_t index,
               struct issue *why)
{
    struct sheet *s;
    int result;

    if (index >= workbook_sheet_count(book))
        return issue_set(why, ISSUE_NOT_FOUND, "has only %zu sheets",
                         workbook_sheet_count(book));
    s = calloc(1, sizeof(*s));
    if (!s)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    s->book = book;
    s->index = index;
    if (book->format == FORMAT_XLSX) {
        result = xlsx_load_strings(&book->xlsx, why);
        if (result == 0)
            result = xlsx_sheet_open(&s->xlsx, &book->xlsx, index, why);
    } else {
        struct slice all = {book->file.ptr, book->file.len};

        result = csv_open(&s->csv, all, book->separator, why);
    }
    if (result < 0) {
        free(s);
        return at_sheet(book, index, why);
    }
    *sheet = s;
    return 0;
}

int sheet_next(struct sheet *sheet, struct cell_row *row, struct issue *why)
{
    int got = sheet->book->format == FORMAT_XLSX
                  ? xlsx_sheet_next(sheet->xlsx, row, why)
                  : csv_next(sheet->csv, row, why);

    return got < 0 ? at_sheet(sheet->book, sheet->index, why) : got;
}

void sheet_close(struct sheet *sheet)
{
    if (!sheet)
        return;
    if (sheet->book->format == FORMAT_XLSX)
        xlsx_sheet_close(sheet->xlsx);
    else
        csv_close(sheet->csv);
    free(sheet);
}

uint64_t sheet_position(const struct sheet *sheet)
{
    return sheet->book->format == FORMAT_XLSX ? xlsx_sheet_position(sheet->xlsx)
                                              : csv_position(sheet->csv);
}

uint64_t sheet_size(const struct sheet *sheet)
{
    return sheet->book->format == FORMAT_XLSX ? xlsx_sheet_size(sheet->xlsx)
                                              : sheet->book->file.len;
}
