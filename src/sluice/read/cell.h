/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell.h: what a reader says of a sheet, a row, a cell.
 *
 * Every format (.xlsx, .csv, ...) is reduced to this. A cell is what the sheet
 * holds, typed as the sheet types it; nothing here knows of databases. Empty
 * cells are not listed. A cell that cannot be understood is CELL_BAD and
 * carries its reason: it costs its row, not the file.
 *
 * The text of CELL_TEXT and CELL_ERROR is valid UTF-8 without NUL, because the
 * reader has seen every byte of it; nobody checks it again. Text that is not is
 * CELL_BAD with ISSUE_ENCODING or ISSUE_NUL.
 */
#ifndef SLUICE_CELL_H
#define SLUICE_CELL_H

#include "issue.h"
#include "text.h"

enum cell_kind {
    CELL_TEXT,     /* text */
    CELL_NUMBER,   /* number: finite */
    CELL_BOOL,     /* truth */
    CELL_DATETIME, /* ms since 1970-01-01, no zone */
    CELL_TIME,     /* ms: time of day or duration, may be negative */
    CELL_ERROR,    /* text: "#N/A" */
    CELL_BAD       /* text: the raw value; `bad` says what is wrong */
};

struct cell {
    uint32_t column; /* from 1 */
    uint8_t kind;    /* enum cell_kind */
    uint8_t bad;     /* enum issue_code when kind is CELL_BAD */
    /*
     * True when text.ptr lives as long as the open workbook (a shared string);
     * false when it dies with the next sheet_next.
     */
    bool lasting;
    union {
        struct slice text;
        double number;
        int64_t ms;
        bool truth;
    };
};

/*
 * Cells in ascending column order, each column at most once. `number` is the
 * row's number in the sheet, from 1, strictly ascending within a sheet. `last`
 * is the last column that the row mentions at all, empty cells with a style
 * included: it tells "too few columns" from "empty at the end".
 */
struct cell_row {
    uint64_t number;
    struct cell *cells;
    uint32_t count;
    uint32_t last;
};

enum sheet_visibility { SHEET_VISIBLE, SHEET_HIDDEN, SHEET_VERY_HIDDEN };

#endif
