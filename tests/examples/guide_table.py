#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/guide/README.md names every example, and nothing else.

    guide_table.py ROOT PROGRAM...
"""
import os
import re
import sys

root, programs = sys.argv[1], sys.argv[2:]
folder = os.path.join(root, "docs", "guide")
number = failures = 0


def check(name, held, note):
    global number, failures
    number += 1
    failures += not held
    print("%s %d - %s" % ("ok" if held else "not ok", number, name))
    if not held:
        print("# %s: %s" % (name, note), file=sys.stderr)


with open(os.path.join(folder, "README.md")) as f:
    text = f.read()
gone = [target for target in re.findall(r"\]\(([^)#:]+)\)", text)
        if not os.path.exists(os.path.join(folder, target))]
check("every link leads somewhere", not gone, gone)
named = re.findall(r"\| \[`(\w+)`\]\(../../examples/\w+\.c\) \|", text)
check("every program is in the table", set(programs) <= set(named),
      set(programs) - set(named))
check("no program is in it twice", len(named) == len(set(named)), named)
tests = {name[:-3] for name in os.listdir(os.path.join(root, "tests/examples"))
         if name.endswith(".py")} - {"example_test", "guide_table"}
check("every test is in the table", all(
    "/%s.py)" % name in text for name in tests), tests)
print("1..%d" % number)
sys.exit(failures > 0)
