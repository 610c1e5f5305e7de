/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv_rows.c: what is a record, a field and its text; what is refused. */
#include "csv_rows.h"

#include "sluice_limits.h"

#define ROWS(literal) rows_of(SLICE(literal), ',')

static void splits_records_and_fields(void)
{
    CHECK_EQ_STR(ROWS("a,b\n1,2\n"), "1/2:1=a;2=b; 2/2:1=1;2=2; end");
    CHECK_EQ_STR(ROWS("a,b\n1,2"), "1/2:1=a;2=b; 2/2:1=1;2=2; end");
    CHECK_EQ_STR(ROWS("a"), "1/1:1=a; end");
    CHECK_EQ_STR(ROWS(""), "end");
    CHECK_EQ_STR(ROWS("\n\r\n\r"), "end");
}

static void takes_every_line_end(void)
{
    CHECK_EQ_STR(ROWS("a\r\nb\rc\nd\r"),
                 "1/1:1=a; 2/1:1=b; 3/1:1=c; 4/1:1=d; end");
    CHECK_EQ_STR(ROWS("a,\r\n,b\r\n"), "1/2:1=a; 2/2:2=b; end");
}

static void counts_records_not_lines(void)
{
    CHECK_EQ_STR(ROWS("\n\na\n\r\n\nb\n"), "1/1:1=a; 2/1:1=b; end");
    CHECK_EQ_STR(ROWS("\"a\nb\"\nc\n"), "1/1:1=a\nb; 2/1:1=c; end");
    /* All fields empty: counted, not handed out. */
    CHECK_EQ_STR(ROWS("a\n,,\n\"\"\nb"), "1/1:1=a; 4/1:1=b; end");
}

static void lists_no_empty_fields(void)
{
    CHECK_EQ_STR(ROWS(",a,,\"\",b,"), "1/6:2=a;5=b; end");
    CHECK_EQ_STR(ROWS("a,"), "1/2:1=a; end");
    CHECK_EQ_STR(ROWS("a,\"\""), "1/2:1=a; end");
}

static void keeps_spaces_and_null_marks(void)
{
    CHECK_EQ_STR(ROWS(" a ,\\N,\t"), "1/3:1= a ;2=\\N;3=\t; end");
    CHECK_EQ_STR(ROWS("\" a \", "), "1/2:1= a ;2= ; end");
}

static void unquotes(void)
{
    CHECK_EQ_STR(ROWS("\"a,b\",\"c\r\nd\",\"e\"\"f\"\n"),
                 "1/3:1=a,b;2=c\r\nd;3=e\"f; end");
    CHECK_EQ_STR(ROWS("\"\"\"\",\"\"\"a\"\"\""), "1/2:1=\";2=\"a\"; end");
    /* Several in one record, and again in the next one. */
    CHECK_EQ_STR(ROWS("\"\"\"a\",b,\"c\"\"\"\n\"d\"\"\""),
                 "1/3:1=\"a;2=b;3=c\"; 2/1:1=d\"; end");
}

static void takes_quotes_inside_as_text(void)
{
    CHECK_EQ_STR(ROWS("a\"b,5\"\"x,c\"\n"), "1/3:1=a\"b;2=5\"\"x;3=c\"; end");
    CHECK_EQ_STR(ROWS(" \"a\",b"), "1/2:1= \"a\";2=b; end");
}

static void rejects_text_behind_a_closing_quote(void)
{
    struct slice text = SLICE("x,\"a\"b\"c,d\n");
    struct csv *csv;
    struct cell_row row;
    struct issue why;

    CHECK_EQ_STR(ROWS("\"a\"b,c\nd,e\n"), "1/2:1!quote;2=c; 2/2:1=d;2=e; end");
    CHECK_EQ_STR(ROWS("\"a\" \n\"\"b"), "1/1:1!quote; 2/1:1!quote; end");
    CHECK_EQ_STR(ROWS("\"a\"\"\"b,c"), "1/2:1!quote;2=c; end");
    CHECK(issue_is_row(ISSUE_QUOTE));

    if (!CHECK(csv_open(&csv, text, ',', &why) == 0))
        return;
    CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
    CHECK(slice_equal(row.cells[1].text, SLICE("\"a\"b\"c")));
    CHECK(row.cells[1].lasting);
    csv_close(csv);
}

static void says_where_a_quote_is_left_open(void)
{
    struct slice text = SLICE("a,b\n1,2\n3,\"4\n5,6\n");
    struct csv *csv;
    struct cell_row row;
    struct issue why;
    struct issue again;

    CHECK_EQ_STR(ROWS("a,b\n\n1,\"2\n3,4\n"), "1/2:1=a;2=b; format 2.2");
    CHECK_EQ_STR(ROWS("\""), "format 1.1");
    CHECK_EQ_STR(ROWS("\"a\"\""), "format 1.1");
    CHECK_EQ_STR(rows_of(SLICE("a,\"b"), 0), "format 1.2");
    CHECK_EQ_STR(rows_of(SLICE("\"b"), 0), "format 1.1");

    if (!CHECK(csv_open(&csv, text, 0, &why) == 0))
        return;
    CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
    CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
    CHECK_EQ_INT(csv_next(csv, &row, &why), -1);
    CHECK_EQ_INT(csv_next(csv, &row, &again), -1);
    CHECK_EQ_INT(why.row, 3);
    CHECK_EQ_INT(again.row, 3);
    CHECK_EQ_INT(again.column, 2);
    CHECK_EQ_STR(again.text, why.text);
    CHECK_EQ_INT(csv_position(csv), 8);
    csv_close(csv);
}

static void checks_the_encoding_of_each_field(void)
{
    CHECK_EQ_STR(ROWS("\xef\xbb\xbf\"a\",\xc3\xa9\n"),
                 "1/2:1=a;2=\xc3\xa9; end");
    CHECK_EQ_STR(ROWS("a,\xe9\nb,c\n\"\xff\"\"\",d"),
                 "1/2:1=a;2!encoding; 2/2:1=b;2=c; 3/2:1!encoding;2=d; end");
    /* Cut by the separator, and whole again behind it. */
    CHECK_EQ_STR(ROWS("\xc3,\xa9"), "1/2:1!encoding;2!encoding; end");
    CHECK_EQ_STR(ROWS("a,b\0c,\"\0\",d\ne"),
                 "1/4:1=a;2!nul;3!nul;4=d; 2/1:1=e; end");
    /* Behind the first block of 64 bytes, and in the last bytes. */
    CHECK_EQ_STR(
        ROWS("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
             "aaaaaa\na\nb\nc,\xe9"),
        "1/1:1=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaa; 2/1:1=a; 3/1:1=b; 4/2:1=c;2!encoding; end");
}

static void refuses_what_is_not_text(void)
{
    static const char zip[] = "PK\3\4\24\0\6\0\10\0\0\0\41\0\361\2\0\0\0\0";
    static const char *const wide[] = {"\xff\xfe\x61", "\xfe\xff\0\x61"};
    struct csv *csv = NULL;
    struct issue why;

    CHECK(!csv_looks_like_text(SLICE(zip)));
    CHECK_EQ_STR(ROWS(zip), "format 0.0");
    CHECK(csv_looks_like_text(SLICE("")));
    CHECK(csv_looks_like_text(SLICE("a,b\0c\n\r\t\f\v")));
    CHECK(csv_looks_like_text(SLICE("\xff\xfe\0\0a\0\0\0b\0\0\0")));
    for (size_t i = 0; i < 2; i++) {
        CHECK(csv_open(&csv, (struct slice){wide[i], 3}, 0, &why) == -1);
        CHECK_EQ_INT(why.code, ISSUE_UNSUPPORTED);
        CHECK_EQ_STR(why.text, "is UTF-16; save it as UTF-8 (CSV UTF-8)");
    }
    CHECK(csv_open(&csv, SLICE("\xff\xfe\0\0"), 0, &why) == -1);
    CHECK_EQ_STR(why.text, "is UTF-32; save it as UTF-8 (CSV UTF-8)");
    CHECK(csv_open(&csv, SLICE("\0\0\xfe\xff"), 0, &why) == -1);
    CHECK_EQ_INT(why.code, ISSUE_UNSUPPORTED);
    CHECK(csv_open(&csv, SLICE("a"), '"', &why) == -1);
    CHECK_EQ_INT(why.code, ISSUE_USAGE);
    CHECK(csv == NULL);
    csv_close(NULL);
}

static void tells_what_lasts_and_how_far_it_is(void)
{
    struct slice text = SLICE("a,\"b\",\"c\"\"d\"\r\ne");
    struct csv *csv;
    struct cell_row row;
    struct issue why;

    if (!CHECK(csv_open(&csv, text, ',', &why) == 0))
        return;
    CHECK_EQ_INT(csv_position(csv), 0);
    CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
    CHECK_EQ_INT(csv_position(csv), text.len - 1);
    CHECK(row.cells[0].lasting && row.cells[0].text.ptr == text.ptr);
    CHECK(row.cells[1].lasting && row.cells[1].text.ptr == text.ptr + 3);
    CHECK(!row.cells[2].lasting);
    CHECK(slice_equal(row.cells[2].text, SLICE("c\"d")));
    CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
    CHECK_EQ_INT(csv_position(csv), text.len);
    CHECK_EQ_INT(csv_next(csv, &row, &why), 0);
    CHECK_EQ_INT(csv_next(csv, &row, &why), 0);
    csv_close(csv);
}

/* "x" * fields, with separators; free it. */
static struct slice wide_record(uint32_t fields)
{
    size_t len = (size_t)fields * 2;
    char *bytes = malloc(len);

    if (!bytes)
        abort();
    for (size_t i = 0; i < len; i += 2) {
        bytes[i] = 'x';
        bytes[i + 1] = ',';
    }
    bytes[len - 1] = '\n';
    return (struct slice){bytes, len};
}

static void holds_the_limit_of_columns(void)
{
    struct slice most = wide_record(LIMIT_SHEET_COLUMNS);
    struct slice more = wide_record(LIMIT_SHEET_COLUMNS + 1);
    struct csv *csv;
    struct cell_row row;
    struct issue why;

    if (CHECK(csv_open(&csv, most, 0, &why) == 0)) {
        CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
        CHECK_EQ_INT(row.count, LIMIT_SHEET_COLUMNS);
        CHECK_EQ_INT(row.last, LIMIT_SHEET_COLUMNS);
        CHECK_EQ_INT(csv_next(csv, &row, &why), 0);
        csv_close(csv);
    }
    CHECK_EQ_STR(rows_of(more, 0), "limit 1.0");
    free((char *)most.ptr);
    free((char *)more.ptr);
}

/*
 * One row: `prefix`, `len` times what stands in `fill`, `suffix`. Tells the
 * kind of the first cell, the length of its text, and the row's last column.
 */
static void check_long(const char *prefix, const char *fill, size_t len,
                       const char *suffix, int kind, size_t text_len)
{
    size_t size = strlen(prefix) + len * strlen(fill) + strlen(suffix);
    char *bytes = malloc(size + 1);
    char *p = bytes;
    struct csv *csv;
    struct cell_row row;
    struct issue why;

    if (!bytes)
        abort();
    p = stpcpy(p, prefix);
    for (size_t i = 0; i < len; i++)
        p = stpcpy(p, fill);
    stpcpy(p, suffix);
    if (CHECK(csv_open(&csv, (struct slice){bytes, size}, ',', &why) == 0)) {
        CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
        CHECK_EQ_INT(row.count, 2);
        CHECK_EQ_INT(row.cells[0].kind, kind);
        CHECK_EQ_INT(row.cells[0].text.len, text_len);
        CHECK(kind == CELL_TEXT || row.cells[0].bad == ISSUE_TEXT_TOO_LONG);
        CHECK_EQ_INT(csv_next(csv, &row, &why), 0);
        csv_close(csv);
    }
    free(bytes);
}

static void holds_the_limit_of_a_field(void)
{
    const size_t most = LIMIT_CELL_BYTES;

    check_long("", "x", most, ",y\n", CELL_TEXT, most);
    check_long("", "x", most + 1, ",y\n", CELL_BAD, most);
    check_long("\"", "x", most, "\",y\n", CELL_TEXT, most);
    check_long("\"", "\n", most + 1, "\",y\n", CELL_BAD, most);
    /* It is the text that counts, not how it is written. */
    check_long("\"", "\"\"", most, "\",y\n", CELL_TEXT, most);
    check_long("\"", "\"\"", most + 1, "\",y\n", CELL_BAD, most);
}

static void holds_the_limit_of_a_row(void)
{
    /* Each field is as long as it may be, and all but a quote is doubled. */
    const size_t each = (size_t)LIMIT_CELL_BYTES * 2 + 3;
    const size_t fields = LIMIT_ROW_BYTES / LIMIT_CELL_BYTES + 1;
    char *bytes = malloc(each * fields);
    size_t texts = 0;
    uint32_t bad = 0;
    struct csv *csv;
    struct cell_row row;
    struct issue why;

    if (!bytes)
        abort();
    memset(bytes, '"', each * fields);
    for (size_t i = 1; i <= fields; i++)
        bytes[i * each - 1] = ',';
    if (CHECK(csv_open(&csv, (struct slice){bytes, each * fields}, ',', &why) ==
              0)) {
        CHECK_EQ_INT(csv_next(csv, &row, &why), 1);
        CHECK_EQ_INT(row.count, fields);
        for (uint32_t i = 0; i < row.count; i++) {
            if (row.cells[i].kind == CELL_TEXT)
                texts += row.cells[i].text.len;
            else
                bad += row.cells[i].bad == ISSUE_TEXT_TOO_LONG;
        }
        CHECK(texts <= LIMIT_ROW_BYTES);
        CHECK(bad >= 1 && bad <= 2);
        csv_close(csv);
    }
    free(bytes);
}

CHECK_MAIN(splits_records_and_fields, takes_every_line_end,
           counts_records_not_lines, lists_no_empty_fields,
           keeps_spaces_and_null_marks, unquotes, takes_quotes_inside_as_text,
           rejects_text_behind_a_closing_quote, says_where_a_quote_is_left_open,
           checks_the_encoding_of_each_field, refuses_what_is_not_text,
           tells_what_lasts_and_how_far_it_is, holds_the_limit_of_columns,
           holds_the_limit_of_a_field, holds_the_limit_of_a_row)
