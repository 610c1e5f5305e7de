#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""xlsx_cells.py READER: what the cells of a workbook mean, case by case.

Each case is a workbook of a few strings and the lines that READER
(tests/sluice/print_cells.c) prints of it. Prints TAP.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from workbook_maker import MAIN, archive, relations, sheet, styles, workbook

ROW = '<row r="1">%s</row>'


def text(t):
    return f'<c r="A1" t="inlineStr"><is><t>{t}</t></is></c>'


def bad(column, code, said=""):
    return f"1\t{column}\tx\t{code} {said}"


SHARED = ('<si><t>plain</t></si><si><t xml:space="preserve"> kept </t></si>'
          '<si><r><t>one</t></r><r><rPr><b/></rPr><t> two</t></r>'
          '<rPh sb="0" eb="1"><t>ping</t></rPh><phoneticPr fontId="1"/></si>'
          '<si/><si><t/></si><si><t>a_x000D_b</t></si><si><t>_x0000_</t></si>'
          '<si><t>_xD800_</t></si><si><t>R&amp;D</t></si>')
DATES = styles([0, 14, 20, 164, 165, 166, 22],
               [(164, "[h]:mm:ss"), (165, "0.00&quot; days&quot;"),
                (166, "[Red]yyyy\\-mm\\-dd;@")])


def styled(style, value, kind=""):
    return ROW % f'<c r="A1" s="{style}"{kind}><v>{value}</v></c>'


# name, parts (or rows), lines after "#sheet 0 S"
CASES = [
    ("numbers", ROW % ('<c r="A1"><v>1</v></c><c r="B1"><v>-0.5</v></c>'
                       '<c r="C1" t="n"><v>1E3</v></c><c r="D1"><v> 7 </v></c>'
                       '<c r="E1"><v>0.10000000000000001</v></c>'),
     ["1\t1\tn\t1", "1\t2\tn\t-0.5", "1\t3\tn\t1000", "1\t4\tn\t7",
      "1\t5\tn\t0.1"]),
    ("what is no number", ROW % (
        '<c r="A1"><v>12a</v></c><c r="B1"><v>NaN</v></c>'
        '<c r="C1"><v>1e999</v></c>'),
     [bad(1, "bad_number", "12a"), bad(2, "bad_number", "NaN"),
      bad(3, "bad_number", "1e999")]),
    ("booleans and errors", ROW % (
        '<c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c>'
        '<c r="C1" t="b"><v>maybe</v></c><c r="D1" t="e"><v>#N/A</v></c>'
        '<c r="E1" t="b"><v>2</v></c>'),
     ["1\t1\tb\ttrue", "1\t2\tb\tfalse", bad(3, "bad_boolean", "maybe"),
      "1\t4\te\t#N/A", bad(5, "bad_boolean", "2")]),
    ("texts of formulas", ROW % (
        '<c r="A1" t="str"><f>A2&amp;"x"</f><v>a &lt; b</v></c>'
        '<c r="B1"><f t="shared" si="0"/><v>3</v></c>'
        '<c r="C1" t="str"><v></v></c>'),
     ["1\t1\ts\ta < b", "1\t2\tn\t3"]),
    ("shared strings", workbook(ROW % "".join(
        f'<c r="{c}1" t="s"><v>{i}</v></c>'
        for i, c in enumerate("ABCDEFGHI")), SHARED),
     ["1\t1\ts\tplain", "1\t2\ts\t kept ", "1\t3\ts\tone two",
      "1\t6\ts\ta\\rb", bad(7, "nul", "_x0000_"),
      bad(8, "encoding", "_xD800_"), "1\t9\ts\tR&D"]),
    ("shared string out of range", workbook(ROW % (
        '<c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>-1</v></c>'
        '<c r="C1" t="s"><v>x</v></c><c r="D1" t="s"><v>0</v></c>'
        '<c r="E1" t="s"><v>99999999999999999999</v></c>'),
        "<si><t>only</t></si>"),
     [bad(1, "string_index", "1"), bad(2, "string_index", "-1"),
      bad(3, "string_index", "x"), "1\t4\ts\tonly",
      bad(5, "string_index", "99999999999999999999")]),
    ("no table of strings", ROW % '<c r="A1" t="s"><v>0</v></c>',
     [bad(1, "string_index", "0")]),
    ("escapes", ROW % text("_x0041__x00e9__xD83D__xDE00__x005F_x0041_ _x41_"),
     ["1\t1\ts\tA\u00e9\U0001f600_x0041_ _x41_"]),
    ("references", ROW % text("&#65;&#x20AC;&lt;&gt;&amp;&quot;&apos;"),
     ["1\t1\ts\tA\u20ac<>&\"'"]),
    ("reference to NUL", ROW % text("a&#0;b"), [bad(1, "nul", "ab")]),
    ("reference to a surrogate", ROW % text("&#xD800;"),
     [bad(1, "encoding")]),
    ("reference beyond the last character", ROW % text("&#x110000;"),
     [bad(1, "encoding")]),
    ("CDATA, comments and instructions",
     ROW % text("a<![CDATA[<b> & ]]]]><!-- no --><?no?><![CDATA[>]]>c"),
     ["1\t1\ts\ta<b> & ]]>c"]),
    ("line ends", sheet(ROW % text("a\r\nb\rc\nd")), ["1\t1\ts\ta\\nb\\nc\\nd"]),
    ("white space is kept", ROW % text("  a\tb  "), ["1\t1\ts\t  a\\tb  "]),
    ("NUL", workbook(sheet(ROW % text("a\0b")).encode()),
     [bad(1, "nul", "a\0b")]),
    ("controls", ROW % text("a\x01b"), [bad(1, "encoding", "a\x01b")]),
    ("unknown type", ROW % '<c r="A1" t="q"><v>5</v></c>',
     [bad(1, "cell_type", "5")]),
    ("text of the limit", ROW % text("x" * 1048576),
     ["1\t1\ts\t" + "x" * 1048576]),
    ("text above the limit", ROW % (text("x" * 1048577) +
                                    '<c r="B1"><v>1</v></c>'),
     [bad(1, "text_too_long", "x" * 200), "1\t2\tn\t1"]),
    ("text far above the limit",
     ROW % text("x" * 9000000) + '<row r="2"><c r="A2"><v>1</v></c></row>',
     [bad(1, "text_too_long", "x" * 200), "2\t1\tn\t1"]),
    ("references beyond the grid", ROW % (
        '<c r="XFD1"><v>1</v></c><c r="XFE1"><v>2</v></c>'),
     [bad(16384, "bad_reference", "XFE1")]),
    ("bad references", ROW % (
        '<c r="A0"><v>1</v></c><c r="B"><v>2</v></c><c r="C2"><v>3</v></c>'
        '<c r="AAAAAAAAAAAAAAAAA1"><v>4</v></c><c r="E1"><v>5</v></c>'
        '<c r="F18446744073709551617"><v>6</v></c><c r="1"/>'),
     [bad(1, "bad_reference", "A0"), bad(2, "bad_reference", "B"),
      bad(3, "bad_reference", "C2"),
      bad(4, "bad_reference", "AAAAAAAAAAAAAAAAA1"), "1\t5\tn\t5",
      bad(6, "bad_reference", "F18446744073709551617")]),
    ("a column twice", ROW % ('<c r="A1"><v>1</v></c>' + text("two") +
                              '<c r="B1"><v>2</v></c><c r="B1"/>'),
     [bad(1, "duplicate_cell", "two"), "1\t2\tn\t2"]),
    ("cells out of order", ROW % (
        '<c r="C1"><v>3</v></c><c r="A1"><v>1</v></c>' +
        text("").replace("A1", "B1") + '<c r="B1"><v>2</v></c>'),
     ["1\t1\tn\t1", "1\t2\tn\t2", "1\t3\tn\t3"]),
    ("no references", '<row><c><v>1</v></c><c/><c><v>3</v></c></row><row/>'
                      '<row><c><v>4</v></c></row>',
     ["1\t1\tn\t1", "1\t3\tn\t3", "3\t1\tn\t4"]),
    ("a row told by its cell", '<row><c r="B7"><v>1</v></c></row>'
                               '<row><c><v>2</v></c></row>',
     ["7\t2\tn\t1", "8\t1\tn\t2"]),
    ("row beyond the grid", '<row r="1048577"><c r="A1048577"><v>1</v></c>'
                            '<c r="B1048577"/></row>',
     ["1048577\t1\tx\tbad_reference A1048577"]),
    ("the last cell", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
     ["1048576\t16384\tn\t1"]),
    ("attributes in any order and quote", ROW % (
        "<c t='str'  s = \"0\"\n r='A1' ><v>x</v ></c ><c r=\"&#66;1\">"
        "<v>2</v></c>"),
     ["1\t1\ts\tx", "1\t2\tn\t2"]),
    ("prefixes", f'<?xml version="1.0"?><x:worksheet xmlns:x="{MAIN}" '
                 'xmlns="urn:other"><sheetData><row r="9"/></sheetData>'
                 '<x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c>'
                 '<c r="B1"><v>2</v></c></x:row></x:sheetData></x:worksheet>',
     ["1\t1\tn\t1"]),
    ("foreign elements", sheet(
        '<x:row xmlns:x="urn:x" r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
        '<row r="2"><c r="A2"><x:v xmlns:x="urn:x">9</x:v><v>1</v></c>'
        '<c xmlns="urn:x" r="B2"><v>1</v></c></row>',
        before='<dimension ref="A1:XFD1048576"/><cols><col min="1" '
               'max="16384"/></cols>',
        after='<extLst><ext><sheetData><row r="1"/></sheetData></ext></extLst>'),
     ["2\t1\tn\t1"]),
    ("UTF-16", workbook(sheet(ROW % text("\u00e9\U0001f600")).replace(
        "UTF-8", "UTF-16").encode("utf-16")), ["1\t1\ts\t\u00e9\U0001f600"]),
    ("UTF-16 without a mark", workbook(sheet(
        "".join(f'<row r="{i}"><c r="A{i}"><v>{i}</v></c></row>'
                for i in range(1, 3000))).replace("UTF-8", "utf-16")
        .encode("utf-16-be")),
     [f"{i}\t1\tn\t{i}" for i in range(1, 3000)]),
    ("byte order mark", workbook(b"\xef\xbb\xbf" + sheet(
        ROW % text("x")).encode()), ["1\t1\ts\tx"]),
    ("invalid UTF-8", workbook(sheet(
        ROW % text("%") + '<row r="2"><c r="A2"><v>1</v></c></row>')
        .encode().replace(b"%", b"caf\xe9")),
     ["1\t1\tx\tencoding caf\udce9", "2\t1\tn\t1"]),
    ("date", workbook(styled(1, "44197"), None, DATES), ["1\t1\td\t2021-01-01"]),
    ("date and time", workbook(styled(6, "44197.5"), None, DATES),
     ["1\t1\td\t2021-01-01T12:00:00"]),
    ("time", workbook(styled(2, "0.75"), None, DATES), ["1\t1\tt\t18:00:00"]),
    ("duration", workbook(styled(3, "1.5"), None, DATES), ["1\t1\tt\t36:00:00"]),
    ("negative duration", workbook(styled(3, "-0.0625"), None, DATES),
     ["1\t1\tt\t-01:30:00"]),
    ("no date", workbook(styled(4, "44197"), None, DATES), ["1\t1\tn\t44197"]),
    ("custom date", workbook(styled(5, "1"), None, DATES),
     ["1\t1\td\t1900-01-01"]),
    ("the day that never was", workbook(styled(1, "60"), None, DATES),
     ["1\t1\tn\t60"]),
    ("before and after it", workbook(
        ROW % '<c r="A1" s="1"><v>59</v></c><c r="B1" s="1"><v>61</v></c>',
        None, DATES), ["1\t1\td\t1900-02-28", "1\t2\td\t1900-03-01"]),
    ("beyond the calendar", workbook(
        ROW % '<c r="A1" s="1"><v>-1</v></c><c r="B1" s="1"><v>2958466</v></c>',
        None, DATES), ["1\t1\tn\t-1", "1\t2\tn\t2958466"]),
    ("epoch of 1904", workbook(styled(1, "0"), None, DATES,
                               '<workbookPr date1904="1"/>'),
     ["1\t1\td\t1904-01-01"]),
    ("style that is not there", workbook(styled(99, "44197"), None, DATES),
     ["1\t1\tn\t44197"]),
    ("ISO dates", ROW % (
        '<c r="A1" t="d"><v>2020-02-29T01:02:03.5</v></c>'
        '<c r="B1" t="d"><v>2020-02-29</v></c>'
        '<c r="C1" t="d"><v>2021-02-29</v></c>'
        '<c r="D1" t="d"><v>13:14:15</v></c>'),
     ["1\t1\td\t2020-02-29T01:02:03.500", "1\t2\td\t2020-02-29",
      bad(3, "bad_number", "2021-02-29"), "1\t4\tt\t13:14:15"]),
    ("an absolute target and another name", workbook(
        "", **{"xl/_rels/workbook.xml.rels":
               relations(("worksheet", "/elsewhere/../x/Sheet.XML")),
               "X/sheet.xml": sheet(ROW % text("found"))}),
     ["1\t1\ts\tfound"]),
    ("parts that no relationship names", workbook(
        ROW % '<c r="A1" s="1"><v>44197</v></c><c r="B1" t="s"><v>0</v></c>',
        "<si><t>x</t></si>", DATES,
        **{"xl/_rels/workbook.xml.rels":
           relations(("worksheet", "worksheets/sheet1.xml"))}),
     ["1\t1\td\t2021-01-01", "1\t2\ts\tx"]),
    ("a sheet of nothing", "", []),
]


def main():
    reader = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, parts, lines) in enumerate(CASES, 1):
            if not isinstance(parts, dict):
                parts = workbook(parts)
            path = os.path.join(folder, "case.xlsx")
            with open(path, "wb") as f:
                f.write(archive(parts))
            run = subprocess.run([reader, path], stdout=subprocess.PIPE)
            wanted = "".join(f"{line}\n" for line in ["#sheet\t0\tS", *lines])
            got = run.stdout.decode(errors="surrogateescape")
            good = got == wanted and run.returncode == 0
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
            if not good:
                print(f"# {name}: got {got[-400:]!r}, wanted {wanted[-400:]!r}",
                      file=sys.stderr)
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
