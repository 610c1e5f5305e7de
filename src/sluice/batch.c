/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c: copy rows out of a reader, whose memory ends with the next row.
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

struct batch *batch_new(void)
{
    struct batch *batch = calloc(1, sizeof(*batch));
    if (batch)
        arena_init(&batch->arena);
    return batch;
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    arena_clear(&batch->arena);
    free(batch->rows);
    free(batch);
}

static bool has_own_text(const struct cell *cell)
{
    return (cell->kind == CELL_TEXT || cell->kind == CELL_ERROR ||
            cell->kind == CELL_BAD) &&
           !cell->lasting;
}

/*
 * Copies a text. Most have 8 to 32 bytes, for which a call of memcpy costs more
 * than the copy: two moves that overlap are enough.
 */
static inline void copy_text(char *to, const char *from, size_t len)
{
    enum { WORD = 8, LINE = 16 };
    if (len > 2 * LINE || len < WORD) {
        memcpy(to, from, len);
    } else if (len <= LINE) {
        memcpy(to, from, WORD);
        memcpy(to + len - WORD, from + len - WORD, WORD);
    } else {
        memcpy(to, from, LINE);
        memcpy(to + len - LINE, from + len - LINE, LINE);
    }
}

/* The cells' own texts, one behind the other; false when memory is out. */
static bool keep_texts(struct arena *arena, struct cell *cells, uint32_t count)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += has_own_text(&cells[i]) ? cells[i].text.len : 0;
    if (size == 0)
        return true;
    char *to = arena_alloc(arena, size);
    if (!to)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = &cells[i];
        if (!has_own_text(cell))
            continue;
        copy_text(to, cell->text.ptr, cell->text.len);
        cell->text.ptr = to;
        cell->lasting = true; /* as long as the batch */
        to += cell->text.len;
    }
    return true;
}

/* False when memory is out. */
static bool add_row(struct batch *batch, const struct cell_row *row)
{
    size_t size = row->count * sizeof(*row->cells);
    struct cell *cells = arena_alloc(&batch->arena, size);
    if (!cells)
        return false;
    memcpy(cells, row->cells, size);
    if (!keep_texts(&batch->arena, cells, row->count))
        return false;
    batch->rows[batch->count] = *row;
    batch->rows[batch->count].cells = cells;
    batch->count++;
    return true;
}

static bool make_room(struct batch *batch, size_t rows)
{
    if (rows <= batch->capacity)
        return true;
    struct cell_row *grown =
        reallocarray(batch->rows, rows, sizeof(*batch->rows));
    if (!grown)
        return false;
    batch->rows = grown;
    batch->capacity = rows;
    return true;
}

/* Takes note of a settled row. True when the batch ends with it. */
static bool pass_over(struct batch *batch, const struct ledger_range *entered,
                      size_t max_rows)
{
    batch->passed_rows++;
    if (entered && entered->rejects)
        batch->passed[batch->passed_count++] = entered;
    else if (entered)
        batch->passed_loaded += entered->loaded;
    return batch->count > 0 || batch->passed_count == BATCH_PASSED_MAX ||
           batch->passed_rows >= max_rows;
}

int batch_fill(struct batch *batch, struct sheet *sheet,
               struct ledger_cursor *settled, size_t max_rows, size_t max_bytes,
               struct issue *why)
{
    arena_reset(&batch->arena);
    batch->count = 0;
    batch->passed_rows = 0;
    batch->passed_loaded = 0;
    batch->passed_count = 0;
    if (!make_room(batch, max_rows))
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    while (batch->count < max_rows && batch->arena.used < max_bytes) {
        struct cell_row row;
        const struct ledger_range *entered;
        int got = sheet_next(sheet, &row, why);
        if (got <= 0)
            return got;
        if (ledger_covers(settled, row.number, &entered)) {
            if (pass_over(batch, entered, max_rows))
                break;
        } else if (!add_row(batch, &row)) {
            return issue_set(why, ISSUE_MEMORY, "out of memory");
        }
    }
    return 1;
}
