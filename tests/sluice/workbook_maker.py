# SPDX-License-Identifier: Apache-2.0
"""Workbooks from a few strings, whole or broken on purpose.

workbook(rows, ...) gives the parts of a good one; archive(parts) its bytes;
Archive writes the records of a zip one by one, where each may lie.
"""
import io
import struct
import zipfile
import zlib

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def relations(*pairs):
    """The part with relationships rId1, rId2, ... of (kind, target)."""
    items = "".join(
        f'<Relationship Id="rId{i}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(pairs, 1))
    return f'{HEAD}<Relationships xmlns="{PACKAGE}">{items}</Relationships>'


def sheet(rows, before="", after=""):
    return (f'{HEAD}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}'
            f'</sheetData>{after}</worksheet>')


def styles(formats, customs=()):
    """Cell formats by number format id; customs are (id, code)."""
    codes = "".join(f'<numFmt numFmtId="{i}" formatCode="{code}"/>'
                    for i, code in customs)
    xfs = "".join(f'<xf numFmtId="{i}"/>' for i in formats)
    return (f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts>'
            f'<cellXfs>{xfs}</cellXfs></styleSheet>')


def strings(items):
    return f'{HEAD}<sst xmlns="{MAIN}">{items}</sst>'


def workbook(rows, shared=None, style=None, properties="", **parts):
    """Parts by name; rows is the content of sheetData, or a whole part."""
    whole = rows if isinstance(rows, bytes) or rows.startswith("<?xml") \
        else sheet(rows)
    found = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml":
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATION}">{properties}'
            '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>'
            '</workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"),
            ("sharedStrings", "sharedStrings.xml"),
            ("styles", "styles.xml")),
        "xl/worksheets/sheet1.xml": whole,
    }
    if shared is not None:
        found["xl/sharedStrings.xml"] = strings(shared)
    if style is not None:
        found["xl/styles.xml"] = style
    found.update(parts)
    return found


def as_bytes(part):
    return part if isinstance(part, bytes) else part.encode()


def archive(parts, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, part in parts.items():
            z.writestr(zipfile.ZipInfo(name), as_bytes(part), method)
    return out.getvalue()


def deflate(data):
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


class Archive:
    """A zip archive whose records may lie."""

    def __init__(self):
        self.body = bytearray()
        self.entries = []

    def add(self, name, data, *, method=8, flags=0, local_name=None, crc=None,
            size=None, packed=None, offset=None, descriptor=False, wide=False):
        raw = as_bytes(data)
        body = deflate(raw) if method == 8 else raw
        crc = zlib.crc32(raw) if crc is None else crc
        size = len(raw) if size is None else size
        packed = len(body) if packed is None else packed
        local = (local_name or name).encode()
        name = name.encode()
        if descriptor:
            flags |= 8
        entry = dict(name=name, method=method, flags=flags, crc=crc, size=size,
                     packed=packed, wide=wide,
                     offset=len(self.body) if offset is None else offset)
        sizes = (0, 0, 0) if descriptor else (crc, packed, size)
        extra = b""
        if wide:
            extra = struct.pack("<HHQQ", 1, 16, size, packed)
            sizes = (crc, 0xffffffff, 0xffffffff)
        self.body += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method,
                                 0, 0, *sizes, len(local), len(extra))
        self.body += local + extra + body
        if descriptor:
            self.body += struct.pack("<4sIII", b"PK\7\10", crc, packed, size)
        self.entries.append(entry)
        return self

    def close(self, *, count=None, directory=None, comment=b"", wide=False):
        start = len(self.body)
        for e in self.entries:
            extra = b""
            fields = (e["packed"], e["size"], e["offset"])
            if e["wide"]:
                extra = struct.pack("<HHQQQ", 1, 24, e["size"], e["packed"],
                                    e["offset"])
                fields = (0xffffffff,) * 3
            self.body += struct.pack(
                "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, e["flags"],
                e["method"], 0, 0, e["crc"], fields[0], fields[1],
                len(e["name"]), len(extra), 0, 0, 0, 0, fields[2])
            self.body += e["name"] + extra
        size = len(self.body) - start
        count = len(self.entries) if count is None else count
        directory = start if directory is None else directory
        if wide:
            at = len(self.body)
            self.body += struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0,
                                     0, count, count, size, directory)
            self.body += struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
            count, size, directory = 0xffff, 0xffffffff, 0xffffffff
        self.body += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count,
                                 size, directory, len(comment)) + comment
        return bytes(self.body)
