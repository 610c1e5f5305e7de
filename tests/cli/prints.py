#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""prints.py PROGRAM LINE: the program succeeds and prints just that line."""
import subprocess
import sys

program, line = sys.argv[1:]
run = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=60)
if run.returncode != 0 or run.stdout != line + "\n":
    sys.exit("%s: status %d, printed %r, wanted %r"
             % (program, run.returncode, run.stdout, line + "\n"))
