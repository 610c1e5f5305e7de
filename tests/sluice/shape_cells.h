/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape_cells.h: cells and rows written down in a test.
 */
#ifndef SHAPE_CELLS_H
#define SHAPE_CELLS_H

#include "read/cell.h"

static inline struct cell text_cell(uint32_t column, const char *text)
{
    return (struct cell){
        .column = column, .kind = CELL_TEXT, .text = slice_of(text)};
}

static inline struct cell number_cell(uint32_t column, double number)
{
    return (struct cell){
        .column = column, .kind = CELL_NUMBER, .number = number};
}

static inline struct cell bool_cell(uint32_t column, bool truth)
{
    return (struct cell){.column = column, .kind = CELL_BOOL, .truth = truth};
}

static inline struct cell datetime_cell(uint32_t column, int64_t ms)
{
    return (struct cell){.column = column, .kind = CELL_DATETIME, .ms = ms};
}

static inline struct cell time_cell(uint32_t column, int64_t ms)
{
    return (struct cell){.column = column, .kind = CELL_TIME, .ms = ms};
}

static inline struct cell error_cell(uint32_t column, const char *text)
{
    return (struct cell){
        .column = column, .kind = CELL_ERROR, .text = slice_of(text)};
}

static inline struct cell bad_cell(uint32_t column, enum issue_code code,
                                   const char *raw)
{
    return (struct cell){.column = column,
                         .kind = CELL_BAD,
                         .bad = (uint8_t)code,
                         .text = slice_of(raw)};
}

/* A row whose last column is that of its last cell. */
static inline struct cell_row row_of(uint64_t number, struct cell *cells,
                                     uint32_t count)
{
    return (struct cell_row){.number = number,
                             .cells = cells,
                             .count = count,
                             .last = count ? cells[count - 1].column : 0};
}

#define MAX_TEXTS 32

/* A row of texts; "" leaves its cell out but counts as mentioned. */
struct text_row {
    struct cell cells[MAX_TEXTS];
    struct cell_row row;
};

static inline struct cell_row *text_row(struct text_row *made, uint64_t number,
                                        const char *const *texts,
                                        uint32_t count)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < count && i < MAX_TEXTS; i++) {
        if (texts[i][0])
            made->cells[used++] = text_cell(i + 1, texts[i]);
    }
    made->row = row_of(number, made->cells, used);
    made->row.last = count;
    return &made->row;
}

#define TEXT_ROW(made, number, ...)                           \
    text_row((made), (number), (const char *[]){__VA_ARGS__}, \
             sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *))

#endif
