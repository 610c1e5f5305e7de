/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shape_memory.c: every allocation fails once, and nothing is lost.
 *
 * The linker sends the allocating calls of the importer through here. Each
 * round lets one more of them succeed, until a whole import's shape is made;
 * the sanitizer build sees what a failed round leaks.
 */
#include "check.h"

#include <stdlib.h>

#include "shape/infer.h"
#include "shape/validate.h"
#include "shape_cells.h"

static unsigned long allowed = -1UL; /* allocations before one fails */

static bool fails(void)
{
    if (allowed == 0)
        return true;
    allowed--;
    return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(p, count, size);
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t size)
{
    return fails() ? NULL : __real_strndup(s, size);
}

/* Header, inference and one row, with the n-th allocation failing. */
static bool shape_once(unsigned long n, struct issue *why)
{
    struct inference inference;
    struct table table = {0};
    struct mapping made = {0};
    struct mapping again = {0};
    struct shape shape = {&again, "S"};
    struct arena arena;
    struct text_row header;
    struct text_row data;
    struct row out;
    bool done = false;

    TEXT_ROW(&header, 1, "Name", "", "Age");
    TEXT_ROW(&data, 2, "Ann", "x", "40");
    arena_init(&arena);
    infer_init(&inference, false);
    allowed = n;
    if (mapping_make_table(&made, &table, "t", &header.row, NULL, why) < 0 ||
        infer_row(&inference, &data.row, why) < 0)
        goto out;
    infer_finish(&inference, &made, &table);
    if (mapping_make(&again, &header.row, &table, NULL, why) < 0)
        goto out;
    done = convert_row(&shape, &data.row, &arena, &out, why) == 0;
out:
    allowed = -1UL;
    infer_clear(&inference);
    mapping_clear(&made);
    mapping_clear(&again);
    table_clear(&table);
    arena_clear(&arena);
    return done;
}

static void each_failure_is_told_and_cleaned_up(void)
{
    struct issue why = {0};
    unsigned long n = 0;

    while (n < 1000 && !shape_once(n, &why)) {
        CHECK_EQ_INT(why.code, ISSUE_MEMORY);
        why.code = ISSUE_NONE;
        n++;
    }
    CHECK(n > 15 && n < 1000);
}

CHECK_MAIN(each_failure_is_told_and_cleaned_up)
