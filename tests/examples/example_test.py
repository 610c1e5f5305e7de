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
import atexit
import http.client
import os
import re
import signal
import socket
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
started = []


def kill_started():
    """When a test ends in the middle."""
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.watchdog.cancel()


atexit.register(kill_started)
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
            target=lambda: self.errors.extend(self.process.stderr),
            daemon=True)
        self.error_reader.start()
        self.watchdog = threading.Timer(TIMEOUT, self.process.kill)
        self.watchdog.daemon = True
        self.watchdog.start()
        started.append(self)

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


class Server(Started):
    """One that prints where it listens; `port` is None when it does not."""

    def __init__(self, *arguments):
        super().__init__("--listen", "127.0.0.1:0", *arguments)
        line = self.wait_for("listening on http://") or ""
        self.port = int(line.rsplit(":", 1)[1]) if line else None

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=TIMEOUT)

    def ask(self, method, path, body=None, connection=None):
        """(status, text)"""
        own = connection or self.connect()
        own.request(method, path, body)
        answer = own.getresponse()
        text = answer.read().decode()
        if not connection:
            own.close()
        return answer.status, text

    def raw(self, data):
        """What comes back for these bytes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as s:
            s.sendall(data)
            try:
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the server was faster
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()


def at_once(count, function):
    """function(0) .. function(count - 1), each in a thread."""
    threads = [threading.Thread(target=function, args=(n,))
               for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bad_addresses():
    """A server's address that cannot be had."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        done = run("--listen", address)
        check("an address that is taken", done.status == 1 and
              done.err.startswith("%s: %s: " % (NAME, address)), done)
    done = run("--listen", "nowhere")
    check("an address that is none", done.status == 1 and
          "nowhere" in done.err, done)


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
