#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sluice serve: the tutorial's contract to the letter, watchers, targets whose
passwords nobody sees, and its beginning and end.
"""
import hashlib
import shutil

from http_client import *

# As the tutorial has them; the port is ours.
CURL = (
    'curl -X POST http://localhost:8080/upload?method=sequential '
    '-F "file=@sample_data.xlsx"',
    'curl -X POST http://localhost:8080/upload?method=concurrent '
    '-F "file=@sample_data.xlsx"',
    'curl -X POST http://localhost:8080/upload?method=batch '
    '-F "file=@sample_data.xlsx"',
)

LISTINGS = [["name", "category", "phone", "email", "address", "city",
             "country", "website", "description"]] + [
    ["shop %d" % n, "food", "+49 30 %d" % n, "a%d@example.org" % n, "Street 1",
     "Berlin", "Germany", "https://example.org", "good"]
    for n in range(1, 301)] + [["too", "short"]]


class Service(Server):
    def __init__(self, folder, *options, **more):
        options = list(options)
        for name, value in (("--listen", "127.0.0.1:0"), ("--state", "state")):
            if name not in options:
                options += [name, value]
        super().__init__([SLUICE, "serve", *options], folder, **more)


def upload(server, content, query="", name="list.xlsx"):
    return server.post("/upload" + query,
                       form(form_part(content, file_name=name)), FORM)


def listings(folder):
    return get(folder, os.path.basename(
        workbook(folder, "sample_data.xlsx", LISTINGS)))


def completed(answer, method, total, errors):
    same(answer.status, 200, answer)
    got = answer.json()
    same(list(got), ["message", "method", "stats"])
    same((got["message"], got["method"]),
         ("Import completed successfully", method))
    stats = got["stats"]
    same(list(stats), ["total_records", "success_count", "error_count",
                       "duration", "records_per_second"])
    same((stats["total_records"], stats["success_count"],
          stats["error_count"]), (total, total - errors, errors))
    check(re.fullmatch(r"\d+\.\d+s", stats["duration"]), stats)
    check(isinstance(stats["records_per_second"], int), stats)


@case
def the_three_lines_of_the_tutorial(folder):
    total, errors = 10000, 13
    shutil.copy(EXAMPLE, os.path.join(folder, "sample_data.xlsx"))
    if SANITIZED:
        total, errors = len(LISTINGS) - 1, 1
        listings(folder)
    with Service(folder, "--to", "sqlite:out.sqlite") as server:
        for line in CURL:
            line = line.replace("localhost:8080",
                                "localhost:%d" % server.address[1])
            done = subprocess.run(line, shell=True, cwd=folder, check=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
            method = re.search(r"method=(\w+)", line).group(1)
            completed(Answer(b"HTTP/1.1 200 OK\r\nContent-Type: "
                             b"application/json", done.stdout), method, total,
                      errors)
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM businesses"),
             [(3 * (total - errors),)])


@case
def every_method_and_no_other(folder):
    content = listings(folder)
    with Service(folder, "--to", "sqlite:out.sqlite") as server:
        for query, method in (("", "batch"), ("?method=sequential",
                                              "sequential"),
                              ("?method=concurrent", "concurrent"),
                              ("?method=batch", "batch"),
                              ("?method=copy", "copy"),
                              ("?method=auto", "copy")):
            completed(upload(server, content, query), method, 301, 1)
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM businesses"),
             [(6 * 300,)])
        for query in ("?method=", "?method=BATCH", "?method=fast",
                      "?method=batch%20"):
            answer = upload(server, content, query)
            same((answer.status, answer.json()), (400, {
                "error": "Invalid method. Use: sequential, concurrent, or "
                "batch (also: copy, auto)"}), query)


@case
def what_is_no_upload(folder):
    with Service(folder, "--to", "null:") as server:
        for body, fields in ((b"", ()), (form(), (FORM,)),
                             (form(form_part(b"x", "other")), (FORM,))):
            answer = server.post("/upload?method=none", body, *fields)
            same((answer.status, answer.json()),
                 (400, {"error": "No file uploaded"}))
        for name, content in (("a.csv", b"a,b\n1,2\n"), ("a.png", b"\x89PNG"),
                              ("a.xlsx", b"a,b\n1,2\n"), ("a.xlsx", b""),
                              ("a.txt", listings(folder))):
            answer = upload(server, content, name=name)
            same((answer.status, answer.json()),
                 (400, {"error": "Only Excel files allowed"}), name)
        # By name and bytes a workbook, and yet none: the import says why.
        for name, content in (("a.xlsx", b"PK\3\4" + bytes(500)),
                              ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" +
                               bytes(2000)),
                              ("a.xlsx", listings(folder)[:-100])):
            answer = upload(server, content, name=name)
            same(answer.status, 500, name)
            check(answer.error(), answer)
            check(folder not in answer.error(), answer)


@case
def into_another_table(folder):
    path = workbook(folder, "a.xlsx", ("One", [["x"], [1]]),
                    ("Two", [["y"], [2], [3]]))
    with Service(folder, "--to", "sqlite:out.sqlite") as server:
        completed(upload(server, get(folder, os.path.basename(path)),
                         "?table=t&sheet=Two"), "batch", 2, 0)
        same(sqlite(folder, "out.sqlite", "SELECT y FROM t ORDER BY y"),
             [(2,), (3,)])
        answer = upload(server, get(folder, "a.xlsx"), "?table=t&sheet=No")
        same(answer.status, 500)
        check("No" in answer.error() and "One" in answer.error(), answer)


@case
def watchers(folder):
    with Service(folder, "--to", "sqlite:out.sqlite") as server:
        same(server.get("/health").body, b'{"status":"healthy"}')
        same(server.get("/ready").body, b'{"status":"ready"}')
        upload(server, listings(folder))
        for line in server.get("/metrics").body.decode().splitlines():
            check(re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [-+.e\d]+",
                               line), line)
        same(server.metric("sluice_rows_loaded_total"), 300)
        same(server.metric("sluice_rows_rejected_total"), 1)
        check(server.metric("sluice_goroutines") > 1)
        for name, least in (('sluice_imports_total{state="succeeded"}', 1),
                            ('sluice_imports_total{state="failed"}', 0),
                            ('sluice_imports_total{state="canceled"}', 0),
                            ("sluice_imports_queued", 0),
                            ("sluice_imports_running", 0),
                            ("sluice_upload_bytes_total", 1000),
                            ("sluice_http_connections", 1)):
            check(server.metric(name) >= least, name)
        text = server.get("/metrics").body.decode()
        check("# TYPE sluice_import_seconds histogram" in text, text)
        buckets = [int(n) for n in re.findall(
            r'sluice_import_seconds_bucket\{le="[^"]+"\} (\d+)', text)]
        same((buckets, buckets[-1]), (sorted(buckets), 1))
        same(server.metric('sluice_import_seconds_bucket{le="+Inf"}'), 1)
        same(server.metric("sluice_import_seconds_count"), 1)
        check(re.search(r"sluice_import_seconds_sum \d", text), text)
    with Service(folder, "--to", "sqlite:missing/folder/out.sqlite") as server:
        same(server.get("/health").status, 200)
        answer = server.get("/ready")
        same((answer.status, answer.json()["status"]), (503, "unavailable"))


@case
def the_page_comes_packed_and_is_kept(folder):
    with Service(folder, "--to", "null:") as server:
        for path in ("/", "/page.js", "/icon.svg", "/api/openapi.json"):
            plain = server.get(path)
            same(plain.field("Content-Encoding"), None)
            for takes in ("gzip", "br;q=1.0, GZIP;q=0.8, *;q=0.1"):
                packed = server.get(path, "Accept-Encoding: " + takes)
                same(packed.field("Content-Encoding"), "gzip")
                same(zlib.decompress(packed.body, 31), plain.body)
            for takes in ("br", "gzip;q=0, br", "gzip ; q=0.000", "gzipped"):
                same(server.get(path, "Accept-Encoding: " + takes).body,
                     plain.body)
            same((plain.field("Vary"), packed.field("Vary")),
                 ("Accept-Encoding", "Accept-Encoding"))
            check(plain.field("ETag") != packed.field("ETag"), packed)
            for answer, *fields in ((plain,),
                                    (packed, "Accept-Encoding: gzip")):
                tag = "If-None-Match: " + answer.field("ETag")
                kept = server.get(path, tag, *fields)
                same((kept.status, kept.body), (304, b""))
                same(kept.field("ETag"), answer.field("ETag"))


@case
def the_page_may_use_its_own_style_alone(folder):
    with Service(folder, "--to", "null:") as server:
        page = server.get("/")
        sheet = re.search(rb"<style>(.*?)</style>", page.body, re.S).group(1)
        allowed = base64.b64encode(hashlib.sha256(sheet).digest()).decode()
        check("style-src 'sha256-%s';" % allowed in
              page.field("Content-Security-Policy"), page)
        check(b"stylesheet" not in page.body, "nothing else to wait for")
        check("style-src 'none';" in
              server.get("/page.js").field("Content-Security-Policy"))


SECRET = "s3cr3t-of-the-database"


@case
def a_password_is_seen_by_nobody(folder):
    dsn = "postgresql://clerk:%s@127.0.0.1:1/shop" % SECRET
    put(folder, "dsn", dsn + "\n")
    for options, env in (
            (("--to", dsn), {}), (("--to=" + dsn,), {}),
            (("--to", "@dsn"), {}), ((), {"SLUICE_TO": dsn}),
            (("--to", "null:", "--target", "shop=" + dsn), {}),
            (("--to", "null:", "--target=shop=@dsn"), {})):
        with Service(folder, *options, env=env) as server:
            command = get("/proc/%d" % server.child.pid, "cmdline")
            check(SECRET.encode() not in command, command)
            target = "" if "null:" not in options else "&target=shop"
            answers = [server.get("/ready"),
                       upload(server, listings(folder), "?x" + target),
                       server.get("/api/targets"), server.get("/api/imports"),
                       server.get("/metrics")]
            same(answers[1].status, 500, answers[1])
            for answer in answers:
                check(SECRET not in str(answer) and
                      SECRET.encode() not in answer.body, answer)
            check(SECRET not in server.log(), server.log())


# A password that was not escaped, and the pieces of it that libpq would name.
UNESCAPED = (
    ("postgresql://clerk:50%offxyz@127.0.0.1:1/shop", ("50%o", "offxyz")),
    ("postgresql://clerk:hid@den9@127.0.0.1:1/shop", ("hid", "den9")),
    ("postgresql://clerk:hid@den9:1@127.0.0.1:1/shop", ("hid", "den9")),
    ("postgresql://clerk:hid/den9@127.0.0.1:1/shop", ("hid", "den9")),
    ("postgresql://clerk:4711/den9@127.0.0.1:1/shop", ("4711", "den9")),
    ("postgresql://clerk:hid@den9/x9z@127.0.0.1:1/shop", ("hid", "den9", "x9z")),
    ("postgresql://clerk:4711/1?den9@127.0.0.1:1/shop", ("4711", "den9")),
    ("postgresql://clerk:x@[hidden9@127.0.0.1:1/shop", ("hidden9",)),
    ("host=127.0.0.1 port=1 user=clerk password=hid den9", ("hid", "den9")),
    ("host=127.0.0.1 port=1 user=clerk password='hidden9", ("hidden9",)),
    ("host=127.0.0.1 user=clerk password=hid port=den9", ("hid", "den9")),
)


@case
def a_password_that_was_not_escaped(folder):
    put(folder, "list.csv", b"a,b\n1,2\n")
    for dsn, pieces in UNESCAPED:
        for command in (("serve", "--state", "state", "--to", dsn),
                        ("serve", "--state", "state", "--to", "null:",
                         "--target", "shop=" + dsn),
                        ("import", "list.csv", "--to", dsn)):
            result = sluice(folder, *command)
            same(result.status, 2, result)
            check("cannot be understood" in result.err and
                  "%25 %40 %2F %3A %20" in result.err, result)
            for piece in pieces:
                check(piece not in result.out + result.err, piece, result)


@case
def a_password_that_was_escaped(folder):
    """It is in no answer either when nobody listens there."""
    dsn = "postgresql://clerk:hid%25den9%40x9z%2Fq8w@127.0.0.1:1/shop"
    with Service(folder, "--to", dsn) as server:
        said = [upload(server, listings(folder))]
        for path in ("/api/previews", "/api/imports"):
            said.append(server.post(path, form(form_part(
                b"a,b\n1,2\n", file_name="list.csv")), FORM))
        same(said[1].line, "HTTP/1.1 502 Bad Gateway")
        said.append(server.get("/api/imports"))
        said = "".join("%s%s" % (a, a.body.decode()) for a in said)
        check("127.0.0.1" in said, said)
        for piece in ("hid", "den9", "x9z", "q8w"):
            check(piece not in said + server.log(), piece, said)


@case
def a_client_names_a_target(folder):
    with Service(folder, "--to", "sqlite:one.sqlite", "--target",
                 "two=sqlite:two.sqlite") as server:
        content = listings(folder)
        completed(upload(server, content, "?target=two"), "batch", 301, 1)
        completed(upload(server, content, "?target=default"), "batch", 301, 1)
        for target in ("three", "sqlite:evil.sqlite", "../x", ""):
            answer = upload(server, content, "?target=" + target)
            check(answer.status == 404 or target == "", answer)
        same(sqlite(folder, "two.sqlite", "SELECT count(*) FROM businesses"),
             [(300,)])
    check(not os.path.exists(os.path.join(folder, "evil.sqlite")))


@case
def options_that_make_no_sense(folder):
    put(folder, "empty", "")
    for options, word in (
            ((), "--to"), (("--to", ""), "value"),
            (("--to", "@nothing"), "holds no DSN"),
            (("--to", "@empty"), "holds no DSN"),
            (("--to", "null:", "--target", "x"), "NAME=DSN"),
            (("--to", "null:", "--target", "=x"), "NAME=DSN"),
            (("--to", "null:", "--target", "a=null:", "--target", "a=null:"),
             "twice"),
            (("--to", "null:", "extra"), "extra"),
            (("--to", "null:", "--listen", "0.0.0.0:0"), "--token-file"),
            (("--to", "null:", "--listen", "nonsense"), "nonsense"),
            (("--to", "null:", "--head-timeout", "0"), "--head-timeout"),
            (("--to", "null:", "--max-upload", "x"), "--max-upload"),
            (("--to", "null:", "--log", "xml"), "--log"),
            (("--to", "null:", "--tls-key", "x"), "--tls-certificate")):
        result = sluice(folder, "serve", "--state", "state", *options)
        check(result.status in (2, 3), result)
        check(word in result.err, "does not say %r:" % word, result)
    out = ended(sluice(folder, "serve", "--help"), 0).out
    for word in ("--to=DSN", "--token-file", "--listen"):
        check(word in out, out)


@case
def an_address_that_is_taken(folder):
    with Service(folder, "--to", "null:") as server:
        result = sluice(folder, "serve", "--to", "null:", "--state", "other",
                        "--listen", "127.0.0.1:%d" % server.address[1])
        refused(result, 3, "cannot listen")


@case
def systemd_is_told(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(os.path.join(folder, "notify"))
        notify.settimeout(PATIENCE_S)
        env = {"NOTIFY_SOCKET": os.path.join(folder, "notify"),
               "STATE_DIRECTORY": os.path.join(folder, "systemd/state")}
        child = start(folder, "serve", "--to", "null:", "--listen",
                      "127.0.0.1:0", env=env)
        same(notify.recv(100), b"READY=1")
        child.send_signal(signal.SIGTERM)
        same(notify.recv(100), b"STOPPING=1")
        ended(finish(child), 0)
        check(os.path.isdir(os.path.join(folder, "systemd/state")))


@case
def an_upload_in_flight_is_finished(folder):
    sent = request_bytes("POST", "/upload", FORM,
                         body=form(form_part(listings(folder))))
    for number in (signal.SIGTERM, signal.SIGINT):
        with Service(folder, "--to", "sqlite:out.sqlite", "--drain-timeout",
                     "3600") as server:
            with server.open() as connection:
                connection.send(sent[:-50])
                # An answer says that the other connection was accepted too.
                same(server.get("/health").status, 200)
                server.child.send_signal(number)
                while " stop " not in server.log():
                    pass
                connection.send(sent[-50:])
                completed(connection.answer(), "batch", 301, 1)
                server.child.wait(PATIENCE_S)
    same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM businesses"),
         [(600,)])


@case
def a_second_signal_ends_it_at_once(folder):
    server = Service(folder, "--to", "null:", "--drain-timeout", "3600")
    with server.open() as connection:
        connection.send(request_bytes("POST", "/upload", FORM,
                                      body=form(form_part(b"x" * 900)))[:-20])
        same(server.get("/health").status, 200)
        server.stop()
        while " stop " not in server.log():
            pass
        server.stop()
        same(server.child.wait(PATIENCE_S), 130)
    server.child.stdout.close()
    server.errors.close()


@case
def postgres_takes_it_as_well(folder):
    with Postgres() as pg:
        with Service(folder, "--to", pg.url) as server:
            same(server.get("/ready").status, 200)
            for method in ("sequential", "concurrent", "batch", "copy"):
                completed(upload(server, listings(folder),
                                 "?method=" + method), method, 301, 1)
        same(pg.count(), 1200)


main()
