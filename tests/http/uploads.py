#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are sent: in forms and alone, with any name, in any pieces; and
what is left on the disk, which is nothing.
"""
import resource
import shutil

from http_client import *

ZIP = b"PK\3\4" + bytes(range(256)) * 20
OLD = b"\xd0\xcf\x11\xe0" + bytes(3000)


def send_form(server, body, query="", fields=(FORM,)):
    return server.post("/upload" + query, body, *fields)


def taken(answer, content, name, kind):
    same(answer.status, 200, answer)
    got = answer.json()
    same((got["name"], got["kind"], got["size"], got["crc32"]),
         (name, kind, len(content), crc(content)))
    return got


@case
def a_file_in_a_form(folder):
    with Probe(folder) as server:
        got = taken(send_form(server, form(
            form_part(b"batch", "method", None), form_part(ZIP),
            form_part("ä".encode(), "note", None))), ZIP, "list.xlsx", "xlsx")
        same(got["fields"], {"method": "batch", "note": "ä"})
        # curl's own way, unchanged.
        path = put(folder, "real name.xlsx", ZIP)
        out = subprocess.run(
            ["curl", "-sS", "-F", "file=@" + path, server.url + "/upload"],
            stdout=subprocess.PIPE, check=True).stdout
        same(json.loads(out)["crc32"], crc(ZIP))
        same(json.loads(out)["name"], "real name.xlsx")
        same(os.listdir(server.spool), [])


@case
def a_file_alone(folder):
    with Probe(folder) as server:
        binary = "Content-Type: application/octet-stream"
        taken(server.post("/upload?name=a.csv", b"a,b\n1,2\n", binary),
              b"a,b\n1,2\n", "a.csv", "text")
        taken(server.post("/upload", ZIP, binary, "X-File-Name: b.xlsx"),
              ZIP, "b.xlsx", "xlsx")
        taken(server.post("/upload", chunked(ZIP, 1000),
                          "Transfer-Encoding: chunked"), ZIP, "upload", "xlsx")


@case
def a_form_in_any_pieces(folder):
    content = os.urandom(150000) + b"\r\n--" + BOUNDARY.encode()[:-1] + \
        b"\r\n--\r\n-" + os.urandom(70000) + b"\r"
    body = form(form_part(content))
    with Probe(folder) as server:
        for size in (13, 1000, 65536, 65537, len(body)):
            taken(server.post("/upload", chunked(body, size), FORM,
                              "Transfer-Encoding: chunked"), content,
                  "list.xlsx", "other")
        small = form(form_part(ZIP[:40]))
        with server.open() as connection:
            connection.socket.setsockopt(socket.IPPROTO_TCP,
                                         socket.TCP_NODELAY, 1)
            for byte in request_bytes("POST", "/upload", FORM, body=small):
                connection.send(bytes([byte]))
            taken(connection.answer(), ZIP[:40], "list.xlsx", "xlsx")


@case
def no_file_is_said_so(folder):
    with Probe(folder) as server:
        for body, fields in (
                (b"", ()), (b"", (FORM,)),
                (form(), (FORM,)),
                (form(form_part(b"x", "file", None)), (FORM,)),
                (form(form_part(b"x", "other")), (FORM,)),
                (form(form_part(b"", "file", "")), (FORM,)),
                (b"file=x", ("Content-Type: "
                             "application/x-www-form-urlencoded",))):
            answer = server.post("/upload", body, *fields)
            same((answer.status, answer.json()),
                 (400, {"error": "No file uploaded"}), body)


@case
def forms_that_are_wrong(folder):
    good = form(form_part(ZIP))
    with Probe(folder) as server:
        for body, type_field in (
                (good, "Content-Type: multipart/form-data"),
                (good, "Content-Type: multipart/form-data; boundary="),
                (good, "Content-Type: multipart/form-data; boundary=" +
                 "b" * 71),
                (good, "Content-Type: multipart/form-data; boundary=other"),
                (good[:-10], FORM),
                (good[:len(good) // 2], FORM),
                (b"p" * 2000 + b"\r\n" + good, FORM),
                (good + b"e" * 10000, FORM),
                (good.replace(b"form-data", b"attachment"), FORM),
                (good.replace(b"Content-Disposition", b"X"), FORM),
                (form(form_part(ZIP), form_part(ZIP)), FORM),
                (form(*[form_part(b"", "f%d" % n, None) for n in
                        range(65)]), FORM),
                (form(*[form_part(b"", "f%d" % n, None) for n in
                        range(20000)]), FORM),
                (form(form_part(ZIP, more=("A: " + "b" * 9000,))), FORM),
                (form(form_part(b"x" * 70000, "field", None)), FORM),
                (form(form_part(b"\xff", "field", None)), FORM),
                (form(form_part(b"a", "field", None), form_part(ZIP),
                      form_part(b"a", "field", None)), FORM),
                (form(form_part(ZIP, more=(
                    "Content-Transfer-Encoding: base64",))), FORM)):
            answer = server.post("/upload", body, type_field)
            same(answer.status, 400, type_field, body[:200])
            check(answer.error(), answer)
            same(os.listdir(server.spool), [])
        taken(send_form(server, good + b"\r\nepilogue"), ZIP, "list.xlsx",
              "xlsx")


# What a client calls a file, and what remains of it.
NAMES = (
    ("../../../../etc/passwd.xlsx", "passwd.xlsx"),
    ("/etc/cron.d/x.xlsx", "x.xlsx"),
    ("..\\\\..\\\\windows\\\\x.xlsx", "x.xlsx"),
    ("C:\\Users\\me\\x.xlsx", "x.xlsx"),
    ("..", "upload"), (".", "upload"), ("a/..", "upload"), ("a/", "upload"),
    ("/", "upload"), (" ", "upload"),
    ("x.xlsx/../../y", "y"),
    ("-rf.xlsx", "-rf.xlsx"),
    ("$(reboot).xlsx", "$(reboot).xlsx"),
    ("a;b&c|d.xlsx", "a;b&c|d.xlsx"),
    ("<script>.xlsx", "<script>.xlsx"),
    ("%2e%2e%2fx.xlsx", "%2e%2e%2fx.xlsx"),
    ("a\\\"b.xlsx", "a\"b.xlsx"),
    ("ä€😀.xlsx", "ä€😀.xlsx"),
    ("a\u009b31mb\u0085.xlsx", "a?31mb?.xlsx"),
    ("x" * 1000 + ".xlsx", "x" * 255),
    ("ä" * 300, "ä" * 127),
)


@case
def a_name_is_only_a_label(folder):
    before = set(os.listdir(folder)) | {"spool", "server.log"}
    with Probe(folder) as server:
        for name, label in NAMES:
            answer = send_form(server, form(form_part(ZIP, file_name=name)))
            same(answer.json()["name"], label, name)
        for raw in (b"\xff\xfe.xlsx", b"a\tb.xlsx"):
            part = form_part(ZIP, file_name="MARK").replace(b"MARK", raw)
            answer = send_form(server, form(part))
            check(answer.json()["name"] in ("upload", "a?b.xlsx"), answer)
        part = form_part(ZIP, file_name="MARK").replace(b"MARK", b"a\0.xlsx")
        same(send_form(server, form(part)).status, 400)
        same(os.listdir(server.spool), [])
    same(set(os.listdir(folder)), before)


@case
def what_it_is_by_name_and_bytes(folder):
    with Probe(folder) as server:
        for name, content, kind in (
                ("a.xlsx", ZIP, "xlsx"), ("A.XLSX", ZIP, "xlsx"),
                ("a.xlsm", ZIP, "xlsx"), ("a.xls", OLD, "xlsx"),
                ("a.xlsx", OLD, "xlsx"), ("a", ZIP, "xlsx"),
                ("a.xlsx", b"a,b\n", "other"), ("a.xlsx", b"", "other"),
                ("a.xlsx", b"<html>", "other"), ("a.png", ZIP, "other"),
                ("a.ods", ZIP, "other"), ("a.csv", ZIP, "other"),
                ("a.csv", b"a,b\n", "text"), ("a.TSV", b"a\tb\n", "text"),
                ("a.txt", b"", "text"), ("a.xlsx.exe", ZIP, "other")):
            taken(send_form(server, form(form_part(content,
                                                   file_name=name))),
                  content, name, kind)


@case
def one_that_is_kept_stays(folder):
    with Probe(folder) as server:
        body = form(form_part(ZIP))
        same(send_form(server, body, "?keep=mine").status, 200)
        same(os.listdir(server.spool), ["mine"])
        same(get(server.spool, "mine"), ZIP)
        same(os.stat(os.path.join(server.spool, "mine")).st_mode & 0o777,
             0o600)
        same(send_form(server, body, "?keep=mine").status, 409)
        same(os.listdir(server.spool), ["mine"])


@case
def nothing_lies_about_meanwhile(folder):
    with Probe(folder) as server, server.open() as connection:
        body = form(form_part(bytes(1000000)))
        sent = request_bytes("POST", "/upload", FORM, body=body)
        connection.send(sent[:600000])
        # That much was read, so the file is open by now.
        while max(server.open_uploads() or [0]) < 262144:
            pass
        same(os.listdir(server.spool), [])
        connection.send(sent[600000:])
        same(connection.answer().json()["size"], 1000000)
        # And what is killed in the middle leaves nothing.
        connection.send(sent[:600000])
        server.child.kill()
        server.child.wait()
        same(os.listdir(server.spool), [])
        server.child.returncode = 0


@case
def a_client_that_vanishes(folder):
    body = form(form_part(bytes(1000000)))
    sent = request_bytes("POST", "/upload", FORM, body=body)
    with Probe(folder) as server:
        for size in (10, 200, 500, 5000, 300000, len(sent) - 1):
            for reset in (False, True):
                with server.open() as connection:
                    connection.send(sent[:size])
                    if reset:
                        connection.socket.setsockopt(
                            socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
        # Its goroutine and its file go as well.
        while server.metric("sluice_http_connections") > 1:
            pass
        same(os.listdir(server.spool), [])
        same(server.open_uploads(), [])
        taken(send_form(server, form(form_part(ZIP))), ZIP, "list.xlsx",
              "xlsx")


@case
def a_full_disk(folder):
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000000, 1000000))

    with Probe(folder, preexec_fn=small_files) as server:
        for size in (999000, 1000001, 5000000):
            answer = send_form(server, form(form_part(bytes(size))))
            same(answer.status, 200 if size < 1000000 else 507, answer)
        check("full" in answer.error(), answer)
        same(os.listdir(server.spool), [])
        shutil.rmtree(server.spool)
        answer = send_form(server, form(form_part(ZIP)))
        same(answer.status, 500, answer)
        check(folder not in answer.error(), answer)


@case
def a_disk_without_room(folder):
    spool = os.path.join(folder, "spool")
    os.mkdir(spool)
    on_small_disk = ["unshare", "--map-root-user", "--mount", "sh", "-c",
                     'mount -t tmpfs -o size=1m none "$0" && exec "$@"', spool]
    if subprocess.run([*on_small_disk, "true"], stderr=subprocess.DEVNULL
                      ).returncode != 0:
        raise Skip("no disk of its own can be mounted here")
    with Server([*on_small_disk, PROBE, spool], folder) as server:
        for size in (900000, 5000000, 900000):  # nothing stays of the second
            answer = send_form(server, form(form_part(bytes(size))))
            same(answer.status, 200 if size < 1000000 else 507, answer)
            check(size < 1000000 or "full" in answer.error(), answer)


@case
def memory_does_not_grow_with_the_file(folder):
    if SANITIZED:
        raise Skip("a sanitizer's memory means nothing")
    with Probe(folder) as server:
        send_form(server, form(form_part(ZIP)))
        before = server.memory_kb("VmHWM")
        content = bytes(60 << 20)
        taken(send_form(server, form(form_part(content))), content,
              "list.xlsx", "other")
        after = server.memory_kb("VmHWM")
        check(after - before < 4000, "grew by %d kB" % (after - before))


main()
