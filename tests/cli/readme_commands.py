#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents tell the reader to type works as they say.

    readme_commands.py ROOT BUILD DOCUMENT...

A fenced block that is marked as console holds commands, each behind "$ ", and
below it what it prints:

    ```console
    $ build/sluice --version
    sluice 0.1.0
    ```

The commands of a document run one after the other in one empty folder in which
build/ and examples/ stand for the repository's. Lines shown below a command
must occur in its output in this order; "..." stands for anything, within a line
or as a line. A command whose exit status is not 0 shows it as "[status N]" in
the last line. Blocks marked otherwise (sh, c, text) are not run: that is where
`make demo`, servers and downloads belong.
"""
import os
import re
import subprocess
import sys
import tempfile

root, build, documents = sys.argv[1], sys.argv[2], sys.argv[3:]
number = failed = 0
BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
STATUS = re.compile(r"\[status (\d+)\]")


def commands(text):
    """[(command, shown lines)] of all console blocks."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found and found[-1][0].endswith("\\"):
                found[-1] = (found[-1][0][:-1] + line.strip(), [])
            elif found:
                found[-1][1].append(line)
    return found


def missing_line(shown, output):
    """The first shown line that the output lacks, in order; None if none."""
    rest = output.splitlines()
    for line in shown:
        if line.strip() in ("", "..."):
            continue
        pattern = ".*".join(re.escape(p) for p in line.strip().split("..."))
        while rest and not re.fullmatch(pattern, rest[0].strip()):
            rest.pop(0)
        if not rest:
            return line
        rest.pop(0)
    return None


def run(command, shown, folder):
    """What is wrong with a command; None when it does as shown."""
    status = 0
    if shown and STATUS.fullmatch(shown[-1].strip()):
        status = int(STATUS.fullmatch(shown[-1].strip()).group(1))
        shown = shown[:-1]
    done = subprocess.run(["sh", "-c", command], cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != status:
        return "exit status %d, not %d:\n%s" % (done.returncode, status,
                                                done.stdout)
    line = missing_line(shown, done.stdout)
    return line and "does not print %r but\n%s" % (line, done.stdout)


for document in documents:
    path = os.path.join(root, document)
    if not os.path.exists(path):
        continue
    with open(path) as f:
        found = commands(f.read())
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(build, os.path.join(folder, "build"))
        os.symlink(os.path.join(root, "examples"),
                   os.path.join(folder, "examples"))
        for command, shown in found:
            number += 1
            wrong = run(command, shown, folder)
            print("%s %d - %s: %s" % ("not ok" if wrong else "ok", number,
                                      document, command.replace("#", "")))
            if wrong:
                failed += 1
                print("# %s: %s" % (command, wrong), file=sys.stderr)
print("1..%d" % number + ("" if number else " # SKIP no commands"))
sys.exit(1 if failed else 0)
