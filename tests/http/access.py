#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may ask for what: tokens, names of the host, pages of other sites, TLS.
"""
import ssl

from http_client import *

TOKEN = "correct-horse-battery-staple"
EVERYTHING = (("GET", "/secret"), ("GET", "/echo/x"), ("DELETE", "/echo/x"),
              ("POST", "/count"), ("POST", "/upload"), ("POST", "/json"),
              ("GET", "/stream"), ("GET", "/file"), ("GET", "/metrics"),
              ("GET", "/nothing"), ("PUT", "/hello"), ("HEAD", "/secret"),
              ("OPTIONS", "*"))


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(
        ("%s:%s" % (user, password)).encode()).decode()


@case
def without_the_token_nothing_but_health(folder):
    put(folder, "token", TOKEN + "\n")
    wrong = (None, "Authorization: Bearer", "Authorization: Bearer ",
             "Authorization: Bearer " + TOKEN[:-1],
             "Authorization: Bearer %sx" % TOKEN,
             "Authorization: Bearer " + TOKEN.upper(),
             "Authorization: " + TOKEN, "Authorization: Digest " + TOKEN,
             basic("", ""), basic("", TOKEN + "\0"), basic(TOKEN, ""), basic("x", TOKEN[1:]),
             "Authorization: Basic " + TOKEN, "Authorization: Basic ====",
             "Authorization: Basic " + "QUJD" * 2000)
    with Probe(folder, "token=token") as server:
        for method, path in EVERYTHING:
            for field in wrong:
                answer = server.ask(method, path, *([field] if field else []),
                                    body=b"" if method == "POST" else None)
                same(answer.status, 401, method, path, field)
                check(answer.field("WWW-Authenticate").startswith("Basic "))
                check(TOKEN not in str(answer), answer)
        same(server.get("/hello").status, 200)
        for field in ("Authorization: Bearer " + TOKEN,
                      "authorization: bearer " + TOKEN, basic("", TOKEN),
                      basic("anybody", TOKEN)):
            same(server.get("/secret", field).status, 200, field)
        # Refused before the body was asked for.
        with server.open() as connection:
            connection.send("POST /upload HTTP/1.1\r\nHost: localhost\r\n"
                            "Expect: 100-continue\r\n"
                            "Content-Length: 100000000\r\n\r\n")
            same(connection.answer().status, 401)
            connection.ended()
        check(TOKEN not in server.log(), "the token is in the log")


@case
def tokens_that_are_none(folder):
    for text in ("", "short", "with a space inside it", "x" * 2000,
                 "control\x01characters-here"):
        put(folder, "token", text)
        line = Probe(folder, "token=token").refused()
        check("the token file must hold" in line, line)
    line = Probe(folder, "token=nothing").refused()
    check("the token file cannot be read" in line, line)


@case
def only_this_machine_without_a_token(folder):
    put(folder, "token", TOKEN)
    for address in ("0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0",
                    "example.org:0"):
        line = Probe(folder, "address=" + address).refused()
        check("--token-file" in line, line)
    for address in ("127.0.0.1:0", "127.5.5.5:0", "localhost:0"):
        with Probe(folder, "address=" + address) as server:
            same(server.get("/secret").status, 200)
    with Probe(folder, "address=0.0.0.0:0", "token=token") as server:
        server.address = ("127.0.0.1", server.address[1])
        same(server.get("/secret").status, 401)
        same(server.get("/secret", basic("", TOKEN)).status, 200)


@case
def a_unix_socket(folder):
    with Probe(folder, "address=unix:s") as server:
        server.address = os.path.join(folder, "s")
        same(os.stat(server.address).st_mode & 0o077, 0)
        same(server.get("/echo/x").json()["client"], "unix")
    check(not os.path.exists(os.path.join(folder, "s")))


@case
def names_of_other_hosts(folder):
    with Probe(folder, "host=files.example.org") as server:
        port = server.address[1]
        for host in ("localhost", "LOCALHOST:%d" % port, "127.0.0.1",
                     "127.0.0.1:%d" % port, "[::1]:%d" % port, "192.0.2.7",
                     "files.example.org", "Files.Example.Org:443"):
            same(server.get("/hello", host=host).status, 200, host)
        for host in ("evil.example", "evil.example:%d" % port,
                     "localhost.evil.example", "127.0.0.1.evil.example",
                     "files.example.org.evil", "xfiles.example.org",
                     "127.0.0.1.", "0x7f.1", "localhost."):
            for method, path in EVERYTHING[:4] + (("GET", "/hello"),):
                same(server.ask(method, path, host=host, body=b"")
                     .status, 421, host)


@case
def pages_of_other_sites(folder):
    with Probe(folder) as server:
        host = "localhost:%d" % server.address[1]
        own = "http://" + host
        for field, allowed in (
                ("Origin: " + own, True),
                ("Origin: http://evil.example", False),
                ("Origin: null", False),
                ("Origin: http://localhost", False),
                ("Origin: http://localhost:1", False),
                ("Origin: http://%s.evil.example" % host, False),
                ("Origin: http://evil.example/?" + own, False),
                ("Origin: " + host, False),
                ("Sec-Fetch-Site: same-origin", True),
                ("Sec-Fetch-Site: none", True),
                ("Sec-Fetch-Site: cross-site", False),
                ("Sec-Fetch-Site: same-site", False)):
            for method, path in (("POST", "/count"), ("POST", "/upload"),
                                 ("DELETE", "/echo/x")):
                answer = server.ask(method, path, field, host=host,
                                    body=form(form_part(b"x")))
                same(answer.status != 403, allowed, method, path, field)
            answer = server.get("/hello", field, host=host)
            same(answer.status, 200)
            check(not any(n.lower().startswith("access-control")
                          for n, _ in answer.fields), answer)
        answer = server.ask("OPTIONS", "/upload", "Origin: http://evil.example",
                            "Access-Control-Request-Method: POST")
        check(answer.status >= 400, answer)


@case
def no_control_character_reaches_the_log(folder):
    """Neither those of one byte nor those of two (C1), as a terminal or as a
    program reads it."""
    for options in ((), ("log=json",)):
        with Probe(folder, *options) as server:
            server.get("/a%C2%9B31m%C2%85b%C2%A0c")
            line = [x for x in server.log().splitlines() if "31m" in x][0]
            check("\\u009b31m\\u0085b\u00a0c" in line, line)


@case
def the_log_is_one_line_each(folder):
    with Probe(folder, "log=json") as server:
        server.get("/echo/%22%5e%c3%a4?secret=1", "User-Agent: x")
        server.raw(b"GET /\x1b[31m HTTP/1.1\r\n\r\n")
        answer = server.get("/hello")
        lines = [json.loads(line) for line in server.log().splitlines()]
        same([(e["event"], e["status"], e["path"]) for e in lines],
             [("request", 200, '/echo/"^ä'), ("request", 400, "-"),
              ("request", 200, "/hello")])
        same(lines[2]["id"], answer.field("X-Request-Id"))
        same((lines[2]["client"], lines[2]["sent"]), ("127.0.0.1", 17))
        check("secret" not in server.log())
    with Probe(folder) as server:
        server.get("/echo/a%20b")
        check(re.fullmatch(
            r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info request id=\S+ '
            r'client=127.0.0.1 method=GET path="/echo/a b" status=200 '
            r"received=0 sent=\d+ us=\d+\n", server.log()), server.log())


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem",
         "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        cwd=folder, check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


class Tls(Connection):
    folder = None

    @staticmethod
    def connect(address, timeout, source):
        context = ssl.create_default_context(
            cafile=os.path.join(Tls.folder, "cert.pem"))
        return context.wrap_socket(
            socket.create_connection(address, timeout, source),
            server_hostname="localhost")


@case
def the_same_through_tls(folder):
    make_certificate(folder)
    Tls.folder = folder
    body = os.urandom(3000000)
    with Probe(folder, "cert=cert.pem", "key=key.pem", "head=%d" %
               (SHORT_MS * 20)) as server:
        check(server.url.startswith("https://"), server.url)
        with Tls(server.address) as connection:
            for n in range(5):
                connection.send(request_bytes("GET", "/echo/%d" % n))
                same(connection.answer().json()["name"], str(n))
                connection.send(request_bytes("POST", "/count", body=body))
                same(connection.answer().json(),
                     {"bytes": len(body), "crc32": crc(body)})
                connection.send(request_bytes("POST", "/upload", FORM,
                                              body=form(form_part(body))))
                same(connection.answer().json()["crc32"], crc(body))
            connection.send(request_bytes("GET", "/file"))
            with open(PROBE, "rb") as f:
                same(crc(connection.answer().body), crc(f.read()))
            connection.send(request_bytes("GET", "/stream?n=2000"))
            same(len(connection.answer().body), 8890)
        # Whoever speaks no TLS is not answered, and does no harm.
        check(b"hello" not in server.raw(request_bytes("GET", "/hello")))
        server.raw(b"\x16\x03\x01\x00\x05xxxxx")
        server.raw(b"")
        with server.open() as silent, Tls(server.address) as connection:
            connection.send(request_bytes("GET", "/hello"))
            same(connection.answer().status, 200)
            silent.ended()
        many = [Tls(server.address) for _ in range(20)]
        for connection in many:
            connection.send(request_bytes("POST", "/count", body=body[:9000]))
        for connection in many:
            same(connection.answer().json()["crc32"], crc(body[:9000]))
            connection.socket.close()


@case
def certificates_that_are_none(folder):
    make_certificate(folder)
    put(folder, "bad.pem", "nothing\n")
    for options in (("cert=none.pem", "key=key.pem"),
                    ("cert=bad.pem", "key=key.pem"),
                    ("cert=cert.pem", "key=bad.pem"),
                    ("cert=cert.pem", "key=cert.pem")):
        line = Probe(folder, *options).refused()
        check("cannot be used" in line, line)


main()
