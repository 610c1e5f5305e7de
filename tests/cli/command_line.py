#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Options, help, defaults, and what is printed where."""
import fcntl
import pty
import struct
import termios

from sluice_cli import *

ROWS = [["id", "name"], [1, "a"], [2, "b"], [3, "c"]]


def wrong_usage(folder, *arguments):
    result = ended(sluice(folder, *arguments), 2)
    check(re.match("sluice( import| inspect)?: ", result.err), result)
    check(len(result.err.splitlines()) <= 2, "more than a line and a hint:",
          result)
    same(result.out, "")
    return result


@case
def version(folder):
    result = ended(sluice(folder, "--version"), 0)
    check(re.match(r"sluice \d+\.\d+\.\d+\n", result.out), result)


@case
def help_names_every_option(folder):
    whole = ended(sluice(folder, "--help"), 0).out
    same(ended(sluice(folder, "help"), 0).out, whole)
    for word in ("import", "inspect", "serve"):
        check(word in whole, whole)
    about = ended(sluice(folder, "import", "--help"), 0).out
    for option in ("to", "table", "sheet", "method", "workers", "batch-size",
                   "map", "preset", "rejects", "json", "quiet"):
        check("--" + option in about, "no --%s in" % option, about)
    about = ended(sluice(folder, "inspect", "--help"), 0).out
    for option in ("--sheet", "--cells"):
        check(option in about, about)
    same(ended(sluice(folder, "help", "serve"), 0).out,
         ended(sluice(folder, "serve", "--help"), 0).out)


@case
def the_manual_names_every_option(folder):
    for command, page in (("import", "sluice.1"), ("inspect", "sluice.1"),
                          ("serve", "sluice-serve.1")):
        with open(os.path.join(ROOT, "docs", "man", page + ".scd")) as f:
            manual = f.read()
        about = ended(sluice(folder, command, "--help"), 0).out
        options = re.findall(r"^ +(?:-., )?--([a-z-]+)", about, re.M)
        check(len(options) > 3, about)
        for option in set(options) - {"help", "usage"}:
            check("*--%s*" % option in manual, "no --%s in the manual" % option)


@case
def usage_errors(folder):
    workbook(folder, "a.xlsx", ROWS)
    for arguments in (
            ("export",), ("--nonsense",), ("import",), ("inspect",),
            ("import", "a.xlsx", "b.xlsx"), ("inspect", "a.xlsx", "b.xlsx"),
            ("import", "a.xlsx", "--nonsense"),
            ("import", "a.xlsx", "--method", "fast"),
            ("import", "a.xlsx", "--workers", "0"),
            ("import", "a.xlsx", "--workers", "-1"),
            ("import", "a.xlsx", "--workers", "many"),
            ("import", "a.xlsx", "--workers", "1x"),
            ("import", "a.xlsx", "--workers", "99999999999999999999"),
            ("import", "a.xlsx", "--batch-size", "0"),
            ("import", "a.xlsx", "--batch-size", "1e3"),
            ("import", "a.xlsx", "--preset", "people"),
            ("import", "a.xlsx", "--map", "no equals sign"),
            ("import", "a.xlsx", "--to"),
            ("import", "a.xlsx", "--to", "mysql://localhost/a"),
            ("import", "a.xlsx", "--to", ""),
            ("import", "a.xlsx", "--table", ""),
            ("import", "a.xlsx", "--rejects", ""),
            ("import", "")):
        wrong_usage(folder, *arguments)
    same(sorted(os.listdir(folder)), ["a.xlsx"])


@case
def nothing_at_all_shows_the_usage(folder):
    result = ended(sluice(folder), 2)
    check("import" in result.err and "inspect" in result.err, result)
    same(result.out, "")


@case
def a_wrong_target_does_not_show_its_password(folder):
    workbook(folder, "a.xlsx", ROWS)
    result = wrong_usage(folder, "import", "a.xlsx", "--to",
                         "mysql://me:geheim@localhost/a")
    check("geheim" not in result.err, result)


@case
def the_default_target_lies_beside_the_workbook(folder):
    os.mkdir(os.path.join(folder, "sub"))
    workbook(folder, "sub/My list.xlsx", ("Sheet1", ROWS))
    ended(sluice(folder, "import", "sub/My list.xlsx", "--table", "t"), 0)
    same(sorted(os.listdir(os.path.join(folder, "sub"))),
         ["My list.sqlite", "My list.xlsx"])
    same(sqlite(folder, "sub/My list.sqlite", "SELECT * FROM t"),
         [(1, "a"), (2, "b"), (3, "c")])


def table_of(folder, name):
    return sqlite(folder, name, "SELECT name FROM sqlite_schema WHERE type = "
                  "'table' AND name NOT LIKE 'sqlite%'")


@case
def the_default_table_is_named_after_the_file(folder):
    os.mkdir(os.path.join(folder, "sub"))
    for n, (file, table) in enumerate((
            ("sub/Price list.xlsx", "price_list"),
            ("2024 Prices!.xlsx", "_2024_prices"),
            ("Größen.xlsx", "größen"), ("!.xlsx", "import"))):
        workbook(folder, file, ROWS)
        target = "%d.sqlite" % n
        ended(sluice(folder, "import", file, "--to", "sqlite:" + target), 0)
        same(table_of(folder, target), [(table,)])


@case
def the_first_visible_sheet_with_data_is_the_default(folder):
    workbook(folder, "a.xlsx", ("Empty", []), ("Notes", [["n"], [1]]),
             ("Rest", ROWS), hidden=("Notes",))
    ended(sluice(folder, "import", "a.xlsx", "--to", "sqlite:a.sqlite",
                 "--table", "t"), 0)
    same(sqlite(folder, "a.sqlite", "SELECT count(*) FROM t"), [(3,)])


@case
def a_sheet_by_name_or_number(folder):
    workbook(folder, "a.xlsx", ("One", [["n"], [1]]), ("Two", ROWS),
             ("1", [["n"], [5], [6]]))
    for n, (sheet, count) in enumerate((("Two", 3), ("two", 3), ("2", 3),
                                        ("1", 2), ("One", 1))):
        target = "%d.sqlite" % n
        ended(sluice(folder, "import", "a.xlsx", "--to", target, "--sheet",
                     sheet, "--table", "t"), 0)
        same(sqlite(folder, target, "SELECT count(*) FROM t"), [(count,)],
             sheet)


@case
def the_summary_is_for_people(folder):
    workbook(folder, "a.xlsx", ROWS)
    result = ended(sluice(folder, "import", "a.xlsx"), 0)
    same(result.err, "")
    for word in ("a.xlsx", "a.sqlite", r"\b3\b", "copy", "rows/s"):
        check(re.search(word, result.out), word, result)


@case
def quiet_says_nothing(folder):
    workbook(folder, "a.xlsx", ROWS)
    result = ended(sluice(folder, "import", "a.xlsx", "--quiet"), 0)
    same((result.out, result.err), ("", ""))


@case
def json_is_one_object(folder):
    workbook(folder, "a.xlsx", ROWS)
    result = ended(sluice(folder, "import", "a.xlsx", "--json", "--to",
                          "sqlite:a.sqlite"), 0)
    same(result.err, "")
    summary = result.json()
    for key, wanted in (("total_records", 3), ("success_count", 3),
                        ("error_count", 0), ("method", "copy")):
        same(summary[key], wanted, key)
    check(re.fullmatch(r"\d+\.\d+s", summary["duration"]), summary)
    check(isinstance(summary["records_per_second"], (int, float)), summary)
    check("a.sqlite" in summary["target"], summary)
    check("error" not in summary, summary)


@case
def json_says_why_it_failed(folder):
    workbook(folder, "a.xlsx", ROWS)
    put(folder, "b.sqlite", "this is no database at all, only text" * 99)
    result = refused(sluice(folder, "import", "a.xlsx", "--json", "--to",
                            "sqlite:b.sqlite"), 4, "database")
    summary = result.json()
    check(summary["error"], summary)
    same(summary["success_count"], 0)


@case
def the_target_of_a_summary_shows_no_password(folder):
    if not PG_TCP:
        raise Skip("SLUICE_TEST_PG_TCP is not set")
    workbook(folder, "a.xlsx", ROWS)
    password = urllib.parse.urlsplit(PG_TCP).password
    result = sluice(folder, "import", "a.xlsx", "--to", PG_TCP, "--json")
    ended(result, 4)  # the role may not create a table
    for text in (password, urllib.parse.unquote(password)):
        check(text not in result.out + result.err, result)


@case
def standard_output_that_is_full_is_an_error(folder):
    workbook(folder, "a.xlsx", ROWS)
    with open("/dev/full", "wb") as full:
        child = subprocess.Popen(
            [SLUICE, "inspect", "a.xlsx"], cwd=folder, stdout=full,
            stderr=subprocess.PIPE, env=environment())
        _, err = child.communicate(timeout=PATIENCE_S)
    check(child.returncode != 0 and err.startswith(b"sluice: "), err)


@case
def a_rejects_file_that_cannot_be_written(folder):
    workbook(folder, "a.xlsx", ROWS)
    result = sluice(folder, "import", "a.xlsx", "--to", "sqlite:a.sqlite",
                    "--rejects", "no/such/folder/bad.csv")
    refused(result, 3, "no/such/folder/bad.csv", "no such file")
    check(not os.path.exists(os.path.join(folder, "a.sqlite")) or
          table_of(folder, "a.sqlite") == [], "a table was made")


@case
def a_rejects_file_that_is_the_workbook(folder):
    put(folder, "a.csv", "id,name\n1,a\n")
    os.symlink("a.csv", os.path.join(folder, "b.csv"))
    for name in ("a.csv", "./a.csv", "b.csv"):
        refused(sluice(folder, "import", "a.csv", "--to", "null:", "--rejects",
                       name), 2, "rejects")
    same(get(folder, "a.csv"), b"id,name\n1,a\n")


@case
def without_rejects_there_is_an_empty_report(folder):
    workbook(folder, "a.xlsx", ROWS)
    put(folder, "bad.csv", "of an earlier import\n")
    ended(sluice(folder, "import", "a.xlsx", "--rejects", "bad.csv"), 0)
    same(read_csv(folder, "bad.csv"), [])
    same(sorted(os.listdir(folder)), ["a.sqlite", "a.xlsx", "bad.csv"])


@case
def what_looks_like_a_formula_is_guarded(folder):
    sqlite(folder, "a.sqlite", "CREATE TABLE t (n INTEGER, text TEXT)")
    values = ["=1+1", "+x", "-x", "@x", "\tx", "-5.5", "a,b", 'a"b', "a\nb"]
    workbook(folder, "a.xlsx", [["n", "text"]] + [[v, "t"] for v in values])
    ended(sluice(folder, "import", "a.xlsx", "--table", "t", "--rejects",
                 "bad.csv"), 1)
    rejects = read_csv(folder, "bad.csv")
    for reject, value in zip(rejects, values):
        guarded = value[0] in "=+-@\t" and value != "-5.5"
        # A control character is shown as a question mark.
        shown = re.sub(r"[\0-\37]", "?", value)
        check(reject["value"] in (("'" if guarded else "") + value, shown),
              reject)
        check(reject["value"][0] not in "=+@\t\r", reject)


@case
def a_file_name_that_begins_with_a_dash(folder):
    workbook(folder, "-a.xlsx", ROWS)
    ended(sluice(folder, "import", "--to", "null:", "--", "-a.xlsx"), 0)


# --- on a terminal -----------------------------------------------------------

def read_until(fd, pattern):
    """What a terminal shows until the pattern occurs in it."""
    seen = b""
    while not re.search(pattern, seen):
        ready, _, _ = select.select([fd], [], [], PATIENCE_S)
        check(ready, "the terminal shows only", seen)
        try:
            more = os.read(fd, 4096)
        except OSError:  # the other end is closed
            more = b""
        check(more, "the terminal shows only", seen)
        seen += more
    return seen


def rest_of(fd):
    seen = b""
    while True:
        try:
            more = os.read(fd, 4096)
        except OSError:
            return seen
        if not more:
            return seen
        seen += more


def on_terminal(folder, *arguments):
    """(child, what its stderr shows: a descriptor)"""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    child = start(folder, *arguments, stderr=theirs)
    os.close(theirs)
    return child, ours


@case
def progress_is_shown_on_a_terminal_and_erased(folder):
    workbook(folder, "a.xlsx", ROWS)
    # Another writer holds the database: the import waits for it.
    sqlite(folder, "a.sqlite", "CREATE TABLE t (id INTEGER, name TEXT)")
    sqlite(folder, "a.sqlite", "PRAGMA journal_mode = WAL")
    other = sqlite3.connect(os.path.join(folder, "a.sqlite"),
                            isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    child, screen = on_terminal(folder, "import", "a.xlsx", "--table", "t")
    shown = read_until(screen, rb"rows/s")
    check(b"\n" not in shown, shown)
    other.execute("ROLLBACK")
    other.close()
    shown += rest_of(screen)
    os.close(screen)
    result = ended(finish(child), 0)
    check("3" in result.out, result)
    # The line is taken back: nothing stands there at the end.
    check(re.search(rb"\r(\x1b\[[0-9]*K| +\r)$", shown), shown)


@case
def quiet_and_json_show_no_progress(folder):
    workbook(folder, "a.xlsx", ROWS)
    for option in ("--quiet", "--json"):
        child, screen = on_terminal(folder, "import", "a.xlsx", "--to",
                                    "null:", option)
        same(rest_of(screen), b"")
        os.close(screen)
        ended(finish(child), 0)


main()
