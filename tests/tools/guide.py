#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""guide.py TOOL: tools/guide sees every drift, and puts it right."""
import os
import subprocess
import sys
import tempfile

tool = sys.argv[1]
SOURCE = """/* SPDX-License-Identifier: Apache-2.0 */
int a;
static void f(void);
/* guide: outer */
static void f(void)
{
    /* guide: inner */
    g();

    h();
    /* guide: end inner */
}
/* guide: end outer */
"""
OUTER = "static void f(void)\n{\n    g();\n\n    h();\n}"
INNER = "g();\n\nh();"
WHOLE = "int a;\nstatic void f(void);\n" + OUTER
number = failed = 0


def run(page, write=False):
    """(status, errors, page afterwards) of the tool on one page."""
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "docs/guide"))
        os.makedirs(os.path.join(root, "examples"))
        with open(os.path.join(root, "examples/a.c"), "w") as f:
            f.write(SOURCE)
        path = os.path.join(root, "docs/guide/page.md")
        with open(path, "w") as f:
            f.write(page)
        done = subprocess.run([tool] + ["--write"] * write + [root],
                              capture_output=True, text=True, check=False)
        with open(path) as f:
            return done.returncode, done.stderr, f.read()


def block(source, body, language="c"):
    return "Text.\n\n<!-- from %s -->\n```%s\n%s\n```\n\nMore.\n" % (
        source, language, body)


def check(name, held, shown=""):
    global number, failed
    number += 1
    failed += not held
    print("%sok %d - %s" % ("" if held else "not ", number, name))
    if not held:
        print("# %s: %s" % (name, shown), file=sys.stderr)


for name, source, body in (("outer region", "examples/a.c#outer", OUTER),
                           ("inner region", "examples/a.c#inner", INNER),
                           ("function", "examples/a.c#f()", OUTER),
                           ("whole file", "examples/a.c", WHOLE)):
    status, errors, _ = run(block(source, body))
    check(name + " is right", status == 0, errors)
    status, errors, _ = run(block(source, body + "\nx();"))
    check(name + " with a line too many", status == 1 and "make guide"
          in errors, errors)
    status, errors, after = run(block(source, "old"), write=True)
    check(name + " is put right", status == 0 and after == block(source, body),
          after)

for name, page in (
        ("no such file", block("examples/b.c", "x")),
        ("no such region", block("examples/a.c#other", "x")),
        ("no such function", block("examples/a.c#h()", "x")),
        ("a folder that is not tested", block("docs/a.c", "x")),
        ("code from no file", "```c\nx();\n```\n")):
    for write in (False, True):
        status, errors, after = run(page, write)
        check("%s%s" % (name, ", writing" * write),
              status == 1 and "page.md:" in errors and after == page, errors)

status, errors, _ = run("```text\na -> b\n```\n\n```console\n$ ls\n```\n")
check("drawings and commands need no file", status == 0, errors)
print("1..%d" % number)
sys.exit(1 if failed else 0)
