#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/conformance lists each case, and refuses what it cannot list.

    check_conformance.py CONFORMANCE
"""
import os
import subprocess
import sys
import tempfile

conformance = sys.argv[1]
number = failed = 0

PROGRAM = """/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels: what they
 * are for.
 */

/* Sends meet receives, and
 * nothing is lost. */
static void sends_meet(void)
{
}

/* made_by_macro: A macro made it. */
MAKE(made_by_macro)

%sstatic void third(void)
{
}

%s
"""
DEATHS = """static const struct rn_death deaths[] = {
    {"sends_meet", sends_meet, 2, {"x"}},
    {"third", third, 2, {"y"}},
};"""


def check(name, held, *more):
    global number, failed
    number += 1
    failed += not held
    print("%s %d - %s" % ("ok" if held else "not ok", number, name))
    if not held:
        print("#", *more, file=sys.stderr)


def run(root, *arguments):
    done = subprocess.run([conformance, *arguments, root], text=True,
                          stderr=subprocess.PIPE)
    return done.returncode, done.stderr


def write(root, name, text):
    with open(os.path.join(root, name), "w") as f:
        f.write(text)


def page(root):
    with open(os.path.join(root, "docs", "conformance.md")) as f:
        return f.read()


with tempfile.TemporaryDirectory() as root:
    os.makedirs(os.path.join(root, "docs"))
    os.makedirs(os.path.join(root, "tests", "runnel"))
    file = "tests/runnel/test_chan_meet.c"
    cases = "RN_CHECK_MAIN(sends_meet, made_by_macro,\n              third)"

    write(root, file, PROGRAM % ("/* The third. */\n", cases))
    status, said = run(root)
    check("a page that is not there is out of date", status == 1 and
          "out of date" in said, status, said)
    check("it is written on demand", run(root, "--write") == (0, ""))
    text = page(root)
    check("it counts", "**3 behaviours**" in text and
          "| Channels | 3 |" in text, text)
    check("it says each statement on one line",
          "- Sends meet receives, and nothing is lost. (`sends_meet`)\n" in text
          and "- A macro made it. (`made_by_macro`)\n" in text, text)
    check("it says what the program is for",
          "Channels: what they are for.\n" in text, text)
    check("a page that is right passes", run(root) == (0, ""))

    write(root, file, PROGRAM % ("/* Another. */\n", cases))
    status, said = run(root)
    check("a changed statement makes it out of date", status == 1 and
          "out of date" in said, status, said)

    write(root, file, PROGRAM % ("", cases))
    status, said = run(root, "--write")
    check("a case without statement is refused", status == 1 and
          "third has no statement" in said, status, said)
    check("and nothing is written then", page(root) == text)

    write(root, file, PROGRAM % ("/* The third. */\n", DEATHS))
    run(root, "--write")
    check("cases that must die are cases", "**2 behaviours**" in page(root),
          page(root))

    os.makedirs(os.path.join(root, "tests", "runnel", "misuse"))
    write(root, "tests/runnel/misuse/wrong.c",
          "/* SPDX */\n/* It does not compile. */\n")
    write(root, "docs/conformance_go.md", "## Not here\n\nMuch.\n")
    run(root, "--write")
    text = page(root)
    check("wrong uses are behaviours", "**3 behaviours**" in text and
          "- It does not compile. (`wrong`)" in text, text)
    check("the notes on Go come last", text.endswith("## Not here\n\nMuch.\n"),
          text)

    write(root, "docs/conformance_go.md", "## Go\n\n`sends_meet`, `x.go`.\n")
    check("cases that they name are looked for", run(root, "--write")[0] == 0)
    write(root, "docs/conformance_go.md", "## Go\n\n`sends_part`\n")
    status, said = run(root, "--write")
    check("and must be there", status == 1 and
          "no case is called sends_part" in said, status, said)

print("1..%d" % number)
sys.exit(failed > 0)
