#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""request_stats: counters behind a mutex, read while they change."""
from example_test import *

server = Server()


def stats():
    """{path: (requests, errors, average, longest)}"""
    status, text = server.ask("GET", "/stats")
    rows = [line.split() for line in text.splitlines()[2:]]
    return {row[4]: (int(row[0]), int(row[1]), float(row[2]), float(row[3]))
            for row in rows}


check("nothing yet", stats() == {})
check("a request", server.ask("GET", "/work?ms=20") == (200, "done\n"))
check("is counted, with its time", stats()["/work"][:2] == (1, 0) and
      stats()["/work"][3] >= 20, stats())
check("one that fails", server.ask("GET", "/fail")[0] == 503 and
      stats()["/fail"][:2] == (1, 1), stats())

rounds = 20 if SANITIZED else 100
last = [0] * 10


def client(n):
    connection = server.connect()
    for i in range(rounds):
        server.ask("GET", ("/count", "/fail")[i % 2], None, connection)
    connection.close()


def reader(n):
    for _ in range(10):
        found = stats().get("/count", (0, 0))[0]
        if found < last[n]:
            last[n] = 1 << 30  # went back: the check below fails
        last[n] = max(last[n], found)


readers = [threading.Thread(target=reader, args=(n,)) for n in range(4)]
for thread in readers:
    thread.start()
at_once(20, client)
for thread in readers:
    thread.join()
found = stats()
check("none is lost", found["/count"][:2] == (10 * rounds, 0) and
      found["/fail"][:2] == (10 * rounds + 1,) * 2, found)
check("who reads meanwhile never sees less", max(last) <= 10 * rounds, last)
for n in range(150):
    server.ask("GET", "/%d/%s" % (n, "x" * (n % 90)))
found = stats()
check("paths from outside have an end", len(found) == 100 and
      sum(row[0] for row in found.values()) == 20 * rounds + 2 + 150, found)

waiting = server.connect()
waiting.request("GET", "/work?ms=59000")
while not server.ask("GET", "/stats")[1].startswith("1 under way\n"):
    pass
server.signal(signal.SIGTERM)
answer = waiting.getresponse()
check("what is under way is answered at the end", answer.status == 200 and
      answer.read() == b"done\n")
waiting.close()
done = server.finish()
check("the counts are its last words", done.status == 0 and
      "requests errors" in done.out and " /count" in done.out, done)
bad_addresses()
common()
end()
