#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_layers sees what is planted: an include and a call that go up, a file
that is not listed, a name used twice, a look into runnel; and nothing else.

    check_layers.py CHECKER COMPILER...
"""
import os
import subprocess
import sys
import tempfile

checker, compiler = sys.argv[1], sys.argv[2:]
number = failed = 0

TREE = {
    "tools/layers.txt": "low high # comment\nreader\n",
    "include/runnel/runnel.h": "#include <runnel/any.h>\n"
                               "#include <runnel/later.h>\n",
    "include/runnel/any.h": "int any(void);\n",
    "include/runnel/later.h": "#include <runnel/any.h>\n",
    "src/runnel/low.h": "int low(void);\n",
    "src/runnel/low.c": '#include "low.h"\nint low(void) { return 1; }\n',
    "src/runnel/high.h": "int high(void);\n",
    "src/runnel/high.c": '#include "high.h"\n#include "low.h"\n'
                         "int high(void) { return low(); }\n",
    "src/sluice/reader.c": "#include <runnel/any.h>\n",
}


def run(changes, objects=()):
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**TREE, **changes}.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)
        command = [checker, root]
        for name in objects:
            out = os.path.join(root, "build", "lib.p",
                               os.path.basename(name) + ".o")
            os.makedirs(os.path.dirname(out), exist_ok=True)
            subprocess.run(compiler + ["-c", os.path.join(root, name),
                                       "-o", out], check=True)
        if objects:
            command.append(os.path.join(root, "build"))
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.strip()


def check(name, got, want):
    global number, failed
    number += 1
    print("%s %d - %s" % ("ok" if got == want else "not ok", number, name))
    if got != want:
        failed += 1
        print("# got %r, want %r" % (got, want), file=sys.stderr)


both = ["src/runnel/low.c", "src/runnel/high.c"]
check("a clean tree passes", run({}, both), (0, ""))
check("an include that goes up is found",
      run({"src/runnel/low.c": '#include "high.h"\n'}),
      (1, 'low -> high goes up: src/runnel/low.c includes "high.h"'))
check("a public header that looks ahead is found",
      run({"include/runnel/any.h": "#include <runnel/later.h>\n"}),
      (1, "<runnel/any.h> includes <runnel/later.h>, which comes later in "
          "runnel.h"))
check("a call that goes up is found",
      run({"src/runnel/low.c": "int high(void);\nint low(void);\n"
                               "int low(void) { return high(); }\n",
           "src/runnel/high.c": "int high(void);\n"
                                "int high(void) { return 1; }\n"}, both),
      (1, "low -> high goes up: needs high"))
check("a file that is not listed is found",
      run({"src/runnel/stray.c": ""}),
      (1, "src/runnel/stray.c is not in tools/layers.txt"))
check("a name used twice is found",
      run({"tests/deep/low.c": ""}),
      (1, "src/runnel/low.c and tests/deep/low.c have the same name"))
check("a look into runnel is found",
      run({"src/sluice/reader.c": '#include "low.h"\n'}),
      (1, 'src/sluice/reader.c includes "low.h", which is runnel\'s own'))
print("1..%d" % number)
sys.exit(1 if failed else 0)
