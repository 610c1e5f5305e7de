#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""xlsx_borders.py READER: it does not matter where the reader's window ends.

The same rows and strings are pushed along by a comment before them, byte by
byte, over the border of the window (128 kB of src/sluice/read/xml_window.c), so
that the border falls on each of their bytes once. Prints TAP.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from workbook_maker import HEAD, MAIN, archive, strings, styles, workbook

WINDOW = 128 * 1024
ROWS = (
    '<row r="1" spans="1:6"><c r="A1" t="inlineStr"><is><t>borrowed</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t xml:space="preserve"> a &amp;&#x20AC; '
    '\u00e9\U0001f600_x0041_ </t></is></c><c r="C1" t="b"><v>1</v></c>'
    '<c r="D1" s="0"/><c r="E1" t="s"><v>1</v></c>'
    '<c r="F1" s="1"><v>44197.5</v></c></row>\r\n<?go on?>'
    '<row><c t="str" ><f>A1&amp;"x"</f><v>p\r\nq\rr</v></c><!-- - -- -->'
    "<c\tt='inlineStr'><is><r><t>on</t></r><r><t><![CDATA[e]\r\n]]]></t></r>"
    '<rPh sb="0" eb="1"><t>no</t></rPh></is></c><c><v>-1.25e2</v></c></row>')
ITEMS = (
    '<si><t>zero</t></si><si><t xml:space="preserve">o&lt;n\u00e9 _xD83D_'
    '_xDE00_</t></si><si><r><rPr><b/></rPr><t>t</t></r><r><t>wo</t></r></si>'
    '<!-- x --><si><t><![CDATA[<3>]]></t></si>')
LINES = ["1\t1\ts\tborrowed",
         "1\t2\ts\t a &\u20ac \u00e9\U0001f600A ", "1\t3\tb\ttrue",
         "1\t5\ts\to<n\u00e9 \U0001f600", "1\t6\td\t2021-01-01T12:00:00",
         "2\t1\ts\tp\\nq\\nr",
         "2\t2\ts\tone]\\n]", "2\t3\tn\t-125"]


def padded(head, body, tail, over):
    """The part, with `over` bytes of body before the border, and so much behind
    that the next window overwrites all of this one."""
    start = len((head + "<!---->").encode())
    pad = WINDOW - start - over
    return head + "<!--" + "x" * pad + "-->" + body + f"<!--{'y' * WINDOW}-->" + \
        tail


def sheet_parts():
    head = f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>'
    for over in range(len(ROWS.encode()) + 40):
        yield workbook(padded(head, ROWS, "</sheetData></worksheet>", over),
                       ITEMS, styles([0, 22]))


def string_parts():
    head = f'{HEAD}<sst xmlns="{MAIN}">'
    for over in range(len(ITEMS.encode()) + 20):
        parts = workbook(ROWS, "", styles([0, 22]))
        parts["xl/sharedStrings.xml"] = padded(head, ITEMS, "</sst>", over)
        yield parts


def wide_parts():
    """UTF-16: pairs of surrogates meet the border of a read."""
    for over in range(0, 200):
        text = "x" * (8100 + over) + "\U0001f600\u00e9" * 60
        rows = ROWS.replace(" a ", f" {text} ", 1)
        head = f'<worksheet xmlns="{MAIN}"><sheetData>'
        parts = workbook(
            (head + rows + "</sheetData></worksheet>").encode("utf-16"),
            ITEMS, styles([0, 22]))
        yield parts, [LINES[0], LINES[1].replace(" a ", f" {text} ", 1),
                      *LINES[2:]]


def differences(reader, folder, cases):
    paths, wanted = [], []
    for i, (parts, lines) in enumerate(cases):
        paths.append(os.path.join(folder, f"{i}.xlsx"))
        wanted.append("".join(f"{x}\n" for x in ["#sheet\t0\tS", *lines]))
        with open(paths[-1], "wb") as f:
            f.write(archive(parts))
    out = subprocess.run([reader, *paths], stdout=subprocess.PIPE).stdout
    got = out.decode(errors="surrogateescape").split("#file\n")
    wrong = [i for i, (a, b) in enumerate(zip(got, wanted)) if a != b]
    if len(got) != len(wanted):
        wrong.append(len(got))
    if wrong:
        print(f"# at {wrong[:10]} of {len(wanted)}: {got[wrong[0]][-600:]!r}",
              file=sys.stderr)
    return wrong


def main():
    failed = 0
    tests = [("a sheet", [(p, LINES) for p in sheet_parts()]),
             ("shared strings", [(p, LINES) for p in string_parts()]),
             ("UTF-16", list(wide_parts()))]
    for number, (name, cases) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            wrong = differences(sys.argv[1], folder, cases)
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}, cut in "
              f"{len(cases)} places")
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
