/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h: a table as the importer sees it, and where a row's values go.
 *
 * An existing table is described by its database; a missing one is inferred
 * from the sheet or taken from a preset. Both end as a struct table. A load
 * plan then names the columns that this import fills, in the order in which a
 * struct row holds their values.
 */
#ifndef SLUICE_SCHEMA_H
#define SLUICE_SCHEMA_H

#include "issue.h"
#include "text.h"

/* What a column takes; the database's own spelling stands in db_type. */
enum column_type {
    COLUMN_TEXT,
    COLUMN_INTEGER, /* size: 2, 4 or 8 bytes */
    COLUMN_REAL,    /* size: 4 or 8 bytes */
    COLUMN_NUMERIC, /* exact decimal; precision and scale when given */
    COLUMN_BOOLEAN,
    COLUMN_DATE,
    COLUMN_TIMESTAMP,   /* without a zone */
    COLUMN_TIMESTAMPTZ, /* with one; a sheet's date-time is taken as UTC */
    COLUMN_TIME,        /* time of day */
    COLUMN_INTERVAL,
    COLUMN_OTHER /* anything else: text, and the database converts it */
};

struct column {
    char *name;
    char *db_type; /* "character varying(40)"; NULL before creation */
    enum column_type type;
    uint32_t db_oid;   /* PostgreSQL's type oid; 0 elsewhere */
    uint8_t size;      /* bytes of INTEGER and REAL */
    int32_t max_chars; /* of varchar(n) and char(n); 0 = no limit */
    int16_t precision; /* of numeric(p,s); 0 = no limit */
    int16_t scale;
    bool not_null;
    bool has_default; /* may be left out of an INSERT even if not_null */
    bool generated;   /* cannot be written (GENERATED ALWAYS) */
    bool primary_key;
    bool indexed; /* has an index of its own, built after the load when
                     sluice creates the table */
};

struct table {
    char *name;     /* as the user gave it; may be "schema.table" */
    char *sql_name; /* quoted, as the database knows it; NULL before creation */
    struct column *columns;
    size_t count;
};

void table_clear(struct table *table);
/* Appends a zeroed column with a copy of the name; NULL when memory is out. */
struct column *table_add_column(struct table *table, struct slice name);
/* Index by exact name, then without regard to case; -1 when there is none. */
int table_find_column(const struct table *table, struct slice name);

/*
 * The table of the tutorial's model: id, name NOT NULL, category, phone, email,
 * address, city, country, website, description, created_at, updated_at,
 * deleted_at; indexes on name, category, email, city, country, deleted_at.
 * -1 when there is no preset of that name or memory is out.
 */
int table_preset(struct table *table, const char *preset, struct issue *why);

/* Which columns of `table` the values of a row fill, in this order. */
struct load_plan {
    const struct table *table;
    const uint32_t *columns; /* indexes into table->columns */
    size_t count;
};

#endif
