/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h: one row, converted: what shape/ gives to load/.
 *
 * A value's kind follows from its column's type (schema.h) or is VALUE_NULL:
 *
 *     COLUMN_TEXT, NUMERIC, OTHER -> VALUE_TEXT   (UTF-8 without NUL)
 *     COLUMN_INTEGER              -> VALUE_INTEGER (fits the column's size)
 *     COLUMN_REAL                 -> VALUE_REAL
 *     COLUMN_BOOLEAN              -> VALUE_BOOLEAN
 *     COLUMN_DATE                 -> VALUE_DATE    (integer: days since 1970)
 *     COLUMN_TIMESTAMP, ..TZ      -> VALUE_TIMESTAMP (integer: microseconds
 *                                    since 1970-01-01T00:00:00, UTC for TZ)
 *     COLUMN_TIME, INTERVAL       -> VALUE_TIME    (integer: microseconds)
 *
 * The bytes of text live in the batch's arena or in the open workbook; both
 * outlast the load of the batch.
 */
#ifndef SLUICE_ROW_H
#define SLUICE_ROW_H

#include "text.h"

enum value_kind {
    VALUE_NULL,
    VALUE_TEXT,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_BOOLEAN,
    VALUE_DATE,
    VALUE_TIMESTAMP,
    VALUE_TIME
};

struct value {
    enum value_kind kind;
    union {
        struct slice text;
        int64_t integer;
        double real;
        bool truth;
    };
};

struct row {
    uint64_t number;      /* in the sheet, from 1 */
    struct value *values; /* load_plan.count of them */
};

#endif
