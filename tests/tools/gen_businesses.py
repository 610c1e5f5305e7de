#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The generator: same seed, same bytes; 13 bad rows, each of its own kind; and
the committed example is what the generator makes of its seed.

    gen_businesses.py GENERATOR EXAMPLE
"""
import csv
import os
import re
import subprocess
import sys
import tempfile
import zipfile

generator, example = sys.argv[1:]
rows = 200
failed = 0
number = 0


def check(name, held):
    global failed, number
    number += 1
    print("%s %d - %s" % ("ok" if held else "not ok", number, name))
    failed += not held


def make(folder, name, *arguments):
    path = os.path.join(folder, name)
    subprocess.run([generator, "--seed", "7", *arguments, path], check=True)
    return path


def part(path, name):
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def content(path):
    with zipfile.ZipFile(path) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


def texts(path):
    """The rows of a sheet with shared or inline strings, by a plain regex."""
    pool = []
    if "xl/sharedStrings.xml" in content(path):
        pool = re.findall(r"<t[^>]*>([^<]*)</t>",
                          part(path, "xl/sharedStrings.xml"))
    result = []
    for row in re.findall(r"<row .*?</row>",
                          part(path, "xl/worksheets/sheet1.xml"), re.S):
        cells = {}
        for letter, kind, value in re.findall(
                r'<c r="([A-Z]+)\d+"(?: s="\d")? t="(s|inlineStr)">'
                r"(?:<v>|<is><t[^>]*>)([^<]*)<", row):
            text = pool[int(value)] if kind == "s" else value
            for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
                text = text.replace(entity, char)
            cells[letter] = text
        result.append([cells.get(c, "") for c in "ABCDEFGHI"])
    return result


def bad_kinds(sheet, strings):
    count = sheet.count
    return {
        "too few columns": count('spans="1:4"'),
        "required": len(re.findall(r'<row [^>]*><c r="B', sheet)),
        "error value": count("#N/A"),
        "nul": strings.count("_x0000_"),
        "encoding": strings.count("_xD800_"),
        "string index": count("4000000000"),
        "bad number": count("<v>12a</v>"),
        "bad boolean": count("<v>maybe</v>"),
        "bad reference": count('r="XFE'),
        "duplicate cell": len(re.findall(r'r="(B\d+)".*?r="\1"', sheet)),
        "cell type": count('t="q"'),
        "text too long": strings.count("x" * (1024 * 1024 + 1)),
        "extra value": len(re.findall(r'r="L\d+"', sheet)),
    }


with tempfile.TemporaryDirectory() as folder:
    size = ["--rows", str(rows)]
    good = make(folder, "good.xlsx", *size)
    inline = make(folder, "inline.xlsx", *size, "--inline")
    bad = make(folder, "bad.xlsx", *size, "--bad")
    with open(make(folder, "good.csv", *size, "--csv"), newline="") as f:
        lines = list(csv.reader(f))
    with open(make(folder, "bad.csv", *size, "--bad", "--csv"),
              newline="") as f:
        good_lines = list(csv.reader(f))
    with open(good, "rb") as a, \
            open(make(folder, "again.xlsx", *size), "rb") as b:
        check("the same seed gives the same bytes", a.read() == b.read())
    check("the workbook has every row", len(texts(good)) == rows + 1)
    check("shared strings say what the CSV says", texts(good) == lines)
    check("inline strings say what the CSV says", texts(inline) == lines)
    check("the CSV leaves 13 bad rows out", len(good_lines) == rows + 1 - 13)
    for kind, times in bad_kinds(part(bad, "xl/worksheets/sheet1.xml"),
                                 part(bad, "xl/sharedStrings.xml")).items():
        check("one row is bad by " + kind, times == 1)
    remade = os.path.join(folder, "example.xlsx")
    subprocess.run([generator, "--rows", "10000", "--seed", "1", "--bad",
                    remade], check=True)
    check("the example is what its seed makes",
          content(remade) == content(example))

print("1..%d" % number)
sys.exit(1 if failed else 0)
