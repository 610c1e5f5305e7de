/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h: from what stands in a cell's element to a struct cell.
 */
#ifndef SLUICE_VALUE_H
#define SLUICE_VALUE_H

#include "read/cell.h"
#include "read/workbook.h"

/* The t attribute. */
enum raw_type {
    RAW_NUMBER,   /* "n", or none */
    RAW_SHARED,   /* "s": number of a shared string */
    RAW_STRING,   /* "str", "inlineStr" */
    RAW_BOOLEAN,  /* "b" */
    RAW_ERROR,    /* "e" */
    RAW_ISO_DATE, /* "d" */
    RAW_UNKNOWN
};

enum raw_type raw_type_of(struct slice attribute);

/*
 * Sets kind and content of *cell from the raw text of a cell, which is borrowed
 * (not for shared strings: those are `lasting`). False when the cell is empty.
 * Texts are taken as they are: decoded, and found good, by the caller.
 */
bool value_set(struct cell *cell, const struct xlsx *book, enum raw_type type,
               uint64_t style, struct slice raw);

/* *cell becomes bad: its reason, and what it said. */
void value_bad(struct cell *cell, enum issue_code bad, struct slice raw);

/* A plain number that is already read, under a style. */
void value_set_number(struct cell *cell, const struct xlsx *book,
                      uint64_t style, double number);

/* A shared string by its number. False when it is empty. */
bool value_set_shared(struct cell *cell, const struct xlsx *book,
                      uint64_t index, struct slice raw);

/*
 * Reads "BC12". False for anything that is no reference into the grid, which
 * ends at XFD1048576.
 */
bool value_reference(struct slice text, uint32_t *column, uint32_t *row);

#endif
