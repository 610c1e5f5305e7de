/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.h: open a spreadsheet of any format and take its rows one by one.
 *
 *     struct workbook *book;
 *     struct issue why;
 *     if (workbook_open(&book, "list.xlsx", NULL, &why) < 0) ...
 *     struct sheet *sheet;
 *     if (sheet_open(&sheet, book, 0, &why) < 0) ...
 *     struct cell_row row;
 *     int got;
 *     while ((got = sheet_next(sheet, &row, &why)) > 0) ...
 *     sheet_close(sheet);
 *     workbook_free(book);
 *
 * Rows are streamed: memory is one inflate window, one row, and the shared
 * strings, whatever the sheet's size. Nothing that a file claims (dimension,
 * counts, sizes) is believed before its bytes were seen. The format is told by
 * the first bytes, not by the name.
 *
 * Threads: a workbook belongs to one thread at a time; the text of `lasting`
 * cells may be read from any thread until workbook_free. No function here can
 * park, prints, or keeps state outside its handle.
 */
#ifndef SLUICE_READ_H
#define SLUICE_READ_H

#include "read/cell.h"

enum workbook_format { FORMAT_XLSX, FORMAT_CSV };

struct workbook;
struct sheet;

/* What whoever reads a file allows; zeroes: what sluice_limits.h says. */
struct read_bounds {
    /*
     * Asked for every window that is unpacked; false ends the reading with
     * ISSUE_CANCELED. Must not park. NULL: never asked.
     */
    bool (*go_on)(void *arg);
    void *arg;
    uint64_t strings_bytes; /* of memory for the shared strings */
};

/* How a text file is to be taken; NULL or zeroes mean "find out". */
struct read_options {
    char separator;   /* CSV: one of , ; TAB |; 0 = sniff */
    const char *name; /* of the file, where its path does not tell: a text
                         file's only sheet is named after it */
    const struct read_bounds *bounds; /* borrowed until workbook_free */
};

/*
 * Opens and reads the directory parts (sheet list, styles); shared strings are
 * read when the first sheet is opened. Gives *book to the caller, who closes
 * it. -1 with *why filled when the file cannot be read as a spreadsheet.
 */
int workbook_open(struct workbook **book, const char *path,
                  const struct read_options *options, struct issue *why);
/* NULL is allowed. Frees the text of every lasting cell. */
void workbook_free(struct workbook *book);

enum workbook_format workbook_format(const struct workbook *book);
size_t workbook_sheet_count(const struct workbook *book);
/* Borrowed, terminated, valid until workbook_free. */
const char *workbook_sheet_name(const struct workbook *book, size_t index);
enum sheet_visibility workbook_sheet_visibility(const struct workbook *book,
                                                size_t index);
/*
 * Index of a sheet by exact name, then by name without regard to case; -1 with
 * *why naming the sheets that there are.
 */
int workbook_find_sheet(const struct workbook *book, const char *name,
                        size_t *index, struct issue *why);

/*
 * Opens one sheet for reading from its first row. Several sheets, or one sheet
 * several times, may be open at once.
 */
int sheet_open(struct sheet **sheet, struct workbook *book, size_t index,
               struct issue *why);

/*
 * 1 and *row, 0 at the end (the part's checksum held), -1 with *why. Rows
 * without any cell are skipped. *row and the text of its cells (but for lasting
 * ones) are borrowed until the next call.
 */
int sheet_next(struct sheet *sheet, struct cell_row *row, struct issue *why);
void sheet_close(struct sheet *sheet);

/*
 * Bytes of the stored file consumed so far, and in all, for progress; the
 * second may be read before the first row.
 */
uint64_t sheet_position(const struct sheet *sheet);
uint64_t sheet_size(const struct sheet *sheet);

#endif
