/* SPDX-License-Identifier: Apache-2.0 */
/* sheet.h: the rows of one sheet of an .xlsx file, one by one. */
#ifndef SLUICE_SHEET_H
#define SLUICE_SHEET_H

#include "read/cell.h"
#include "read/workbook.h"

struct xlsx_sheet;

/* The workbook is borrowed until xlsx_sheet_close; its strings are loaded. */
int xlsx_sheet_open(struct xlsx_sheet **sheet, const struct xlsx *book,
                    size_t index, struct issue *why);
void xlsx_sheet_close(struct xlsx_sheet *sheet);

/* As sheet_next of read.h. */
int xlsx_sheet_next(struct xlsx_sheet *sheet, struct cell_row *row,
                    struct issue *why);

/* Packed bytes consumed, and in all. */
uint64_t xlsx_sheet_position(const struct xlsx_sheet *sheet);
uint64_t xlsx_sheet_size(const struct xlsx_sheet *sheet);

#endif
