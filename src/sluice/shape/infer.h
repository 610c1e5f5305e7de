/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.h: what type each column of a new table should have.
 *
 *     struct inference inference;
 *     infer_init(&inference, text_is_typed);
 *     while (rows) infer_row(&inference, &row) ...
 *     infer_finish(&inference, &mapping, &table);
 *     infer_clear(&inference);
 *
 * Every row is looked at, because a sample is wrong about the row behind it;
 * memory is a few bytes a column. The rule above all others: no value may
 * change by being typed. What a column holds in all its cells decides:
 *
 *     whole numbers below 2^53 in magnitude       INTEGER (8 bytes)
 *     numbers                                     REAL (8 bytes)
 *     TRUE and FALSE                              BOOLEAN
 *     dates                                       DATE
 *     dates and date-times                        TIMESTAMP
 *     times of day                                TIME
 *     times of day and durations                  INTERVAL
 *     anything else, a mixture, nothing at all    TEXT
 *
 * Text in a workbook is text, because its author or the Text format typed it:
 * "007" stays. Where all is text (.csv), content types it if its form is plain:
 * no '+', no leading zero, no exponent, no white space; integers of at most 18
 * digits, decimals of at most 15; ISO dates and times with seconds; true and
 * false. Zeros that end a fraction ("1.10") are layout where all values of the
 * column have as many decimals (prices), and otherwise content (versions).
 * Errors and bad cells say nothing: they cost their row.
 */
#ifndef SLUICE_INFER_H
#define SLUICE_INFER_H

#include "read/cell.h"
#include "shape/mapping.h"

/* What one column has shown so far. */
struct inferred {
    uint16_t seen;        /* bits that infer.c knows */
    uint8_t min_decimals; /* of numbers in text; valid when one was seen */
    uint8_t max_decimals;
};

struct inference {
    struct inferred *columns; /* that of sheet column c at c - 1 */
    uint32_t count;
    uint32_t room;
    bool text_is_typed;
};

/* `text_is_typed`: the format distinguishes text from numbers (not .csv). */
void infer_init(struct inference *inference, bool text_is_typed);
/* Takes a data row in, not the header. -1 when memory is out (ISSUE_MEMORY). */
int infer_row(struct inference *inference, const struct cell_row *row,
              struct issue *why);
/* The type of a sheet column, from 1, by the rows taken in so far. */
enum column_type infer_type(const struct inference *inference, uint32_t column);
/*
 * Types the columns of `table` that the mapping fills; both are from
 * mapping_make_table.
 */
void infer_finish(const struct inference *inference,
                  const struct mapping *mapping, struct table *table);
void infer_clear(struct inference *inference);

#endif
