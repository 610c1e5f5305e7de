/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet_row.h: the row of a sheet that is being read, and how cells join it.
 *
 * Texts of cells may be borrowed from the scanner's window; whoever makes the
 * window move calls sheet_settle before.
 */
#ifndef SLUICE_SHEET_ROW_H
#define SLUICE_SHEET_ROW_H

#include "arena.h"
#include "read/value.h"
#include "read/workbook.h"
#include "read/xml.h"

struct xlsx_sheet {
    const struct xlsx *book;
    struct xml xml;
    struct xml_text text; /* of the cell being read by events */
    struct arena texts;   /* of the row's cells that do not lie in the window */
    bool in_data;         /* inside of <sheetData> */
    bool ended;           /* the part was read to its end */

    /* The row being read. */
    struct cell *cells;
    size_t count;
    size_t capacity;
    size_t settled; /* cells before this one borrow nothing */
    uint64_t number;
    uint64_t last_number; /* of the row before */
    uint64_t row_bytes;   /* of texts that were copied */
    uint32_t column;      /* of the last cell, empty or not */
    uint32_t last;        /* highest column */
    bool numbered;        /* `number` was given, by the row or by a cell */
    bool beyond;          /* the row lies beyond the grid */
    bool unordered;       /* a cell stands left of its predecessor, or on it */
    bool plain;           /* names without prefix are SpreadsheetML here */
};

/*
 * A cleared cell behind the last, not counted yet (s->count++ does); NULL with
 * *why when memory is out. The pointer is valid until the next call.
 */
struct cell *sheet_new_cell(struct xlsx_sheet *s, uint32_t column,
                            struct issue *why);

/* Copies texts that are borrowed from the window. -1 with *why. */
int sheet_settle(struct xlsx_sheet *s, struct issue *why);

/*
 * Puts the cells in order of their columns, each at most once: of two in one
 * column a bad one stays. -1 with *why.
 */
int sheet_put_in_order(struct xlsx_sheet *s, struct issue *why);

#endif
