#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example workbook, by every method into every database: 9,987 rows are in
the table, each as the generator made it, and 13 are in the rejects report, each
for a reason of its own.
"""
from sluice_cli import *

METHODS = ("sequential", "concurrent", "batch", "copy")
COLUMNS = ("name", "category", "phone", "email", "address", "city", "country",
           "website", "description")
ALL = ", ".join(COLUMNS)

# In row order: the k-th lies in the middle of the k-th thirteenth.
CODES = ["too_few_columns", "required", "error_value", "nul", "encoding",
         "string_index", "bad_number", "bad_boolean", "bad_reference",
         "duplicate_cell", "cell_type", "text_too_long", "extra_value"]


def good_rows(folder):
    """What the table must hold, sorted."""
    path = os.path.join(folder, "good.csv")
    subprocess.run([GENERATOR, "--rows", "10000", "--seed", "1", "--bad",
                    "--csv", path], check=True)
    with open(path, newline="", encoding="utf-8") as f:
        lines = list(csv.reader(f))
    same(tuple(lines[0]), COLUMNS)
    return sorted(tuple(line) for line in lines[1:])


def table_rows(rows):
    """The same from a table: what is not known is NULL there."""
    check(not any("" in row for row in rows), "an empty text is in the table")
    return sorted(tuple("" if v is None else v for v in row) for row in rows)


def check_rows(got, wanted):
    """As same(), without printing ten thousand rows."""
    same(len(got), len(wanted))
    for a, b in zip(got, wanted):
        same(a, b)


def check_rejects(folder, name):
    rejects = read_csv(folder, name)
    same([r["code"] for r in rejects], CODES)
    rows = [int(r["row"]) for r in rejects]
    same(rows, sorted(rows))
    for reject in rejects:
        same(reject["sheet"], rejects[0]["sheet"])
        check(reject["reason"], reject)
    places = {r["code"]: (r["column"], r["header"]) for r in rejects}
    same(places["required"], ("A", "name"))
    same(places["error_value"], ("D", "email"))
    same(places["nul"], ("E", "address"))
    same(places["encoding"], ("I", "description"))
    same(places["string_index"], ("F", "city"))
    same(places["bad_number"], ("C", "phone"))
    same(places["bad_boolean"], ("G", "country"))
    same(places["cell_type"], ("B", "category"))
    same(places["text_too_long"], ("I", "description"))
    same(places["extra_value"], ("L", ""))
    values = {r["code"]: r["value"] for r in rejects}
    same(values["error_value"], "#N/A")
    same(values["bad_number"], "12a")
    same(values["extra_value"], "left over")


def check_import(folder, target, method):
    summary = imported(folder, EXAMPLE, "--to", target, "--preset",
                       "businesses", "--method", method, "--rejects",
                       "rejects.csv", status=1)
    same(summary["total_records"], 10000)
    same(summary["success_count"], 9987)
    same(summary["error_count"], 13)
    same(summary["method"], method)
    check_rejects(folder, "rejects.csv")


def into_sqlite(folder, method):
    check_import(folder, "sqlite:demo.sqlite", method)
    check_rows(table_rows(sqlite(folder, "demo.sqlite", "SELECT %s FROM "
                                 "businesses" % ALL)), good_rows(folder))
    same(sqlite(folder, "demo.sqlite", "SELECT count(*) FROM businesses WHERE "
                "created_at IS NULL OR updated_at IS NULL OR id IS NULL OR "
                "deleted_at IS NOT NULL"), [(0,)])


def into_postgres(folder, method):
    with Postgres() as pg:
        check_import(folder, pg.url, method)
        check_rows(table_rows(pg.rows("SELECT %s FROM businesses" % ALL)),
                   good_rows(folder))
        same(pg.sql("SELECT count(*) FROM businesses WHERE created_at IS NULL "
                    "OR updated_at IS NULL OR deleted_at IS NOT NULL"), "0")
        same(pg.sql("SELECT string_agg(substr(indexname, 16), ' ' ORDER BY "
                    "indexname) FROM pg_indexes WHERE schemaname = '%s' AND "
                    "indexname LIKE 'idx_businesses_%%'" % pg.schema),
             "category city country deleted_at email name")


def add(into, method):
    def run(folder):
        into(folder, method)
    run.__name__ = "%s_by_%s" % (into.__name__, method)
    case(run)


for each in METHODS:
    add(into_sqlite, each)
for each in METHODS:
    add(into_postgres, each)


@case
def into_nothing(folder):
    summary = imported(folder, EXAMPLE, "--to", "null:", "--preset",
                       "businesses", status=1)
    same((summary["success_count"], summary["error_count"]), (9987, 13))
    same(os.listdir(folder), [])


@case
def many_workers_and_small_batches(folder):
    with Postgres() as pg:
        for method in METHODS[1:]:
            summary = imported(folder, EXAMPLE, "--to", pg.url, "--preset",
                               "businesses", "--method", method, "--workers",
                               9, "--batch-size", 7, "--table", method,
                               "--rejects", "rejects.csv", status=1)
            same(summary["success_count"], 9987)
            check_rejects(folder, "rejects.csv")
            same(pg.count(method), 9987)


@case
def auto_is_copy_for_postgres(folder):
    with Postgres() as pg:
        same(imported(folder, EXAMPLE, "--to", pg.url, "--preset",
                      "businesses", status=1)["method"], "copy")


@case
def without_a_report_the_first_rejects_are_on_stderr(folder):
    result = ended(sluice(folder, "import", EXAMPLE, "--to", "sqlite:a.sqlite",
                          "--preset", "businesses"), 1)
    lines = result.err.splitlines()
    same(len(lines), 11, result)
    for line in lines[:10]:
        check(re.search(r'sheet ".*", row \d+', line), line)
    check(re.search(r"\b3 more", lines[10]), result)
    check("9,987" in result.out and "13" in result.out, result)


@case
def the_rejects_are_a_workbook_when_so_named(folder):
    ended(sluice(folder, "import", EXAMPLE, "--to", "null:", "--preset",
                 "businesses", "--rejects", "bad.xlsx"), 1)
    cells = ended(sluice(folder, "inspect", "--cells", "bad.xlsx"), 0).out
    codes = [line.split("\t")[3] for line in cells.splitlines()
             if line.split("\t")[1] == "6"]
    same(codes, ["code"] + CODES)


@case
def the_rest_of_a_second_import_is_the_same(folder):
    arguments = ("import", EXAMPLE, "--to", "sqlite:a.sqlite", "--preset",
                 "businesses", "--quiet")
    ended(sluice(folder, *arguments), 1)
    ended(sluice(folder, *arguments), 1)
    same(sqlite(folder, "a.sqlite", "SELECT count(*), count(DISTINCT id) FROM "
                "businesses"), [(2 * 9987, 2 * 9987)])


main()
