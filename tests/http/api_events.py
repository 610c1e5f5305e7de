#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: in order, whole after a break, and ended when they are."""
import time

from api_client import *

MIXED = b"number,word\n1,one\n,two\n,three\n4,four\n"
TABLE = "CREATE TABLE list (number INTEGER NOT NULL, word TEXT)"


def version(event):
    return int(event.number.partition(".")[0])


@case
def from_the_start_to_the_end(folder):
    with Service(folder) as server:
        number = server.started(numbers(100000), method="sequential")
        with server.events(number) as stream:
            events = []
            for event in stream:
                events.append(event)
                if len(events) == 3:
                    server.ask("DELETE", "/api/imports/" + number)
        same(events[-1].name, "end")
        jobs = [e for e in events if e.name == "job"]
        same([version(e) for e in jobs], sorted({version(e) for e in jobs}))
        rows = [j.data["progress"]["rows"] for j in jobs]
        same(rows, sorted(rows))
        same(jobs[-1].data["state"], "canceled")
        check(all(j.data["id"] == number for j in jobs))


@case
def rejects_come_once_whatever_breaks(folder):
    with Service(folder) as server:
        sqlite(folder, "out.sqlite", TABLE)
        number = server.imported(MIXED)["id"]
        with server.events(number) as stream:
            events = list(stream)
        rows = [e.data["row"] for e in events if e.name == "reject"]
        same(rows, [3, 4])
        same([e.name for e in events], ["reject", "reject", "job", "end"])
        for at, event in enumerate(events):
            with server.events(number, "Last-Event-ID: " + event.number) as s:
                rest = list(s)
            same([e.data["row"] for e in rest if e.name == "reject"],
                 rows[at + 1:] if event.name == "reject" else [])
            same(rest[-1].name, "end")
        for wrong in ("x", "", "1.2", "99999999999999999999.1.1"):
            with server.events(number, "Last-Event-ID: " + wrong) as stream:
                same([e.name for e in stream if e.name != "reject"],
                     ["job", "end"])


@case
def a_head_ends_at_once(folder):
    """The connection is free for the next request, whatever runs."""
    with Service(folder) as server:
        number = server.imported(numbers(1))["id"]
        with server.open() as line:
            for path in ("/api/events", "/api/imports/%s/events" % number):
                line.send(request_bytes("HEAD", path))
                answer = line.answer(head_only=True)
                same((answer.status, answer.field("Content-Type")),
                     (200, "text/event-stream"))
                line.send(request_bytes("GET", "/health"))
                same(line.answer().body, b'{"status":"healthy"}')


@case
def all_imports_in_one_stream(folder):
    with Service(folder) as server:
        first = server.imported(numbers(1))["id"]
        seen = server.get("/api/imports").json()["version"]
        with server.events(query="?since=%d" % seen) as stream:
            kept = stream.until(lambda e: True)
            same((kept.name, kept.data), ("kept", [first]))
            second = server.started(numbers(2))
            last = stream.until(lambda e: e.name == "job"
                                and e.data["state"] == "succeeded")
            same(last.data["id"], second)
            server.ask("DELETE", "/api/imports/" + first)
            same(stream.until(lambda e: e.name == "kept").data, [second])
        with server.events(None, "Last-Event-ID: %s" % last.number,
                           query="?since=0") as stream:
            third = server.started(numbers(3))
            event = stream.until(lambda e: e.name == "job")
            same(event.data["id"], third)


@case
def many_imports_come_page_by_page(folder):
    """Each once, in the order of their changes; a client that got some of them
    gets the others when it comes again."""
    with Service(folder, to="null:") as server:
        made = {server.started(numbers(1)) for _ in range(80)}
        for number in made:
            server.ended(number)
        with server.events() as stream:
            events = [next(iter(stream)) for _ in range(len(made))]
        same({e.data["id"] for e in events}, made)
        same([e.data["version"] for e in events],
             sorted(e.data["version"] for e in events))
        same([version(e) for e in events],
             [e.data["version"] for e in events])
        for at in (0, 31, 32, 50, 78):
            with server.events(None, "Last-Event-ID: " + events[at].number) \
                    as stream:
                rest = [next(iter(stream)).data["id"]
                        for _ in range(len(made) - at - 1)]
                same(rest, [e.data["id"] for e in events[at + 1:]])
                same(stream.until(lambda e: True).name, "kept")


@case
def a_stream_ends_when_the_server_does(folder):
    with Service(folder) as server:
        with server.events() as stream:
            stream.until(lambda e: e.name == "kept")
            server.stop()
            for event in stream:
                pass
            server.child.wait(PATIENCE_S)


@case
def watchers_that_go_away_leave_nothing(folder):
    with Service(folder) as server:
        number = server.started(numbers(300000), method="sequential")
        before = server.metric("sluice_goroutines")
        for _ in range(50):
            with server.events(number) as stream:
                stream.until(lambda e: e.name == "job")
        server.ask("DELETE", "/api/imports/" + number)
        server.ended(number)
        # Each is noticed at its next write, which the end of the import was:
        # asked until it shows, because nothing tells when all have written.
        until = time.monotonic() + PATIENCE_S
        while server.metric("sluice_goroutines") > before + 3:
            check(time.monotonic() < until, before,
                  server.metric("sluice_goroutines"))


main()
