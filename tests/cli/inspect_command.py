#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sluice inspect: the sheets, the columns and their types, the first rows; and
with --cells every cell in the normal form.
"""
from sluice_cli import *


@case
def shows_sheets_columns_and_rows(folder):
    workbook(folder, "a.xlsx",
             ("Prices", [["Item", "Unit price", "Since", "Sold"]] +
              [["thing %d" % n, n + 0.5, Styled(45000 + n, 1), True]
               for n in range(1, 301)]),
             ("Notes", [["n"], [1]]), hidden=("Notes",))
    out = ended(sluice(folder, "inspect", "a.xlsx"), 0).out
    for text in ("Prices", "Notes", "hidden", "Unit price", "unit_price",
                 "thing 1", "1.5", "2023-03-16", "true", "real|double|numeric",
                 r"\bdate\b", "boolean", r"\btext\b"):
        check(re.search(text, out), "no %s in" % text, out)
    check("thing 300" not in out, "every row is shown", out)
    check(len(out.splitlines()) < 60, out)


@case
def shows_the_sheet_that_is_asked_for(folder):
    workbook(folder, "a.xlsx", ("One", [["first"], [1]]),
             ("Two", [["second"], ["x"]]))
    for sheet in ("Two", "2"):
        out = ended(sluice(folder, "inspect", "a.xlsx", "--sheet", sheet),
                    0).out
        check("second" in out and "first" not in out, out)
    refused(sluice(folder, "inspect", "a.xlsx", "--sheet", "Three"), 3,
            "Three", "One", "Two")


@case
def a_header_that_is_none_hides_no_sheet(folder):
    workbook(folder, "a.xlsx", ("Bad", [
        ["a", Raw('<c r="B1" t="e"><v>#N/A</v></c>')], ["below", 1]]),
        ("Wide", [["c%d" % n for n in range(1700)], [1]]),
        ("Good", [["behind"], [1]]))
    out = ended(sluice(folder, "inspect", "a.xlsx"), 0).out
    for text in ("no table can be made", "below", "1600", "behind"):
        check(text in out, out)


@case
def shows_the_example(folder):
    out = ended(sluice(folder, "inspect", EXAMPLE), 0).out
    for text in ("name", "category", "description", r"10,?000"):
        check(re.search(text, out), text, out)


@case
def a_terminal_is_sent_no_control_characters(folder):
    workbook(folder, "a.xlsx", [["id", "na\x07me"], [1, "a\x1b[31mred\r\nb"]])
    put_parts(folder, "a.xlsx", {
        n: p.replace("\x07", "_x0007_").replace("\x1b", "_x001B_")
        for n, p in workbook_parts([("S", [["id", "na\x07me"], [
            1, "a\x1b[31mred\r\nb"]])]).items()})
    out = ended(sluice(folder, "inspect", "a.xlsx"), 0).out
    check(not re.search("[\0-\10\13-\37\177]", out), repr(out))


@case
def cells_in_the_normal_form(folder):
    workbook(folder, "a.xlsx", ("First", [
        ["text", 1, 1.5, True, None, "a\tb\nc\\d"],
        [],
        [Styled(45000, 1), Styled(45000.5, 2), Styled(0.25, 3), 1e21, 1e-7,
         Raw('<c r="F3" t="e"><v>#N/A</v></c>')]]),
        ("Second", [["", 0, -0.0]]), ("Third", []), hidden=("Second",))
    same(ended(sluice(folder, "inspect", "--cells", "a.xlsx"), 0).out,
         "#sheet\t0\tFirst\n"
         "1\t1\ts\ttext\n1\t2\tn\t1\n1\t3\tn\t1.5\n1\t4\tb\ttrue\n"
         "1\t6\ts\ta\\tb\\nc\\\\d\n"
         "3\t1\td\t2023-03-15\n3\t2\td\t2023-03-15T12:00:00\n"
         "3\t3\tt\t06:00:00\n3\t4\tn\t1e+21\n3\t5\tn\t1e-7\n"
         "3\t6\te\t#N/A\n"
         "#sheet\t1\tSecond\n1\t2\tn\t0\n1\t3\tn\t0\n"
         "#sheet\t2\tThird\n")


@case
def cells_of_a_csv(folder):
    put(folder, "a.csv", '\ufeffid;name\r\n1;"x;y"\r\n\r\n2;"a""b"\r\n')
    same(ended(sluice(folder, "inspect", "--cells", "a.csv"), 0).out,
         "#sheet\t0\ta\n1\t1\ts\tid\n1\t2\ts\tname\n2\t1\ts\t1\n"
         "2\t2\ts\tx;y\n3\t1\ts\t2\n3\t2\ts\ta\"b\n")


@case
def a_pipe_that_nobody_reads_to_its_end(folder):
    child = start(folder, "inspect", "--cells", EXAMPLE)
    check(child.stdout.read(10))
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    child.wait(timeout=PATIENCE_S)
    check(child.returncode in (3, -signal.SIGPIPE, 128 + signal.SIGPIPE),
          child.returncode, err)


main()
