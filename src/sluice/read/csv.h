/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.h: rows out of delimited text that stands in memory.
 *
 *     struct csv *csv;
 *     struct issue why;
 *     if (csv_open(&csv, bytes, 0, &why) < 0) ...
 *     struct cell_row row;
 *     int got;
 *     while ((got = csv_next(csv, &row, &why)) > 0) ...
 *     csv_close(csv);
 *
 * The format is RFC 4180, and what is found in its place:
 *
 * - Text is UTF-8; a mark (BOM) in front is passed over.
 * - Records end with LF, CR LF or CR, mixed as they come; the last one may lack
 *   its end. An empty line is no record.
 * - Records count from 1, the header's number; a value that holds line breaks
 *   is part of one record, so numbers are those of records, not of lines. A
 *   record whose fields are all empty is counted, but has no cells and is not
 *   handed out.
 * - A field that begins with a quote ends at the next quote that is not
 *   doubled; separators and line breaks in between are text. A quote anywhere
 *   else in a field is text. Spaces are text wherever they stand, so a quote
 *   after a space is not the beginning of a quoted field.
 * - `row->last` is the number of fields. A field that is empty, quoted or not,
 *   is no cell; there is no mark for NULL, "\N" is text. All cells are
 *   CELL_TEXT.
 *
 * What is wrong in one field makes it CELL_BAD, with the field as it is written
 * (cut at LIMIT_CELL_BYTES) as its text: ISSUE_QUOTE for text after the closing
 * quote, whose field goes on to the next separator or line end; ISSUE_ENCODING;
 * ISSUE_NUL; ISSUE_TEXT_TOO_LONG. What leaves no way to tell records apart ends
 * the reading: a quote that is never closed (ISSUE_FORMAT), more than
 * LIMIT_SHEET_COLUMNS fields (ISSUE_LIMIT).
 *
 * Text is `lasting` where it is a stretch of the bytes given, that is, but for
 * quoted fields with doubled quotes. Memory is one row's cells and unescaped
 * texts, whatever the size of the file.
 *
 * Threads: a reader belongs to one thread at a time; lasting text may be read
 * from any. No function here can park or prints.
 */
#ifndef SLUICE_CSV_H
#define SLUICE_CSV_H

#include "read/cell.h"

struct csv;

/*
 * Borrows `bytes` until csv_close, or for as long as lasting text is used.
 * `separator` is one of , ; TAB | or 0: then the one is taken that cuts the
 * first records most evenly, and none, for a single column, if each leaves most
 * of them whole. Gives *csv; -1
 * with *why for bytes that are not text (ISSUE_FORMAT), UTF-16 or UTF-32
 * (ISSUE_UNSUPPORTED), another separator (ISSUE_USAGE), ISSUE_MEMORY.
 */
int csv_open(struct csv **csv, struct slice bytes, char separator,
             struct issue *why);
/* NULL is allowed. */
void csv_close(struct csv *csv);

/* The separator given or found; 0 for none. */
char csv_separator(const struct csv *csv);

/*
 * 1 and *row, borrowed until the next call; 0 at the end; -1 with *why, which
 * names row and column, and again if called again.
 */
int csv_next(struct csv *csv, struct cell_row *row, struct issue *why);

/* Bytes passed so far, of those given; for progress. */
uint64_t csv_position(const struct csv *csv);

/*
 * Whether a file that begins like this may be given to csv_open: it holds
 * hardly any control characters, or it says by its mark that it is Unicode, in
 * a form that csv_open refuses with better words. 64 KiB are enough.
 */
bool csv_looks_like_text(struct slice head);

#endif
