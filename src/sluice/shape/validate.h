/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate.h: a row of the sheet as a row of the table, or the reason why not.
 *
 * A row is rejected once, by its first problem from left to right:
 *
 *     ISSUE_TOO_FEW_COLUMNS  it ends before mapping.needed; this comes first,
 *                            but behind ISSUE_BAD_REFERENCE, because where a
 *                            row ends is not known when a cell of it is lost
 *     ISSUE_EXTRA_VALUE      a value in a column without header
 *     ISSUE_REQUIRED         empty where the table says NOT NULL, even with a
 *                            default: the default would need a row of its own
 *                            with other columns than its batch
 *     what convert_cell says of the cell
 *
 * Bad cells (cell.h) reject the row wherever they stand, dropped columns
 * included. Other values of dropped columns are not looked at. Rows without
 * any value are no records; the caller leaves them out (cell_row.count is 0).
 */
#ifndef SLUICE_VALIDATE_H
#define SLUICE_VALIDATE_H

#include "arena.h"
#include "read/cell.h"
#include "shape/mapping.h"
#include "shape/row.h"

/* What turns the rows of one sheet into rows of one table. */
struct shape {
    const struct mapping *mapping;
    const char *sheet; /* named in issues; may be NULL */
};

/*
 * 0 and *out, whose values and text lie in the arena or, lasting text, in the
 * open workbook. -1 with *why, place and all: the row is rejected
 * (issue_is_row), or memory is out. What a rejected row took from the arena
 * stays taken until its reset. Threads may share a shape.
 */
int convert_row(const struct shape *shape, const struct cell_row *row,
                struct arena *arena, struct row *out, struct issue *why);

#endif
