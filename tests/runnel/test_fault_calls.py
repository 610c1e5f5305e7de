#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every call of the C library fails in the sweep, or it is said why not.

Usage: test_fault_calls.py LIST LIBRARY NAME...

NAMEs are those that the sweep makes fail; LIST has lines "name name: reason".
Prints TAP.
"""

import subprocess
import sys


def symbols(library):
    """What the library needs and does not have."""
    lines = subprocess.run(["nm", "-P", library], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    parts = [line.split() for line in lines if len(line.split()) > 1]
    needed = {part[0] for part in parts if part[1] == "U"}
    return needed - {part[0] for part in parts if part[1] in "TDBRCV"}


def excused(path):
    """Names with a reason."""
    names = set()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                given, reason = line.split(":")
                assert reason.strip(), line
                names.update(given.split())
    return names


def main():
    """One test."""
    missing = symbols(sys.argv[2]) - set(sys.argv[3:]) - excused(sys.argv[1])
    print("1..1")
    print(f"{'not ' if missing else ''}ok 1 - every call fails in the sweep, "
          "or it is said why it cannot")
    if missing:
        print("#", *sorted(missing), file=sys.stderr)
    return bool(missing)


sys.exit(main())
