# SPDX-License-Identifier: Apache-2.0
"""The programs that bench_lines compares: ours, and those of peers.

Ours come from `ninja -C build bench-runnel`; a peer is built here, into
build/bench/peers, and left out with a word when what it needs is missing.
"""
import os
import re
import shutil
import subprocess

from runnel_lines import ROOT

BUILT = os.path.join(ROOT, "build", "bench", "runnel")
PEERS = os.path.join(ROOT, "build", "bench", "peers")
SOURCES = os.path.join(ROOT, "bench", "peers")
LIMITS = os.path.join(BUILT, "bench_limits")


def out_of(command, **more):
    return subprocess.run(command, text=True, check=True,
                          stdout=subprocess.PIPE, **more).stdout


def compiler():
    with open(os.path.join(ROOT, "build", "meson-logs", "meson-log.txt")) as f:
        found = re.search(r"^C compiler for the host machine: .*?\((\S+ \S+)",
                          f.read(), re.M)
    return found.group(1) if found else "unknown"


class Side:
    """A program with the lines' names; `programs` are {line: its figures}."""

    def __init__(self, name, command, version="", programs=None):
        self.name, self.command, self.version = name, command, version
        self.programs = programs or self.listed()

    def listed(self):
        words = [text.split() for text in
                 out_of(self.command + ["--list"]).splitlines()]
        return {first: rest for first, *rest in words}


RAW = Side("raw", [os.path.join(BUILT, "bench_echo_raw")],
           programs={"echo": ["echo"]})


def left_out(peer, why):
    print("left out: %s: %s" % (peer, why), flush=True)


def go_build(folder, program, cgo):
    """A module without dependencies, by the toolchain that is installed."""
    os.makedirs(PEERS, exist_ok=True)
    env = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=mod",
               GOPROXY="off", CGO_ENABLED="1" if cgo else "0")
    path = os.path.join(PEERS, program)
    done = subprocess.run(["go", "build", "-o", path, "."], env=env, text=True,
                          cwd=os.path.join(SOURCES, "go", folder),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        left_out("Go's " + folder, done.stdout.strip())
        return None
    return path


def go_sides():
    if not shutil.which("go"):
        left_out("Go", "it is not installed")
        return []
    version = out_of(["go", "env", "GOVERSION"]).strip()
    found = []
    path = go_build("runnel_bench", "runnel_bench", cgo=False)
    if path:
        found.append(Side("go", [path], version))
    path = go_build("runnel_cgo", "runnel_cgo", cgo=True)
    if path:
        found.append(Side("go", [path], version))
    return found


def boost_sides():
    """Boost.Fiber, by Debian's libboost-fiber-dev."""
    if not shutil.which("g++"):
        left_out("Boost.Fiber", "g++ is not installed")
        return []
    os.makedirs(PEERS, exist_ok=True)
    path = os.path.join(PEERS, "fiber_bench")
    done = subprocess.run(
        ["g++", "-std=c++17", "-O2", "-o", path,
         os.path.join(SOURCES, "boost", "fiber_bench.cpp"),
         "-lboost_fiber", "-lboost_context", "-pthread"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        left_out("Boost.Fiber", "libboost-fiber-dev is not installed")
        return []
    return [Side("boost", [path], "Boost.Fiber")]


def sides():
    """Ours first."""
    ours = Side("ours", [os.path.join(BUILT, "bench_runnel")])
    return [ours] + go_sides() + boost_sides()
