#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library's man pages: nothing is missing, nothing is ill-formed, and they
are installed.

Usage: manpages.py BUILD INCLUDE LIBRARY COMPILER...
What there is to describe is asked of others than the script that makes the
pages: macros of the preprocessor, functions of the shared library.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD, INCLUDE, LIBRARY = sys.argv[1:4]
COMPILER = sys.argv[4:]
PUBLIC = re.compile(r"(?:rn|RN)_\w*[^\W_]")
number = 0


def ok(held, name, why=""):
    global number
    number += 1
    print("%sok %d - %s" % ("" if held else "not ", number, name))
    if not held:
        print("# " + str(why).replace("\n", "\n# "), file=sys.stderr)
    return held


def said(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=120, check=True).stdout


def public_names():
    macros = said(*COMPILER, "-E", "-dM", "-I", INCLUDE,
                  os.path.join(INCLUDE, "runnel", "runnel.h"))
    names = re.findall(r"^#define (\w+)", macros, re.M)
    names += [line.split()[-1]
              for line in said("nm", "-D", "--defined-only",
                               LIBRARY).splitlines()]
    return {name for name in names if PUBLIC.fullmatch(name)}


def installed(folder):
    said("meson", "install", "-C", BUILD, "--no-rebuild", "--tags", "man",
         "--destdir", folder)
    for place, _, files in os.walk(folder):
        if os.path.basename(place) == "man3":
            return place, files
    return folder, []


def page_of(folder, name):
    """The text of the page that `man NAME` shows."""
    path = os.path.join(folder, name + ".3")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="ascii") as f:
        text = f.read()
    found = re.fullmatch(r"\.so man3/(\w+)\.3\n", text)
    return page_of(folder, found.group(1)) if found else text


def main():
    if not shutil.which("groff") or not shutil.which("nm"):
        print("1..0 # SKIP groff and nm are not there")
        return 0
    with tempfile.TemporaryDirectory() as top:
        folder, files = installed(top)
        names = public_names()
        headers = [f[:-2] for f in os.listdir(os.path.join(INCLUDE, "runnel"))]
        pages = sorted(f[:-2] for f in files if f.startswith("runnel"))
        held = [
            ok(len(names) > 200, "there is something to describe", len(names)),
            ok(pages == sorted("runnel_" + h if h != "runnel" else h
                               for h in headers),
               "every header has a page, which is installed", pages)]
        # In the synopsis as a whole word, not in the list of names alone.
        missing = [n for n in sorted(names)
                   if not re.search(r"^\\fB(?:.*\W)?%s\b" % n,
                                    page_of(folder, n), re.M)]
        held.append(ok(not missing, "every function and macro has one",
                       missing))
        internal = [f for f in files if f.endswith("_.3")]
        held.append(ok(not internal, "what is internal has none", internal))
        lost = [f for f in files if "\n.SH NAME\n" not in
                page_of(folder, f[:-2])]
        held.append(ok(not lost, "no reference leads nowhere", lost))
        complaints = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", "-z"] +
            [os.path.join(folder, p + ".3") for p in pages],
            capture_output=True, text=True, timeout=120, check=False)
        held.append(ok(complaints.returncode == 0 and not complaints.stderr,
                       "groff finds nothing to warn of", complaints.stderr))
        also = {name for p in pages for name in
                re.findall(r"^\.BR (\w+) \(3\)", page_of(folder, p), re.M)}
        held.append(ok(also <= set(pages), "pages refer to pages",
                       also - set(pages)))
    print("1..%d" % number)
    return 0 if all(held) else 1


sys.exit(main())
