# SPDX-License-Identifier: Apache-2.0
"""What the tests of the examples share.

A test is a script `NAME.py PROGRAM [...]` of the form

    from example_test import *

    done = run("--count", 3)
    check("counts to three", done.status == 0 and done.out == "1\\n2\\n3\\n",
          done)
    common()        # --help, a wrong option
    end()

and prints TAP; what failed goes to stderr too.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = sys.argv[1]
NAME = os.path.basename(PROGRAM)
SANITIZED = "EXAMPLE_SANITIZED" in os.environ
TIMEOUT = 100

number = failures = 0
folder = tempfile.TemporaryDirectory(prefix="example.")


def check(name, held, note=""):
    global number, failures
    number += 1
    print("%s %d - %s" % ("ok" if held else "not ok", number, name), flush=True)
    if not held:
        failures += 1
        print("# %s: %s" % (name, note), file=sys.stderr, flush=True)
    return held


def end():
    print("1..%d" % number)
    folder.cleanup()
    sys.exit(failures > 0)


class Done:
    """A finished run: status (negative: the signal), out, err."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return "status %s\nout: %s\nerr: %s" % (self.status, self.out,
                                                self.err[-4000:])


def words(arguments):
    return [PROGRAM] + [str(a) for a in arguments]


def run(*arguments, input=None, env=None):
    done = subprocess.run(words(arguments), input=input, text=True,
                          stdin=None if input is not None
                          else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT, env={**os.environ, **(env or {})})
    return Done(done.returncode, done.stdout, done.stderr)


class Started:
    """A program that runs on; its lines can be waited for."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen(
            words(arguments), text=True, stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=1)
        self.lines = []
        self.errors = []
        self.error_reader = threading.Thread(
            target=lambda: self.errors.extend(self.process.stderr))
        self.error_reader.start()
        self.watchdog = threading.Timer(TIMEOUT, self.process.kill)
        self.watchdog.start()

    def wait_for(self, text):
        """The first line with the text; None when the program ended before."""
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return line
        return None

    def signal(self, number):
        """Sends it, once the program has begun to look for signals."""
        while self.process.poll() is None and not self.minds(number):
            time.sleep(0.001)
        self.process.send_signal(number)

    def minds(self, number):
        """Blocks the signal or catches it: what it does is its own then."""
        with open("/proc/%d/status" % self.process.pid) as f:
            masks = re.findall(r"^Sig(?:Blk|Cgt):\s+(\w+)$", f.read(), re.M)
        return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)

    def finish(self):
        rest = self.process.stdout.read()
        status = self.process.wait()
        self.watchdog.cancel()
        self.error_reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return Done(status, "".join(self.lines) + rest, "".join(self.errors))


def interrupt(*arguments, after=None):
    """Ctrl-C once the program has printed the text (None: at once)."""
    program = Started(*arguments)
    if after is not None:
        program.wait_for(after)
    program.signal(signal.SIGINT)
    return program.finish()


def check_interrupt(name, *arguments, after):
    done = interrupt(*arguments, after=after)
    check(name, done.status == 130 and
          done.err == "%s: interrupted\n" % NAME, done)


def common():
    """What holds for every example."""
    done = run("--help")
    check("--help tells how to use it", done.status == 0 and
          done.out.startswith("usage: %s" % NAME) and done.err == "", done)
    done = run("--no-such-option")
    check("a wrong option is status 2", done.status == 2 and
          "--help" in done.err and done.out == "", done)


def write(name, data):
    """A file in the test's folder; its path."""
    path = os.path.join(folder.name, name)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path
