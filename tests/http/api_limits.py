#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What clients may use of the disk, of memory and of time; and what is said to
who asks for more.
"""
from api_client import *

MIB = 1 << 20


def silent_database():
    """A listener that accepts and says nothing; and a target there."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, "postgresql://127.0.0.1:%d/x?connect_timeout=3600" % \
        listener.getsockname()[1]


def wide(rows, size):
    return b"number,word\n" + b"".join(
        b"%d,%s\n" % (n, size * b"x") for n in range(rows))


@case
def only_so_many_bytes_are_kept(folder):
    half = wide(600, 1000)
    with Service(folder, "--max-spool", "1") as server:
        first = server.imported(half, sheet="nowhere")
        same(first["state"], "failed")
        for path, content in (("/api/imports", half), ("/api/previews", half),
                              ("/api/imports", 3 * half)):
            answer = server.post(path, form(
                form_part(content, file_name="list.csv")), FORM)
            same(answer.status, 507, answer)
            check("1 MiB" in answer.error(), answer)
        same(server.metric("sluice_spool_bytes"), len(half))
        same(server.imported(wide(300, 1000))["state"], "succeeded")
    with Service(folder, "--max-spool", "1") as server:
        same(server.metric("sluice_spool_bytes"), len(half))
        same(server.submit(half).status, 507)
        same(server.ask("DELETE", first["links"]["self"]).status, 204)
        same(server.imported(half)["state"], "succeeded")
        # What was refused, and what is done with, counts no more.
        same(server.submit(half, separator="no").status, 400)
        same(server.metric("sluice_spool_bytes"), 0)


@case
def only_so_many_rejected_rows(folder):
    """Then the import fails, and says so; a retry after more was allowed has
    every row."""
    bad = b"number,word\n" + 30000 * b"x,word\n"
    sqlite(folder, "out.sqlite", "CREATE TABLE list (number INTEGER NOT NULL, "
           "word TEXT)")
    with Service(folder, "--max-rejects", "1") as server:
        job = server.imported(bad + b"1,good\n")
        same((job["state"], job["error"]["code"]), ("failed", "limit"), job)
        check("1 MiB" in job["error"]["message"], job)
        total, loaded, rejected = counts(job)
        same(total, loaded + rejected + job["counts"]["unsettled"])
        listed = server.get(job["links"]["rejects"] + "?limit=1000").json()
        same(([r["row"] for r in listed["rejects"]], listed["more"]),
             (list(range(2, 1002)), True))
        size = os.path.getsize(os.path.join(folder, "state", "rejects",
                                            job["id"]))
        check(MIB - 1000 < size <= MIB, size)
    with Service(folder) as server:
        server.post(job["links"]["self"] + "/retry", b"")
        job = server.ended(job["id"])
        same((job["state"], counts(job)), ("succeeded", (30001, 1, 30000)))


@case
def a_preview_ends_in_time(folder):
    listener, target = silent_database()
    with listener, Service(folder, "--preview-timeout", "0.2", "--target",
                           "silent=" + target) as server:
        def previewed(**options):
            return server.post("/api/previews", form(
                form_part(json.dumps(options).encode(), "options", None),
                form_part(numbers(1), file_name="list.csv")), FORM)
        answer = previewed(target="silent")
        same(answer.status, 503, answer)
        check("0.2 s" in answer.error(), answer)
        same(server.get("/health").status, 200)


@case
def who_waits_for_a_place_gets_it(folder):
    whole = request_bytes("POST", "/api/imports", FORM, body=form(
        form_part(numbers(5), file_name="list.csv")))
    with Service(folder, "--uploads", "1") as server:
        with server.open() as slow, server.open() as quick:
            slow.send(whole[:-20])
            while not server.metric("sluice_uploads_receiving"):
                pass
            quick.send(whole)
            check(not quick.readable(SHORT_MS / 1000), "went past the other")
            slow.send(whole[-20:])
            for connection in (slow, quick):
                same(connection.answer().status, 202)


@case
def who_waits_too_long_is_told_to_come_again(folder):
    if SANITIZED:
        raise Skip("takes ten seconds")
    whole = request_bytes("POST", "/api/imports", FORM, body=form(
        form_part(numbers(5), file_name="list.csv")))
    look = request_bytes("POST", "/api/previews?target=silent", FORM, body=form(
        form_part(numbers(1), file_name="list.csv")))
    listener, target = silent_database()
    with listener, Service(folder, "--uploads", "2", "--previews", "1",
                           "--preview-timeout", "3600", "--target",
                           "silent=" + target) as server:
        with server.open() as first, server.open() as second, \
                server.open() as third, server.open() as other, \
                server.open() as upload:
            first.send(look)
            held, _ = listener.accept()
            second.send(look)  # received, and waits for the first
            third.send(whole[:-20])
            other.send(whole[:-20])
            while server.metric("sluice_uploads_receiving") < 2:
                pass
            upload.send(whole)
            for connection in (second, upload):
                answer = connection.answer()
                same(answer.status, 503, answer)
                same(answer.field("Retry-After"), "5")
                check("again soon" in answer.error(), answer)
            same(server.get("/health").status, 200)
            held.close()
            same(first.answer().status, 502)


main()
