# SPDX-License-Identifier: Apache-2.0
"""What the tests of the server share: a server under way, and a client that can
also say what no client should.

    from http_client import *

    @case
    def says_hello(folder):
        with Probe(folder) as server:
            same(server.get("/hello").status, 200)

    main()

HTTP_PROBE names the program http_probe. Nothing here sleeps: whoever waits
reads from a socket or a pipe.
"""
import base64
import os
import select
import signal
import socket
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "cli"))
from sluice_cli import *  # noqa: E402

PROBE = os.environ.get("HTTP_PROBE", os.path.join(
    ROOT, "build", "tests", "http", "http_probe"))

# A time that a server with such a limit must let pass, and never ends early.
SHORT_MS = 200


class Answer:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.version, status, self.reason = lines[0].split(" ", 2)
        self.status = int(status)
        self.fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.body = body

    def field(self, name):
        found = [v for n, v in self.fields if n.lower() == name.lower()]
        check(len(found) < 2, "%s comes twice: %s" % (name, self.fields))
        return found[0] if found else None

    def json(self):
        same(self.field("Content-Type"), "application/json")
        return json.loads(self.body)

    def error(self):
        return self.json()["error"]

    def __str__(self):
        return "%s\n%s\n%r" % (self.line, self.fields, self.body[:500])


class Connection:
    """One connection, bytes in both directions."""

    def __init__(self, address, timeout=PATIENCE_S, source=None):
        self.socket = self.connect(address, timeout, source)
        self.bytes = b""

    @staticmethod
    def connect(address, timeout, source):
        if isinstance(address, str):
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(timeout)
            made.connect(address)
            return made
        return socket.create_connection(address, timeout, source)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def send(self, *pieces):
        """False when the server has closed."""
        try:
            for piece in pieces:
                self.socket.sendall(
                    piece.encode() if isinstance(piece, str) else piece)
            return True
        except OSError:
            return False

    def more(self):
        """False at the end."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.bytes += piece
        return bool(piece)

    def take(self, size):
        while len(self.bytes) < size:
            check(self.more(), "ended after %r" % self.bytes[:300])
        taken, self.bytes = self.bytes[:size], self.bytes[size:]
        return taken

    def take_line(self):
        while b"\r\n" not in self.bytes:
            check(self.more(), "ended after %r" % self.bytes[:300])
        line, _, self.bytes = self.bytes.partition(b"\r\n")
        return line

    def take_head(self):
        while b"\r\n\r\n" not in self.bytes:
            check(self.more(), "ended after %r" % self.bytes[:300])
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        return head

    def take_chunks(self):
        body = b""
        while True:
            size = int(self.take_line(), 16)
            body += self.take(size)
            same(self.take(2), b"\r\n")
            if size == 0:
                return body

    def answer(self, head_only=False):
        answer = Answer(self.take_head(), b"")
        if head_only or answer.status in (100, 204, 304):
            return answer
        if answer.field("Transfer-Encoding"):
            same(answer.field("Transfer-Encoding"), "chunked")
            check(answer.field("Content-Length") is None, answer)
            answer.body = self.take_chunks()
        elif answer.field("Content-Length"):
            answer.body = self.take(int(answer.field("Content-Length")))
        else:
            answer.body = self.rest()
        return answer

    def rest(self):
        while self.more():
            pass
        rest, self.bytes = self.bytes, b""
        return rest

    def ended(self):
        """That the server closes, without another byte."""
        same(self.rest(), b"")

    def readable(self, seconds=0):
        return bool(self.bytes) or bool(
            select.select([self.socket], [], [], seconds)[0])


def request_bytes(method, path, *fields, body=None, host="localhost"):
    lines = ["%s %s HTTP/1.1" % (method, path)]
    if host:
        lines.append("Host: " + host)
    lines += fields
    if body is not None and not any(
            f.lower().startswith("transfer-encoding") for f in fields):
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


BOUNDARY = "----------------------------6e1b2c9a"


def form_part(content, name="file", file_name="list.xlsx", more=()):
    about = 'Content-Disposition: form-data; name="%s"' % name
    if file_name is not None:
        about += '; filename="%s"' % file_name
    lines = ["--" + BOUNDARY, about, *more, "", ""]
    return "\r\n".join(lines).encode() + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + ("--%s--\r\n" % BOUNDARY).encode()


FORM = "Content-Type: multipart/form-data; boundary=" + BOUNDARY


def chunked(body, size):
    """The body in chunks of that size."""
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + \
        b"0\r\n\r\n"


class Server:
    """A server in a process of its own; ends with SIGTERM, which must go well.

    `command` prints a line that ends with its address.
    """

    def __init__(self, command, folder, **options):
        self.errors = open(os.path.join(folder, "server.log"), "w+")
        self.child = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.errors,
            env=environment(options.pop("env", None)), **options)
        self.line = self.child.stdout.readline().decode().strip()
        self.url = self.line.rpartition(" ")[2]
        found = re.search(r"https?://(.*):(\d+)$", self.line)
        self.address = (found.group(1).strip("[]"), int(found.group(2))) \
            if found else None

    def __enter__(self):
        check("listening" in self.line, self.line, self.log())
        return self

    def __exit__(self, kind, *error):
        try:
            if self.child.poll() is None:
                self.child.send_signal(signal.SIGTERM)
                self.child.wait(PATIENCE_S)
            if kind is None:
                same(self.child.returncode, 0, self.log())
            else:
                print("# " + self.log().replace("\n", "\n# "),
                      file=sys.stderr)
        finally:
            self.child.poll() is None and self.child.kill()
            self.child.wait()
            self.child.stdout.close()
            self.errors.close()

    def log(self):
        """What it wrote to standard error so far."""
        with open(self.errors.name) as f:
            return f.read()[-20000:]

    def open(self, source=None):
        """`source` is another client's address, such as 127.0.0.2."""
        return Connection(self.address, source=source and (source, 0))

    def ask(self, method, path, *fields, body=None, **options):
        """One request on a connection of its own."""
        with self.open() as connection:
            connection.send(request_bytes(method, path, "Connection: close",
                                          *fields, body=body, **options))
            answer = connection.answer(head_only=method == "HEAD")
            connection.ended()
            return answer

    def get(self, path, *fields, **options):
        return self.ask("GET", path, *fields, **options)

    def post(self, path, body, *fields, **options):
        return self.ask("POST", path, *fields, body=body, **options)

    def raw(self, *pieces):
        """What comes back for these bytes, until the server closes."""
        with self.open() as connection:
            connection.send(*pieces)
            try:
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it is closed already
            return connection.rest()

    def metric(self, name):
        for line in self.get("/metrics").body.decode().splitlines():
            if line.rpartition(" ")[0] == name:
                return int(line.rpartition(" ")[2])
        raise AssertionError("no metric " + name)

    def open_uploads(self):
        """[size] of the files in the spool that it has open."""
        sizes = []
        for name in os.listdir("/proc/%d/fd" % self.child.pid):
            path = "/proc/%d/fd/%s" % (self.child.pid, name)
            try:
                if self.spool in os.readlink(path):
                    sizes.append(os.stat(path).st_size)
            except FileNotFoundError:
                pass  # closed meanwhile
        return sizes

    def memory_kb(self, name):
        with open("/proc/%d/status" % self.child.pid) as f:
            return int(re.search(name + r":\s*(\d+) kB", f.read()).group(1))

    def refused(self):
        """The line of one that did not start; instead of `with`."""
        self.child.wait(PATIENCE_S)
        self.child.stdout.close()
        self.errors.close()
        check("listening" not in self.line, self.line)
        return self.line

    def stop(self):
        self.child.send_signal(signal.SIGTERM)


class Probe(Server):
    """http_probe; options are its NAME=VALUE."""

    def __init__(self, folder, *options, **more):
        self.spool = os.path.join(folder, "spool")
        os.makedirs(self.spool, exist_ok=True)
        super().__init__([PROBE, self.spool, *options], folder, **more)


def crc(data):
    return zlib.crc32(data)


def refusal(reply):
    """The one answer in what came back."""
    head, _, body = reply.partition(b"\r\n\r\n")
    answer = Answer(head, body)
    same(answer.field("Connection"), "close", answer)
    same(str(len(body)), answer.field("Content-Length"), answer)
    return answer
