#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the program share: cases, runs, workbooks, databases.

    from sluice_cli import *

    @case
    def refuses_a_directory(folder):
        refused(sluice(folder, "import", "."), 3, "directory")

    main()

A case runs in a folder of its own and fails by an exception. main() prints TAP;
arguments select cases whose name contains one of them. From the environment:

    SLUICE            the program; otherwise build/sluice
    SLUICE_GENERATOR  the maker of workbooks; otherwise build/bench/gen/...
    SLUICE_TEST_PG    a PostgreSQL server; without it such cases are skipped
    SLUICE_SANITIZED  set when the program's memory means nothing
"""
import atexit
import csv
import io
import json
import os
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import traceback
import urllib.parse
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SLUICE = os.environ.get("SLUICE", os.path.join(ROOT, "build", "sluice"))
GENERATOR = os.environ.get("SLUICE_GENERATOR", os.path.join(
    ROOT, "build", "bench", "gen", "gen_businesses"))
EXAMPLE = os.path.join(ROOT, "examples", "data", "businesses.xlsx")
PG = os.environ.get("SLUICE_TEST_PG")
PG_TCP = os.environ.get("SLUICE_TEST_PG_TCP")
SANITIZED = bool(os.environ.get("SLUICE_SANITIZED"))

# For whatever waits: far above what the slowest build needs.
PATIENCE_S = 120


# --- cases -------------------------------------------------------------------

class Skip(Exception):
    pass


CASES = []


def case(function):
    CASES.append(function)
    return function


def check(held, *about):
    if not held:
        raise AssertionError(" ".join(str(a) for a in about))


def same(got, wanted, *about):
    check(got == wanted, *about, "\n  got    %r\n  wanted %r" % (got, wanted))


def run_case(number, function):
    name = function.__name__
    with tempfile.TemporaryDirectory(prefix="sluice-cli-") as folder:
        try:
            function(folder)
        except Skip as reason:
            print("ok %d - %s # SKIP %s" % (number, name, reason))
            return True
        except Exception:
            print("not ok %d - %s" % (number, name))
            for line in traceback.format_exc().splitlines():
                print("# " + line, file=sys.stderr)
            return False
    print("ok %d - %s" % (number, name), flush=True)
    return True


def main():
    chosen = [c for c in CASES if len(sys.argv) < 2
              or any(a in c.__name__ for a in sys.argv[1:])]
    failed = [c for i, c in enumerate(chosen) if not run_case(i + 1, c)]
    print("1..%d" % len(chosen))
    sys.exit(1 if failed or not chosen else 0)


# --- the program -------------------------------------------------------------

class Result:
    def __init__(self, arguments, status, out, err, peak_mb=0):
        self.arguments, self.status = arguments, status
        self.out, self.err, self.peak_mb = out, err, peak_mb

    def __str__(self):
        return "%s\nended with %s\n--- stdout\n%s--- stderr\n%s" % (
            " ".join(self.arguments), self.status, self.out, self.err)

    def json(self):
        """The one object that stands on stdout."""
        lines = self.out.splitlines()
        check(len(lines) == 1, "not one line of JSON:", self)
        return json.loads(lines[0])


def environment(extra=None):
    kept = {n: v for n, v in os.environ.items() if not n.startswith("PG")}
    kept.update(extra or {})
    return kept


def start(folder, *arguments, **options):
    """The program under way; finish() waits for it."""
    command = [SLUICE] + [str(a) for a in arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment(options.pop("env", None)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=options.pop("stderr", subprocess.PIPE), **options)


def finish(child):
    try:
        out, err = child.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        raise AssertionError("hangs: %s" % Result(
            child.args, "kill", out.decode("utf-8", "replace"),
            (err or b"").decode("utf-8", "replace")))
    return Result(child.args, child.returncode, out.decode("utf-8"),
                  (err or b"").decode("utf-8"))


def sluice(folder, *arguments, **options):
    """Runs the program to its end."""
    return finish(start(folder, *arguments, **options))


def ended(result, status):
    check(result.status == status, "exit status is not %d:" % status, result)
    return result


def refused(result, status, *words):
    """The status, and one line on stderr with each of the words (regexes)."""
    ended(result, status)
    lines = result.err.splitlines()
    check(len(lines) == 1, "not one line on stderr:", result)
    check(lines[0].startswith("sluice: "), "does not say who speaks:", result)
    check(len(lines[0]) < 1500, "not a short line:", result)
    for word in words:
        check(re.search(word, lines[0], re.I), "does not say %r:" % word,
              result)
    return result


def preload(library):
    """Its environment: the loader takes a space in a path for two paths."""
    place = tempfile.mkdtemp(prefix="preload.")
    atexit.register(shutil.rmtree, place)
    link = os.path.join(place, os.path.basename(library))
    os.symlink(library, link)
    return {"LD_PRELOAD": link}


def imported(folder, *arguments, status=0, **options):
    """An import with --json: the object it prints."""
    result = sluice(folder, "import", *arguments, "--json", **options)
    ended(result, status)
    summary = result.json()
    if status in (0, 1):
        same(summary["total_records"],
             summary["success_count"] + summary["error_count"], result)
        check((summary["error_count"] > 0) == (status == 1), result)
    return summary


# A child's peak begins at what its parent has: a small parent measures.
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


def peak_mb(folder, *arguments):
    """Runs the program to its end; the result has its peak memory."""
    result = finish(subprocess.Popen(
        [sys.executable, "-c", MEASURE, SLUICE, *arguments], cwd=folder,
        env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE))
    result.err, _, kilobytes = result.err.rstrip("\n").rpartition("\n")
    result.peak_mb = int(kilobytes) / 1024
    return result


# --- files -------------------------------------------------------------------

def put(folder, name, content):
    """Writes a file; its path."""
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)
    return path


def get(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def read_csv(folder, name):
    """The lines of a CSV file below its header, as dictionaries."""
    text = get(folder, name).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


class Raw:
    """A cell as XML, taken as it stands."""

    def __init__(self, xml):
        self.xml = xml


class Styled:
    """A number with a style: 1 is a date, 2 date and time, 3 a time."""

    def __init__(self, number, style):
        self.number, self.style = number, style


def column_letters(number):
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_xml(value, row, column):
    at = "%s%d" % (column_letters(column), row)
    if value is None:
        return ""
    if isinstance(value, Raw):
        return value.xml
    if isinstance(value, bool):
        return '<c r="%s" t="b"><v>%d</v></c>' % (at, value)
    if isinstance(value, Styled):
        return '<c r="%s" s="%d"><v>%r</v></c>' % (at, value.style,
                                                  value.number)
    if isinstance(value, str):
        return ('<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t>'
                "</is></c>" % (at, escape(value)))
    return '<c r="%s"><v>%r</v></c>' % (at, value)


def sheet_xml(rows):
    lines = ["".join(cell_xml(v, r, c) for c, v in enumerate(row, 1))
             for r, row in enumerate(rows, 1)]
    body = "".join('<row r="%d">%s</row>' % (r, line)
                   for r, line in enumerate(lines, 1) if line)
    return ('<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://'
            'schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            "%s</sheetData></worksheet>" % body)


STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
    '</cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/>'
    '<xf numFmtId="22"/><xf numFmtId="21"/></cellXfs></styleSheet>')
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"


def workbook_parts(sheets, hidden=()):
    """{part: XML} of a workbook; sheets are (name, rows or XML)."""
    names = range(1, len(sheets) + 1)
    types = "".join('<Override PartName="/xl/worksheets/sheet%d.xml" '
                    'ContentType="%sworksheet+xml"/>' % (n, TYPES)
                    for n in names)
    tags = "".join(
        '<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>' % (
            escape(name).replace('"', "&quot;"), n,
            ' state="hidden"' if name in hidden else "", n)
        for n, (name, _) in zip(names, sheets))
    links = "".join('<Relationship Id="rId%d" Type="%s/worksheet" Target='
                    '"worksheets/sheet%d.xml"/>' % (n, RELATION, n)
                    for n in names)
    parts = {
        "[Content_Types].xml": '<Types xmlns="%scontent-types"><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="%ssheet.main+xml"/>%s<Override PartName="/xl/styles.xml" '
        'ContentType="%sstyles+xml"/></Types>' % (PACKAGE, TYPES, types, TYPES),
        "_rels/.rels": '<Relationships xmlns="%srelationships"><Relationship '
        'Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>" % (PACKAGE, RELATION),
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org'
        '/spreadsheetml/2006/main" xmlns:r="%s"><sheets>%s</sheets></workbook>'
        % (RELATION, tags),
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="%srelationships">'
        '%s<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>'
        "</Relationships>" % (PACKAGE, links, len(sheets) + 1, RELATION),
        "xl/styles.xml": STYLES,
    }
    for n, (_, rows) in zip(names, sheets):
        parts["xl/worksheets/sheet%d.xml" % n] = (
            sheet_xml(rows) if not rows or isinstance(rows[0], list)
            else rows)
    return parts


def put_parts(folder, name, parts):
    """A part is its content, or a list of pieces, so that it can be large."""
    path = os.path.join(folder, name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            if not isinstance(content, list):
                content = [content]
            with archive.open(part, "w", force_zip64=False) as out:
                for piece in content:
                    out.write(piece if isinstance(piece, bytes)
                              else piece.encode())
    return path


def workbook(folder, name, *sheets, hidden=()):
    """A workbook of (name, rows); rows alone are a sheet "Sheet1"."""
    sheets = [s if isinstance(s, tuple) else ("Sheet1", s) for s in sheets]
    return put_parts(folder, name, workbook_parts(sheets, hidden))


# --- databases ---------------------------------------------------------------

def sqlite(folder, name, sql, *values):
    """The rows that a query gives."""
    base = sqlite3.connect(os.path.join(folder, name))
    try:
        rows = base.execute(sql, values).fetchall()
        base.commit()
        return rows
    finally:
        base.close()


class Postgres:
    """A schema of its own in the server of SLUICE_TEST_PG; a context manager.

    `url` is a target whose tables are in that schema; `base` is whom it logs in
    as. What a database knows only once (an event trigger) needs one of its own;
    `own_database` may be text that CREATE DATABASE is to end with.
    """

    def __init__(self, base=None, own_database=False):
        if not PG:
            raise Skip("SLUICE_TEST_PG is not set")
        self.admin = PG
        self.database = None
        self.made_with = own_database if isinstance(own_database, str) else ""
        if own_database:
            self.database = "cli_%s" % os.urandom(6).hex()
            self.admin = PG.replace("/postgres?", "/%s?" % self.database)
        self.base = base or self.admin
        self.schema = "cli_%d_%s" % (os.getpid(), os.urandom(4).hex())
        self.url = self.target(self.base)
        # For pg_advisory_lock: the bigint is this case's alone.
        self.gate = int.from_bytes(os.urandom(7), "big")

    def target(self, base, **settings):
        settings.setdefault("options", "-csearch_path=" + self.schema)
        mark = "&" if "?" in base else "?"
        return base + mark + urllib.parse.urlencode(
            settings, quote_via=urllib.parse.quote)

    def __enter__(self):
        if self.database:
            self.sql("CREATE DATABASE %s %s" % (self.database, self.made_with),
                     PG)
        self.sql("CREATE SCHEMA " + self.schema)
        return self

    def __exit__(self, *error):
        # A case that failed may have left sessions that hold locks.
        self.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks "
                 "WHERE locktype = 'advisory' AND objid = %d"
                 % (self.gate & 0xffffffff))
        self.sql("SET client_min_messages = error; DROP SCHEMA %s CASCADE"
                 % self.schema)
        if self.database:
            self.sql("DROP DATABASE %s WITH (FORCE)" % self.database, PG)

    def psql(self, *arguments, base=None):
        return ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *arguments,
                self.target(base or self.admin)]

    def sql(self, text, base=None):
        done = subprocess.run(self.psql("-c", text, base=base),
                              env=environment(), text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode == 0, text, done.stderr)
        return done.stdout.rstrip("\n")

    def count(self, table="businesses"):
        return int(self.sql("SELECT count(*) FROM " + table))

    def rows(self, query):
        """What a query gives, every value as text, NULL as None."""
        text = self.sql("COPY (%s) TO STDOUT (FORMAT csv, NULL '\\N')" % query)
        return [tuple(None if v == "\\N" else v for v in line)
                for line in csv.reader(io.StringIO(text))]

    def close_gate(self):
        """A session that holds the gate; end it to open the gate."""
        holder = subprocess.Popen(self.psql(), env=environment(), text=True,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        holder.stdin.write("SELECT pg_advisory_lock(%d);\n" % self.gate)
        holder.stdin.flush()
        holder.stdout.readline()
        return holder

    def writer_of(self, table):
        """A session that has written to the table and not committed."""
        writer = subprocess.Popen(self.psql(), env=environment(), text=True,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        writer.stdin.write("BEGIN; LOCK TABLE %s IN ROW EXCLUSIVE MODE; "
                           "SELECT 1;\n" % table)
        writer.stdin.flush()
        writer.stdout.readline()
        return writer

    def wait_for_lock(self, table, mode):
        """Returns when a session waits for such a lock of the table."""
        self.wait_for("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted "
                      "AND relation = '%s'::regclass AND mode = '%s')"
                      % (table, mode))

    def wait_for(self, query):
        """Returns when the query says true."""
        self.sql(
            "DO $$ DECLARE until timestamptz := clock_timestamp() + '%d s'; "
            "BEGIN WHILE NOT (%s) LOOP "
            "IF clock_timestamp() > until THEN RAISE 'nobody came'; END IF; "
            "PERFORM pg_sleep(0.005); END LOOP; END $$" % (PATIENCE_S, query))

    def wait_at_gate(self, sessions=1, besides=()):
        """Returns when so many sessions stand before the gate, not counting
        those with the process ids `besides`."""
        self.wait_for(
            "SELECT count(*) >= %d FROM pg_locks WHERE locktype = 'advisory' "
            "AND NOT granted AND objid = %d AND pid <> ALL ('{%s}')"
            % (sessions, self.gate & 0xffffffff,
               ",".join(str(pid) for pid in besides)))

    def at_gate(self):
        """The process ids of those that wait there."""
        text = self.sql("SELECT pid FROM pg_locks WHERE locktype = 'advisory' "
                        "AND NOT granted AND objid = %d"
                        % (self.gate & 0xffffffff))
        return [int(line) for line in text.splitlines()]


def open_gate(holder):
    holder.stdin.close()
    holder.stdout.close()
    holder.wait(timeout=PATIENCE_S)
