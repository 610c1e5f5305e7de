#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""readme_commands runs what it should and notices what is not as shown.

    readme_self.py READMES_TEST
"""
import os
import subprocess
import sys
import tempfile

script = sys.argv[1]
number = failed = 0


def run(block, kind="console"):
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "examples"))
        with open(os.path.join(root, "A.md"), "w") as f:
            f.write("text\n```%s\n%s\n```\n" % (kind, block))
        done = subprocess.run([sys.executable, script, root, root, "A.md"],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        return done.returncode, done.stdout.splitlines()[-1]


def check(name, got, want):
    global number, failed
    number += 1
    print("%s %d - %s" % ("ok" if got == want else "not ok", number, name))
    if got != want:
        failed += 1
        print("# got %r, want %r" % (got, want), file=sys.stderr)


check("output as shown passes", run("$ echo a; echo b; echo c\na\nc"),
      (0, "1..1"))
check("other output fails", run("$ echo a\nb"), (1, "1..1"))
check("dots stand for anything", run("$ echo took 12 ms\ntook ... ms"),
      (0, "1..1"))
check("a bad status fails", run("$ false"), (1, "1..1"))
check("a status that is shown passes", run("$ exit 3\n[status 3]"),
      (0, "1..1"))
check("commands share a folder", run("$ echo x > y\n$ cat y\nx"), (0, "1..2"))
check("a command may go on", run("$ echo a \\\n    b\na b"), (0, "1..1"))
check("other blocks do not run", run("$ false", "sh"),
      (0, "1..0 # SKIP no commands"))
print("1..%d" % number)
sys.exit(1 if failed else 0)
