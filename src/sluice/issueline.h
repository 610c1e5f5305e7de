/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issueline.h: an issue as one line of text, and back.
 *
 * For what is kept until it is reported: rejected rows in a ledger or a file.
 * Seven fields with tabs between them (code, row, column, sheet, header, value,
 * text); in them a backslash, tab, line feed and carriage return are written
 * \\ \t \n \r, and what is not ASCII \uXXXX, as in JSON: a database whose
 * encoding does not know the character can keep the line all the same. Lines
 * with UTF-8 in them are read as well.
 */
#ifndef SLUICE_ISSUELINE_H
#define SLUICE_ISSUELINE_H

#include "issue.h"

/*
 * The texts (two bytes of a character become six, four twelve), the numbers,
 * tabs, and the terminator.
 */
#define ISSUE_LINE_MAX \
    (3 * (ISSUE_SHEET_MAX + 64 + ISSUE_VALUE_MAX + ISSUE_TEXT_MAX) + 128)

/* Writes the line, terminated, without a line feed; returns its length. */
size_t issue_to_line(const struct issue *issue, char out[ISSUE_LINE_MAX]);

/* False when it is no such line; *issue is then not to be used. */
bool issue_from_line(struct slice line, struct issue *issue);

#endif
