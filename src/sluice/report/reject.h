/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reject.h: the report of the rows that were not loaded.
 *
 *     reject_open -> reject_add (in row order) ... -> reject_close
 *
 * One line a row: sheet, row, column, header, value, code, reason. A path that
 * ends in .xlsx gives a workbook, every other one CSV (RFC 4180, UTF-8). The
 * report is written beside its place under another name and put there by
 * reject_close, so that a report that is there is whole.
 *
 * Spreadsheets run what looks like a formula: in CSV a value that starts with
 * = + - @, a tab or a carriage return and is not a number gets an apostrophe in
 * front. In a workbook every field is text.
 *
 * One thread at a time. Calls block on the file system.
 */
#ifndef SLUICE_REJECT_H
#define SLUICE_REJECT_H

#include "issue.h"

struct reject_file;

int reject_open(struct reject_file **file, const char *path, struct issue *why);
int reject_add(struct reject_file *file, const struct issue *reject,
               struct issue *why);
/*
 * Frees; `keep` puts the report in its place, otherwise nothing is left. -1
 * with *why when the report could not be written.
 */
int reject_close(struct reject_file *file, bool keep, struct issue *why);

#endif
