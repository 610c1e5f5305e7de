#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cache: read by many while it is written."""
from example_test import *

server = Server("--limit", 50)
check("a new entry", server.ask("PUT", "/a", "one")[0] == 201)
check("is found", server.ask("GET", "/a") == (200, "one"))
check("replaced", server.ask("PUT", "/a", "two")[0] == 200 and
      server.ask("GET", "/a") == (200, "two"))
check("one that is not there", server.ask("GET", "/b")[0] == 404)
check("counted", server.ask("GET", "/") ==
      (200, "entries 1\nhits 2\nmisses 1\n"), server.ask("GET", "/"))
check("deleted", server.ask("DELETE", "/a")[0] == 204 and
      server.ask("GET", "/a")[0] == 404 and
      server.ask("DELETE", "/a")[0] == 404)
check("an empty value", server.ask("PUT", "/e", "")[0] == 201 and
      server.ask("GET", "/e") == (200, ""))
server.ask("DELETE", "/e")

rounds = 30 if SANITIZED else 200
wrong = []


def client(n):
    """Writers write a value that says its key; readers check it."""
    connection = server.connect()
    for i in range(rounds):
        key = "/k%d" % ((n + i) % 10)
        if n % 4 == 0:
            status, text = server.ask("PUT", key, (key + " ") * (i % 50 + 1),
                                      connection)
            good = status in (200, 201)
        else:
            status, text = server.ask("GET", key, None, connection)
            good = status == 404 or text.startswith(key + " ") and \
                len(set(text.split())) == 1
        if not good:
            wrong.append((key, status, text))
    connection.close()


at_once(16, client)
check("every read sees one whole value", not wrong, wrong[:3])
counts = dict(line.split() for line in server.ask("GET", "/")[1].splitlines())
check("every read is counted", int(counts["hits"]) + int(counts["misses"]) ==
      12 * rounds + 6 - 1, counts)
statuses = [server.ask("PUT", "/new%d" % n, "x")[0] for n in range(60)]
check("not more than the limit", statuses.count(201) == 40 and
      statuses.count(507) == 20, statuses)
check("an old one can be replaced when it is full",
      server.ask("PUT", "/new1", "y")[0] == 200)

for name, request, wanted in (
        ("no method", b"\r\n\r\n", 400), ("no HTTP", b"hello\r\n\r\n", 400),
        ("another version", b"GET / HTTP/9\r\n\r\n", 400),
        ("no path", b"GET x HTTP/1.1\r\n\r\n", 400),
        ("a long head", b"GET / HTTP/1.1\r\nA: " + b"a" * 20000, 431),
        ("a NUL", b"GET /\0 HTTP/1.1\r\n\r\n", 400),
        ("a long body", b"PUT /x HTTP/1.1\r\nContent-Length: 99999\r\n\r\n",
         413),
        ("a length that is none",
         b"PUT /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("two lengths", b"PUT /x HTTP/1.1\r\nContent-Length: 3\r\n"
         b"Content-Length: 4\r\n\r\nabcd", 400),
        ("chunks", b"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
         501),
        ("a method that is not known", b"POST /x HTTP/1.0\r\n\r\n", 405)):
    text = server.raw(request)
    check(name, text.startswith("HTTP/1.1 %d " % wanted), text)
check("half a request", server.raw(b"GET / HT") == "")
text = server.raw(b"GET /new1 HTTP/1.1\r\n\r\nGET /new1 HTTP/1.0\r\n\r\nGET ")
check("two requests at once", text.count("HTTP/1.1 200 OK") == 2 and
      text.count("\r\n\r\ny") == 2, text)

idle = server.connect()
server.ask("GET", "/", None, idle)
server.signal(signal.SIGTERM)
done = server.finish()
check("SIGTERM ends it, idle connections too", done.status == 0 and
      done.err == "", done)
idle.close()
server = Server()
server.signal(signal.SIGINT)
check("so does Ctrl-C", server.finish().status == 0)
bad_addresses()
common()
end()
