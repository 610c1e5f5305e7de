/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_postgres_sink.c: tables, values and refused rows in PostgreSQL.
 */
#include "pg_rig.h"

/* --- opening ----------------------------------------------------------------
 */

static void open_fails(const char *target, enum issue_code code,
                       const char *words)
{
    struct sink *sink;
    struct issue why = {0};
    if (!CHECK_MSG(sink_open(&sink, target, NULL, &why) < 0, "%s opened",
                   target))
        return;
    CHECK_EQ_INT(why.code, code);
    CHECK_MSG(strstr(why.text, words), "\"%s\" lacks \"%s\"", why.text, words);
    CHECK(strchr(why.text, '\n') == NULL);
    CHECK_MSG(!strstr(why.text, "s3cret"), "tells the password: %s", why.text);
}

static void what_cannot_be_opened_says_why(void)
{
    open_fails("postgresql://u:s3cret@127.0.0.1:1/db", ISSUE_CONNECT,
               "Connection refused");
    open_fails("host=/nonexistent dbname=x password=s3cret", ISSUE_CONNECT,
               "No such file or directory");
    open_fails("postgresql://u:s3cret@[127.0.0.1/db", ISSUE_USAGE,
               "cannot be understood");
    open_fails("postgresql://u@h/db?password=s3cret&nonsense=1", ISSUE_USAGE,
               "cannot be understood");
    open_fails("mysql://u:s3cret@h/db", ISSUE_USAGE, "target");
    open_fails("", ISSUE_USAGE, "target");
}

static void a_wrong_password_is_refused(void)
{
    const char *tcp = getenv("SLUICE_TEST_PG_TCP");
    if (!tcp || tcp[0] == '\0') {
        CHECK_SKIP("SLUICE_TEST_PG_TCP names no server that asks");
        return;
    }
    char target[600];
    snprintf(target, sizeof(target), "%s", tcp);
    pg_add(target, sizeof(target), "password=s3cret");
    open_fails(target, ISSUE_CONNECT, "password authentication failed");
}

static void labels_have_no_password(void)
{
    if (!pg_fresh())
        return;
    char target[700];
    snprintf(target, sizeof(target), "%s&password=s3cret", pg_target);
    struct sink *sink;
    struct issue why = {0};
    if (!CHECK(sink_open(&sink, target, NULL, &why) == 0))
        return;
    CHECK(!strstr(sink_label(sink), "s3cret"));
    CHECK(strncmp(sink_label(sink), "postgresql://", 13) == 0);
    CHECK(strncmp(sink_name(sink), "PostgreSQL 1", 12) == 0);
    CHECK(!strchr(sink_name(sink), '('));
    CHECK(!sink_blocks(sink));
    CHECK_EQ_INT(sink_auto_method(sink), METHOD_COPY);
    sink_close(sink);
}

/* --- tables ------------------------------------------------------------------
 */

static void preset_is_created_exactly(void)
{
    if (!pg_fresh())
        return;
    struct sink *sink;
    struct issue why = {0};
    struct table preset = {0};
    struct table described = {0};
    if (!CHECK(sink_open(&sink, pg_target, NULL, &why) == 0))
        return;
    CHECK_EQ_INT(sink_describe(sink, "businesses", &described, &why), 0);
    CHECK(table_preset(&preset, "businesses", &why) == 0);
    CHECK_MSG(sink_create(sink, &preset, &why) == 0, "%s", why.text);
    CHECK_EQ_INT(pg_ask_int("SELECT count(*) FROM pg_indexes WHERE"
                            " tablename = 'businesses'"),
                 0);
    CHECK_MSG(sink_finish(sink, &preset, &why) == 0, "%s", why.text);
    CHECK_MSG(sink_finish(sink, &preset, &why) == 0, "%s", why.text);
    CHECK_EQ_STR(pg_ask("SELECT string_agg(indexname, ' ' ORDER BY indexname)"
                        " FROM pg_indexes WHERE tablename = 'businesses'"),
                 "businesses_pkey idx_businesses_category idx_businesses_city "
                 "idx_businesses_country idx_businesses_deleted_at "
                 "idx_businesses_email idx_businesses_name");
    CHECK_EQ_STR(
        pg_ask("SELECT string_agg(format('%s %s%s%s', attname,"
               " format_type(atttypid, atttypmod),"
               " CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,"
               " coalesce(' ' || pg_get_expr(adbin, adrelid), '')), ', '"
               " ORDER BY attnum) FROM pg_attribute LEFT JOIN pg_attrdef"
               " ON adrelid = attrelid AND adnum = attnum WHERE"
               " attrelid = 'businesses'::regclass AND attnum > 0"),
        "id bigint NOT NULL nextval('businesses_id_seq'::regclass), "
        "name text NOT NULL, category text, phone text, email text, "
        "address text, city text, country text, website text, "
        "description text, created_at timestamp with time zone now(), "
        "updated_at timestamp with time zone now(), "
        "deleted_at timestamp with time zone");
    if (CHECK_EQ_INT(sink_describe(sink, "Businesses", &described, &why), 1)) {
        CHECK_EQ_STR(described.sql_name, "sluice_test.businesses");
        CHECK_EQ_INT(described.count, preset.count);
        for (size_t i = 0; i < described.count && i < preset.count; i++) {
            const struct column *a = &described.columns[i];
            const struct column *b = &preset.columns[i];
            CHECK_EQ_STR(a->name, b->name);
            CHECK_EQ_INT(a->type, b->type);
            CHECK_EQ_INT(a->not_null, b->not_null);
            CHECK_EQ_INT(a->has_default, b->has_default);
            CHECK_EQ_INT(a->primary_key, b->primary_key);
            CHECK_EQ_INT(a->indexed, b->indexed);
        }
    }
    CHECK(sink_create(sink, &preset, &why) < 0);
    CHECK_EQ_INT(why.code, ISSUE_DATABASE);
    table_clear(&preset);
    table_clear(&described);
    sink_close(sink);
}

/* A large table gets its indexes from two sessions, all of them. */
static void large_tables_are_indexed_by_two_sessions(void)
{
    if (!pg_fresh())
        return;
    struct sink *sink;
    struct issue why = {0};
    struct table preset = {0};
    if (!CHECK(sink_open(&sink, pg_target, NULL, &why) == 0))
        return;
    CHECK(table_preset(&preset, "businesses", &why) == 0);
    CHECK(sink_create(sink, &preset, &why) == 0);
    pg_ask("INSERT INTO businesses (name, description) SELECT i, repeat('x',"
           " 1000) FROM generate_series(1, 40000) i");
    CHECK_MSG(sink_finish(sink, &preset, &why) == 0, "%s", why.text);
    CHECK_EQ_INT(pg_ask_int("SELECT count(*) FROM pg_indexes WHERE"
                            " tablename = 'businesses'"),
                 7);
    CHECK_EQ_INT(pg_ask_int("SELECT count(DISTINCT xmin::text) FROM pg_class"
                            " WHERE relname LIKE 'idx_businesses_%'"),
                 2);
    table_clear(&preset);
    sink_close(sink);
}

static void existing_tables_are_described(void)
{
    if (!pg_fresh())
        return;
    pg_ask("CREATE DOMAIN small AS numeric(6, 2) NOT NULL CHECK (VALUE > 0);"
           "CREATE DOMAIN smaller AS small DEFAULT 1;"
           "CREATE TYPE mood AS ENUM ('sad', 'ok');"
           "CREATE TABLE \"Odd.Name\" (a int GENERATED ALWAYS AS IDENTITY"
           " PRIMARY KEY, b int GENERATED BY DEFAULT AS IDENTITY,"
           " c varchar(40) NOT NULL, d char(3), e smaller, gone int, f mood,"
           " g smallint, h real, i numeric(8, -2), j bigint GENERATED ALWAYS"
           " AS (a * 2) STORED, k text UNIQUE, l name, m int[]);"
           "ALTER TABLE \"Odd.Name\" DROP COLUMN gone;"
           "CREATE INDEX ON \"Odd.Name\" (c); CREATE INDEX ON \"Odd.Name\""
           " (d) WHERE d > 'a'; CREATE SEQUENCE no_table");
    struct sink *sink;
    struct issue why = {0};
    struct table t = {0};
    if (!CHECK(sink_open(&sink, pg_target, NULL, &why) == 0))
        return;
    static const struct {
        const char *db_type;
        enum column_type type;
        uint8_t size;
        int max_chars, precision, scale;
        bool not_null, has_default, generated, primary, indexed;
    } wanted[] = {
        {"integer", COLUMN_INTEGER, 4, 0, 0, 0, 1, 1, 1, 1, 0},
        {"integer", COLUMN_INTEGER, 4, 0, 0, 0, 1, 1, 0, 0, 0},
        {"character varying(40)", COLUMN_TEXT, 0, 40, 0, 0, 1, 0, 0, 0, 1},
        {"character(3)", COLUMN_TEXT, 0, 3, 0, 0, 0, 0, 0, 0, 0},
        {"smaller", COLUMN_NUMERIC, 0, 0, 6, 2, 1, 1, 0, 0, 0},
        {"mood", COLUMN_OTHER, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {"smallint", COLUMN_INTEGER, 2, 0, 0, 0, 0, 0, 0, 0, 0},
        {"real", COLUMN_REAL, 4, 0, 0, 0, 0, 0, 0, 0, 0},
        {"numeric(8,-2)", COLUMN_NUMERIC, 0, 0, 8, -2, 0, 0, 0, 0, 0},
        {"bigint", COLUMN_INTEGER, 8, 0, 0, 0, 0, 1, 1, 0, 0},
        {"text", COLUMN_TEXT, 0, 0, 0, 0, 0, 0, 0, 0, 1},
        {"name", COLUMN_OTHER, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {"integer[]", COLUMN_OTHER, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    };
    if (CHECK_MSG(sink_describe(sink, "sluice_test.\"Odd.Name\"", &t, &why) ==
                      1,
                  "%s", why.text)) {
        CHECK_EQ_STR(t.sql_name, "sluice_test.\"Odd.Name\"");
        CHECK_EQ_INT(t.count, sizeof(wanted) / sizeof(wanted[0]));
        for (size_t i = 0; i < t.count; i++) {
            const struct column *c = &t.columns[i];
            CHECK_EQ_STR(c->db_type, wanted[i].db_type);
            CHECK_EQ_INT(c->type, wanted[i].type);
            CHECK_EQ_INT(c->size, wanted[i].size);
            CHECK_EQ_INT(c->max_chars, wanted[i].max_chars);
            CHECK_EQ_INT(c->precision, wanted[i].precision);
            CHECK_EQ_INT(c->scale, wanted[i].scale);
            CHECK_MSG(c->not_null == wanted[i].not_null &&
                          c->has_default == wanted[i].has_default &&
                          c->generated == wanted[i].generated &&
                          c->primary_key == wanted[i].primary &&
                          c->indexed == wanted[i].indexed,
                      "flags of %s", c->name);
        }
    }
    table_clear(&t);
    CHECK_EQ_INT(sink_describe(sink, "Odd.Name", &t, &why), 0);
    CHECK_EQ_INT(sink_describe(sink, "nowhere.at_all", &t, &why), 0);
    CHECK_EQ_INT(sink_describe(sink, "", &t, &why), -1);
    CHECK_EQ_INT(sink_describe(sink, "no_table", &t, &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_DATABASE);
    sink_close(sink);
}

/* Names with quotes, spaces, other scripts, and more bytes than are kept. */
static void odd_names_are_created_and_loaded(void)
{
    if (!pg_fresh())
        return;
    struct rig rig = {0};
    struct table table = {.name = strdup("\"T \"\"x\"\".; DROP\"")};
    char longer[100];
    memset(longer, 'n', sizeof(longer));
    memcpy(longer + 61, "\xc3\xa9\xc3\xa9\xc3\xa9", 6);
    static const char *const odd[] = {"Name", "name",        "a b",    "\"q\"",
                                      "$1",   "caf\xc3\xa9", "select", ""};
    for (int i = 0; i < 8; i++)
        table_add_column(&table, slice_of(odd[i]))->indexed = true;
    for (int i = 0; i < 3; i++)
        table_add_column(&table, (struct slice){longer, 90 + (size_t)i});
    if (!CHECK(sink_open(&rig.sink, pg_target, NULL, &rig.why) == 0))
        return;
    CHECK_MSG(sink_create(rig.sink, &table, &rig.why) == 0, "%s", rig.why.text);
    /* The table as it was asked for, without describing it. */
    struct value values[11];
    for (uint32_t i = 0; i < 11; i++) {
        rig.columns[i] = i;
        values[i] = INT(0);
        values[i] = TEXT("v");
    }
    rig.table = table;
    rig.plan = (struct load_plan){&rig.table, rig.columns, 11};
    for (int m = 0; m < METHODS; m++) {
        CHECK_MSG(session_open(&rig.session, rig.sink, &rig.plan,
                               (enum load_method)m, &rig.why) == 0,
                  "%s", rig.why.text);
        CHECK_MSG(rig_load(&rig, values, 1) == 0, "%s", rig.why.text);
        session_close(rig.session);
    }
    rig.session = NULL;
    CHECK_MSG(sink_finish(rig.sink, &rig.table, &rig.why) == 0, "%s",
              rig.why.text);
    CHECK_EQ_INT(rig.outcome.committed, 4);
    CHECK_EQ_INT(pg_rows("\"T \"\"x\"\".; DROP\""), 4);
    CHECK_EQ_STR(pg_ask("SELECT string_agg(attname, '|' ORDER BY attnum) FROM"
                        " pg_attribute WHERE attrelid ="
                        " '\"T \"\"x\"\".; DROP\"'::regclass AND attnum > 0"
                        " AND attnum < 9"),
                 "Name|name|a b|\"q\"|$1|caf\xc3\xa9|select|column_8");
    CHECK_EQ_STR(pg_ask("SELECT string_agg(octet_length(attname)::text || '/'"
                        " || right(attname, 2), ' ' ORDER BY attnum) FROM"
                        " pg_attribute WHERE attrelid ="
                        " '\"T \"\"x\"\".; DROP\"'::regclass AND attnum > 8"),
                 "63/n\xc3\xa9 63/_2 63/_3");
    uint64_t rows = 0;
    CHECK(sink_count(rig.sink, table.name, &rows, &rig.why) == 0);
    CHECK_EQ_INT(rows, 4);
    rig_close(&rig);
}

/* --- values
 * ------------------------------------------------------------------- */

/*
 * Every type with its edges, by every method: what SQL prints is what the
 * literal beside it prints.
 */
struct edge {
    const char *type;
    struct value value;
    const char *literal; /* NULL: refused */
    enum issue_code code;
};

static void check_edge(const struct edge *edge)
{
    char sql[1200];
    snprintf(sql, sizeof(sql), "DROP TABLE IF EXISTS e; CREATE TABLE e (v %s)",
             edge->type);
    pg_ask(sql);
    for (int m = 0; m < METHODS; m++) {
        struct rig rig;
        struct value value = edge->value;
        pg_ask("TRUNCATE e");
        if (!pg_rig_open(&rig, "e", "v", (enum load_method)m))
            return;
        CHECK_MSG(rig_load(&rig, &value, 1) == 0, "%s", rig.why.text);
        if (edge->literal) {
            snprintf(sql, sizeof(sql),
                     "SELECT v::text IS NOT DISTINCT FROM (%s)::%s::text"
                     " FROM e",
                     edge->literal, edge->type);
            CHECK_MSG(rig.outcome.committed == 1, "%s %s by %s: %s", edge->type,
                      edge->literal, method_names[m],
                      rig.outcome.reject_count ? rig.outcome.rejects[0].text
                                               : "not in");
            CHECK_MSG(strcmp(pg_ask(sql), "t") == 0, "%s by %s: %s is not %s",
                      edge->type, method_names[m],
                      pg_ask("SELECT v::text FROM e"), edge->literal);
        } else if (CHECK_MSG(rig.outcome.reject_count == 1,
                             "%s: taken by %s as %s", edge->type,
                             method_names[m],
                             pg_ask("SELECT v::text FROM e"))) {
            CHECK_MSG(rig.outcome.rejects[0].code == edge->code,
                      "%s by %s: %s (%s)", edge->type, method_names[m],
                      issue_code_name(rig.outcome.rejects[0].code),
                      rig.outcome.rejects[0].text);
        }
        rig_close(&rig);
    }
}

#define USECS_DAY INT64_C(86400000000)

static void values_arrive_as_sql_has_them(void)
{
    if (!pg_fresh())
        return;
    pg_ask("CREATE DOMAIN pos AS int CHECK (VALUE > 0);"
           "CREATE TYPE mood AS ENUM ('sad', 'ok')");
    const struct edge edges[] = {
        {"text", TEXT(""), "''", 0},
        {"text", NIL, "NULL", 0},
        {"text", TEXT("\\N"), "'\\N'", 0},
        {"text", TEXT("a\tb\nc\rd\\e\"f'g\x01\xf0\x9f\x98\x80"),
         "E'a\\tb\\nc\\rd\\\\e\"f''g\\x01\xf0\x9f\x98\x80'", 0},
        {"varchar(3)", TEXT("\xc3\xa9\xc3\xa9\xc3\xa9"),
         "'\xc3\xa9\xc3\xa9\xc3\xa9'", 0},
        {"varchar(3)", TEXT("abcd"), NULL, ISSUE_TEXT_TOO_LONG},
        {"varchar(3)", TEXT("abc  "), "'abc'", 0},
        {"char(3)", TEXT("a"), "'a'", 0},
        {"char(3)", TEXT("abcd"), NULL, ISSUE_TEXT_TOO_LONG},
        {"text", TEXT("bad \xff utf-8"), NULL, ISSUE_ENCODING},
        {"boolean", TRUTH(true), "true", 0},
        {"boolean", TRUTH(false), "false", 0},
        {"smallint", INT(-32768), "-32768", 0},
        {"smallint", INT(32768), NULL, ISSUE_OUT_OF_RANGE},
        {"integer", INT(INT32_MIN), "-2147483648", 0},
        {"integer", INT(INT64_C(2147483648)), NULL, ISSUE_OUT_OF_RANGE},
        {"bigint", INT(INT64_MIN), "-9223372036854775808", 0},
        {"bigint", INT(INT64_MAX), "9223372036854775807", 0},
        {"pos", INT(7), "7", 0},
        {"pos", INT(0), NULL, ISSUE_REFUSED},
        {"real", REAL(0.1), "0.1", 0},
        {"real", REAL(1e39), NULL, ISSUE_OUT_OF_RANGE},
        {"double precision", REAL(0.1), "0.1", 0},
        {"double precision", REAL(-1.7976931348623157e308),
         "-1.7976931348623157e308", 0},
        {"double precision", REAL(5e-324), "5e-324", 0},
        {"double precision", REAL(-0.0), "'-0'", 0},
        {"numeric", TEXT("0"), "0", 0},
        {"numeric", TEXT("0.00"), "0.00", 0},
        {"numeric", TEXT("-0.0"), "0.0", 0},
        {"numeric", TEXT("1"), "1", 0},
        {"numeric", TEXT("9999"), "9999", 0},
        {"numeric", TEXT("10000"), "10000", 0},
        {"numeric", TEXT("100000000"), "100000000", 0},
        {"numeric", TEXT("12345.678900"), "12345.678900", 0},
        {"numeric", TEXT("-0.0001"), "-0.0001", 0},
        {"numeric", TEXT("0.00001"), "0.00001", 0},
        {"numeric", TEXT("0.123456789"), "0.123456789", 0},
        {"numeric", TEXT("1e21"), "1e21", 0},
        {"numeric", TEXT("1.5E-9"), "1.5E-9", 0},
        {"numeric", TEXT("123.456e2"), "123.456e2", 0},
        {"numeric", TEXT("0.00123e3"), "0.00123e3", 0},
        {"numeric", TEXT("+00012.5"), "12.5", 0},
        {"numeric", TEXT(".5"), ".5", 0},
        {"numeric", TEXT("5."), "5", 0},
        {"numeric", TEXT("1e-16383"), "1e-16383", 0},
        {"numeric", TEXT("1e131071"), "1e131071", 0},
        {"numeric", TEXT("1e131072"), NULL, ISSUE_OUT_OF_RANGE},
        {"numeric", TEXT("1e-16384"), NULL, ISSUE_OUT_OF_RANGE},
        {"numeric", TEXT("1e999999999999"), NULL, ISSUE_OUT_OF_RANGE},
        {"numeric", TEXT("98765432109876543210987654321.0123456789"),
         "98765432109876543210987654321.0123456789", 0},
        {"numeric(5,2)", TEXT("999.994"), "999.99", 0},
        {"numeric(5,2)", TEXT("999.995"), NULL, ISSUE_OUT_OF_RANGE},
        {"numeric", TEXT("12x"), NULL, ISSUE_CONVERT},
        {"numeric", TEXT(""), NULL, ISSUE_CONVERT},
        {"numeric", TEXT("."), NULL, ISSUE_CONVERT},
        {"numeric", TEXT("1e"), NULL, ISSUE_CONVERT},
        {"date", DATE(0), "'1970-01-01'", 0},
        {"date", DATE(10957), "'2000-01-01'", 0},
        {"date", DATE(-719163), "'0001-12-31 BC'", 0},
        {"date", DATE(-2440588), "'4714-11-24 BC'", 0},
        {"date", DATE(-2440589), NULL, ISSUE_OUT_OF_RANGE},
        {"date", DATE(2145042905), "'5874897-12-31'", 0},
        {"date", DATE(2145042906), NULL, ISSUE_OUT_OF_RANGE},
        {"timestamp", STAMP(0), "'1970-01-01 00:00:00'", 0},
        {"timestamp", STAMP(-1), "'1969-12-31 23:59:59.999999'", 0},
        {"timestamp", STAMP(-719163 * USECS_DAY + 1),
         "'0001-12-31 00:00:00.000001 BC'", 0},
        {"timestamp", STAMP(INT64_MAX), "'294247-01-10 04:00:54.775807'", 0},
        {"timestamp", STAMP(-2440588 * USECS_DAY), "'4714-11-24 BC'", 0},
        {"timestamp", STAMP(INT64_MIN), NULL, ISSUE_OUT_OF_RANGE},
        {"timestamptz", STAMP(INT64_C(1709913900250000)),
         "'2024-03-08 16:05:00.25+00'", 0},
        {"time", TIME(0), "'00:00:00'", 0},
        {"time", TIME(USECS_DAY), "'24:00:00'", 0},
        {"time", TIME(USECS_DAY + 1), NULL, ISSUE_OUT_OF_RANGE},
        {"time", TIME(-1), NULL, ISSUE_OUT_OF_RANGE},
        {"interval", TIME(INT64_C(-90061000001)), "'-25:01:01.000001'", 0},
        {"interval", TIME(INT64_C(3600000000000)), "'1000:00:00'", 0},
        {"mood", TEXT("ok"), "'ok'", 0},
        {"mood", TEXT("glad"), NULL, ISSUE_CONVERT},
        {"uuid", TEXT("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
         "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 0},
        {"jsonb", TEXT("{\"a\": [1, \"\\n\"]}"), "'{\"a\": [1, \"\\n\"]}'", 0},
        {"jsonb", TEXT("{"), NULL, ISSUE_CONVERT},
        {"bit(3)", TEXT("101"), "'101'", 0},
        {"bit(3)", TEXT("10110"), NULL, ISSUE_REFUSED},
        {"int[]", TEXT("{1,2}"), "'{1,2}'", 0},
        {"bytea", TEXT("\\x00ff"), "'\\x00ff'", 0},
    };
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
        check_edge(&edges[i]);
}

/* Beside a column that only the server reads, everything goes as text. */
static void values_arrive_in_text_too(void)
{
    if (!pg_fresh())
        return;
    pg_ask("CREATE TABLE x (u uuid, a text, b bool, c int, d float8, e numeric,"
           " f date, g timestamp, h timestamptz, i time, j interval,"
           " k timestamptz, l text)");
    struct rig rig;
    if (!pg_rig_open(&rig, "x", "u a b c d e f g h i j k l", METHOD_COPY))
        return;
    struct value values[] = {
        TEXT("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        TEXT("a\tb\nc\rd\\e\\N"),
        TRUTH(true),
        INT(-5),
        REAL(1e-7),
        TEXT("1.50"),
        DATE(-719163),
        STAMP(-719163 * USECS_DAY + 1),
        STAMP(1),
        TIME(USECS_DAY - 1),
        TIME(-1),
        STAMP(-719163 * USECS_DAY),
        NIL,
    };
    CHECK_MSG(rig_load(&rig, values, 1) == 0, "%s", rig.why.text);
    rig_check_exact(&rig, 1, 1);
    CHECK_EQ_STR(pg_ask("SELECT concat_ws('|', a = E'a\\tb\\nc\\rd\\\\e\\\\N',"
                        " b, c, d, e, f, g, h, i, j, k, l IS NULL) FROM x"),
                 "t|t|-5|1e-07|1.50|0001-12-31 BC|"
                 "0001-12-31 00:00:00.000001 BC|1970-01-01 00:00:00.000001+00|"
                 "23:59:59.999999|-00:00:00.000001|"
                 "0001-12-31 00:00:00+00 BC|t");
    rig_close(&rig);
}

/* --- refused rows
 * --------------------------------------------------------------- */

#define BAD_TABLE                                                             \
    "CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES"   \
    " (1); CREATE TABLE bad (id serial PRIMARY KEY, name text NOT NULL, qty"  \
    " int CHECK (qty > 0), email text UNIQUE, parent int REFERENCES parents," \
    " late int REFERENCES parents DEFERRABLE INITIALLY DEFERRED, code"        \
    " varchar(5), price numeric(4,1), odd %s);"                               \
    "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF"    \
    " NEW.name = 'raise' THEN RAISE EXCEPTION 'not with me'; END IF; IF"      \
    " NEW.name = 'skip' THEN RETURN NULL; END IF; RETURN NEW; END $$;"        \
    "CREATE TRIGGER no BEFORE INSERT ON bad FOR EACH ROW EXECUTE FUNCTION"    \
    " no()"
#define BAD_COLUMNS "name qty email parent late code price odd"
#define BAD_WIDTH   8

static void good_rows(struct value *values, size_t count)
{
    static char emails[20000][16];
    for (size_t i = 0; i < count; i++) {
        struct value *v = values + i * BAD_WIDTH;
        snprintf(emails[i], sizeof(emails[i]), "e%zu", i);
        v[0] = TEXT("good");
        v[1] = INT(1);
        v[2] = TEXT(emails[i]);
        v[3] = INT(1);
        v[4] = INT(1);
        v[5] = TEXT("abc");
        v[6] = TEXT("99.5");
        v[7] = TEXT("1");
    }
}

struct verdict {
    unsigned row;
    enum issue_code code;
    const char *header; /* NULL: not looked at */
    const char *text;
};

static void check_verdicts(const struct rig *rig, const char *method,
                           const struct verdict *wanted, size_t count)
{
    CHECK_EQ_INT(rig->outcome.reject_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct issue *reject = rig_reject(rig, wanted[i].row);
        if (!CHECK_MSG(reject, "%s: row %u was not rejected", method,
                       wanted[i].row))
            continue;
        CHECK_MSG(reject->code == wanted[i].code, "%s: row %u: %s (%s)", method,
                  wanted[i].row, issue_code_name(reject->code), reject->text);
        if (wanted[i].header)
            CHECK_EQ_STR(reject->header, wanted[i].header);
        if (wanted[i].text)
            CHECK_MSG(strstr(reject->text, wanted[i].text),
                      "%s: \"%s\" lacks \"%s\"", method, reject->text,
                      wanted[i].text);
    }
}

static void refused_rows_cost_nobody_else(void)
{
    enum { COUNT = 1000 };
    static struct value values[COUNT * BAD_WIDTH];
    static const struct verdict wanted[] = {
        {2, ISSUE_REQUIRED, "name", "null value in column \"name\""},
        {101, ISSUE_REFUSED, NULL, "violates check constraint"},
        {102, ISSUE_REFUSED, "email", "Key (email)=(e3) already exists"},
        {103, ISSUE_REFUSED, "parent", "is not present in table \"parents\""},
        {302, ISSUE_REFUSED, "late", "is not present in table \"parents\""},
        {402, ISSUE_REFUSED, NULL, "not with me"},
        {403, ISSUE_REFUSED, NULL, "skips the row"},
        {502, ISSUE_TEXT_TOO_LONG, NULL, "value too long"},
        {602, ISSUE_OUT_OF_RANGE, NULL, "numeric field overflow"},
        {702, ISSUE_CONVERT, NULL, NULL},
        {1001, ISSUE_REQUIRED, "name", NULL},
    };
    /* A type that only the server reads makes a COPY of text. */
    static const char *const odd[] = {"xid", "text"};
    for (int o = 0; o < 2; o++) {
        for (int m = 0; m < METHODS; m++) {
            char sql[2000];
            if (!pg_fresh())
                return;
            snprintf(sql, sizeof(sql), BAD_TABLE, odd[o]);
            pg_ask(sql);
            struct rig rig;
            if (!pg_rig_open(&rig, "bad", BAD_COLUMNS, (enum load_method)m))
                return;
            good_rows(values, COUNT);
            values[0] = NIL;
            values[99 * BAD_WIDTH + 1] = INT(0);
            values[100 * BAD_WIDTH + 2] = TEXT("e3");
            values[101 * BAD_WIDTH + 3] = INT(2);
            values[300 * BAD_WIDTH + 4] = INT(2);
            values[400 * BAD_WIDTH] = TEXT("raise");
            values[401 * BAD_WIDTH] = TEXT("skip");
            values[500 * BAD_WIDTH + 5] = TEXT("abcdef");
            values[600 * BAD_WIDTH + 6] = TEXT("1000");
            values[700 * BAD_WIDTH + 6] = TEXT("no number");
            values[999 * BAD_WIDTH] = NIL;
            CHECK_MSG(rig_load(&rig, values, COUNT) == 0, "%s: %s",
                      method_names[m], rig.why.text);
            rig_check_exact(&rig, COUNT, (uint64_t)pg_rows("bad"));
            check_verdicts(&rig, method_names[m], wanted,
                           sizeof(wanted) / sizeof(wanted[0]));
            if (m == METHOD_COPY) {
                const struct issue *reject = rig_reject(&rig, 502);
                CHECK(reject && strcmp(reject->header, "code") == 0 &&
                      strcmp(reject->value, "abcdef") == 0 &&
                      reject->column == 6);
            }
            rig_close(&rig);
        }
    }
}

/* `every`-th row is bad, from none over many to all. */
static void any_share_of_bad_rows_is_found(void)
{
    enum { COUNT = 1500 };
    static struct value values[COUNT * BAD_WIDTH];
    static const int shares[] = {1, 2, 3, 50, 1499, 1501};
    for (int late = 0; late < 2; late++) {
        for (size_t s = 0; s < sizeof(shares) / sizeof(shares[0]); s++) {
            for (int m = METHOD_BATCH; m < METHODS; m++) {
                char sql[2000];
                if (!pg_fresh())
                    return;
                snprintf(sql, sizeof(sql), BAD_TABLE, "text");
                pg_ask(sql);
                struct rig rig;
                if (!pg_rig_open(&rig, "bad", BAD_COLUMNS, (enum load_method)m))
                    return;
                good_rows(values, COUNT);
                size_t bad = 0;
                for (int i = shares[s] - 1; i < COUNT; i += shares[s], bad++) {
                    if (late)
                        values[i * BAD_WIDTH + 4] = INT(9);
                    else
                        values[i * BAD_WIDTH + 1] = INT(-1);
                }
                CHECK_MSG(rig_load(&rig, values, COUNT) == 0, "%s",
                          rig.why.text);
                rig_check_exact(&rig, COUNT, (uint64_t)pg_rows("bad"));
                CHECK_EQ_INT(rig.outcome.reject_count, bad);
                rig_close(&rig);
            }
        }
    }
}

/* A check at the commit that no earlier one can stand for. */
static void the_commit_itself_may_refuse(void)
{
    enum { COUNT = 30 };
    struct value values[COUNT];
    for (int m = METHOD_BATCH; m < METHODS; m++) {
        if (!pg_fresh())
            return;
        /* The trigger puts the refusal off again, past SET CONSTRAINTS. */
        pg_ask("CREATE TABLE c (n int);"
               "CREATE TABLE late (n int);"
               "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
               " BEGIN IF NEW.n % 10 = 3 THEN RAISE EXCEPTION 'refused at last'"
               "; END IF; RETURN NULL; END $$;"
               "CREATE CONSTRAINT TRIGGER last AFTER INSERT ON late DEFERRABLE"
               " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();"
               "CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS"
               " $$ BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO late"
               " VALUES (NEW.n); RETURN NEW; END $$;"
               "CREATE TRIGGER first BEFORE INSERT ON c FOR EACH ROW EXECUTE"
               " FUNCTION put_off()");
        for (int i = 0; i < COUNT; i++)
            values[i] = INT(i);
        struct rig rig;
        if (!pg_rig_open(&rig, "c", "n", (enum load_method)m))
            return;
        CHECK_MSG(rig_load(&rig, values, COUNT) == 0, "%s", rig.why.text);
        rig_check_exact(&rig, COUNT, (uint64_t)pg_rows("c"));
        CHECK_EQ_INT(rig.outcome.reject_count, 3);
        CHECK(rig_reject(&rig, 5) != NULL);
        rig_close(&rig);
    }
}

static void row_security_refuses_rows(void)
{
    if (!pg_fresh())
        return;
    pg_ask("DROP ROLE IF EXISTS sluice_plain; CREATE ROLE sluice_plain LOGIN;"
           "GRANT USAGE ON SCHEMA sluice_test TO sluice_plain;"
           "CREATE TABLE s (n int); GRANT INSERT, SELECT ON s TO sluice_plain;"
           "ALTER TABLE s ENABLE ROW LEVEL SECURITY;"
           "CREATE POLICY p ON s USING (true) WITH CHECK (n < 5)");
    char target[700];
    snprintf(target, sizeof(target), "%s", pg_target);
    pg_add(target, sizeof(target), "user=sluice_plain");
    struct value values[] = {INT(1), INT(9), INT(2)};
    struct rig rig;
    if (rig_open(&rig, target, NULL, "s", "n", METHOD_BATCH)) {
        CHECK_MSG(rig_load(&rig, values, 3) == 0, "%s", rig.why.text);
        rig_check_exact(&rig, 3, 2);
        CHECK_EQ_INT(rig.outcome.rejects[0].code, ISSUE_REFUSED);
        rig_close(&rig);
    }
    pg_ask("DROP OWNED BY sluice_plain; DROP ROLE sluice_plain");
}

/* --- what ends an import
 * ---------------------------------------------------------- */

static void a_missing_permission_is_told(void)
{
    if (!pg_fresh())
        return;
    pg_ask("DROP ROLE IF EXISTS sluice_plain; CREATE ROLE sluice_plain LOGIN;"
           "CREATE TABLE s (n int); CREATE TABLE w (n int)");
    char target[700];
    snprintf(target, sizeof(target), "%s", pg_target);
    pg_add(target, sizeof(target), "user=sluice_plain");
    struct sink *sink;
    struct issue why = {0};
    struct table t = {0};
    if (!CHECK(sink_open(&sink, target, NULL, &why) == 0))
        return;
    CHECK_EQ_INT(sink_describe(sink, "sluice_test.s", &t, &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_PERMISSION);
    pg_ask("GRANT USAGE ON SCHEMA sluice_test TO sluice_plain;"
           "GRANT INSERT, SELECT ON w TO sluice_plain");
    CHECK_EQ_INT(sink_describe(sink, "s", &t, &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_PERMISSION);
    table_clear(&t);
    CHECK(table_preset(&t, "businesses", &why) == 0);
    CHECK(sink_create(sink, &t, &why) < 0);
    CHECK_EQ_INT(why.code, ISSUE_PERMISSION);
    table_clear(&t);
    sink_close(sink);
    for (int m = 0; m < METHODS; m++) {
        struct rig rig;
        struct value values[] = {INT(1), INT(2)};
        pg_ask("TRUNCATE w; GRANT INSERT ON w TO sluice_plain");
        if (!rig_open(&rig, target, NULL, "w", "n", (enum load_method)m))
            break;
        CHECK(rig_load(&rig, values, 2) == 0);
        pg_ask("REVOKE INSERT ON w FROM sluice_plain");
        CHECK(rig_load(&rig, values, 2) < 0);
        CHECK_EQ_INT(rig.why.code, ISSUE_PERMISSION);
        CHECK_EQ_INT(rig.outcome.committed, 2);
        CHECK_EQ_INT(rig.outcome.reject_count, 0);
        CHECK_EQ_INT(pg_rows("w"), 2);
        rig_close(&rig);
    }
    pg_ask("DROP OWNED BY sluice_plain; DROP ROLE sluice_plain");
}

static void a_table_that_goes_ends_the_import(void)
{
    for (int m = 0; m < METHODS; m++) {
        if (!pg_fresh())
            return;
        pg_ask("CREATE TABLE t (n int)");
        struct rig rig;
        struct value values[] = {INT(1), INT(2)};
        if (!pg_rig_open(&rig, "t", "n", (enum load_method)m))
            return;
        pg_ask("DROP TABLE t");
        CHECK(rig_load(&rig, values, 2) < 0);
        CHECK_EQ_INT(rig.why.code, ISSUE_DATABASE);
        CHECK(strstr(rig.why.text, "does not exist") != NULL);
        CHECK_EQ_INT(rig.outcome.committed + rig.outcome.reject_count, 0);
        /* The connection is as good as before. */
        pg_ask("CREATE TABLE t (n int)");
        CHECK_MSG(rig_load(&rig, values, 2) == 0, "%s", rig.why.text);
        CHECK_EQ_INT(rig.outcome.committed, 2);
        rig_close(&rig);
    }
}

static void nothing_to_load_is_no_error(void)
{
    if (!pg_fresh())
        return;
    pg_ask("CREATE TABLE t (n int)");
    for (int m = 0; m < METHODS; m++) {
        struct rig rig;
        if (!pg_rig_open(&rig, "t", "n", (enum load_method)m))
            return;
        CHECK(rig_load(&rig, NULL, 0) == 0);
        rig_check_exact(&rig, 0, 0);
        rig.plan.count = 0;
        struct session *none;
        CHECK(session_open(&none, rig.sink, &rig.plan, (enum load_method)m,
                           &rig.why) < 0);
        CHECK_EQ_INT(rig.why.code, ISSUE_MAPPING);
        rig_close(&rig);
    }
}

CHECK_MAIN(what_cannot_be_opened_says_why, a_wrong_password_is_refused,
           labels_have_no_password, preset_is_created_exactly,
           large_tables_are_indexed_by_two_sessions,
           existing_tables_are_described, odd_names_are_created_and_loaded,
           values_arrive_as_sql_has_them, values_arrive_in_text_too,
           refused_rows_cost_nobody_else, any_share_of_bad_rows_is_found,
           the_commit_itself_may_refuse, row_security_refuses_rows,
           a_missing_permission_is_told, a_table_that_goes_ends_the_import,
           nothing_to_load_is_no_error)
