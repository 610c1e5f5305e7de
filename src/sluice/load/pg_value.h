/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_value.h: values in the forms that PostgreSQL reads.
 *
 * A codec is how one column's values travel: in PostgreSQL's binary format
 * where we can write it, as text where only the server knows the type.
 *
 * Recipe: pg_column_of once a column; pg_value_check once a value (afterwards
 * no encoder can fail); then, for a row, reserve the sum of pg_field_room and
 * put the fields.
 */
#ifndef SLUICE_PG_VALUE_H
#define SLUICE_PG_VALUE_H

#include "issue.h"
#include "load/outbuf.h"
#include "shape/row.h"
#include "shape/schema.h"

enum pg_codec {
    PG_TEXT, /* text, varchar, bpchar: their binary form is their bytes */
    PG_BOOL,
    PG_INT2,
    PG_INT4,
    PG_INT8,
    PG_FLOAT4,
    PG_FLOAT8,
    PG_NUMERIC,
    PG_DATE,
    PG_TIMESTAMP,
    PG_TIME,
    PG_INTERVAL,
    PG_OTHER /* text, and the server converts it */
};

struct pg_column {
    enum pg_codec codec;
    uint32_t oid;       /* as a parameter of a statement */
    uint32_t array_oid; /* an array of these as a parameter */
    bool checked;       /* some values do not fit: pg_value_check looks */
};

struct pg_column pg_column_of(const struct column *column);

/*
 * False when the type cannot hold the value; *code and *text then say why (a
 * static string).
 */
bool pg_value_check(const struct pg_column *column, const struct value *value,
                    enum issue_code *code, const char **text);

/* An upper bound of what pg_put_field writes. */
static inline size_t pg_field_room(const struct value *value)
{
    /* A numeric needs 2 bytes for 4 digits, and 16 of its own. */
    return value->kind == VALUE_TEXT ? 24 + value->text.len : 24;
}

/*
 * A length word and the value in binary; -1 for NULL. The room is reserved and
 * the value checked.
 */
void pg_put_field(struct outbuf *out, const struct pg_column *column,
                  const struct value *value);

/* The value as a field of COPY's text format, escaped, without separator. */
void pg_put_text(struct outbuf *out, const struct pg_column *column,
                 const struct value *value);

#endif
