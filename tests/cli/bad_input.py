#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What cannot be read costs one line on stderr and exit status 3; what is wrong
in one row costs that row. Never a crash, a hang, or memory without bound.
"""
import random
import struct
import zlib

from sluice_cli import *

ROWS = [["id", "name"]] + [[n, "name %d" % n] for n in range(1, 201)]


def cannot_read(folder, name, *words):
    """The import and the inspection of a file that is no workbook."""
    refused(sluice(folder, "import", name, "--to", "sqlite:out.sqlite"), 3,
            re.escape(name), *words)
    check(not os.path.exists(os.path.join(folder, "out.sqlite")) or
          sqlite(folder, "out.sqlite", "SELECT count(*) FROM sqlite_schema")
          == [(0,)], "a table was made")
    refused(sluice(folder, "inspect", name), 3, re.escape(name), *words)
    refused(sluice(folder, "inspect", "--cells", name), 3, re.escape(name),
            *words)


def rejects_of(folder, name, *arguments):
    """Imports what has one bad row: that reject."""
    if os.path.exists(os.path.join(folder, "out.sqlite")):
        sqlite(folder, "out.sqlite", "DROP TABLE t")
    summary = imported(folder, name, "--to", "sqlite:out.sqlite", "--table",
                       "t", "--rejects", "bad.csv", *arguments, status=1)
    same(summary["error_count"], 1)
    same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM t"),
         [(summary["success_count"],)])
    return read_csv(folder, "bad.csv")[0]


@case
def no_such_file(folder):
    cannot_read(folder, "nothing.xlsx", "no such file")


@case
def a_directory(folder):
    os.mkdir(os.path.join(folder, "d.xlsx"))
    cannot_read(folder, "d.xlsx", "director|not a (plain|regular) file")


@case
def a_fifo(folder):
    os.mkfifo(os.path.join(folder, "pipe.xlsx"))
    cannot_read(folder, "pipe.xlsx")


@case
def an_empty_file(folder):
    put(folder, "empty.xlsx", "")
    cannot_read(folder, "empty.xlsx", "empty")
    put(folder, "empty.csv", "")
    cannot_read(folder, "empty.csv", "empty")


@case
def bytes_that_are_no_table(folder):
    dice = random.Random(1)
    put(folder, "noise.xlsx", bytes(dice.randrange(256) for _ in range(5000)))
    cannot_read(folder, "noise.xlsx")
    put(folder, "zip.xlsx", b"PK\3\4" + bytes(3000))
    cannot_read(folder, "zip.xlsx")


@case
def what_only_bears_the_name(folder):
    for start, word in (("\ufeff\r\n<!DOCTYPE html><p>Please sign in", "web page"),
                        ("<HTML><table><tr><td>a,b", "web page"),
                        ("<table border=1><tr><td>a", "web page"),
                        ('<?xml version="1.0"?>\n<Workbook>', "XML"),
                        ("%PDF-1.7\na,b", "PDF")):
        put(folder, "list.xlsx", start + "\n1,2\n")
        cannot_read(folder, "list.xlsx", word, "save it as .xlsx")
    put(folder, "a.csv", "<b>,html\n1,2\n")
    imported(folder, "a.csv", "--to", "sqlite:out.sqlite")


@case
def an_archive_without_a_workbook(folder):
    put_parts(folder, "docs.xlsx", {"readme.txt": "hello"})
    cannot_read(folder, "docs.xlsx")


@case
def cut_at_any_byte(folder):
    whole = get(folder, workbook(folder, "whole.xlsx", ROWS))
    ends = set(range(0, len(whole), max(1, len(whole) // 60)))
    ends |= set(range(len(whole) - 30, len(whole)))
    for size in sorted(ends - {len(whole)}):
        put(folder, "cut.xlsx", whole[:size])
        result = sluice(folder, "import", "cut.xlsx", "--to", "null:")
        refused(result, 3)


@case
def a_changed_byte_never_crashes(folder):
    whole = bytearray(get(folder, workbook(folder, "whole.xlsx", ROWS)))
    dice = random.Random(2)
    for _ in range(60):
        changed = bytearray(whole)
        changed[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        put(folder, "changed.xlsx", changed)
        result = sluice(folder, "import", "changed.xlsx", "--to", "null:")
        check(result.status in (0, 1, 3), result)
        if result.status == 3:
            refused(result, 3)


@case
def a_wrong_checksum(folder):
    path = workbook(folder, "crc.xlsx", ROWS)
    with zipfile.ZipFile(path) as archive:
        crc = struct.pack("<I", archive.getinfo(
            "xl/worksheets/sheet1.xml").CRC)
    content = get(folder, "crc.xlsx")
    check(content.count(crc) == 2)
    put(folder, "crc.xlsx", content.replace(crc, b"\1\2\3\4"))
    refused(sluice(folder, "import", "crc.xlsx", "--to", "null:"), 3,
            "crc|checksum")


@case
def what_was_committed_before_the_end_is_said(folder):
    rows = ROWS[:1] + [[n, "name %d" % n] for n in range(1, 60001)]
    xml = sheet_xml(rows)
    parts = workbook_parts([("Sheet1", xml[:len(xml) - 5000])])
    put_parts(folder, "torn.xlsx", parts)
    # The preset of a table keeps the first pass over the rows away.
    sqlite(folder, "out.sqlite", "CREATE TABLE t (id INTEGER, name TEXT)")
    result = sluice(folder, "import", "torn.xlsx", "--to", "sqlite:out.sqlite",
                    "--table", "t", "--json")
    refused(result, 3, "torn.xlsx")
    summary = result.json()
    same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM t"),
         [(summary["success_count"],)])
    check(summary["error"], summary)


def encrypted_package():
    """The compound file in which Office keeps a workbook with a password."""
    def entry(name, kind, start, size, child=0xffffffff):
        text = (name + "\0").encode("utf-16le")
        return struct.pack("<64sHBBIII16sIQQIQ", text, len(text), kind, 1,
                           0xffffffff, 0xffffffff, child, b"", 0, 0, 0, start,
                           size)
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"",
        0x3e, 3, 0xfffe, 9, 6, b"", 0, 1, 1, 0, 4096, 0xfffffffe, 0,
        0xfffffffe, 0)
    fat = struct.pack("<2I", 0xfffffffd, 0xfffffffe)
    chain = [i + 1 for i in range(2, 9)] + [0xfffffffe]
    fat += struct.pack("<%dI" % len(chain), *chain)
    directory = (entry("Root Entry", 5, 0xfffffffe, 0, 1) +
                 entry("EncryptedPackage", 2, 2, 4096)).ljust(512, b"\0")
    return (header + struct.pack("<I", 0) + b"\xff" * (512 - len(header) - 4) +
            fat.ljust(512, b"\xff") + directory + bytes(4096))


@case
def encrypted(folder):
    put(folder, "secret.xlsx", encrypted_package())
    cannot_read(folder, "secret.xlsx", "password|encrypted")
    content = bytearray(get(folder, workbook(folder, "zip.xlsx", ROWS)))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(mark, at + 4)
    put(folder, "zip.xlsx", content)
    cannot_read(folder, "zip.xlsx", "password|encrypted")


@case
def a_compression_method_that_is_not_known(folder):
    content = bytearray(get(folder, workbook(folder, "lzma.xlsx", ROWS)))
    for mark, method in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = content.find(mark)
        while at >= 0:
            content[at + method] = 14
            at = content.find(mark, at + 4)
    put(folder, "lzma.xlsx", content)
    cannot_read(folder, "lzma.xlsx", "method|compress")


def one_text(xml):
    return sheet_xml([["id", "name"], [1, "a"],
                      [2, Raw('<c r="B3" t="inlineStr"><is><t>%s</t></is>'
                              "</c>" % xml)], [3, "c"]])


@case
def a_bomb_in_a_cell_costs_its_row(folder):
    before, after = one_text("MARK").split("MARK")
    put_parts(folder, "bomb.xlsx", workbook_parts(
        [("Sheet1", [before] + ["x" * (1 << 20)] * 100 + [after])]))
    check(os.path.getsize(os.path.join(folder, "bomb.xlsx")) < 200000)
    same(rejects_of(folder, "bomb.xlsx")["code"], "text_too_long")
    if not SANITIZED:
        result = ended(peak_mb(folder, "import", "bomb.xlsx", "--to", "null:"),
                       1)
        check(result.peak_mb < 40, "took %d MB" % result.peak_mb)


@case
def a_bomb_of_nothing_passes(folder):
    before, after = sheet_xml([["id"], [1]]).split("</sheetData>")
    put_parts(folder, "space.xlsx", workbook_parts(
        [("Sheet1", [before] + [" " * (1 << 20)] * 100 +
          ["</sheetData>" + after])]))
    result = peak_mb(folder, "import", "space.xlsx", "--to", "null:")
    ended(result, 0)
    check(SANITIZED or result.peak_mb < 40, "took %d MB" % result.peak_mb)


@case
def a_dtd_is_refused(folder):
    bomb = ('<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
            '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>')
    parts = workbook_parts([("Sheet1", ROWS)])
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml",
                 "xl/styles.xml", "xl/_rels/workbook.xml.rels"):
        changed = dict(parts)
        changed[part] = bomb + re.sub(r"^<\?xml.*?\?>", "", parts[part])
        put_parts(folder, "dtd.xlsx", changed)
        refused(sluice(folder, "import", "dtd.xlsx", "--to", "null:"), 3,
                "DOCTYPE|DTD")


@case
def xml_that_is_not_well_formed(folder):
    parts = workbook_parts([("Sheet1", ROWS)])
    whole = parts["xl/worksheets/sheet1.xml"]
    for broken in (whole.replace("</row>", "</r>", 1),
                   whole.replace("</sheetData></worksheet>", ""),
                   whole.replace("<v>7</v>", "<v>7"), "", "no XML at all"):
        parts["xl/worksheets/sheet1.xml"] = broken
        put_parts(folder, "broken.xlsx", parts)
        refused(sluice(folder, "import", "broken.xlsx", "--to", "null:"), 3)


@case
def a_sheet_that_is_not_there(folder):
    workbook(folder, "a.xlsx", ("January", ROWS), ("February", ROWS))
    refused(sluice(folder, "import", "a.xlsx", "--to", "null:", "--sheet",
                   "March"), 3, "March", "January", "February")
    refused(sluice(folder, "import", "a.xlsx", "--to", "null:", "--sheet",
                   "3"), 3, "January", "February")
    parts = workbook_parts([("Sheet1", ROWS)])
    del parts["xl/worksheets/sheet1.xml"]
    put_parts(folder, "b.xlsx", parts)
    refused(sluice(folder, "import", "b.xlsx", "--to", "null:"), 3)


@case
def no_rows_at_all(folder):
    workbook(folder, "empty.xlsx", [])
    refused(sluice(folder, "import", "empty.xlsx", "--to", "null:"), 3,
            "no (rows|data)|empty")


@case
def a_header_alone_is_a_table_without_rows(folder):
    workbook(folder, "a.xlsx", [["id", "name"]])
    summary = imported(folder, "a.xlsx", "--to", "sqlite:out.sqlite",
                       "--table", "t")
    same(summary["total_records"], 0)
    same(sqlite(folder, "out.sqlite", "SELECT * FROM t"), [])


@case
def a_shared_string_that_is_not_there(folder):
    rows = [["id", "name"], [1, "a"],
            [2, Raw('<c r="B3" t="s"><v>99</v></c>')]]
    workbook(folder, "a.xlsx", rows)
    reject = rejects_of(folder, "a.xlsx")
    same((reject["code"], reject["row"], reject["column"], reject["value"]),
         ("string_index", "3", "B", "99"))


@case
def a_reference_beyond_the_grid(folder):
    for column in ("XFE3", "ZZZZZZZZZ3", "A4294967297", "3", "C"):
        rows = [["id", "name"], [1, "a"],
                [2, Raw('<c r="%s"><v>1</v></c>' % column)]]
        workbook(folder, "a.xlsx", rows)
        reject = rejects_of(folder, "a.xlsx")
        same((reject["code"], reject["row"]), ("bad_reference", "3"), column)


@case
def a_row_beyond_the_grid(folder):
    xml = sheet_xml([["id"], [1], [2]]).replace('<row r="3">',
                                                '<row r="1048577">')
    put_parts(folder, "a.xlsx", workbook_parts([("S", xml)]))
    result = sluice(folder, "import", "a.xlsx", "--to", "null:")
    check(result.status in (1, 3), result)
    check(re.search("row", result.err), result)


@case
def text_that_is_not_utf8(folder):
    put(folder, "a.csv", b"id,name\n1,a\n2,\xff\xfe\n3,c\n")
    reject = rejects_of(folder, "a.csv")
    same((reject["code"], reject["row"], reject["column"]),
         ("encoding", "3", "B"))
    put_parts(folder, "a.xlsx", {
        name: part.encode() if "sheet1" not in name else
        part.encode().replace(b"MARK", b"\xc0\x80")
        for name, part in workbook_parts([("S", one_text("MARK"))]).items()})
    same(rejects_of(folder, "a.xlsx")["code"], "encoding")


@case
def nul_in_text_costs_its_row(folder):
    for name, content in (
            ("a.csv", b"id,name\n1,a\n2,b\0b\n3,c\n"),):
        put(folder, name, content)
        reject = rejects_of(folder, name)
        same((reject["code"], reject["row"], reject["column"]),
             ("nul", "3", "B"))
    put_parts(folder, "a.xlsx", workbook_parts([("S", one_text("b_x0000_b"))]))
    same(rejects_of(folder, "a.xlsx")["code"], "nul")


@case
def an_open_quote(folder):
    put(folder, "a.csv", 'id,name\n1,a\n2,"b\n' + "3,c\n" * 1000)
    refused(sluice(folder, "import", "a.csv", "--to", "null:"), 3, "quote",
            "row 3|line 3")


@case
def a_value_without_a_header(folder):
    workbook(folder, "a.xlsx", [["id", "name"], [1, "a"], [2, "b", "c"]])
    reject = rejects_of(folder, "a.xlsx")
    same((reject["code"], reject["row"], reject["column"], reject["value"]),
         ("extra_value", "3", "C", "c"))


@case
def an_error_in_a_cell(folder):
    rows = [["id", "name"], [1, "a"],
            [2, Raw('<c r="B3" t="e"><v>#DIV/0!</v></c>')]]
    workbook(folder, "a.xlsx", rows)
    reject = rejects_of(folder, "a.xlsx")
    same((reject["code"], reject["column"], reject["value"]),
         ("error_value", "B", "#DIV/0!"))


@case
def a_row_with_two_faults_is_rejected_once(folder):
    rows = [["id", "name"], [1, "a"],
            [Raw('<c r="A3" t="e"><v>#REF!</v></c>'),
             Raw('<c r="B3" t="s"><v>9</v></c>')]]
    workbook(folder, "a.xlsx", rows)
    same(rejects_of(folder, "a.xlsx")["code"], "error_value")


@case
def every_row_is_bad(folder):
    rows = [["id", "name"]] + [
        [n, Raw('<c r="B%d" t="e"><v>#N/A</v></c>' % (n + 1))]
        for n in range(1, 2001)]
    workbook(folder, "a.xlsx", rows)
    summary = imported(folder, "a.xlsx", "--to", "sqlite:out.sqlite",
                       "--table", "t", "--rejects", "bad.csv", status=1)
    same((summary["success_count"], summary["error_count"]), (0, 2000))
    same([int(r["row"]) for r in read_csv(folder, "bad.csv")],
         list(range(2, 2002)))


main()
