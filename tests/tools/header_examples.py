#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""header_examples.py EXAMPLES HEADER...: what a header shows is compiled.

The indented lines of a header's comments are its examples. Each piece of them,
between lines that leave something out ("...") or are empty, must stand in the
file EXAMPLES, which is compiled, but for white space and comments.
"""
import os
import re
import sys


def bare(text):
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    return re.sub(r"\s+", "", text)


def pieces(header):
    """The examples of a header, cut where something is left out."""
    piece = []
    for line in header.splitlines() + [""]:
        shown = re.match(r" \*     (.*)$", line)
        if shown and "..." not in shown.group(1):
            piece.append(shown.group(1))
        elif piece:
            yield "\n".join(piece)
            piece = []


with open(sys.argv[1]) as f:
    compiled = bare(f.read())
number = failed = 0
for path in sys.argv[2:]:
    with open(path) as f:
        missing = [p for p in pieces(f.read()) if bare(p) not in compiled]
    number += 1
    failed += bool(missing)
    print("%sok %d - %s" % ("not " * bool(missing), number,
                            os.path.basename(path)))
    for piece in missing:
        print("# %s: not in %s:\n%s" % (path, sys.argv[1], piece),
              file=sys.stderr)
print("1..%d" % number)
sys.exit(1 if failed or not number else 0)
