#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, silent or many, and a server that stops.

Limits are made short by options. What has no end by itself must be ended by the
server; nothing here says how fast.
"""
import time

from http_client import *

HEAD = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"


def drip(connection, byte=b"a"):
    """Sends a byte now and then until the server has something to say."""
    while not connection.readable(0.01):
        if not connection.send(byte):
            break


def waited(begin, ms):
    check(time.monotonic() - begin >= ms / 1000, "too early")


@case
def a_head_has_its_time(folder):
    with Probe(folder, "head=%d" % SHORT_MS) as server:
        for first in (b"G", HEAD, HEAD + b"A: "):
            begin = time.monotonic()
            with server.open() as connection:
                connection.send(first)
                same(connection.answer().status, 408)
                connection.ended()
                waited(begin, SHORT_MS)
            # However many bytes still come.
            begin = time.monotonic()
            with server.open() as connection:
                connection.send(first)
                drip(connection)
                same(connection.answer().status, 408)
                waited(begin, SHORT_MS)
        same(server.get("/hello").status, 200)


@case
def silence_ends_without_a_word(folder):
    with Probe(folder, "idle=%d" % SHORT_MS) as server:
        begin = time.monotonic()
        with server.open() as connection:
            connection.ended()
            waited(begin, SHORT_MS)
        with server.open() as connection:
            connection.send(HEAD + b"\r\n")
            same(connection.answer().status, 200)
            connection.ended()


@case
def a_body_must_move(folder):
    with Probe(folder, "stall=%d" % SHORT_MS) as server:
        for sent in (b"Content-Length: 10\r\n\r\nfive.",
                     b"Transfer-Encoding: chunked\r\n\r\n5\r\nfiv",
                     b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"):
            begin = time.monotonic()
            with server.open() as connection:
                connection.send(b"POST /count HTTP/1.1\r\nHost: localhost\r\n"
                                + sent)
                if b"Expect" in sent:
                    same(connection.answer().status, 100)
                same(connection.answer().status, 408)
                connection.ended()
                waited(begin, SHORT_MS)


@case
def a_body_must_move_fast_enough(folder):
    with Probe(folder, "grace=%d" % SHORT_MS, "rate=100000000") as server:
        begin = time.monotonic()
        with server.open() as connection:
            connection.send(b"POST /count HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Length: 1000000\r\n\r\n")
            drip(connection)
            same(connection.answer().status, 408)
            waited(begin, SHORT_MS)
        # Within the grace any pace will do.
        same(server.post("/count", b"x" * 100000).status, 200)


@case
def a_client_that_does_not_read(folder):
    with Probe(folder, "stall=%d" % SHORT_MS) as server:
        with server.open() as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET,
                                         socket.SO_RCVBUF, 4096)
            connection.send(request_bytes("GET", "/stream?n=10000000"))
            while '"/stream' not in server.log() and \
                    "path=/stream" not in server.log():
                same(server.get("/hello").status, 200)
            check("failed=" in server.log(), server.log())


@case
def one_that_never_pauses_lets_others_in(folder):
    with Probe(folder) as server:
        busy = [server.open() for _ in range(8)]
        pings = request_bytes("GET", "/hello") * 200
        for connection in busy:
            connection.send(pings)
        for n in range(20):
            same(server.get("/echo/%d" % n).json()["name"], str(n))
        for connection in busy:
            for _ in range(200):
                same(connection.answer().status, 200)
            connection.socket.close()


@case
def a_stream_learns_that_nobody_listens(folder):
    with Probe(folder) as server:
        with server.open() as connection:
            connection.send(request_bytes("GET", "/forever"))
            connection.take_head()
        while "the client went away" not in server.log():
            same(server.get("/hello").status, 200)


@case
def more_connections_than_allowed(folder):
    with Probe(folder, "connections=10") as server:
        held = [server.open() for _ in range(10)]
        for connection in held:
            connection.send(HEAD + b"\r\n")
            same(connection.answer().status, 200)
        for _ in range(3):
            answer = refusal(server.raw())
            same((answer.status, answer.field("Retry-After")), (503, "1"))
        held.pop().socket.close()
        while server.raw(HEAD + b"\r\n").startswith(b"HTTP/1.1 503"):
            pass
        for connection in held:
            connection.send(HEAD + b"\r\n")
            same(connection.answer().status, 200)
            connection.socket.close()


@case
def a_thousand_idle_beside_uploads(folder):
    count = 200 if SANITIZED else 1000
    body = form(form_part(os.urandom(100000)))
    with Probe(folder) as server:
        idle = [server.open() for _ in range(count)]
        for connection in idle[::2]:
            connection.send(HEAD + b"\r\n")
        for connection in idle[::2]:
            same(connection.answer().status, 200)
        uploads = [server.open() for _ in range(10)]
        for _ in range(3):
            for connection in uploads:
                connection.send(request_bytes("POST", "/upload", FORM,
                                              body=body))
            for connection in uploads:
                same(connection.answer().json()["size"], 100000)
        same(server.metric("sluice_http_connections"), count + 11)
        for connection in idle:
            connection.send(HEAD + b"\r\n")
        for connection in idle:
            same(connection.answer().status, 200)
            connection.socket.close()
        for connection in uploads:
            connection.socket.close()


# --- the end -----------------------------------------------------------------

def stop_and_wait(server):
    """What the server prints until it has ended."""
    server.stop()
    out = server.child.stdout.read().decode()
    server.child.wait(PATIENCE_S)
    return out


@case
def idle_connections_do_not_hold_it_up(folder):
    with Probe(folder, "drain=3600000") as server:
        idle = [server.open() for _ in range(20)]
        for connection in idle[::2]:
            connection.send(HEAD + b"\r\n")
            same(connection.answer().status, 200)
        # Those that said nothing yet were accepted as well: all answer.
        same(server.metric("sluice_http_connections"), 21)
        check("ended" in stop_and_wait(server))
        for connection in idle:
            connection.ended()
            connection.socket.close()
        check("cut off" not in server.log(), server.log())


@case
def what_is_in_flight_is_finished(folder):
    content = os.urandom(500000)
    body = form(form_part(content))
    sent = request_bytes("POST", "/upload", FORM, body=body)
    with Probe(folder, "drain=3600000") as server:
        with server.open() as upload, server.open() as waiting, \
                server.open() as stream, server.open() as half:
            upload.send(sent[:250000])
            half.send(HEAD)
            waiting.send(request_bytes("GET", "/wait"))
            stream.send(request_bytes("GET", "/forever"))
            stream.take_head()
            while " waits " not in server.log():
                pass
            server.stop()
            # It answers because the server stops: now it does.
            answer = waiting.answer()
            same((answer.json(), answer.field("Connection")),
                 ({"waited": "yes"}, "close"))
            upload.send(sent[250000:])
            answer = upload.answer()
            same((answer.json()["crc32"], answer.field("Connection")),
                 (crc(content), "close"))
            half.send(b"\r\n")
            same(half.answer().field("Connection"), "close")
            check(stream.take_chunks().endswith(b"still here\n\n"))
            for connection in (upload, waiting, stream, half):
                connection.ended()
        check("ended" in server.child.stdout.read().decode())
        check("the server stops" in server.log(), server.log())
        try:
            server.open()
            raise AssertionError("it still accepts")
        except ConnectionRefusedError:
            pass


@case
def but_not_for_ever(folder):
    with Probe(folder, "drain=%d" % SHORT_MS) as server:
        begin = time.monotonic()
        with server.open() as upload, server.open() as waiting:
            upload.send(request_bytes("POST", "/upload", FORM,
                                      body=form(form_part(bytes(90000))))
                        [:50000])
            waiting.send(request_bytes("GET", "/wait?end=1"))
            while " waits " not in server.log():
                pass
            check("ended" in stop_and_wait(server))
            waited(begin, SHORT_MS)
            # Who heeds the end can still say so; who waits is cut off.
            same(waiting.answer().json(), {"waited": "yes"})
            upload.ended()
        check("were cut off" in server.log(), server.log())
        same(os.listdir(server.spool), [])


main()
