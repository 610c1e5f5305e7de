/* SPDX-License-Identifier: Apache-2.0 */
/* test_csv_sniff.c: which separator is found in the first records. */
#include "csv_rows.h"

/* The separator that is found, or -1. */
static int sniffed(struct slice bytes)
{
    struct csv *csv;
    struct issue why;
    int found;

    if (csv_open(&csv, bytes, 0, &why) < 0)
        return -1;
    found = csv_separator(csv);
    csv_close(csv);
    return found;
}

#define SNIFF(literal) sniffed(SLICE(literal))

static void finds_each_separator(void)
{
    CHECK_EQ_INT(SNIFF("a,b,c\n1,2,3\n"), ',');
    CHECK_EQ_INT(SNIFF("a;b;c\n1;2;3\n"), ';');
    CHECK_EQ_INT(SNIFF("a\tb\tc\n1\t2\t3\n"), '\t');
    CHECK_EQ_INT(SNIFF("a|b|c\n1|2|3\n"), '|');
    CHECK_EQ_INT(SNIFF("a;b"), ';');
    CHECK_EQ_INT(SNIFF("\xef\xbb\xbf\"a\";b\n"), ';');
}

static void prefers_even_records(void)
{
    CHECK_EQ_INT(SNIFF("name;price\nnut;1,50\nbolt;2,30\n"), ';');
    CHECK_EQ_INT(SNIFF("name\tplace\nA, B\tC\nD\tE, F, G\n"), '\t');
    CHECK_EQ_INT(SNIFF("x;y;z\n1,5;2,5;3,5\n1,5;2,5;3,5\n"), ';');
    /* A few short records do not count for much. */
    CHECK_EQ_INT(SNIFF("a,b,c\n1,2,x;y\n1,2\n1,2,3\n"), ',');
    /* As even, but more columns. */
    CHECK_EQ_INT(SNIFF("a;b,c;d\n1;2,3;4\n"), ';');
}

static void respects_quotes(void)
{
    CHECK_EQ_INT(SNIFF("\"a,b,c\";\"d,e,f\"\n\"1,2,3\";\"4,5,6\"\n"), ';');
    CHECK_EQ_INT(SNIFF("1;\"a, b, c, d\";2\n3;\"e, f, g, h\";4\n"), ';');
    CHECK_EQ_INT(SNIFF("a,b\n6\" pipe,1;\n5\" pipe,2;\n"), ',');
    CHECK_EQ_INT(SNIFF("\"a\n;b\n;c\",d\n\"1;\n2;\",3\n"), ',');
}

static void finds_none_in_a_single_column(void)
{
    CHECK_EQ_INT(SNIFF("name\nJohn\nJane\n"), 0);
    CHECK_EQ_INT(SNIFF("notes\nYes, he came.\nNo\nNever; no\nNone\n"), 0);
    CHECK_EQ_INT(SNIFF(""), 0);
    CHECK_EQ_STR(rows_of(SLICE("note\nYes, he came\n\"a\",b\n\"a,\nb\"\nc"), 0),
                 "1/1:1=note; 2/1:1=Yes, he came; 3/1:1!quote; 4/1:1=a,\nb; "
                 "5/1:1=c; end");
}

static void given_is_not_doubted(void)
{
    CHECK_EQ_STR(rows_of(SLICE("a,b,c\n1,2;3,4\n"), ';'),
                 "1/1:1=a,b,c; 2/2:1=1,2;2=3,4; end");
}

/* `count` times "a|b;ccc...;d", so long that 64 KiB hold 32 and a part. */
#define LONG_RECORD 2000

static struct slice long_records(size_t count)
{
    char *bytes = malloc(count * LONG_RECORD);

    if (!bytes)
        abort();
    memset(bytes, 'c', count * LONG_RECORD);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + i * LONG_RECORD, "a|b;", 4);
        memcpy(bytes + (i + 1) * LONG_RECORD - 3, ";d\n", 3);
    }
    return (struct slice){bytes, count * LONG_RECORD};
}

static void looks_at_whole_records_only(void)
{
    struct slice s = long_records(40);

    /* The cut one has as many of | as the others, but fewer of ; */
    CHECK_EQ_INT(sniffed(s), ';');
    free((char *)s.ptr);
}

static void looks_at_a_long_record_as_far_as_it_goes(void)
{
    static char bytes[200000];
    struct slice s = {bytes, sizeof(bytes)};

    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "a|b|", 4);
    CHECK_EQ_INT(sniffed(s), '|');
    memcpy(bytes, "a|\"b", 4);
    bytes[sizeof(bytes) - 1] = '"';
    CHECK_EQ_INT(sniffed(s), '|');
}

static void reads_on_behind_what_it_looked_at(void)
{
    struct slice s = long_records(40);
    struct csv *csv;
    struct cell_row row = {0};
    struct issue why;
    uint64_t rows = 0;

    if (CHECK(csv_open(&csv, s, 0, &why) == 0)) {
        while (csv_next(csv, &row, &why) > 0)
            rows++;
        CHECK_EQ_INT(rows, 40);
        CHECK_EQ_INT(row.number, 40);
        CHECK_EQ_INT(csv_position(csv), s.len);
        csv_close(csv);
    }
    free((char *)s.ptr);
}

CHECK_MAIN(finds_each_separator, prefers_even_records, respects_quotes,
           finds_none_in_a_single_column, given_is_not_doubted,
           looks_at_whole_records_only,
           looks_at_a_long_record_as_far_as_it_goes,
           reads_on_behind_what_it_looked_at)
