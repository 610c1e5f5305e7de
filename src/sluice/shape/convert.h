/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.h: one cell as the value that its column takes (row.h).
 *
 *   column       takes
 *   TEXT, OTHER  text as it is; numbers in their shortest form; true, false;
 *                dates and times as ISO text; at most max_chars characters
 *   INTEGER      whole numbers below 2^53 in magnitude, beyond which a number
 *                cell is not exact; text of digits with a sign; 0 and 1 for
 *                booleans; what fits its size
 *   REAL         numbers; text that is a decimal number
 *   NUMERIC      the same, as text; digits before the point must fit
 *                precision - scale, those behind it the database rounds
 *   BOOLEAN      booleans; the numbers 0 and 1; true false yes no t f y n 1 0
 *                in any case
 *   DATE         dates without a time of day; "YYYY-MM-DD", or with a midnight
 *   TIMESTAMP    dates and date-times; ISO text without a zone
 *   TIMESTAMPTZ  the same; ISO text with or without a zone: without is UTC
 *   TIME         times of day; "HH:MM[:SS[.fff]]"
 *   INTERVAL     times and durations; "[-]HH:MM[:SS[.fff]]", hours not wrapped
 *
 * White space around text is dropped but for TEXT and OTHER; text that is empty
 * then is NULL. Nothing else is guessed: no number in words, no 01/02/03.
 *
 * Text cells come from the readers as valid UTF-8 without NUL (cell.h) and are
 * not checked again.
 */
#ifndef SLUICE_CONVERT_H
#define SLUICE_CONVERT_H

#include "arena.h"
#include "read/cell.h"
#include "shape/row.h"
#include "shape/schema.h"

/*
 * Text that is not lasting is copied to the arena; lasting text is borrowed
 * from the workbook. -1 when the cell does not convert: *why has code, text,
 * value and the sheet's column; a row code, or ISSUE_MEMORY. *out is written
 * only on success.
 */
int convert_cell(const struct column *column, const struct cell *cell,
                 struct arena *arena, struct value *out, struct issue *why);

#endif
