#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_summary counts what passed, failed and was skipped, and what died.

    test_summary.py TEST_SUMMARY
"""
import json
import os
import subprocess
import sys
import tempfile

summary = sys.argv[1]
number = failed = 0


def run(*builds):
    """(status, last line) for builds that are lists of (result, stdout)."""
    with tempfile.TemporaryDirectory() as root:
        folders = []
        for i, programs in enumerate(builds):
            folders.append(os.path.join(root, str(i)))
            logs = os.path.join(folders[-1], "meson-logs")
            os.makedirs(logs)
            if programs is None:
                continue
            with open(os.path.join(logs, "testlog.json"), "w") as log:
                for result, out in programs:
                    log.write(json.dumps({"name": "p", "result": result,
                                          "stdout": out}) + "\n")
        done = subprocess.run([summary, *folders], text=True,
                              stdout=subprocess.PIPE)
        return done.returncode, done.stdout.splitlines()[-1]


def check(name, got, want):
    global number, failed
    number += 1
    print("%s %d - %s" % ("ok" if got == want else "not ok", number, name))
    if got != want:
        failed += 1
        print("# got %r, want %r" % (got, want), file=sys.stderr)


TWO = "ok 1 - a\nok 2 - b\n1..2\n"
check("cases count", run([("OK", TWO)]), (0, "2 passed, 0 failed"))
check("folders are summed", run([("OK", TWO)], [("OK", TWO)]),
      (0, "4 passed, 0 failed"))
check("a program without cases is one", run([("OK", "hello")]),
      (0, "1 passed, 0 failed"))
check("a failed case fails", run([("FAIL", "ok 1 - a\nnot ok 2 - b\n")]),
      (1, "1 passed, 1 failed"))
check("a crash behind good cases fails", run([("ERROR", TWO)]),
      (1, "2 passed, 1 failed"))
check("a time-out fails", run([("TIMEOUT", "")]), (1, "0 passed, 1 failed"))
check("skips are told", run([("OK", "ok 1 - a\nok 2 - b # SKIP no\n"),
                             ("SKIP", "")]),
      (0, "1 passed, 0 failed, 2 skipped"))
check("a folder without results fails", run([("OK", TWO)], None),
      (1, "2 passed, 1 failed"))
check("control characters do no harm", run([("OK", "\x1b\x00\n" + TWO)]),
      (0, "2 passed, 0 failed"))
print("1..%d" % number)
sys.exit(1 if failed else 0)
