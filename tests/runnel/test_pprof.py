#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Profiles over HTTP are what pprof reads, by a reader of our own and by Go's.

    test_pprof.py PROGRAM [named]

`named`: functions have names here (elfutils).
"""
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile

program = sys.argv[1]
named = "named" in sys.argv[2:]
number = failed = 0


def case(name, problems, skip=None):
    global number, failed
    number += 1
    failed += bool(problems)
    print("%sok %d - %s%s" % ("not " * bool(problems), number, name,
                              " # SKIP " + skip if skip else ""))
    for problem in problems:
        print("# %s: %s" % (name, problem), file=sys.stderr)
    sys.stdout.flush()


# ------------------------------------------------------------------ protobuf

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """[(field, value)]: a number, or the bytes of a message or string."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            if at + size > len(data):
                raise ValueError("a field reaches beyond its message")
            value = data[at:at + size]
            at += size
        else:
            raise ValueError("wire type %d" % (key & 7))
        yield key >> 3, value


def all_of(message, field):
    return [value for f, value in fields(message) if f == field]


def one(message, field):
    values = all_of(message, field)
    if len(values) > 1:
        raise ValueError("field %d is there %d times" % (field, len(values)))
    return values[0] if values else 0


class Profile:
    """What profile.proto says, with its numbers looked up."""

    def __init__(self, data):
        self.strings = [s.decode() for s in all_of(data, 6)]
        if not self.strings or self.strings[0] != "":
            raise ValueError("the first string is not empty")
        self.types = [self.pair(t) for t in all_of(data, 1)]
        self.period = self.pair(one(data, 11)), one(data, 12)
        functions = self.by_id(data, 5)
        locations = self.by_id(data, 4)
        for location in locations.values():
            for line in all_of(location, 4):
                functions[one(line, 1)]
        self.samples = []
        for sample in all_of(data, 2):
            stack = [self.name_of(functions, locations[i])
                     for i in all_of(sample, 1)]
            values = all_of(sample, 2)
            labels = dict(self.pair(label) for label in all_of(sample, 3))
            if len(values) != len(self.types) or not stack:
                raise ValueError("sample of %d values, %d frames" %
                                 (len(values), len(stack)))
            self.samples.append((stack, values, labels))

    def pair(self, message):
        return (self.strings[one(message, 1)], self.strings[one(message, 2)])

    def by_id(self, data, field):
        found = {}
        for message in all_of(data, field):
            if one(message, 1) in found or one(message, 1) == 0:
                raise ValueError("id %d of field %d twice, or none" %
                                 (one(message, 1), field))
            found[one(message, 1)] = message
        return found

    def name_of(self, functions, location):
        line, = all_of(location, 4)
        return self.strings[one(functions[one(line, 1)], 2)]

    def weight(self, word="", label=""):
        return sum(values[-1] for stack, values, labels in self.samples
                   if any(word in frame for frame in stack) and
                   any(label in text for text in labels.values()))


# --------------------------------------------------------------------- HTTP

def get(address, target):
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", target)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def profile_of(address, target, folder, name):
    status, body = get(address, target)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(body)
    if status != 200:
        return None, ["status %d" % status]
    try:
        return Profile(body), []
    except (ValueError, KeyError, IndexError) as error:
        return None, ["%s: %s" % (type(error).__name__, error)]


def check(profile, problems, types, wanted):
    if profile is None:
        return problems
    if [t[0] for t in profile.types] != types:
        problems.append("sample types %s" % profile.types)
    for word, label, least in wanted:
        if named or not word:
            weight = profile.weight(word, label)
            if weight < least:
                problems.append("%s, %s weigh %d of %d" %
                                (word, label, weight, profile.weight()))
    return problems


def look_until(address, target, folder, name, types, wanted):
    """Asks until the profile has what is wanted: a busy machine may give the
    program no time for seconds. The problems of the last one."""
    problems = []
    for _ in range(20):
        profile, problems = profile_of(address, target, folder, name)
        problems = check(profile, problems, types, wanted)
        if not problems or profile is None:
            break
    return problems


def look(address, folder):
    case("goroutines", look_until(
        address, "/debug/pprof/goroutine", folder, "goroutine", ["goroutine"],
        [("", "chan receive", 5), ("waiter", "chan receive", 5)]))
    case("processor time", look_until(
        address, "/debug/pprof/profile?seconds=1", folder, "cpu",
        ["samples", "cpu"],
        [("", "contender; with a name", 10 ** 7),
         ("compute", "contender", 10 ** 7)]))
    case("contention", look_until(
        address, "/debug/pprof/mutex?seconds=1", folder, "mutex",
        ["contentions", "delay"], [("contender", "profile_program.c:", 1)]))
    case("waits", look_until(
        address, "/debug/pprof/block?seconds=1", folder, "block",
        ["contentions", "delay"],
        [("", "mutex lock", 1), ("contender", "mutex lock", 1)]))

    status, body = get(address, "/debug/pprof/trace?seconds=1")
    try:
        events = json.loads(body)["traceEvents"] if status == 200 else []
        case("trace", [] if events else ["status %d" % status])
    except (ValueError, KeyError, TypeError) as error:
        case("trace", [str(error)])

    status, body = get(address, "/debug/pprof/goroutine?format=folded")
    lines = body.decode().splitlines()
    bad = [l for l in lines if not l.rpartition(" ")[2].isdigit()]
    case("folded", bad or [] if status == 200 and lines else ["status %d" %
                                                             status])


def ask_go(folder):
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not go:
        case("go tool pprof", [], skip="no Go here")
        return
    problems = []
    environment = dict(os.environ, PPROF_TMPDIR=folder, GOTOOLCHAIN="local")
    for name, how, word in (("goroutine", "-raw", "waiter"),
                            ("cpu", "-top", "compute"),
                            ("mutex", "-top", "contender"),
                            ("block", "-raw", "contender")):
        run = subprocess.run([go, "tool", "pprof", how, name], cwd=folder,
                             env=environment, capture_output=True, text=True)
        if run.returncode != 0 or (named and word not in run.stdout):
            problems.append("%s %s: %s%s" % (name, how, run.stdout,
                                             run.stderr))
    case("go tool pprof", problems)


with tempfile.TemporaryDirectory() as scratch:
    process = subprocess.Popen([program], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        look(process.stdout.readline().strip(), scratch)
        process.stdin.close()
        case("end", ["status %d" % s for s in [process.wait(60)] if s != 0])
    finally:
        process.kill()
        process.wait()
    ask_go(scratch)
print("1..%d" % number)
sys.exit(failed > 0)
