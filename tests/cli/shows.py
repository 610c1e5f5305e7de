#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shows.py PROGRAM EXPECTED [ARGUMENT...]: the program prints what stands in
the file EXPECTED, on standard output and standard error together.

"..." stands for anything within a line, or as a line for any lines. A last line
"[status N]" is the exit status if that is not 0.
"""
import re
import subprocess
import sys

program, expected, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]


def pattern(line):
    if line == "...":
        return r"(?:[^\n]*\n)*?"
    return "[^\n]*".join(re.escape(part) for part in line.split("...")) + r"\n"


run = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True,
                     stderr=subprocess.STDOUT, timeout=120, check=False)
shown = run.stdout
if run.returncode != 0:
    shown += "[status %d]\n" % run.returncode
with open(expected) as f:
    wanted = f.read()
if not re.fullmatch("".join(map(pattern, wanted.splitlines())), shown):
    sys.exit("%s printed\n%s\nnot\n%s" % (program, shown, wanted))
