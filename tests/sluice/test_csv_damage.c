/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_csv_damage.c: any bytes give rows, an end or an issue, and what is said
 * of them holds: numbers and columns ascend, text that is not bad is UTF-8, and
 * positions move on. Most use is made of it under the sanitizers.
 */
#include "csv_rows.h"

#include "sluice_limits.h"

static const char *const samples[] = {
    "id,name,note\n1,\"A, B\",x\n2,\"say \"\"hi\"\"\",\"two\nlines\"\n3,,\n",
    "\xef\xbb\xbf"
    "a;b\r\n\"c\";\"\"\r\n\r\n\"d\"e;\xc3\xa9\r\n",
    "one\rtwo, three\r\"four\"\"\"\rf\"ive\r",
    "a|b|c|d\n\"1\"|\"2\"|\"3\"|\"a rather long text, longer than a block of "
    "bytes, so that it goes from one into the next\"\n|||\n5|6|7|8",
    "\xe6\x9d\xb1\t\xe4\xba\xac\n\"\xf0\x9f\x98\x80\"\"\"\t\\N\n",
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

/*
 * A copy that ends where its memory ends, so that the sanitizer sees one byte
 * too far; free it.
 */
static char *exact_copy(struct slice s)
{
    char *copy = malloc(s.len ? s.len : 1);

    if (!copy)
        abort();
    memcpy(copy, s.ptr, s.len);
    return copy;
}

static void check_row(const struct cell_row *row, uint64_t before)
{
    uint32_t column = 0;

    CHECK(row->number > before);
    CHECK(row->count > 0 && row->count <= row->last);
    CHECK(row->last <= LIMIT_SHEET_COLUMNS);
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cells[i];

        CHECK(cell->column > column && cell->column <= row->last);
        column = cell->column;
        if (cell->kind == CELL_BAD) {
            CHECK(cell->lasting && issue_is_row(cell->bad));
            continue;
        }
        CHECK(cell->kind == CELL_TEXT && cell->text.len > 0);
        CHECK_EQ_INT(utf8_check(cell->text), cell->text.len);
        CHECK(!memchr(cell->text.ptr, 0, cell->text.len));
    }
}

/* Reads all of a copy that ends where its memory ends. */
static void check_bytes(struct slice bytes, char separator)
{
    char *copy = exact_copy(bytes);
    struct slice s = {copy, bytes.len};
    struct csv *csv;
    struct cell_row row;
    struct issue why;
    uint64_t number = 0;
    uint64_t position = 0;
    int got;

    if (csv_open(&csv, s, separator, &why) < 0) {
        CHECK(why.text[0] && !issue_is_row(why.code));
        free(copy);
        return;
    }
    while ((got = csv_next(csv, &row, &why)) > 0) {
        check_row(&row, number);
        number = row.number;
        CHECK(csv_position(csv) > position);
        position = csv_position(csv);
    }
    CHECK(got == 0 || why.row > number);
    CHECK(got < 0 || csv_position(csv) == bytes.len);
    CHECK(got == 0 || why.code == ISSUE_FORMAT || why.code == ISSUE_LIMIT);
    csv_close(csv);
    free(copy);
}

static void cut_anywhere(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct slice s = slice_of(samples[i]);

        for (s.len = 0; s.len <= strlen(samples[i]); s.len++) {
            check_bytes(s, 0);
            check_bytes(s, ',');
        }
    }
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Overwrites, doubles or moves a few bytes. */
static void damage(char *bytes, size_t len, uint32_t *state)
{
    static const char useful[] = "\"\"\"\",;\t|\r\n\n\\ \0\xff\xc3\xa9";
    uint32_t count = 1 + next_random(state) % 6;

    for (uint32_t i = 0; i < count; i++) {
        size_t at = next_random(state) % len;
        size_t from = next_random(state) % len;
        size_t most = len - (at > from ? at : from);

        switch (next_random(state) % 3) {
        case 0:
            bytes[at] = useful[next_random(state) % (sizeof(useful) - 1)];
            break;
        case 1:
            bytes[at] = (char)next_random(state);
            break;
        default:
            memmove(bytes + at, bytes + from, next_random(state) % (most + 1));
        }
    }
}

static void damaged_at_random(void)
{
    uint32_t state = 2463534242u;

    for (int i = 0; i < 100000; i++) {
        struct slice s = slice_of(samples[next_random(&state) % SAMPLES]);
        char *copy = exact_copy(s);

        damage(copy, s.len, &state);
        check_bytes((struct slice){copy, s.len}, i % 2 ? 0 : ',');
        free(copy);
    }
}

/* Every place of a mark within a block, and every length of the last one. */
static void same_rows_wherever_blocks_begin(void)
{
    char shifted[512];
    char want[sizeof(rows_text)];

    for (size_t i = 0; i < SAMPLES; i++) {
        struct slice s = slice_of(samples[i]);

        snprintf(want, sizeof(want), "%s", rows_of(s, ';'));
        if (samples[i][0] == '\xef')
            continue;
        for (size_t shift = 1; shift < 130; shift++) {
            char *copy;

            memset(shifted, '\n', shift);
            memcpy(shifted + shift, s.ptr, s.len);
            copy = exact_copy((struct slice){shifted, shift + s.len});
            CHECK_EQ_STR(rows_of((struct slice){copy, shift + s.len}, ';'),
                         want);
            free(copy);
        }
    }
}

CHECK_MAIN(cut_anywhere, damaged_at_random, same_rows_wherever_blocks_begin)
