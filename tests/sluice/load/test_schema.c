/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_schema.c: tables in memory, the preset, and names on their way to SQL.
 */
#include <stdlib.h>

#include "check.h"
#include "load/sqlname.h"
#include "shape/schema.h"

static void columns_are_added_and_found(void)
{
    struct table t = {0};
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        struct column *column = table_add_column(&t, slice_of(name));
        if (!CHECK(column && column->type == COLUMN_TEXT && !column->not_null))
            return;
    }
    CHECK_EQ_INT(t.count, 1000);
    CHECK_EQ_INT(table_find_column(&t, SLICE("c999")), 999);
    CHECK_EQ_INT(table_find_column(&t, SLICE("C7")), 7);
    CHECK_EQ_INT(table_find_column(&t, SLICE("c")), -1);
    table_add_column(&t, SLICE("C7"));
    CHECK_EQ_INT(table_find_column(&t, SLICE("C7")), 1000);
    table_add_column(&t, (struct slice){NULL, 0});
    CHECK_EQ_STR(t.columns[1001].name, "");
    table_clear(&t);
    CHECK_EQ_INT(t.count, 0);
    table_clear(&t);
}

static void the_preset_is_the_model(void)
{
    static const char *const names[] = {
        "id",         "name",       "category",   "phone",   "email",
        "address",    "city",       "country",    "website", "description",
        "created_at", "updated_at", "deleted_at",
    };
    struct table t = {0};
    struct issue why = {0};
    CHECK_EQ_INT(table_preset(&t, "businesses", &why), 0);
    CHECK_EQ_STR(t.name, "businesses");
    CHECK(!t.sql_name);
    if (!CHECK_EQ_INT(t.count, 13))
        return;
    unsigned indexed = 0;
    for (size_t i = 0; i < t.count; i++) {
        CHECK_EQ_STR(t.columns[i].name, names[i]);
        CHECK_EQ_INT(t.columns[i].not_null, i < 2);
        indexed |= (unsigned)t.columns[i].indexed << i;
    }
    CHECK_EQ_INT(indexed, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 12);
    CHECK(t.columns[0].primary_key && t.columns[0].has_default);
    CHECK(t.columns[10].has_default && !t.columns[12].has_default);
    table_clear(&t);
    CHECK_EQ_INT(table_preset(&t, "people", &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_USAGE);
    CHECK(strstr(why.text, "businesses") != NULL);
    CHECK_EQ_INT(t.count, 0);
}

static void check_parse(const char *name, const char *sql, const char *folded)
{
    struct table_name parsed;
    struct outbuf out = {0};
    if (!sql) {
        CHECK_MSG(table_name_parse(&parsed, name) < 0, "%s is a name", name);
        return;
    }
    if (!CHECK_MSG(table_name_parse(&parsed, name) == 0, "%s is none", name))
        return;
    table_name_sql(&parsed, &out);
    CHECK_EQ_STR(outbuf_string(&out), sql);
    outbuf_reset(&out);
    CHECK_EQ_INT(table_name_fold(&parsed), strcmp(sql, folded) != 0);
    table_name_sql(&parsed, &out);
    CHECK_EQ_STR(outbuf_string(&out), folded);
    outbuf_clear(&out);
    table_name_clear(&parsed);
}

static void table_names_are_taken_apart(void)
{
    check_parse("t", "\"t\"", "\"t\"");
    check_parse("Sales 2024", "\"Sales 2024\"", "\"sales 2024\"");
    check_parse("S.T", "\"S\".\"T\"", "\"s\".\"t\"");
    check_parse("\"S.x\".T", "\"S.x\".\"T\"", "\"S.x\".\"t\"");
    check_parse("\"a\"\"b\"", "\"a\"\"b\"", "\"a\"\"b\"");
    check_parse("x\"; DROP TABLE t; --", "\"x\"\"; DROP TABLE t; --\"",
                "\"x\"\"; drop table t; --\"");
    check_parse("caf\xc3\x89", "\"caf\xc3\x89\"", "\"caf\xc3\x89\"");
    check_parse("", NULL, NULL);
    check_parse(".t", NULL, NULL);
    check_parse("s.", NULL, NULL);
    check_parse("a.b.c", NULL, NULL);
    check_parse("\"\"", NULL, NULL);
}

static void literals_are_quoted(void)
{
    struct outbuf out = {0};
    sql_literal(&out, SLICE("it's \\ \"x\""));
    CHECK_EQ_STR(outbuf_string(&out), "'it''s \\ \"x\"'");
    outbuf_clear(&out);
}

static void column_names_fit_and_stay_apart(void)
{
    struct table t = {0};
    static const char *const given[] = {
        "abcdefgh", "abcdefgH", "abcdefghi",       "",
        "ABC",      "abc",      "abcdef\xc3\xa9x", "abcd_2"};
    for (size_t i = 0; i < 8; i++)
        table_add_column(&t, slice_of(given[i]));
    for (int nocase = 0; nocase < 2; nocase++) {
        static const char *const exact[] = {
            "abcdefgh", "abcdefgH", "abcdef_2",       "column_4",
            "ABC",      "abc",      "abcdef\xc3\xa9", "abcd_2"};
        static const char *const folded[] = {
            "abcdefgh", "abcdef_2", "abcdef_3",       "column_4",
            "ABC",      "abc_2",    "abcdef\xc3\xa9", "abcd_2"};
        char **names = column_names(&t, 8, nocase);
        if (!CHECK(names != NULL))
            return;
        for (size_t i = 0; i < t.count; i++)
            CHECK_EQ_STR(names[i], nocase ? folded[i] : exact[i]);
        column_names_free(names, t.count);
    }
    table_clear(&t);
}

static void buffers_grow_and_remember_failure(void)
{
    struct outbuf out = {0};
    for (int i = 0; i < 1000; i++)
        outbuf_format(&out, "%d,", i);
    CHECK_EQ_INT(out.len, 3890);
    CHECK(memcmp(out.ptr + 3879, "97,998,999,", 11) == 0);
    CHECK(!outbuf_reserve(&out, SIZE_MAX));
    CHECK(out.failed && out.len == 3890);
    CHECK(!outbuf_string(&out));
    outbuf_reset(&out);
    CHECK(outbuf_reserve(&out, 14));
    outbuf_put16(&out, 0x0102);
    outbuf_put32(&out, 0x03040506);
    outbuf_put64(&out, 0x0708090a0b0c0d0e);
    CHECK(memcmp(out.ptr, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 14) == 0);
    outbuf_clear(&out);
}

CHECK_MAIN(columns_are_added_and_found, the_preset_is_the_model,
           table_names_are_taken_apart, literals_are_quoted,
           column_names_fit_and_stay_apart, buffers_grow_and_remember_failure)
