#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus.py READER [FOLDER]: workbooks that others made come out to the cell.

Each FILE.xlsx of the folder has its cells beside it, in FILE.xlsx.tsv. The
folder is FOLDER, or $SLUICE_CORPUS, or ../shared/data/workbooks beside the
repository; without it the test is skipped. READER prints the cells of the files
it is given, as tests/sluice/print_cells.c does. Prints TAP.
"""
import os
import pathlib
import subprocess
import sys

BATCH = 40


def folder():
    if len(sys.argv) > 2:
        return pathlib.Path(sys.argv[2])
    if os.environ.get("SLUICE_CORPUS"):
        return pathlib.Path(os.environ["SLUICE_CORPUS"])
    root = pathlib.Path(__file__).resolve().parents[2]
    for place in (root.parent, root.parent.parent):
        found = place / "shared" / "data" / "workbooks"
        if found.is_dir():
            return found
    return None


def cells_of(reader, files):
    """What the reader prints of each file, and how it ended."""
    run = subprocess.run([reader, *map(str, files)], stdout=subprocess.PIPE)
    return run.stdout.split(b"#file\n"), run.returncode


def first_difference(got, wanted):
    got, wanted = got.splitlines(), wanted.splitlines()
    for i in range(max(len(got), len(wanted))):
        g = got[i] if i < len(got) else b"(nothing)"
        w = wanted[i] if i < len(wanted) else b"(nothing)"
        if g != w:
            return f"line {i + 1}: got {g[:200]!r}, wanted {w[:200]!r}"
    return "line ends differ"


def main():
    place = folder()
    files = sorted(place.glob("*.xls[xm]")) if place else []
    if not files:
        print("1..0 # SKIP there is no folder of workbooks")
        return 0
    wrong = []
    for start in range(0, len(files), BATCH):
        batch = files[start:start + BATCH]
        outputs, status = cells_of(sys.argv[1], batch)
        if len(outputs) != len(batch):
            wrong.append(f"{batch[len(outputs) - 1].name}: "
                         f"the reader died ({status})")
            continue
        for path, got in zip(batch, outputs):
            wanted = path.with_name(path.name + ".tsv").read_bytes()
            if got != wanted:
                wrong.append(f"{path.name}: {first_difference(got, wanted)}")
    for line in wrong:
        print(f"# {line}", file=sys.stderr)
    print("not ok" if wrong else "ok",
          f"1 - {len(files) - len(wrong)} of {len(files)} workbooks")
    print("1..1")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
