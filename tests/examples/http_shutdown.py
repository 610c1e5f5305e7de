#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""http_shutdown: what is in flight is finished, but not for ever."""
from example_test import *


def begin(server, ms):
    """A connection whose request is being worked on."""
    connection = server.connect()
    connection.request("GET", "/?ms=%d" % ms)
    server.wait_for("a request of %d ms" % ms)
    return connection


def end_of(connection):
    try:
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    finally:
        connection.close()


for number in (signal.SIGTERM, signal.SIGINT):
    server = Server("--grace-ms", 90000)
    connections = [begin(server, ms) for ms in (400, 500, 600)]
    idle = server.connect()
    check("%s: a request" % number.name, server.ask("GET", "/", None, idle) ==
          (200, "finished\n"))
    server.signal(number)
    line = server.wait_for("stopping, ")
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
        taken = True
    except ConnectionRefusedError:
        taken = False
    check("%s: nobody else is let in" % number.name, not taken)
    answers = [end_of(connection) for connection in connections]
    check("%s: what is in flight is finished" % number.name,
          answers == [(200, "finished\n")] * 3, answers)
    done = server.finish()
    check("%s: then it ends" % number.name, done.status == 0 and
          done.out.endswith("4 finished, 0 broken off\n") and done.err == "",
          (line, done))
    idle.close()

server = Server("--grace-ms", 200)
quick, slow = begin(server, 1), begin(server, 500000)
quick_end = end_of(quick)
before = time.monotonic()
server.signal(signal.SIGTERM)
slow_end = end_of(slow)
done = server.finish()
check("not later than its deadline", done.status == 1 and
      slow_end == (503, "broken off\n") and quick_end == (200, "finished\n") and
      "the time is over\n" in done.out and
      done.out.endswith("1 finished, 1 broken off\n"), (slow_end, done.out))
check("and not before", time.monotonic() - before >= 0.2)

server = Server("--grace-ms", 0)
slow = begin(server, 500000)
server.signal(signal.SIGTERM)
check("no grace at all", end_of(slow) == (503, "broken off\n") and
      server.finish().status == 1)

server = Server("--grace-ms", 500000)
slow = begin(server, 500000)
server.signal(signal.SIGINT)
server.wait_for("stopping")
server.signal(signal.SIGINT)
check("a second Ctrl-C does not wait", server.finish().status == 130)
slow.close()

server = Server()
silent = socket.create_connection(("127.0.0.1", server.port))
half = socket.create_connection(("127.0.0.1", server.port))
half.sendall(b"GET / HTTP/1.1\r\nHost:")
server.signal(signal.SIGTERM)
done = server.finish()
check("clients that say nothing are not waited for", done.status == 0 and
      "0 in flight" in done.out, done)
silent.close()
half.close()
bad_addresses()
common()
end()
