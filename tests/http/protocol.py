#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP as it is spoken: what is refused, what stays open, what comes in pieces.
"""
from http_client import *

GET = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /count HTTP/1.1\r\nHost: localhost\r\n"

# The status, and bytes that no client should send.
REFUSED = (
    (400, b"GET /hello HTTP/1.1\nHost: localhost\n\n"),
    (400, b"\r\n" + GET + b"\r\n"),
    (400, GET + b"A: b\r\n folded\r\n\r\n"),
    (400, GET + b"A: \0\r\n\r\n"),
    (400, GET + b"A\0: b\r\n\r\n"),
    (400, GET + b"A: \x01\r\n\r\n"),
    (400, GET + b"A : b\r\n\r\n"),
    (400, GET + b"Host: localhost\r\n\r\n"),
    (400, b"GET /hello HTTP/1.1\r\n\r\n"),
    (400, b"GET /hello HTTP/1.0\r\n\r\n"),
    (400, b"GET  /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET http://evil/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /hello\r\n\r\n"),
    (505, b"GET /hello HTTP/2.0\r\nHost: localhost\r\n\r\n"),
    (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"),
    (400, POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
    (400, POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
    (400, POST + b"Content-Length: +1\r\n\r\nx"),
    (400, POST + b"Content-Length: -1\r\n\r\nx"),
    (400, POST + b"Content-Length: 99999999999999999999\r\n\r\nx"),
    (400, POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
          b"0\r\n\r\n"),
    (501, POST + b"Transfer-Encoding: gzip\r\n\r\n"),
    (501, POST + b"Transfer-Encoding: chunked, identity\r\n\r\n"),
    (417, POST + b"Expect: the worst\r\nContent-Length: 1\r\n\r\nx"),
    (431, GET + b"A: b\r\n" * 64 + b"\r\n"),
    (431, GET + b"A: " + b"b" * 66000 + b"\r\n\r\n"),
    (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    # paths that could be taken for others
    (400, b"GET /a/../hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /%2e%2e/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /hello%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /a%2fb HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /a%5c..%5cb HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"GET /% HTTP/1.1\r\nHost: localhost\r\n\r\n"),
)


@case
def refuses_and_closes(folder):
    with Probe(folder) as server:
        for status, sent in REFUSED:
            reply = server.raw(sent, GET + b"\r\n")
            answer = refusal(reply)
            same(answer.status, status, sent[:200])
            check(answer.error(), answer)
        same(server.get("/hello").json(), {"hello": "world"})


@case
def a_head_may_come_byte_by_byte(folder):
    with Probe(folder) as server, server.open() as connection:
        for byte in request_bytes("GET", "/echo/x?a=1", "User-Agent: me"):
            check(connection.send(bytes([byte])))
        same(connection.answer().json(), {
            "method": "GET", "path": "/echo/x", "client": "127.0.0.1",
            "name": "x", "a": "1", "a2": None, "user_agent": "me"})


@case
def a_connection_stays(folder):
    with Probe(folder) as server, server.open() as connection:
        for n in range(20):
            connection.send(request_bytes("GET", "/echo/%d" % n))
            answer = connection.answer()
            same(answer.json()["name"], str(n))
            check(answer.field("Connection") is None, answer)
        connection.send(request_bytes("GET", "/hello", "Connection: close"))
        same(connection.answer().field("Connection"), "close")
        connection.ended()


@case
def requests_may_come_ahead_of_answers(folder):
    requests = b""
    for n in range(100):
        body = b"%d" % n * n
        requests += request_bytes("GET", "/echo/%d" % n)
        requests += request_bytes("POST", "/count", body=body)
        requests += request_bytes("POST", "/count",
                                  "Transfer-Encoding: chunked",
                                  body=chunked(body, 7))
    with Probe(folder) as server:
        for sent in ([requests], [requests[i:i + 1000] for i in
                                  range(0, len(requests), 1000)]):
            with server.open() as connection:
                connection.send(*sent)
                for n in range(100):
                    body = b"%d" % n * n
                    same(connection.answer().json()["name"], str(n))
                    for _ in range(2):
                        same(connection.answer().json(),
                             {"bytes": len(body), "crc32": crc(body)})


@case
def an_old_client_is_left_or_kept_as_it_asks(folder):
    old = b"GET /hello HTTP/1.0\r\nHost: localhost\r\n"
    with Probe(folder) as server:
        with server.open() as connection:
            connection.send(old + b"\r\n")
            same(connection.answer().field("Connection"), "close")
            connection.ended()
        with server.open() as connection:
            for _ in range(2):
                connection.send(old + b"Connection: keep-alive\r\n\r\n")
                same(connection.answer().field("Connection"), "keep-alive")
            connection.send(b"GET /stream HTTP/1.0\r\nHost: localhost\r\n"
                            b"Connection: keep-alive\r\n\r\n")
            answer = connection.answer()
            same(answer.field("Transfer-Encoding"), None)
            same((answer.field("Connection"), answer.body),
                 ("close", b"0\n1\n2\n"))


@case
def head_gets_the_head_alone(folder):
    with Probe(folder) as server, server.open() as connection:
        for path in ("/hello", "/stream", "/file", "/nothing"):
            connection.send(request_bytes("GET", path))
            whole = connection.answer()
            connection.send(request_bytes("HEAD", path))
            head = connection.answer(head_only=True)
            same(head.line, whole.line)
            for name in ("Content-Length", "Content-Type",
                         "Transfer-Encoding"):
                same(head.field(name), whole.field(name))


@case
def routes_are_found_or_not(folder):
    with Probe(folder) as server:
        same(server.get("/nothing").status, 404)
        same(server.get("/hello/").status, 404)
        same(server.get("/echo/a/b").status, 404)
        answer = server.ask("PUT", "/echo/x", body=b"")
        same((answer.status, answer.field("Allow")),
             (405, "GET, DELETE, HEAD"))
        same(server.get("/count").field("Allow"), "POST")
        same(server.ask("DELETE", "/echo/x").json()["method"], "DELETE")
        same(server.get("/none").status, 500)
        answer = server.get("/twice")
        same(answer.json(), {"hello": "world"})
        same(answer.field("X-Broken"), "a??X-Other: b?")
        same(server.get("/echo/%c3%a4%20+?a=x+y%26&a=%c3%a4").json()["name"],
             "ä +")


@case
def answers_are_fenced(folder):
    with Probe(folder) as server:
        for path in ("/hello", "/nothing", "/stream"):
            answer = server.get(path)
            same(answer.field("X-Content-Type-Options"), "nosniff")
            same(answer.field("X-Frame-Options"), "DENY")
            same(answer.field("Cache-Control"), "no-store")
            same(answer.field("Referrer-Policy"), "no-referrer")
            policy = answer.field("Content-Security-Policy")
            check("default-src 'none'" in policy, policy)
            check("unsafe" not in policy, policy)
            check(answer.field("Date").endswith(" GMT"), answer)
        ids = {server.get("/hello").field("X-Request-Id") for _ in range(5)}
        same(len(ids), 5)
        for text in ("a%0d%0aSet-Cookie:%20x", "%00", "%7f"):
            same(server.get("/echo/x?header=" + text).field("X-Probe"), "")
        long = server.get("/echo/x?header=" + "h" * 5000)
        same(long.field("X-Probe"), None)


@case
def waits_for_what_a_client_holds_back(folder):
    with Probe(folder) as server:
        with server.open() as connection:
            connection.send(POST + b"Expect: 100-continue\r\n"
                            b"Content-Length: 4\r\n\r\n")
            same(connection.answer().status, 100)
            connection.send(b"body")
            same(connection.answer().json()["bytes"], 4)
            # That of HTTP/1.0 is no such request.
            connection.send(POST.replace(b"1.1", b"1.0") +
                            b"Expect: 100-continue\r\n"
                            b"Content-Length: 4\r\n\r\nbody")
            same(connection.answer().json()["bytes"], 4)
        # What will not be read is not asked for.
        for path in (b"/ignore", b"/hello", b"/nothing"):
            with server.open() as connection:
                connection.send(POST.replace(b"/count", path) +
                                b"Expect: 100-continue\r\n"
                                b"Content-Length: 4\r\n\r\n")
                check(connection.answer().status > 400)
                connection.ended()


@case
def a_body_that_nobody_reads(folder):
    with Probe(folder) as server:
        with server.open() as connection:
            for _ in range(3):
                connection.send(request_bytes("POST", "/ignore",
                                              body=b"x" * 60000))
                answer = connection.answer()
                same((answer.status, answer.field("Connection")), (418, None))
            connection.send(request_bytes("GET", "/hello"))
            same(connection.answer().status, 200)
        # A large one ends the connection, and the answer still arrives.
        with server.open() as connection:
            connection.send(request_bytes("POST", "/ignore",
                                          body=b"x" * 3000000))
            answer = connection.answer()
            same((answer.status, answer.field("Connection")), (418, "close"))
            connection.ended()


@case
def bodies_in_any_pieces(folder):
    body = os.urandom(200001)
    with Probe(folder) as server, server.open() as connection:
        for by in (1000, 5000):
            for size in (1, 100, 4096, 70000, 300000):
                small = body[:size * 500]
                for sent in (request_bytes("POST", "/count?by=%d" % by,
                                           "Transfer-Encoding: chunked",
                                           body=chunked(small, size)),
                             request_bytes("POST", "/count?by=%d" % by,
                                           body=small)):
                    connection.send(sent)
                    same(connection.answer().json(),
                         {"bytes": len(small), "crc32": crc(small)})


@case
def a_body_that_is_cut(folder):
    with Probe(folder) as server:
        for sent in (POST + b"Content-Length: 10\r\n\r\nfive.",
                     POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfiv",
                     POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n",
                     POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"):
            answer = refusal(server.raw(sent))
            same(answer.status, 400, sent)
        for chunks in (b"x\r\n", b"1\nx\r\n0\r\n\r\n", b"1\r\nxy\r\n",
                       b"-1\r\n", b"ffffffffffffffffffff\r\n",
                       b"1;" + b"e" * 1000 + b"\r\nx\r\n0\r\n\r\n",
                       b"0\r\nA : b\r\n\r\n",
                       b"0\r\n" + b"A: b\r\n" * 3000 + b"\r\n"):
            answer = refusal(server.raw(
                POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks +
                GET + b"\r\n"))
            same(answer.status, 400, chunks[:50])


@case
def a_body_that_is_too_large(folder):
    with Probe(folder, "upload=100000") as server:
        for path, limit in (("/count", 100000), ("/small", 65536)):
            same(server.post(path, b"x" * limit).json()["bytes"], limit)
            same(server.post(path, chunked(b"x" * limit, 1000),
                             "Transfer-Encoding: chunked").json()["bytes"],
                 limit)
            for sent in (request_bytes("POST", path, body=b"x" * (limit + 1)),
                         request_bytes("POST", path,
                                       "Transfer-Encoding: chunked",
                                       body=chunked(b"x" * (limit + 1),
                                                    999))):
                answer = refusal(server.raw(sent))
                same(answer.status, 413)
                check(str(limit) in answer.error(), answer)
            # It is refused by what it says alone; nobody asks for it.
            with server.open() as connection:
                connection.send("POST %s HTTP/1.1\r\nHost: localhost\r\n"
                                "Expect: 100-continue\r\n"
                                "Content-Length: 999999999999\r\n\r\n" % path)
                same(connection.answer().status, 413)
                connection.ended()


@case
def json_is_read_strictly(folder):
    kind = "Content-Type: application/json"
    with Probe(folder) as server:
        same(server.post("/json", b'{"a":[1,"\\u00e4"]}', kind +
                         "; charset=utf-8").json(), {"a": [1, "ä"]})
        same(server.post("/json", b"[" * 32 + b"]" * 32, kind).status, 200)
        for status, body, field in (
                (415, b"{}", "Content-Type: text/plain"),
                (415, b"{}", "A: b"),
                (400, b"", kind), (400, b"{", kind), (400, b"{} x", kind),
                (400, b'{"a":1,"a":2}', kind), (400, b'{"a":\xff}', kind),
                (400, b'{"a":"\xff"}', kind), (400, b"{'a':1}", kind),
                (400, b"NaN", kind), (400, b'["\\u0000"]', kind),
                (400, b"[" * 33 + b"]" * 33, kind),
                (400, b"[" * 60000, kind),
                (413, b'"' + b"x" * 70000 + b'"', kind)):
            answer = server.post("/json", body, field)
            same(answer.status, status, body[:50])
            check(answer.error(), answer)


@case
def streams_end_or_are_seen_to_be_cut(folder):
    wanted = b"".join(b"%d\n" % n for n in range(1000))
    with Probe(folder) as server:
        with server.open() as connection:
            for _ in range(2):
                connection.send(request_bytes("GET", "/stream?n=1000"))
                answer = connection.answer()
                same((answer.field("Transfer-Encoding"), answer.body),
                     ("chunked", wanted))
        reply = server.raw(request_bytes("GET", "/stream?cut=1"),
                           request_bytes("GET", "/hello"))
        check(reply.endswith(b"2\r\n2\n\r\n"), reply[-50:])
        with open(PROBE, "rb") as f:
            program = f.read()
        same(crc(server.get("/file").body), crc(program))


main()
