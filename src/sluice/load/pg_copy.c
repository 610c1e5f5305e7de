/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_copy.c: rows to the server as one COPY stream.
 *
 * Binary when every column has a codec: the server then parses nothing, and a
 * row costs us about a microsecond. Text when a column's type is known to the
 * server alone; one row is one line then too (line breaks are escaped), so the
 * line in an error's context is the row in either format.
 */
#include <string.h>

#include "load/pg_sink.h"

/* Large enough that a put costs nothing beside its bytes; fits the L2 cache. */
#define PUT_BYTES ((size_t)128 * 1024)

/* The largest piece of one put; libpq takes an int. */
#define PUT_BYTES_MAX ((size_t)1 << 20)

static const char binary_header[] = "PGCOPY\n\377\r\n\0"
                                    "\0\0\0\0"
                                    "\0\0\0\0";
#define BINARY_HEADER_BYTES 19

int pg_rows_skipped(struct pg_error *error)
{
    return pg_error_set(error, PG_ROW, ISSUE_REFUSED,
                        "a trigger or rule of the table skips the row");
}

static int put_piece(struct pg *pg, const char *bytes, size_t len,
                     struct pg_error *error)
{
    for (;;) {
        int put = PQputCopyData(pg->conn, bytes, (int)len);
        if (put < 0)
            return pg_send_failed(pg, error);
        /* However much libpq would queue: it goes out before the next. */
        if (pg_flush(pg, error) < 0)
            return -1;
        if (put > 0)
            return 0;
    }
}

static int put_data(struct pg *pg, struct outbuf *data, struct pg_error *error)
{
    for (size_t at = 0; at < data->len;) {
        size_t len = data->len - at;
        if (len > PUT_BYTES_MAX)
            len = PUT_BYTES_MAX;
        if (put_piece(pg, data->ptr + at, len, error) < 0)
            return -1;
        at += len;
    }
    outbuf_reset(data);
    return 0;
}

static bool encode_binary(const struct pg_session *s, const struct row *row,
                          struct outbuf *data)
{
    size_t columns = s->base.plan->count;
    size_t room = 2;
    for (size_t c = 0; c < columns; c++)
        room += pg_field_room(&row->values[c]);
    if (!outbuf_reserve(data, room))
        return false;
    outbuf_put16(data, (uint16_t)columns);
    for (size_t c = 0; c < columns; c++)
        pg_put_field(data, &s->columns[c], &row->values[c]);
    return true;
}

static bool encode_text(const struct pg_session *s, const struct row *row,
                        struct outbuf *data)
{
    size_t columns = s->base.plan->count;
    for (size_t c = 0; c < columns; c++) {
        if (c > 0)
            outbuf_put(data, "\t", 1);
        pg_put_text(data, &s->columns[c], &row->values[c]);
    }
    outbuf_put(data, "\n", 1);
    return !data->failed;
}

static int no_memory(struct pg_error *error)
{
    return pg_error_set(error, PG_END, ISSUE_MEMORY, "out of memory");
}

static int stream_rows(struct pg_session *s, const struct pg_rows *rows,
                       struct pg_error *error)
{
    struct outbuf *data = &s->data;
    outbuf_reset(data);
    if (s->binary)
        outbuf_put(data, binary_header, BINARY_HEADER_BYTES);
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->rows[rows->live[i]];
        bool done =
            s->binary ? encode_binary(s, row, data) : encode_text(s, row, data);
        if (!done)
            return no_memory(error);
        if (data->len >= PUT_BYTES && put_data(s->pg, data, error) < 0)
            return -1;
    }
    if (s->binary)
        outbuf_put(data, "\377\377", 2);
    if (data->failed)
        return no_memory(error);
    return put_data(s->pg, data, error);
}

static int end_copy(struct pg *pg, struct pg_error *error)
{
    for (;;) {
        int put = PQputCopyEnd(pg->conn, NULL);
        if (put < 0)
            return pg_send_failed(pg, error);
        if (pg_flush(pg, error) < 0)
            return -1;
        if (put > 0)
            return 0;
    }
}

int pg_copy_rows(struct pg_session *s, const char *before,
                 const struct pg_rows *rows, struct pg_error *error)
{
    *error = (struct pg_error){.fault = PG_FINE};
    struct pg_answer answer = {0};
    int status = -1;

    outbuf_reset(&s->sql);
    outbuf_text(&s->sql, before);
    outbuf_text(&s->sql, s->copy_sql);
    const char *sql = outbuf_string(&s->sql);
    if (!sql) {
        no_memory(error);
        goto out;
    }
    if (pg_run(s->pg, sql, &answer, error) < 0)
        goto out;
    if (answer.tuples && PQntuples(answer.tuples) == 1)
        strncpy(s->xid, PQgetvalue(answer.tuples, 0, 0), sizeof(s->xid) - 1);
    if (!answer.copy_in) {
        pg_error_set(error, PG_END, ISSUE_DATABASE,
                     "the server did not begin the COPY");
        goto out;
    }
    if (stream_rows(s, rows, error) < 0 || end_copy(s->pg, error) < 0)
        goto out;
    if (pg_collect(s->pg, s->relation, &answer, error) < 0)
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
