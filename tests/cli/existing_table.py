#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A table that is there gives the schema: its types, its constraints, and the
columns that headers must find. A table that is not there is made from what the
sheet holds, and never so that a value changes.
"""
from sluice_cli import *


def into(folder, name, sql, rows, *arguments, status=0):
    """Imports rows into table t that `sql` makes; the summary."""
    if sql:
        sqlite(folder, name, sql)
    workbook(folder, "a.xlsx", rows)
    return imported(folder, "a.xlsx", "--to", "sqlite:" + name, "--table", "t",
                    "--rejects", "bad.csv", *arguments, status=status)


def kept_out(folder, sql, rows, *words, arguments=()):
    """Refused before anything is written."""
    path = os.path.join(folder, "t.sqlite")
    if os.path.exists(path):
        os.remove(path)
    sqlite(folder, "t.sqlite", sql)
    workbook(folder, "a.xlsx", rows)
    refused(sluice(folder, "import", "a.xlsx", "--to", "sqlite:t.sqlite",
                   "--table", "t", *arguments), 3, *words)
    same(sqlite(folder, "t.sqlite", "SELECT * FROM t"), [])


# --- headers and columns -----------------------------------------------------

@case
def headers_find_columns(folder):
    into(folder, "t.sqlite", "CREATE TABLE t (unit_price REAL, id INTEGER, "
         "\"Full Name\" TEXT, note TEXT DEFAULT 'none')",
         [["ID", "Full Name", "Unit-Price "], [1, "Ann", 2.5]])
    same(sqlite(folder, "t.sqlite", "SELECT * FROM t"),
         [(2.5, 1, "Ann", "none")])


@case
def an_exact_name_goes_before_a_similar_one(folder):
    into(folder, "t.sqlite", 'CREATE TABLE t ("a b" TEXT, a_b TEXT)',
         [["a_b", "a b"], ["under", "space"]])
    same(sqlite(folder, "t.sqlite", "SELECT * FROM t"), [("space", "under")])


@case
def map_renames_and_drops(folder):
    into(folder, "t.sqlite", "CREATE TABLE t (id INTEGER, name TEXT)",
         [["No.", "Who", "Junk"], [1, "Ann", "x"]], "--map", "No.=id",
         "--map", "Who=name", "--map", "Junk=")
    same(sqlite(folder, "t.sqlite", "SELECT * FROM t"), [(1, "Ann")])


@case
def map_goes_before_names(folder):
    into(folder, "t.sqlite", "CREATE TABLE t (a TEXT, b TEXT)",
         [["a", "b"], ["from a", "from b"]], "--map", "a=b", "--map", "b=a")
    same(sqlite(folder, "t.sqlite", "SELECT * FROM t"), [("from b", "from a")])


@case
def map_names_the_columns_of_a_new_table(folder):
    into(folder, "t.sqlite", None, [["No.", "Who", "Junk"], [1, "Ann", "x"]],
         "--map", "Who=person", "--map", "Junk=")
    base = sqlite(folder, "t.sqlite", "SELECT name FROM pragma_table_info('t')")
    same(base, [("no",), ("person",)])


@case
def a_header_without_a_column(folder):
    kept_out(folder, "CREATE TABLE t (id INTEGER, name TEXT)",
             [["id", "colour"], [1, "red"]], "colour", "id, name")


@case
def a_map_that_names_nothing(folder):
    kept_out(folder, "CREATE TABLE t (id INTEGER)", [["id"], [1]], "colour",
             arguments=("--map", "colour=id"))
    kept_out(folder, "CREATE TABLE t (id INTEGER)", [["No."], [1]], "shade",
             arguments=("--map", "No.=shade"))


@case
def two_headers_for_one_column(folder):
    kept_out(folder, "CREATE TABLE t (id INTEGER, a_b TEXT)",
             [["id", "A B", "a-b"], [1, "x", "y"]], "a_b|a-b", "A B|a_b")


@case
def a_column_that_must_be_filled(folder):
    kept_out(folder, "CREATE TABLE t (id INTEGER, name TEXT NOT NULL, "
             "kind TEXT NOT NULL DEFAULT 'x')", [["id"], [1]], "name")


@case
def a_generated_column_cannot_be_filled(folder):
    kept_out(folder, "CREATE TABLE t (a INTEGER, b AS (a + 1))",
             [["a", "b"], [1, 2]], r"\bb\b", "generates")


@case
def a_table_that_nothing_fills(folder):
    kept_out(folder, "CREATE TABLE t (a INTEGER)", [["x"], [1]], "x",
             arguments=("--map", "x="))


# --- constraints -------------------------------------------------------------

@case
def constraints_cost_their_row(folder):
    for method in ("sequential", "concurrent", "batch", "copy"):
        name = method + ".sqlite"
        summary = into(
            folder, name, "CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT "
            "UNIQUE, name TEXT NOT NULL, age INTEGER CHECK (age >= 0))",
            [["id", "email", "name", "age"]] +
            [[n, "mail%d" % (n if n != 70 else 7),
              None if n == 30 else "n%d" % n, -1 if n == 50 else n]
             for n in range(1, 301)],
            "--method", method, "--batch-size", 100, status=1)
        same((summary["success_count"], summary["error_count"]), (297, 3))
        same([(r["row"], r["code"]) for r in read_csv(folder, "bad.csv")],
             [("31", "required"), ("51", "refused"), ("71", "refused")])
        same(sqlite(folder, name, "SELECT count(*) FROM t"), [(297,)])


# Column type, good cells with what is stored, cells that cost their row.
TYPED = (
    ("smallint", [(7, "7"), ("-7", "-7"), (7.0, "7")],
     [(40000, "out_of_range"), (1.5, "convert"), ("x", "convert")]),
    ("integer", [(2147483647, "2147483647")],
     [(2147483648, "out_of_range"), ("", None)]),
    ("bigint", [("9223372036854775807", "9223372036854775807")],
     [("9223372036854775808", "out_of_range"), (1e19, "out_of_range")]),
    ("real", [(1.5, "1.5"), ("2.5", "2.5")],
     [("1e39", "out_of_range"), ("abc", "convert")]),
    ("double precision", [(0.1, "0.1"), ("1e300", "1e+300")],
     [("1,5", "convert"), (True, "convert")]),
    ("numeric(6,2)", [(12.34, "12.34"), ("1234.5", "1234.50")],
     [("12345678", "out_of_range"), ("12x", "convert")]),
    ("boolean", [(True, "t"), ("yes", "t"), ("no", "f"), (0, "f"), (1, "t"),
                 ("FALSE", "f")],
     [("maybe", "convert"), (2, "convert")]),
    ("date", [(Styled(45000, 1), "2023-03-15"), ("2024-02-29", "2024-02-29")],
     [("2023-02-29", "convert"), ("29.2.2024", "convert"),
      (45000, "convert")]),
    ("timestamp", [(Styled(45000.5, 2), "2023-03-15 12:00:00"),
                   ("2024-02-29 10:11:12", "2024-02-29 10:11:12"),
                   ("2024-02-29T10:11:12.5", "2024-02-29 10:11:12.5")],
     [("2024-02-29 25:00", "convert"), ("now", "convert")]),
    ("time", [(Styled(0.75, 3), "18:00:00"), ("07:30", "07:30:00")],
     [("24:30:00", "convert|out_of_range"), ("soon", "convert")]),
    ("varchar(5)", [("abcde", "abcde"), ("äöüßé", "äöüßé"), (12, "12")],
     [("abcdef", "text_too_long")]),
    ("text", [(1.5, "1.5"), (1e21, "1e+21"), (True, "true"), (0.1, "0.1"),
              (Styled(45000, 1), "2023-03-15"), ("  x ", "  x ")], []),
    ("uuid", [("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
               "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
     [("not a uuid", "convert")]),
    ("jsonb", [('{"a": 1}', '{"a": 1}')], [("{", "convert|refused")]),
)


@case
def every_type_of_postgres(folder):
    with Postgres() as pg:
        for n, (kind, good, bad) in enumerate(TYPED):
            table = "t%d" % n
            pg.sql("CREATE TABLE %s (id integer, v %s)" % (table, kind))
            rows = [["id", "v"]]
            rows += [[i, cell] for i, (cell, _) in enumerate(good + bad)]
            workbook(folder, "a.xlsx", rows)
            wanted = [(str(i), text) for i, (_, text) in enumerate(good)]
            codes = [code for _, code in bad if code]
            summary = imported(folder, "a.xlsx", "--to", pg.url, "--table",
                               table, "--rejects", "bad.csv",
                               status=1 if codes else 0)
            # An empty text is no value.
            wanted += [(str(i + len(good)), None)
                       for i, (_, code) in enumerate(bad) if not code]
            same(pg.rows("SELECT id, v FROM %s ORDER BY id" % table), wanted,
                 kind)
            got = [r["code"] for r in read_csv(folder, "bad.csv")]
            same(len(got), len(codes), kind, got)
            for code, pattern in zip(got, codes):
                check(re.fullmatch(pattern, code), kind, got, codes)
            for reject in read_csv(folder, "bad.csv"):
                same((reject["column"], reject["header"]), ("B", "v"), kind)


@case
def constraints_of_postgres_by_every_method(folder):
    with Postgres() as pg:
        pg.sql("CREATE TABLE kinds (kind text PRIMARY KEY); "
               "INSERT INTO kinds VALUES ('a'), ('b')")
        for method in ("sequential", "concurrent", "batch", "copy"):
            pg.sql("CREATE TABLE %s (id integer PRIMARY KEY, kind text "
                   "REFERENCES kinds DEFERRABLE INITIALLY DEFERRED, name "
                   "text NOT NULL, age integer CHECK (age >= 0))" % method)
            rows = [["id", "kind", "name", "age"]] + [
                [n if n != 70 else 60, "c" if n == 20 else "ab"[n % 2],
                 None if n == 30 else "n%d" % n, -1 if n == 50 else n]
                for n in range(1, 301)]
            workbook(folder, "a.xlsx", rows)
            summary = imported(folder, "a.xlsx", "--to", pg.url, "--table",
                               method, "--method", method, "--workers", "1",
                               "--rejects", "bad.csv", status=1)
            same((summary["success_count"], summary["error_count"]), (296, 4))
            same([(r["row"], r["code"]) for r in read_csv(folder, "bad.csv")],
                 [("21", "refused"), ("31", "required"), ("51", "refused"),
                  ("71", "refused")], method)
            same(pg.count(method), 296)


@case
def a_trigger_that_raises_costs_its_row(folder):
    with Postgres() as pg:
        pg.sql("CREATE TABLE t (id integer); CREATE FUNCTION no() RETURNS "
               "trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.id % 100 = 0 THEN "
               "RAISE 'no hundreds'; END IF; RETURN NEW; END$$; CREATE TRIGGER "
               "no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()")
        workbook(folder, "a.xlsx", [["id"]] + [[n] for n in range(1, 1001)])
        for method in ("sequential", "batch", "copy"):
            pg.sql("TRUNCATE t")
            imported(folder, "a.xlsx", "--to", pg.url, "--table", "t",
                     "--method", method, "--rejects", "bad.csv", status=1)
            rejects = read_csv(folder, "bad.csv")
            same([int(r["row"]) for r in rejects],
                 [n + 1 for n in range(100, 1001, 100)])
            check("no hundreds" in rejects[0]["reason"], rejects[0])
            same(pg.count("t"), 990)


# --- a table that is made ----------------------------------------------------

# Cells of a column, the type in PostgreSQL, and what is stored.
MADE_OF_CELLS = (
    ([1, 2, 3], "bigint", ["1", "2", "3"]),
    ([1, 2.5], "double precision", ["1", "2.5"]),
    ([True, False], "boolean", ["t", "f"]),
    ([Styled(45000, 1), Styled(45001, 1)], "date",
     ["2023-03-15", "2023-03-16"]),
    ([Styled(45000, 1), Styled(45001.25, 2)], "timestamp without time zone",
     ["2023-03-15 00:00:00", "2023-03-16 06:00:00"]),
    ([Styled(0.5, 3)], "time without time zone", ["12:00:00"]),
    ([1, "x", True], "text", ["1", "x", "true"]),
    (["1", "2"], "text", ["1", "2"]),  # the author's text cells stay text
    (["007", "2024-02-29"], "text", ["007", "2024-02-29"]),
    ([None, None], "text", [None, None]),
    ([1, None, 3], "bigint", ["1", None, "3"]),
    ([9007199254740992, 1], "double precision", ["9.007199254740992e+15",
                                                 "1"]),
    ([1e300, 0.1], "double precision", ["1e+300", "0.1"]),
)

# The same where all is text.
MADE_OF_TEXT = (
    (["1", "-20"], "bigint", ["1", "-20"]),
    (["007", "123"], "text", ["007", "123"]),
    (["+49 30", "+49"], "text", ["+49 30", "+49"]),
    (["1234567890123456789", "1"], "text", ["1234567890123456789", "1"]),
    (["123456789012345678", "1"], "bigint", ["123456789012345678", "1"]),
    (["0.1", "2"], "double precision", ["0.1", "2"]),
    (["1.10", "1.1"], "text", ["1.10", "1.1"]),
    (["3.14159265358979312", "1"], "text", ["3.14159265358979312", "1"]),
    (["1e5", "2"], "text", ["1e5", "2"]),
    (["-0", "1"], "text", ["-0", "1"]),
    ([" 5", "6"], "text", [" 5", "6"]),
    (["1,5", "6"], "text", ["1,5", "6"]),
    (["true", "false"], "boolean", ["t", "f"]),
    (["yes", "no"], "text", ["yes", "no"]),
    (["2024-02-29", "2024-03-01"], "date", ["2024-02-29", "2024-03-01"]),
    (["2024-02-30"], "text", ["2024-02-30"]),
    (["2024-02-29 10:11:12"], "timestamp without time zone",
     ["2024-02-29 10:11:12"]),
    (["10:11:12"], "time without time zone", ["10:11:12"]),
    (["1/2/2024"], "text", ["1/2/2024"]),
    (["inf", "nan"], "text", ["inf", "nan"]),
    (["0x10", "1"], "text", ["0x10", "1"]),
    (["9007199254740993", "0.5"], "text", ["9007199254740993", "0.5"]),
)


def check_made(pg, table, made):
    kinds = dict(pg.rows(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = '%s'::regclass AND attnum > 0" % table))
    for n, (cells, kind, texts) in enumerate(made):
        same(kinds["c%d" % n], kind, cells)
        same([v for v, in pg.rows("SELECT c%d FROM %s ORDER BY row LIMIT %d"
                                  % (n, table, len(texts)))], texts, cells)


def table_of(made):
    """The columns side by side, behind one that numbers the rows."""
    height = max(len(cells) for cells, _, _ in made)
    yield ["row"] + ["c%d" % n for n in range(len(made))]
    for r in range(height):
        yield [r] + [cells[r] if r < len(cells) else None
                     for cells, _, _ in made]


@case
def a_column_is_never_narrowed(folder):
    workbook(folder, "a.xlsx", list(table_of(MADE_OF_CELLS)))
    with Postgres() as pg:
        imported(folder, "a.xlsx", "--to", pg.url, "--table", "t")
        check_made(pg, "t", MADE_OF_CELLS)


@case
def nor_is_a_column_of_a_csv(folder):
    with open(os.path.join(folder, "a.csv"), "w", newline="") as f:
        csv.writer(f).writerows(table_of(MADE_OF_TEXT))
    with Postgres() as pg:
        imported(folder, "a.csv", "--to", pg.url, "--table", "t")
        check_made(pg, "t", MADE_OF_TEXT)


@case
def the_type_rests_on_all_rows(folder):
    rows = [["v"]] + [[n] for n in range(1, 5000)] + [["the last is a text"]]
    workbook(folder, "a.xlsx", rows)
    summary = imported(folder, "a.xlsx", "--to", "sqlite:t.sqlite", "--table",
                       "t")
    same(summary["success_count"], 5000)
    same(sqlite(folder, "t.sqlite", "SELECT DISTINCT typeof(v) FROM t"),
         [("text",)])


@case
def names_of_a_new_table_are_unique_identifiers(folder):
    headers = ["Name", "name", "NAME ", "Unit price (EUR)", "", "1st", "x" * 99,
               "x" * 99, 2024, "größe", 'a"b', "select"]
    workbook(folder, "a.xlsx", [headers, ["v%d" % n for n in
                                          range(len(headers))]])
    with Postgres() as pg:
        imported(folder, "a.xlsx", "--to", pg.url, "--table", "t")
        names = [n for n, in pg.rows("SELECT attname FROM pg_attribute WHERE "
                                     "attrelid = 't'::regclass AND attnum > 0 "
                                     "ORDER BY attnum")]
    same(len(names), len(headers))
    same(len(set(n.lower() for n in names)), len(names))
    for name in names:
        check(len(name.encode()) <= 63, name)
        check(re.fullmatch(r"\w+", name), name)
    same(names[0], "name")
    same(names[3:6], ["unit_price_eur", "column_5", "_1st"])


@case
def hostile_names_are_only_names(folder):
    bad = 'x"; DROP TABLE victims; --'
    sqlite(folder, "t.sqlite", "CREATE TABLE victims (id)")
    workbook(folder, "a.xlsx", (bad[:31], [[bad, "id"], [bad, 1]]))
    ended(sluice(folder, "import", "a.xlsx", "--to", "sqlite:t.sqlite"), 0)
    ended(sluice(folder, "import", "a.xlsx", "--to", "sqlite:t.sqlite",
                 "--table", bad), 0)
    same(sqlite(folder, "t.sqlite", "SELECT count(*) FROM victims"), [(0,)])


@case
def the_ledger_is_no_table_to_import_into(folder):
    workbook(folder, "sluice_ledger.xlsx", [["import"], ["x"]])
    for name in (None, "sluice_ledger", "Sluice_Ledger", "main.sluice_ledger",
                 '"sluice_ledger"'):
        for target in ("sqlite:t.sqlite", "null:"):
            refused(sluice(folder, "import", "sluice_ledger.xlsx", "--to",
                           target, *(("--table", name) if name else ())),
                    2, "sluice_ledger", "another table")


@case
def a_table_in_another_schema(folder):
    with Postgres() as pg:
        pg.sql('CREATE TABLE %s."Mixed Case" (id integer)' % pg.schema)
        workbook(folder, "a.xlsx", [["id"], [1]])
        for name in ('%s."Mixed Case"' % pg.schema, '"Mixed Case"',
                     "Mixed Case"):
            imported(folder, "a.xlsx", "--to", pg.url, "--table", name)
        same(pg.count('"Mixed Case"'), 3)
        imported(folder, "a.xlsx", "--to", PG, "--table",
                 "%s.fresh" % pg.schema)
        same(pg.count("fresh"), 1)


@case
def too_few_columns_of_an_existing_table(folder):
    summary = into(folder, "t.sqlite", "CREATE TABLE t (a INTEGER, b TEXT NOT "
                   "NULL, c TEXT)", [["a", "b", "c"], [1, "x", "y"], [2, "x"],
                                     [3]], status=1)
    same(summary["success_count"], 2)
    same([(r["row"], r["code"]) for r in read_csv(folder, "bad.csv")],
         [("4", "too_few_columns")])


@case
def numbers_and_dates_in_sqlite(folder):
    into(folder, "t.sqlite", None, [
        ["n", "r", "b", "d", "s", "t"],
        [1, 1.5, True, Styled(45000, 1), Styled(45000.25, 2),
         Styled(0.25, 3)]])
    same(sqlite(folder, "t.sqlite", "SELECT n, r, b, d, s, t FROM t"),
         [(1, 1.5, 1, "2023-03-15", "2023-03-15T06:00:00", "06:00:00")])


main()
