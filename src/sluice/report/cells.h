/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cells.h: every cell of a workbook as a line of text.
 *
 * A sheet opens with `#sheet<TAB>index<TAB>name`, the index from 0; then a line
 * a cell, in row order: `row<TAB>column<TAB>type<TAB>text`, both from 1. Types:
 *
 *     n number, s text, b boolean, e error, d date or date-time, t time
 *     x a cell that cannot be understood: the reason's name, a blank, and what
 *       the cell says
 *
 * In names and texts, backslash, tab, line feed and carriage return are written
 * as \\ \t \n \r.
 */
#ifndef SLUICE_CELLS_H
#define SLUICE_CELLS_H

#include <stdio.h>

#include "read/read.h"

/* Writes all sheets. -1 with *why when one cannot be read, or written. */
int cells_write(FILE *out, struct workbook *book, struct issue *why);

#endif
