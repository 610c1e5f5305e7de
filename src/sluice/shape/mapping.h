/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping.h: which column of the sheet fills which column of the table.
 *
 * The header row decides, once per import. A header finds its column by the
 * first of these that names one:
 *
 *     1. --map "Header=column"; --map "Header=" drops the sheet's column
 *     2. the column's exact name
 *     3. its name without regard to case
 *     4. both folded: "E-mail Address" is e_mail_address (identifier.h)
 *     5. the name that a new table would give it, so that a sheet loads again
 *        into the table that was made from it: "Phone" twice is phone and
 *        phone_2, an empty header in column C is column_3
 *
 * What is left over or ambiguous is refused here (ISSUE_MAPPING), before the
 * first row is loaded: a header that names no column, two headers for one
 * column, a NOT NULL column without default that no header fills.
 */
#ifndef SLUICE_MAPPING_H
#define SLUICE_MAPPING_H

#include "read/cell.h"
#include "shape/schema.h"

/* In place of an index into the load plan. */
enum {
    MAPPING_NO_HEADER = -1, /* a value in it rejects the row */
    MAPPING_DROPPED = -2    /* its values are not looked at */
};

struct sheet_column {
    char *header;  /* trimmed; "" when the sheet has none */
    int32_t field; /* index into plan.columns, or one of the above */
};

struct mapping {
    struct sheet_column *columns; /* that of sheet column c at c - 1 */
    uint32_t count;  /* the last sheet column with a header; what lies behind
                        it is MAPPING_NO_HEADER */
    uint32_t needed; /* a row that ends before this sheet column has too few;
                        0: none has */
    /*
     * In the order of the sheet: field 0 is filled from the leftmost column.
     * plan.columns belongs to the mapping, plan.table to the caller.
     */
    struct load_plan plan;
    bool *required; /* by field: NOT NULL in the table */
};

struct mapping_options {
    const char *const *maps; /* "Header=column"; the last '=' counts */
    size_t map_count;
    /*
     * A row must reach every mapped column, empty or not. Otherwise it must
     * reach only those that are NOT NULL.
     */
    bool preset;
};

/*
 * Maps a header row to a table that is there (or a preset). The table is
 * borrowed until mapping_clear and must not move; of the header nothing is
 * kept. `options` may be NULL. -1 with *why: ISSUE_MAPPING, ISSUE_USAGE (an
 * ill-formed --map), ISSUE_LIMIT, ISSUE_MEMORY; *mapping is then untouched.
 */
int mapping_make(struct mapping *mapping, const struct cell_row *header,
                 const struct table *table,
                 const struct mapping_options *options, struct issue *why);

/*
 * The same for a table that is not there yet: fills *table (empty before) with
 * the name and a column for each sheet column up to the last header, unless
 * dropped. Their names are the headers' identifiers, made unique, or what --map
 * says; their types are COLUMN_TEXT until infer_finish. Both outputs are
 * written only on success.
 */
int mapping_make_table(struct mapping *mapping, struct table *table,
                       const char *name, const struct cell_row *header,
                       const struct mapping_options *options,
                       struct issue *why);

void mapping_clear(struct mapping *mapping);

#endif
