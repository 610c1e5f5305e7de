/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_insert.c: rows by INSERT, one at a time or many in one statement.
 *
 * Many rows travel as one array a column, which the server unnests:
 *
 *     INSERT INTO t (a, b) SELECT u.c1, u.c2
 *     FROM ROWS FROM (unnest($1), unnest($2)) AS u (c1, c2)
 *
 * A list of VALUES would need a parameter a value (65,535 are possible) and a
 * statement of its own for every number of rows, and be parsed and planned at
 * the length of the batch; this is prepared once for any number of rows.
 */
#include <string.h>

#include "load/pg_sink.h"

static int no_memory(struct pg_error *error)
{
    return pg_error_set(error, PG_END, ISSUE_MEMORY, "out of memory");
}

/* --- one row ---------------------------------------------------------------
 */

/* Fills the session's parameters from the row. */
static bool row_parameters(struct pg_session *s, const struct row *row)
{
    size_t columns = s->base.plan->count;
    size_t room = sizeof(uint64_t); /* the row's number, for the ledger */
    for (size_t c = 0; c < columns; c++)
        room += pg_field_room(&row->values[c]);
    outbuf_reset(&s->data);
    if (!outbuf_reserve(&s->data, room))
        return false;
    for (size_t c = 0; c < columns; c++) {
        size_t at = s->data.len;
        pg_put_field(&s->data, &s->columns[c], &row->values[c]);
        bool null = row->values[c].kind == VALUE_NULL;
        /* What a parameter wants is the field without its length word. */
        s->pointers[c] = null ? NULL : s->data.ptr + at + 4;
        s->lengths[c] = null ? 0 : (int)(s->data.len - at - 4);
    }
    outbuf_put64(&s->data, row->number);
    s->pointers[columns] = s->data.ptr + s->data.len - sizeof(uint64_t);
    s->lengths[columns] = sizeof(uint64_t);
    return true;
}

int pg_insert_row(struct pg_session *s, const struct row *row,
                  struct pg_answer *answer, struct pg_error *error)
{
    *error = (struct pg_error){.fault = PG_FINE};
    if (!row_parameters(s, row))
        return no_memory(error);
    if (pg_check_alive(s->pg, error) < 0)
        return -1;
    s->commit_sent = true;
    if (!PQsendQueryPrepared(s->pg->conn, PG_INSERT_ROW,
                             (int)s->base.plan->count + (s->import ? 1 : 0),
                             s->pointers, s->lengths, s->formats, 0)) {
        s->commit_sent = false;
        return pg_send_failed(s->pg, error);
    }
    if (pg_flush(s->pg, error) < 0 ||
        pg_collect(s->pg, NULL, answer, error) < 0)
        return -1;
    s->commit_sent = false;
    return answer->affected == 1 ? 0 : pg_rows_skipped(error);
}

/* --- many rows --------------------------------------------------------------
 */

#define ARRAY_HEADER_BYTES 20

static bool put_array(struct outbuf *out, const struct pg_column *column,
                      const struct pg_rows *rows, size_t index)
{
    size_t room = ARRAY_HEADER_BYTES;
    bool nulls = false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *value = &rows->rows[rows->live[i]].values[index];
        room += pg_field_room(value);
        nulls = nulls || value->kind == VALUE_NULL;
    }
    outbuf_reset(out);
    if (!outbuf_reserve(out, room))
        return false;
    outbuf_put32(out, 1); /* dimensions */
    outbuf_put32(out, nulls);
    outbuf_put32(out, column->oid);
    outbuf_put32(out, (uint32_t)rows->count);
    outbuf_put32(out, 1); /* the first index */
    for (size_t i = 0; i < rows->count; i++)
        pg_put_field(out, column, &rows->rows[rows->live[i]].values[index]);
    return true;
}

static int send_arrays(struct pg_session *s, const struct pg_rows *rows,
                       struct pg_error *error)
{
    size_t columns = s->base.plan->count;
    for (size_t c = 0; c < columns; c++) {
        struct outbuf *array = &s->arrays[c];
        if (!put_array(array, &s->columns[c], rows, c))
            return no_memory(error);
        if (array->len > INT32_MAX)
            return pg_error_set(error, PG_END, ISSUE_LIMIT,
                                "a batch is too large for one INSERT");
        s->pointers[c] = array->ptr;
        s->lengths[c] = (int)array->len;
    }
    if (!PQsendQueryPrepared(s->pg->conn, PG_INSERT_ROWS, (int)columns,
                             s->pointers, s->lengths, s->formats, 0))
        return pg_send_failed(s->pg, error);
    return pg_flush(s->pg, error);
}

int pg_insert_rows(struct pg_session *s, const char *before,
                   const struct pg_rows *rows, struct pg_error *error)
{
    struct pg_answer answer = {0};
    *error = (struct pg_error){.fault = PG_FINE};
    int status = -1;
    if (before[0] != '\0' && pg_run(s->pg, before, &answer, error) < 0)
        goto out;
    if (answer.tuples && PQntuples(answer.tuples) == 1)
        strncpy(s->xid, PQgetvalue(answer.tuples, 0, 0), sizeof(s->xid) - 1);
    if (send_arrays(s, rows, error) < 0 ||
        pg_collect(s->pg, NULL, &answer, error) < 0)
        goto out;
    if (answer.affected != rows->count) {
        pg_rows_skipped(error);
        goto out;
    }
    status = 0;
out:
    pg_answer_clear(&answer);
    return status;
}
