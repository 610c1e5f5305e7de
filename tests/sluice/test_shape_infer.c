/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shape_infer.c: the type of a column, and that typing changes no value.
 */
#include "check.h"

#include <stdlib.h>

#include "shape/convert.h"
#include "shape/infer.h"
#include "shape_cells.h"

#define DAY INT64_C(86400000)

/* The type of one column that holds these cells. */
static enum column_type type_of(const struct cell *cells, size_t count,
                                bool text_is_typed)
{
    struct inference inference;
    enum column_type type;
    struct issue why;

    infer_init(&inference, text_is_typed);
    for (size_t i = 0; i < count; i++) {
        struct cell cell = cells[i];
        struct cell_row row = row_of(i + 2, &cell, 1);

        cell.column = 1;
        CHECK_EQ_INT(infer_row(&inference, &row, &why), 0);
    }
    type = infer_type(&inference, 1);
    infer_clear(&inference);
    return type;
}

/* The type of texts, in a format where all is text. */
static enum column_type type_of_texts(const char *const *texts, size_t count)
{
    struct cell cells[16];

    for (size_t i = 0; i < count; i++)
        cells[i] = text_cell(1, texts[i]);
    return type_of(cells, count, false);
}

#define CELLS_TYPE(...)                                                       \
    type_of((const struct cell[]){__VA_ARGS__},                               \
            sizeof((const struct cell[]){__VA_ARGS__}) / sizeof(struct cell), \
            true)
#define TEXTS_TYPE(...)                                   \
    type_of_texts((const char *[]){__VA_ARGS__},          \
                  sizeof((const char *[]){__VA_ARGS__}) / \
                      sizeof(const char *))

static void numbers_are_typed(void)
{
    CHECK_EQ_INT(CELLS_TYPE(number_cell(1, 1), number_cell(1, -7)),
                 COLUMN_INTEGER);
    CHECK_EQ_INT(CELLS_TYPE(number_cell(1, 9007199254740991.0)),
                 COLUMN_INTEGER);
    CHECK_EQ_INT(CELLS_TYPE(number_cell(1, 9007199254740992.0)), COLUMN_REAL);
    CHECK_EQ_INT(CELLS_TYPE(number_cell(1, 1), number_cell(1, 0.5)),
                 COLUMN_REAL);
    CHECK_EQ_INT(CELLS_TYPE(number_cell(1, 1), text_cell(1, "a")), COLUMN_TEXT);
    CHECK_EQ_INT(CELLS_TYPE(number_cell(1, 1), bool_cell(1, true)),
                 COLUMN_TEXT);
}

static void dates_and_times_are_typed(void)
{
    CHECK_EQ_INT(CELLS_TYPE(datetime_cell(1, 3 * DAY), datetime_cell(1, -DAY)),
                 COLUMN_DATE);
    CHECK_EQ_INT(CELLS_TYPE(datetime_cell(1, 3 * DAY), datetime_cell(1, 1)),
                 COLUMN_TIMESTAMP);
    CHECK_EQ_INT(CELLS_TYPE(time_cell(1, 0), time_cell(1, DAY - 1)),
                 COLUMN_TIME);
    CHECK_EQ_INT(CELLS_TYPE(time_cell(1, 5), time_cell(1, DAY)),
                 COLUMN_INTERVAL);
    CHECK_EQ_INT(CELLS_TYPE(time_cell(1, -5)), COLUMN_INTERVAL);
    CHECK_EQ_INT(CELLS_TYPE(time_cell(1, 5), datetime_cell(1, 5)), COLUMN_TEXT);
    CHECK_EQ_INT(CELLS_TYPE(bool_cell(1, true), bool_cell(1, false)),
                 COLUMN_BOOLEAN);
}

static void text_of_a_workbook_is_text(void)
{
    CHECK_EQ_INT(CELLS_TYPE(text_cell(1, "12")), COLUMN_TEXT);
    CHECK_EQ_INT(CELLS_TYPE(text_cell(1, "2024-01-01")), COLUMN_TEXT);
    CHECK_EQ_INT(CELLS_TYPE(text_cell(1, ""), number_cell(1, 1)),
                 COLUMN_INTEGER);
}

static void errors_and_nothing_say_nothing(void)
{
    struct inference inference;

    CHECK_EQ_INT(CELLS_TYPE(error_cell(1, "#N/A"), number_cell(1, 1),
                            bad_cell(1, ISSUE_NUL, "x")),
                 COLUMN_INTEGER);
    CHECK_EQ_INT(CELLS_TYPE(error_cell(1, "#N/A")), COLUMN_TEXT);
    infer_init(&inference, true);
    CHECK_EQ_INT(infer_type(&inference, 1), COLUMN_TEXT);
    CHECK_EQ_INT(infer_type(&inference, 0), COLUMN_TEXT);
    infer_clear(&inference);
}

static void plain_text_of_csv_is_typed(void)
{
    CHECK_EQ_INT(TEXTS_TYPE("1", "0", "-20"), COLUMN_INTEGER);
    CHECK_EQ_INT(TEXTS_TYPE("123456789012345678"), COLUMN_INTEGER);
    CHECK_EQ_INT(TEXTS_TYPE("1.5", "-0.25", "3"), COLUMN_REAL);
    CHECK_EQ_INT(TEXTS_TYPE("0.12345678901234"), COLUMN_REAL);
    CHECK_EQ_INT(TEXTS_TYPE("true", "FALSE"), COLUMN_BOOLEAN);
    CHECK_EQ_INT(TEXTS_TYPE("2024-02-29", ""), COLUMN_DATE);
    CHECK_EQ_INT(TEXTS_TYPE("2024-02-29", "2024-02-29 10:00:00.25"),
                 COLUMN_TIMESTAMP);
    CHECK_EQ_INT(TEXTS_TYPE("10:00:00", "23:59:59.999999"), COLUMN_TIME);
    CHECK_EQ_INT(TEXTS_TYPE(""), COLUMN_TEXT);
}

static void text_that_would_change_stays_text(void)
{
    static const char *const texts[] = {
        "007",
        "+49",
        "+1.5",
        "-0",
        "-0.0",
        "00.5",
        ".5",
        "5.",
        "1e5",
        "1E5",
        "1,000",
        " 1",
        "1 ",
        "-",
        "1-2",
        "1.2.3",
        "1234567890123456789",
        "-1234567890123456789",
        "1234567890.123456",
        "0.1234567890123456",
        "0x10",
        "NaN",
        "inf",
        "yes",
        "t",
        "2024-02-30",
        "2024-02-29T10:00",
        "2024-02-29T10:00:00Z",
        "2024-02-29T10:00:00.1234567",
        "01/02/2024",
        "10:00",
        "24:00:00",
        "10:00:00.1234567",
        "12:34567",
        "2024-1234",
        "12345678",
    };
    size_t count = sizeof(texts) / sizeof(texts[0]);

    for (size_t i = 0; i + 1 < count; i++) {
        enum column_type type = type_of_texts(&texts[i], 1);

        CHECK_MSG(type == COLUMN_TEXT, "%s gives type %d", texts[i], type);
    }
    CHECK_EQ_INT(type_of_texts(&texts[count - 1], 1), COLUMN_INTEGER);
}

static void mixtures_of_texts_widen_only_without_loss(void)
{
    CHECK_EQ_INT(TEXTS_TYPE("1234567890123456", "0.5"), COLUMN_TEXT);
    CHECK_EQ_INT(TEXTS_TYPE("123456789012345", "0.5"), COLUMN_REAL);
    CHECK_EQ_INT(TEXTS_TYPE("1.50", "2.00", "-0.25"), COLUMN_REAL);
    CHECK_EQ_INT(TEXTS_TYPE("1.10", "1.1"), COLUMN_TEXT);
    CHECK_EQ_INT(TEXTS_TYPE("1.9", "1.10"), COLUMN_TEXT);
    CHECK_EQ_INT(TEXTS_TYPE("1.50", "2"), COLUMN_TEXT);
    CHECK_EQ_INT(TEXTS_TYPE("1", "true"), COLUMN_TEXT);
    CHECK_EQ_INT(TEXTS_TYPE("10:00:00", "2024-02-29"), COLUMN_TEXT);
}

static void a_late_row_decides(void)
{
    struct inference inference;
    struct issue why;

    infer_init(&inference, false);
    for (uint64_t i = 0; i < 5000; i++) {
        struct text_row row;

        infer_row(&inference,
                  TEXT_ROW(&row, i + 2, "1", i == 4999 ? "01" : "1"), &why);
    }
    CHECK_EQ_INT(infer_type(&inference, 1), COLUMN_INTEGER);
    CHECK_EQ_INT(infer_type(&inference, 2), COLUMN_TEXT);
    infer_clear(&inference);
}

static void cells_outside_the_grid_are_not_looked_at(void)
{
    struct cell cells[] = {number_cell(16384, 1),
                           bad_cell(4294967295u, ISSUE_BAD_REFERENCE, "1")};
    struct cell_row row = row_of(2, cells, 2);
    struct inference inference;
    struct issue why;

    infer_init(&inference, true);
    CHECK_EQ_INT(infer_row(&inference, &row, &why), 0);
    CHECK_EQ_INT(inference.count, 16384);
    CHECK_EQ_INT(infer_type(&inference, 16384), COLUMN_INTEGER);
    CHECK_EQ_INT(infer_type(&inference, 16385), COLUMN_TEXT);
    infer_clear(&inference);
}

static void the_table_is_typed_by_the_mapping(void)
{
    const char *maps[] = {"skip="};
    struct mapping_options options = {.maps = maps, .map_count = 1};
    struct inference inference;
    struct table table = {0};
    struct mapping mapping;
    struct text_row row;
    struct issue why;

    CHECK_EQ_INT(mapping_make_table(&mapping, &table, "t",
                                    TEXT_ROW(&row, 1, "n", "skip", "x", "d"),
                                    &options, &why),
                 0);
    infer_init(&inference, false);
    infer_row(&inference, TEXT_ROW(&row, 2, "1", "1", "1.5", "2024-01-01"),
              &why);
    infer_finish(&inference, &mapping, &table);
    CHECK_EQ_INT(table.columns[0].type, COLUMN_INTEGER);
    CHECK_EQ_INT(table.columns[0].size, 8);
    CHECK_EQ_INT(table.columns[1].type, COLUMN_REAL);
    CHECK_EQ_INT(table.columns[1].size, 8);
    CHECK_EQ_INT(table.columns[2].type, COLUMN_DATE);
    CHECK_EQ_INT(table.columns[2].size, 0);
    infer_clear(&inference);
    mapping_clear(&mapping);
    table_clear(&table);
}

/* A pseudo-random text of digits and signs, as columns hold them. */
static size_t odd_text(uint64_t *seed, char *out)
{
    static const char signs[] = "00112359..-:T+ ";
    size_t len;

    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    len = 1 + (*seed >> 60);
    for (size_t i = 0; i < len; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        out[i] = signs[(*seed >> 33) % (sizeof(signs) - 1)];
    }
    return len;
}

/* Whatever was inferred, its own values convert; numbers print back. */
static void what_is_inferred_converts(void)
{
    struct arena arena;
    uint64_t seed = 1;
    unsigned typed = 0;

    arena_init(&arena);
    for (int i = 0; i < 200000; i++) {
        char text[32];
        char back[NUMBER_TEXT_MAX + 1];
        size_t len = odd_text(&seed, text);
        struct cell cell = {
            .column = 1, .kind = CELL_TEXT, .text = {text, len}};
        struct column column = {.name = back, .size = 8};
        struct value value;
        struct issue why;

        column.type = type_of(&cell, 1, false);
        if (column.type == COLUMN_TEXT)
            continue;
        typed++;
        if (!CHECK_MSG(convert_cell(&column, &cell, &arena, &value, &why) == 0,
                       "%.*s: %s", (int)len, text, why.text))
            continue;
        if (column.type == COLUMN_INTEGER) {
            snprintf(back, sizeof(back), "%" PRId64, value.integer);
            CHECK_MSG(strlen(back) == len && memcmp(back, text, len) == 0,
                      "%.*s becomes %s", (int)len, text, back);
        }
        if (column.type == COLUMN_REAL && text[len - 1] != '0') {
            double again;

            len = (size_t)snprintf(back, sizeof(back), "%.15g", value.real);
            CHECK(number_from_text((struct slice){back, len}, &again));
            CHECK_MSG(again == value.real, "%s is not %a", back, value.real);
        }
    }
    CHECK(typed > 1000);
    arena_clear(&arena);
}

CHECK_MAIN(numbers_are_typed, dates_and_times_are_typed,
           text_of_a_workbook_is_text, errors_and_nothing_say_nothing,
           plain_text_of_csv_is_typed, text_that_would_change_stays_text,
           mixtures_of_texts_widen_only_without_loss, a_late_row_decides,
           cells_outside_the_grid_are_not_looked_at,
           the_table_is_typed_by_the_mapping, what_is_inferred_converts)
