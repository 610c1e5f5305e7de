#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""api_client: many requests within three limits, and another try."""
import http.server

from example_test import *

lock = threading.Lock()
seen, headers = {}, {}
open_now = most_open = 0
stop = threading.Event()
arrived = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global open_now, most_open
        with lock:
            times = seen[self.path] = seen.get(self.path, 0) + 1
            open_now += 1
            most_open = max(most_open, open_now)
        kind, code, more = self.path.split("/")[1], 200, ()
        if kind == "hang":
            arrived.set()
            stop.wait(TIMEOUT)
        elif kind == "drop" and times == 1:
            self.close_connection = True
        elif kind == "flaky" and times <= 2:
            code = 503
        elif kind == "later" and times == 1:
            code, more = 429, (("Retry-After", "1"),)
        elif kind in ("404", "500"):
            code = int(kind)
        with lock:
            open_now -= 1
        if self.close_connection:
            return
        self.send_response(code)
        self.send_header("Content-Length", "2")
        for header in more:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(b"ok")

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

count = 100 if SANITIZED else 500
done = run("--requests", count, "--concurrency", 7, "--timeout-ms", 90000,
           base + "/items/{n}")
check("every request is good", done.status == 0 and done.out.startswith(
    "%d of %d good, 0 tried again" % (count, count)), done)
check("each number once", seen == {"/items/%d" % n: 1
                                   for n in range(1, count + 1)})
check("not more open than allowed", 1 <= most_open <= 7, most_open)

done = run("--requests", 20, "--pause-ms", 1, "--timeout-ms", 90000,
           base + "/flaky/{n}")
check("what fails for now is tried again", done.status == 0 and
      done.out.startswith("20 of 20 good, 40 tried again"), done)
done = run("--requests", 5, "--pause-ms", 1, "--timeout-ms", 90000,
           base + "/drop/{n}")
check("a connection that breaks, too", done.status == 0 and
      "5 of 5 good" in done.out, done)
before = time.monotonic()
done = run("--requests", 1, "--pause-ms", 1, "--timeout-ms", 90000,
           base + "/later/{n}")
check("a server that says when is believed", done.status == 0 and
      time.monotonic() - before >= 1, done)
done = run("--requests", 3, "--pause-ms", 1, "--tries", 2, base + "/500/{n}")
check("not for ever", done.status == 1 and seen["/500/1"] == 2 and
      done.out.startswith("0 of 3 good, 3 tried again"), done)
done = run("--requests", 3, "--pause-ms", 1, base + "/404/{n}")
check("what will never work is not", done.status == 1 and
      seen["/404/1"] == 1 and "0 tried again" in done.out, done)
before = time.monotonic()
done = run("--requests", 30, "--rate", 50, base + "/rate")
check("not faster than the rate", done.status == 0 and
      seen["/rate"] == 30 and time.monotonic() - before >= 29 / 50, done)
done = run("--requests", 2, "--tries", 1, "--timeout-ms", 100,
           base + "/hang/{n}")
check("a server that hangs", done.status == 1 and "0 of 2 good" in done.out and
      "api_client: " in done.err, done)

arrived.clear()
program = Started("--timeout-ms", 600000, base + "/hang/x")
arrived.wait(TIMEOUT)
program.signal(signal.SIGINT)
done = program.finish()
check("Ctrl-C in the middle", done.status == 130 and done.out == "" and
      done.err == "api_client: interrupted\n", done)
check_interrupt("Ctrl-C while it waits for its turn", "--requests", 9,
                "--tries", 20, "--pause-ms", 30000, base + "/500/again",
                after=None)
with socket.create_server(("127.0.0.1", 0)) as listener:
    closed = listener.getsockname()[1]
for url in ("http://127.0.0.1:%d/" % closed, "ftp://127.0.0.1/", "http://"):
    done = run("--requests", 2, "--tries", 2, "--pause-ms", 1, url)
    check("cannot be asked: " + url.replace(str(closed), "PORT"),
          done.status == 1 and "0 of 2 good" in done.out and done.err != "",
          done)
common()
stop.set()
end()
