#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install_deps calls no package manager when nothing is missing, names what is
missing when it cannot install, and knows every library that Meson asks for.

    install_deps.py INSTALL_DEPS ROOT
"""
import os
import re
import subprocess
import sys
import tempfile

script, root = os.path.abspath(sys.argv[1]), sys.argv[2]
number = failed = 0


def check(name, held, note=""):
    global number, failed
    number += 1
    print("%s %d - %s" % ("ok" if held else "not ok", number, name))
    if not held:
        failed += 1
        print("# " + note, file=sys.stderr)


def meson_files():
    yield os.path.join(root, "meson.build")
    for top in ("src", "tests", "bench", "examples", "docs"):
        for path, _, names in os.walk(os.path.join(root, top)):
            if "meson.build" in names:
                yield os.path.join(path, "meson.build")


def libraries():
    found = set()
    for name in meson_files():
        with open(name) as f:
            found.update(re.findall(r"dependency\(\s*'([^']+)'", f.read()))
    return found - {"threads"}


with tempfile.TemporaryDirectory() as folder:
    # A package manager that only leaves a trace of having been called.
    trace = os.path.join(folder, "called")
    for name in ("apt-get", "sudo"):
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write('#!/bin/sh\necho "$@" >> "%s"\nexit 1\n' % trace)
        os.chmod(path, 0o755)
    path = folder + ":" + os.environ["PATH"]

    done = subprocess.run([script, "build"], env={**os.environ, "PATH": path})
    check("nothing missing, nothing called",
          done.returncode == 0 and not os.path.exists(trace))

    # Only the shell's needs are on this PATH: everything else is missing.
    bare = os.path.join(folder, "bare")
    os.mkdir(bare)
    for name in ("sh", "id", "sort", "tr", "ls", "uname", "env"):
        for place in ("/bin", "/usr/bin"):
            if os.path.exists(os.path.join(place, name)):
                os.symlink(os.path.join(place, name), os.path.join(bare, name))
                break
    done = subprocess.run(["/bin/sh", script, "build"], text=True,
                          env={"PATH": bare}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    check("what is missing is named where it cannot be installed",
          done.returncode == 1 and " meson " in done.stdout and
          " libpq-dev " in done.stdout, done.stdout)

    os.symlink(os.path.join(folder, "apt-get"), os.path.join(bare, "apt-get"))
    os.symlink(os.path.join(folder, "sudo"), os.path.join(bare, "sudo"))
    done = subprocess.run(["/bin/sh", script, "build"], text=True,
                          env={"PATH": bare}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    check("a package manager that fails is reported",
          done.returncode == 1 and "could not install" in done.stdout and
          os.path.exists(trace), done.stdout)

with open(script) as f:
    text = f.read()
unknown = {name for name in libraries() if "library:" + name not in text}
check("every library of Meson's files is listed", not unknown,
      "not in tools/install_deps: " + " ".join(sorted(unknown)))
print("1..%d" % number)
sys.exit(1 if failed else 0)
