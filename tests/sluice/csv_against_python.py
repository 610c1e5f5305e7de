#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our reading of delimited text is that of Python's csv module, on random text
made to be awkward, and on files that are named.

    csv_against_python.py CSV_PRINT [FILE...]

Known differences, accounted for: text after a closing quote is taken by Python
and rejected by us (its strict mode refuses it too); text that is not UTF-8, and
NUL, are rejected by us. Rows that have no text at all are not handed out.
"""
import csv
import io
import random
import subprocess
import sys

program = sys.argv[1]
number = failed = 0
csv.field_size_limit(1 << 30)

PIECES = [',', ';', '\t', '|', '"', '""', '\n', '\r', '\r\n', ' ', 'a', 'bc',
          'é', '東', '😀', '\\N', "'", ',"', '",', '"x"', '\n"', '0', '-1.5',
          'plain text that is longer than most of the others in this list, '
          'so that blocks are crossed']


def printed(separator, data):
    out = subprocess.run([program, separator], input=data,
                         stdout=subprocess.PIPE, check=True).stdout
    rows, at = [], 0
    while True:
        end = out.index(b'\n', at)
        words = out[at:end].decode().split()
        at = end + 1
        if words[0] != 'row':
            assert at == len(out)
            return rows, words
        cells = {}
        for _ in range(int(words[3])):
            end = out.index(b'\n', at)
            column, reason, lasting, size = out[at:end].decode().split()
            at = end + 1
            cells[int(column)] = (reason, out[at:at + int(size)])
            at += int(size) + 1
        rows.append((int(words[1]), int(words[2]), cells))


def python_rows(separator, text, strict):
    """[(number, fields, {column: text})], and whether it came to the end."""
    rows, number = [], 0
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=separator,
                        strict=strict)
    try:
        for fields in reader:
            if not fields:
                continue
            number += 1
            cells = {i + 1: f.encode() for i, f in enumerate(fields) if f}
            if cells:
                rows.append((number, len(fields), cells))
    except csv.Error:
        return rows, False
    return rows, True


def difference(separator, text, data):
    ours, last = printed(separator, data)
    theirs, _ = python_rows(separator, text, False)
    _, strict = python_rows(separator, text, True)
    clean = last == ['end']
    if clean:
        clean = all(c[0] == 'text' for r in ours for c in r[2].values())
        if len(ours) != len(theirs):
            return '%d rows, not %d' % (len(ours), len(theirs))
    elif last[0] != 'error' or last[1] != 'format':
        return 'ends with %r' % last
    if clean != strict:
        return 'clean is %r, strict Python says %r' % (clean, strict)
    for mine, other in zip(ours, theirs):
        if mine[:2] != other[:2]:
            return 'row and fields %r, not %r' % (mine[:2], other[:2])
        bad = {c for c in mine[2] if mine[2][c][0] == 'quote'}
        texts = {c: t[1] for c, t in mine[2].items() if c not in bad}
        want = {c: t for c, t in other[2].items() if c not in bad}
        if texts != want:
            return 'row %d: %r, not %r' % (mine[0], texts, want)
    return None


def check(name, problem):
    global number, failed
    number += 1
    print('%s %d - %s' % ('not ok' if problem else 'ok', number, name))
    if problem:
        failed += 1
        print('# ' + problem, file=sys.stderr)


def random_text(rng, pieces):
    return ''.join(rng.choice(pieces) for _ in range(rng.randrange(1, 60)))


def wild(rng, separator):
    return random_text(rng, PIECES)


def unbroken(rng, separator):
    """Every quote is closed, so that all of the text is read."""
    inner = [p for p in PIECES if '"' not in p] + ['""']
    bare = [p for p in inner if separator not in p and p[0] not in '"\r\n']
    out = []
    for _ in range(rng.randrange(1, 20)):
        kind = rng.randrange(6)
        if kind < 2:
            out.append('"%s"' % random_text(rng, inner))
        elif kind < 5:
            out.append(rng.choice(bare) + rng.choice(['', '"', '""x']))
        if kind == 0 and rng.randrange(8) == 0:
            out.append('stray"')
        out.append(rng.choice([separator, separator, '\n', '\r\n', '\r']))
    return ''.join(out)


def random_texts(make, seed, count):
    for i in range(seed, seed + count):
        rng = random.Random(i)
        separator = rng.choice(',;\t|')
        text = make(rng, separator)
        problem = difference(separator, text, text.encode())
        if problem:
            return 'seed %d, %r: %r: %s' % (i, separator, text, problem)
    return None


def file_problem(path):
    with open(path, 'rb') as f:
        data = f.read()
    text = data.decode('utf-8-sig')
    separator = csv.Sniffer().sniff(text[:20000], delimiters=',;\t|').delimiter
    problem = difference(separator, text, data)
    if not problem and printed('sniff', data) != printed(separator, data):
        problem = 'sniffed another separator than %r' % separator
    return problem


if len(sys.argv) > 2:
    for path in sys.argv[2:]:
        check(path, file_problem(path))
else:
    check('random text', random_texts(wild, 0, 400))
    check('random text with closed quotes', random_texts(unbroken, 10000, 400))
print('1..%d' % number)
sys.exit(1 if failed else 0)
