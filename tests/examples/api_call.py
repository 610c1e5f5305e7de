#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""api_call: timeouts, cancellation and failures told apart."""
import http.server

from example_test import *

ended = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/hang":
            arrived.set()
            ended.wait(TIMEOUT)
            return
        if self.path == "/close":
            self.close_connection = True
            return
        code, body = 200, b"hello"
        if self.path == "/who":
            body = ("%s asks, %s" % (self.headers["X-User"],
                                     self.headers["X-Request-Id"])).encode()
        elif self.path == "/large":
            body = b"x" * 1000000
        elif self.path == "/endless":
            body = b"x" * 9000000
        elif self.path == "/missing":
            code = 404
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class ApiServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # clients hang up here


server = ApiServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = "http://127.0.0.1:%d" % server.server_port
arrived = threading.Event()
LONG = ("--timeout-ms", 90000)

done = run(*LONG, base + "/hello", base + "/large")
check("two answers, in the order asked", done.status == 0 and re.match(
    r"200, 5 bytes after \d+ ms: %s/hello\n200, 1000000 bytes after" % base,
    done.out), done)
done = run(*LONG, "--show", "--user", "ann", base + "/who", base + "/who")
ids = re.findall(r"^ann asks, (\d+-\d+)$", done.out, re.M)
check("what belongs to a request goes along", done.status == 0 and
      [i.split("-")[1] for i in ids] == ["1", "2"], done)
many = [base + "/hello"] * (20 if SANITIZED else 100)
done = run(*LONG, *many)
check("many at once", done.status == 0 and
      done.out.count("200, 5 bytes") == len(many), done)

done = run("--timeout-ms", 300, base + "/hang", base + "/hello")
wait = re.search(r"timed out after (\d+) ms: .*/hang", done.out)
# The time is cut to milliseconds, and begins a moment after the limit does.
check("a server that hangs", done.status == 1 and wait and
      int(wait[1]) >= 299, done)
done = run(*LONG, "--first", base + "/hang", base + "/hello", base + "/hang")
check("the first answer calls the others off", done.status == 0 and
      done.out.count("called off after") == 2 and "200, 5" in done.out, done)
for path, text in (("/missing", "404, "), ("/close", "failed: "),
                   ("/endless", "failed: ")):
    done = run(*LONG, base + path)
    check(path, done.status == 1 and done.out.startswith(text), done)
with socket.create_server(("127.0.0.1", 0)) as listener:
    closed = listener.getsockname()[1]
for url in ("http://127.0.0.1:%d/" % closed, "file:///etc/passwd", "", "http://",
            "http://no.such.name.invalid/"):
    done = run("--timeout-ms", 20000, url)
    check("cannot be asked: \"%s\"" % url.replace(str(closed), "PORT"),
          done.status == 1 and (done.out.startswith("failed: " + url) or
                                "invalid" in url), done)

arrived.clear()
program = Started(*LONG, base + "/hang", base + "/hang")
arrived.wait(TIMEOUT)
program.signal(signal.SIGINT)
done = program.finish()
check("Ctrl-C while it waits", done.status == 130 and
      done.err == "api_call: interrupted\n" and done.out == "", done)
common()
ended.set()
end()
