/* SPDX-License-Identifier: Apache-2.0 */
/* test_issue_arena.c: issues as one line, and memory given back at once. */
#include "check.h"

#include <stdalign.h>

#include "arena.h"
#include "issue.h"

static void a_full_place_is_written(void)
{
    struct issue issue;
    char out[400];
    size_t n;

    CHECK_EQ_INT(issue_set(&issue, ISSUE_CONVERT, "is no %s", "date"), -1);
    snprintf(issue.sheet, sizeof(issue.sheet), "S");
    snprintf(issue.header, sizeof(issue.header), "phone");
    issue.row = 7;
    issue.column = 3;
    issue_value(&issue, SLICE("12\n3"));
    n = issue_format(&issue, "a.xlsx", out, sizeof(out));
    CHECK_EQ_STR(out, "a.xlsx: sheet \"S\", row 7, cell C7 (\"phone\"): "
                      "is no date: \"12?3\"");
    CHECK_EQ_INT(n, strlen(out));
}

static void unknown_places_are_left_out(void)
{
    struct issue issue;
    char out[400];

    issue_set(&issue, ISSUE_IO, "cannot be read");
    issue_format(&issue, NULL, out, sizeof(out));
    CHECK_EQ_STR(out, "cannot be read");
    issue_format(&issue, "x", out, sizeof(out));
    CHECK_EQ_STR(out, "x: cannot be read");
    snprintf(issue.sheet, sizeof(issue.sheet), "xl/workbook.xml");
    issue_format(&issue, NULL, out, sizeof(out));
    CHECK_EQ_STR(out, "part \"xl/workbook.xml\": cannot be read");
    issue.sheet[0] = '\0';
    issue.column = 28;
    issue_format(&issue, NULL, out, sizeof(out));
    CHECK_EQ_STR(out, "column AB: cannot be read");
}

static void long_text_is_cut_between_characters(void)
{
    struct issue issue;
    char value[1000];
    char out[16];

    for (size_t i = 0; i + 1 < sizeof(value); i += 2)
        memcpy(value + i, "\xc3\xa9", 2);
    issue_set(&issue, ISSUE_FORMAT, "%.*s", 999, value);
    CHECK_EQ_INT(strlen(issue.text), ISSUE_TEXT_MAX - 2);
    issue_value(&issue, (struct slice){value, sizeof(value)});
    CHECK_EQ_INT(strlen(issue.value), ISSUE_VALUE_MAX - 2);
    CHECK_EQ_INT(issue_format(&issue, NULL, out, sizeof(out)), 15);
    CHECK_EQ_INT(issue_format(&issue, NULL, out, 0), 0);
}

static void values_that_are_not_utf8_are_defused(void)
{
    struct issue issue;

    issue_set(&issue, ISSUE_ENCODING, "is not UTF-8");
    issue_value(&issue, (struct slice){"a\xff\x1b\0z\xc3", 6});
    CHECK_EQ_STR(issue.value, "a???z?");
}

static void codes_have_names(void)
{
    CHECK_EQ_STR(issue_code_name(ISSUE_TOO_FEW_COLUMNS), "too_few_columns");
    CHECK_EQ_STR(issue_code_name(ISSUE_MEMORY), "memory");
    CHECK_EQ_STR(issue_code_name((enum issue_code)999), "unknown");
    CHECK(issue_is_row(ISSUE_TOO_FEW_COLUMNS) && issue_is_row(ISSUE_REFUSED));
    CHECK(!issue_is_row(ISSUE_NONE) && !issue_is_row(ISSUE_NOT_FOUND));
}

static void memory_is_aligned_and_apart(void)
{
    struct arena a;
    unsigned char *given[300];

    arena_init(&a);
    for (size_t i = 0; i < 300; i++) {
        given[i] = arena_alloc(&a, i * 7);
        if (!CHECK(given[i] != NULL))
            return;
        CHECK_EQ_INT((uintptr_t)given[i] % alignof(max_align_t), 0);
        memset(given[i], (int)(i & 0xff), i * 7);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k < i * 7; k++)
            CHECK(given[i][k] == (i & 0xff));
    }
    CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
    CHECK(arena_alloc(&a, SIZE_MAX - 64) == NULL);
    arena_clear(&a);
    CHECK(a.blocks == NULL && a.used == 0);
}

static void a_reset_arena_stops_allocating(void)
{
    struct arena a;
    struct arena_block *kept;

    arena_init(&a);
    CHECK(arena_alloc(&a, 100) != NULL);
    CHECK(arena_alloc(&a, 5000000) != NULL);
    CHECK(arena_alloc(&a, 100000) != NULL);
    CHECK(a.used >= 5100100);
    arena_reset(&a);
    CHECK_EQ_INT(a.used, 0);
    kept = a.blocks;
    for (int i = 0; i < 40; i++)
        CHECK(arena_alloc(&a, 100000) != NULL);
    CHECK(a.blocks == kept);
    arena_clear(&a);
}

static void slices_are_copied(void)
{
    struct arena a;
    char text[] = "abc";
    struct slice copy;

    arena_init(&a);
    copy = arena_copy(&a, (struct slice){text, 3});
    text[0] = 'z';
    CHECK(slice_equal(copy, SLICE("abc")));
    copy = arena_copy(&a, (struct slice){NULL, 0});
    CHECK(copy.ptr != NULL && copy.len == 0);
    arena_clear(&a);
}

CHECK_MAIN(a_full_place_is_written, unknown_places_are_left_out,
           long_text_is_cut_between_characters,
           values_that_are_not_utf8_are_defused, codes_have_names,
           memory_is_aligned_and_apart, a_reset_arena_stops_allocating,
           slices_are_copied)
