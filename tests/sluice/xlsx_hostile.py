#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""xlsx_hostile.py READER: files that are broken, or made to break a reader.

Each case is a file and the code of the error that READER
(tests/sluice/print_cells.c) has to name, or None where it has to read it. It
may take 10 seconds and 200 MB for each, and must never crash. Prints TAP.
"""
import os
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from workbook_maker import (HEAD, MAIN, Archive, archive, relations, sheet,
                            styles, workbook)

SECONDS = 10
MEGABYTES = 200
SANITIZED = os.environ.get("SLUICE_SANITIZED") == "1"

ROW = '<row r="1"><c r="A1"><v>1</v></c></row>'
GOOD = archive(workbook(ROW, "<si><t>x</t></si>", styles([0])))


def zip_of(change=None, last=None, **how):
    """A workbook whose sheet entry is written with the given lies."""
    z = Archive()
    parts = workbook(ROW)
    for name, part in parts.items():
        z.add(name, part, **(how if name.endswith("sheet1.xml") else {}))
    if change:
        change(z)
    return z.close(**(last or {}))


def with_sheet(part):
    return archive(workbook(part))


def rows(content):
    return with_sheet(sheet(content))


def overlap(z):
    """The last entry claims to lie where the first does."""
    z.entries[-1]["offset"] = z.entries[0]["offset"]
    z.entries[-1].update(name=z.entries[0]["name"] + b"x")


def quoted(z):
    """The first entry's data go on over the headers of all others."""
    z.entries[0]["packed"] = len(z.body) - 60
    z.body[18:22] = z.entries[0]["packed"].to_bytes(4, "little")


def flipped(data, mark, at):
    i = data.index(mark) + at
    return data[:i] + bytes([data[i] ^ 0x55]) + data[i + 1:]


def many_entries():
    z = Archive()
    for i in range(66000):
        z.add(f"{i}", "", method=0)
    return z.close(wide=True)


DTD = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">]>'
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)

CASES = [
    ("good", GOOD, None),
    ("good with descriptors", zip_of(descriptor=True), None),
    ("good, stored", zip_of(method=0), None),
    ("good, 64-bit", zip_of(wide=True, last={"wide": True}), None),
    ("good with a comment", zip_of(last={"comment": b"hello"}), None),
    ("empty file", b"", "format"),
    ("empty archive", b"PK\5\6" + bytes(18), "format"),
    ("archive of something else", archive({"a.txt": "hello"}), "format"),
    ("a text document", archive({
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/document.xml": "<document/>"}), "format"),
    ("an OpenDocument file", archive({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": "<x/>"}), "unsupported"),
    ("a binary workbook", archive({
        "_rels/.rels": relations(("officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": "x"}), "unsupported"),
    ("an old workbook", OLE, "unsupported"),
    ("a workbook with a password",
     OLE + "EncryptedPackage".encode("utf-16-le") + bytes(50), "encrypted"),
    ("an encrypted entry", zip_of(flags=1), "encrypted"),
    ("an unknown method", zip_of(method=14), "unsupported"),
    ("a wrong checksum", zip_of(crc=1), "checksum"),
    ("a size too small", zip_of(size=20), "checksum"),
    ("a size too large", zip_of(size=2000), "checksum"),
    ("a size beyond all limits", zip_of(size=1 << 40, wide=True), "limit"),
    ("packed data that lie outside", zip_of(packed=1 << 30), "format"),
    ("packed data cut", zip_of(packed=30), "truncated"),
    ("damaged data", flipped(GOOD, b"sheet1.xml", 40), "checksum"),
    ("another name in the entry", zip_of(local_name="xl/other.xml"),
     "ambiguous"),
    ("a name twice", zip_of(lambda z: z.add(SHEET, "<a/>")), "ambiguous"),
    ("a name twice but for its case",
     zip_of(lambda z: z.add(SHEET.upper(), "<a/>")), "ambiguous"),
    ("entries that overlap", zip_of(overlap), "ambiguous"),
    ("an entry that quotes others", zip_of(quoted), "ambiguous"),
    ("too few entries counted", zip_of(last={"count": 3}), "ambiguous"),
    ("too many entries counted", zip_of(last={"count": 5}), "format"),
    ("a million entries claimed", zip_of(last={"count": 65000}), "format"),
    ("very many entries", many_entries(), "limit"),
    ("directory elsewhere", zip_of(last={"directory": 1 << 30}), "format"),
    ("a second end in the comment",
     zip_of(last={"comment": b"PK\5\6" + bytes(18)}), "ambiguous"),
    ("a sheet that is not there", archive(
        {k: v for k, v in workbook(ROW).items() if k != SHEET}), "format"),
    ("a document type in a sheet", with_sheet(
        sheet(ROW).replace("<worksheet", DTD + "<worksheet")), "dtd"),
    ("a document type in the strings", archive(workbook(
        ROW, **{"xl/sharedStrings.xml": HEAD + DTD + "<sst/>"})), "dtd"),
    ("a document type in the styles", archive(workbook(
        ROW, **{"xl/styles.xml": HEAD + DTD + "<styleSheet/>"})), "dtd"),
    ("a document type in UTF-16", archive(workbook(
        sheet(ROW).replace("<worksheet", DTD + "<worksheet")
        .replace("UTF-8", "UTF-16").encode("utf-16"))), "dtd"),
    ("an entity that nobody declared",
     rows('<row r="1"><c r="A1" t="str"><v>&a;</v></c></row>'), "format"),
    ("a bare ampersand",
     rows('<row r="1"><c r="A1" t="inlineStr"><is><t>a & b</t></is></c></row>'),
     "format"),
    ("crossed tags", rows('<row r="1"><c r="A1"><v>1</c></v></row>'), "format"),
    ("a missing close", rows('<row r="1"><c r="A1"><v>1</v></c>'), "format"),
    ("an end too many", rows(ROW + "</row>"), "format"),
    ("a sheet cut in a tag", with_sheet(sheet(ROW)[:-5]), "truncated"),
    ("a sheet cut between tags",
     with_sheet(sheet(ROW)[:-len("</worksheet>")]), "truncated"),
    ("a sheet cut in a comment", with_sheet(sheet(ROW + "<!-- ")[:-30]),
     "truncated"),
    ("an empty sheet part", with_sheet(HEAD), "truncated"),
    ("text behind the sheet", with_sheet(sheet(ROW) + "x"), "format"),
    ("two roots", with_sheet(sheet(ROW) + "<a/>"), "format"),
    ("an attribute twice", rows('<row r="1" r="2"/>'), "format"),
    ("a value without quotes", rows("<row r=1/>"), "format"),
    ("an undeclared prefix", rows("<x:row/>"), "format"),
    ("another root", with_sheet(HEAD + f'<chartsheet xmlns="{MAIN}"/>'),
     "format"),
    ("another namespace", with_sheet(
        sheet(ROW).replace(MAIN, "urn:other")), "format"),
    ("an encoding that is not read", with_sheet(
        sheet(ROW).replace("UTF-8", "UTF-7")), "unsupported"),
    ("UTF-32", archive(workbook(
        sheet(ROW).replace("UTF-8", "UTF-32").encode("utf-32"))),
     "unsupported"),
    ("deep nesting", rows("<a>" * 100000), "limit"),
    ("deep nesting in a small part", archive(workbook(
        ROW, **{"xl/styles.xml": HEAD + "<a>" * 100000})), "limit"),
    ("a very long tag", rows(f'<row r="{"1" * 2000000}"/>'), "limit"),
    ("very many attributes",
     rows("<row " + " ".join(f'a{i}="1"' for i in range(1000)) + "/>"),
     "limit"),
    ("very many namespaces",
     rows("<row " + " ".join(f'xmlns:a{i}="u"' for i in range(257)) + "/>"),
     "limit"),
    ("a very long name", rows(f"<{'a' * 5000}/>"), "limit"),
    ("a long comment", rows(f"<!-- {'x' * 3000000} -->" + ROW), None),
    ("row zero", rows('<row r="0"/>'), "format"),
    ("a row that is no number", rows('<row r="x"/>'), "format"),
    ("a row of 65 bits", rows('<row r="18446744073709551617"/>'), "format"),
    ("rows that go back", rows('<row r="2"/><row r="1"/>'), "ambiguous"),
    ("a row twice", rows(ROW + ROW), "ambiguous"),
    ("claims that are not believed", archive(workbook(
        sheet(ROW, before='<dimension ref="A1:XFD1048576"/>'),
        **{"xl/sharedStrings.xml":
           f'<sst xmlns="{MAIN}" count="4294967295" uniqueCount="4294967295">'
           "<si><t>x</t></si></sst>"})), None),
    ("a bomb of rows", rows('<row><c t="str"><v>' + "x" * 50 +
                            "</v></c></row>" * 1 + "<row/>" * 3000000), None),
    ("a bomb of cells in one column",
     rows('<row r="1">' + '<c r="A1"><v>1</v></c>' * 2000000 + "</row>"), None),
    ("a bomb of bad references",
     rows('<row r="1">' + '<c r="ZZZZ1"><v>1</v></c>' * 2000000 + "</row>"),
     None),
    ("a bomb of texts in one row",
     rows('<row r="1">' + ('<c t="inlineStr"><is><t>' + "x" * 1000000 +
                           "</t></is></c>") * 300 + "</row>"), None),
    ("a bomb of references in one text",
     rows('<row r="1"><c t="str"><v>' + "&#65;" * 4000000 + "</v></c></row>"),
     None),
    ("a bomb of formats", archive(workbook(
        ROW, None, styles(range(164, 60000),
                          [(i, "yyyy") for i in range(164, 60000)]))), None),
]


def limit():
    if not SANITIZED:
        size = MEGABYTES << 20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(reader, paths):
    """[code or None] of each file; as many as the reader lived to read."""
    run = subprocess.run([reader, *paths], stdout=subprocess.PIPE,
                         preexec_fn=limit)
    codes = []
    for out in run.stdout.split(b"#file\n"):
        line = out.splitlines()[-1] if out else b""
        codes.append(line.split()[1].decode()
                     if line.startswith(b"#error ") else None)
    if run.returncode not in (0, 3):
        codes[-1] = f"died with {run.returncode}"
    return codes


def truncations(reader, folder):
    """The good workbook, cut behind each of its bytes, is never read."""
    paths = []
    for length in range(len(GOOD)):
        paths.append(os.path.join(folder, f"{length}.xlsx"))
        with open(paths[-1], "wb") as f:
            f.write(GOOD[:length])
    codes = read(reader, paths)
    wrong = [f"{i}: {c}" for i, c in enumerate(codes)
             if c not in ("truncated", "format")]
    if len(codes) != len(paths):
        wrong.append(f"only {len(codes)} of {len(paths)}")
    return wrong


def main():
    reader = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.xlsx")
        for number, (name, data, code) in enumerate(CASES, 1):
            with open(path, "wb") as f:
                f.write(data)
            got = read(reader, [path])
            good = got == [code]
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
            if not good:
                print(f"# {name}: got {got}, wanted {code}", file=sys.stderr)
        wrong = truncations(reader, folder)
    print(f"{'not ok' if wrong else 'ok'} {len(CASES) + 1} - cut anywhere")
    if wrong:
        print("#", wrong[:10], file=sys.stderr)
    print(f"1..{len(CASES) + 1}")
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
