#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What survives the server: jobs, uploads, results; and no row is loaded twice,
however it ends. Where PostgreSQL is there, an import is stopped at a lock that
the test holds, so that it is known what had been committed.
"""
from api_client import *

ROWS = 3000
STOP = 2500
METHODS = ("sequential", "concurrent", "batch", "copy")


@case
def results_are_remembered(folder):
    with Service(folder) as server:
        sqlite(folder, "out.sqlite", "CREATE TABLE list (number INTEGER NOT "
               "NULL, word TEXT)")
        before = server.imported(b"number,word\n1,a\n,b\n")
        rejects = server.get(before["links"]["rejects"]).json()
    with Service(folder) as server:
        after = server.job(before["id"])
        for job in (before, after):
            del job["version"]
        same(after, before)
        same(len(after["first_rejects"]), 1)
        same(server.get(before["links"]["rejects"]).json(), rejects)
        same(len(rejects["rejects"]), 1)


@case
def one_server_a_folder(folder):
    with Service(folder):
        result = sluice(folder, "serve", "--to", "null:", "--state", "state",
                        "--listen", "127.0.0.1:0")
        refused(result, 3, "another")


@case
def a_record_that_cannot_be_read_is_passed_over(folder):
    with Service(folder) as server:
        good = server.imported(numbers(1))["id"]
        bad = server.imported(numbers(1))["id"]
    for record in ("{", "[]", "{}", ""):
        sqlite(folder, "state/jobs.sqlite", "UPDATE jobs SET record = '%s' "
               "WHERE id = '%s'" % (record, bad))
        with Service(folder) as server:
            kept = server.get("/api/imports").json()["imports"]
            same([j["id"] for j in kept], [good])
            check(bad in server.log(), server.log())


@case
def what_is_nobodys_is_swept_up(folder):
    spool = os.path.join(folder, "state", "spool")
    os.makedirs(os.path.join(spool, "report.x"))
    put(spool, "f" * 32, "an upload")
    put(os.path.join(spool, "report.x"), "rejects.csv", "a report")
    os.makedirs(os.path.join(folder, "state", "rejects"))
    put(os.path.join(folder, "state", "rejects"), "e" * 32, "lines")
    with Service(folder):
        same(os.listdir(spool), [])
        same(os.listdir(os.path.join(folder, "state", "rejects")), [])


@case
def an_upload_goes_with_the_job_that_ended_well(folder):
    """Also when the server died between the two."""
    spool = os.path.join(folder, "state", "spool")
    with Service(folder) as server:
        done = server.imported(numbers(1))["id"]
        failed = server.imported(numbers(1), sheet="nowhere")["id"]
        same(os.listdir(spool), [failed])
    put(spool, done, numbers(1))
    with Service(folder):
        same(os.listdir(spool), [failed])


@case
def a_part_of_an_upload_is_not_imported(folder):
    """It would read as a shorter list."""
    with Service(folder) as server:
        number = server.imported(numbers(5), sheet="nowhere")["id"]
        path = os.path.join(folder, "state", "spool", number)
        os.truncate(path, len(numbers(3)))
        server.post("/api/imports/%s/retry" % number, b"")
        job = server.ended(number)
        same((job["state"], job["error"]["code"]), ("failed", "io"), job)
        check("%d bytes" % len(numbers(3)) in str(job["error"]), job)


@case
def only_so_many_are_kept(folder):
    sqlite(folder, "out.sqlite", "CREATE TABLE list (number INTEGER NOT NULL)")
    rejects = os.path.join(folder, "state", "rejects")
    with Service(folder, "--keep", "3") as server:
        made = [server.imported(b"number\nx\n")["id"] for _ in range(5)]
        # Removed when the next one has ended, so the last may still be there.
        kept = [j["id"] for j in server.get("/api/imports").json()["imports"]]
        check(kept[:3] == made[::-1][:3] and len(kept) < 5, kept, made)
    with Service(folder, "--keep", "2") as server:
        kept = [j["id"] for j in server.get("/api/imports").json()["imports"]]
        same(kept, made[::-1][:2])
        same(sorted(os.listdir(rejects)), sorted(kept))


@case
def the_last_to_end_is_kept(folder):
    """Not the last to have been sent: the first one is tried again."""
    with Service(folder, "--keep", "2") as server:
        first = server.imported(numbers(1), sheet="nowhere")["id"]
        second = server.imported(numbers(1))["id"]
        server.post("/api/imports/%s/retry" % first, b"")
        same(server.ended(first)["attempt"], 2)
    with Service(folder, "--keep", "1") as server:
        kept = [j["id"] for j in server.get("/api/imports").json()["imports"]]
        same(kept, [first], second)


CLOCK_BACK = os.environ.get("CLOCK_BACK", os.path.join(
    ROOT, "build", "tests", "http", "libclock_back.so"))


@case
def the_order_is_no_clock_s(folder):
    """It is set back by ten years, and forward again."""
    if SANITIZED:
        raise Skip("nothing is preloaded beside a sanitizer")
    def kept(server):
        return [j["id"] for j in server.get("/api/imports").json()["imports"]]
    with Service(folder) as server:
        made = [server.imported(numbers(1))["id"] for _ in range(2)]
        seen = server.get("/api/imports").json()["version"]
    with Service(folder, env=preload(CLOCK_BACK)) as server:
        late = server.imported(numbers(1))
        made.append(late["id"])
        check(late["created_at"] < "2020", late)
        check(late["version"] > seen, late, seen)
        same(kept(server), made[::-1])
        with server.events(query="?since=%d" % seen) as events:
            changed = [next(iter(events)).data["id"] for _ in range(3)]
        same(changed, made)
    with Service(folder, "--keep", "1") as server:
        same(kept(server), made[:1:-1])
        made.append(server.imported(numbers(1))["id"])
    with Service(folder) as server:
        same(kept(server)[0], made[-1])
        # A version of a state that is gone is as none.
        with server.events(query="?since=%d" % (1 << 52)) as events:
            same(next(iter(events)).name, "job")


@case
def uploads_are_answered_however_few_are_kept(folder):
    """Each sees its own end, though others end at the same time."""
    targets = []
    for n in range(4):
        targets += ["--target", "t%d=sqlite:%d.sqlite" % (n, n)]
    content = get(folder, os.path.basename(
        workbook(folder, "a.xlsx", [["x"], [1], [2]])))
    with Service(folder, "--keep", "1", *targets) as server:
        for _ in range(5):
            lines = [server.open() for _ in range(4)]
            for n, line in enumerate(lines):
                line.send(request_bytes(
                    "POST", "/upload?table=t&target=t%d" % n, FORM,
                    body=form(form_part(content, file_name="a.xlsx"))))
            for line in lines:
                with line:
                    same(line.answer().status, 200)


@case
def killed_at_any_moment(folder):
    """SQLite: killed while it loads, five times; then it goes on to the end."""
    rows = 6000 if SANITIZED else 30000
    number = None
    overtaken = False
    for turn in range(6):
        with Service(folder) as server:
            if number:
                job = server.job(number)
                overtaken = job["state"] == "succeeded"
                if overtaken:
                    break  # it was faster than the kill
                same(job["state"], "interrupted")
                same(os.listdir(os.path.join(folder, "state", "spool")),
                     [number])
                answer = server.post("/api/imports/%s/retry" % number, b"")
                same(answer.status, 202, answer)
            else:
                number = server.started(numbers(rows), method="concurrent")
            if turn == 5:
                job = server.ended(number)
                break
            wanted = rows * (turn + 1) // 8
            with server.events(number) as events:
                event = events.until(lambda e: e.name == "end" or (
                    e.name == "job"
                    and e.data["progress"]["rows"] >= wanted))
            if event.name == "end":
                job = server.job(number)
                break
            server.kill()
    same((job["state"], counts(job)), ("succeeded", (rows, rows, 0)))
    check(job["attempt"] == 1 or job["counts"]["resumed"] > 0, job)
    same(sqlite(folder, "out.sqlite", "SELECT count(*), count(DISTINCT number),"
                " min(number), max(number) FROM list"), [(rows, rows, 1, rows)])
    if not overtaken:  # the kill may have come before they were dropped
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM sluice_ledger"),
             [(0,)])


SYNC_LOG = os.environ.get("SYNC_LOG_MODULE", os.path.join(
    ROOT, "build", "tests", "http", "libsync_log.so"))


@case
def rejected_rows_are_on_disk_before_the_import_has_ended(folder):
    """With their names, and those of the folders."""
    if SANITIZED:
        raise Skip("nothing is preloaded beside a sanitizer")
    log = os.path.join(folder, "log")
    state = os.path.join(os.path.realpath(folder), "state")
    sqlite(folder, "out.sqlite", "CREATE TABLE list (number INTEGER NOT NULL)")
    with Service(folder, env=preload(SYNC_LOG) | {"SYNC_LOG": log}) as server:
        number = server.imported(b"number\nx\n")["id"]
        synced = get(folder, "log").decode().splitlines()
    rejects = os.path.join(state, "rejects")
    at = synced.index(os.path.join(rejects, number))
    check(rejects in synced[at:], synced)
    for made in (os.path.dirname(state), state, os.path.join(state, "spool")):
        check(made in synced[:at], made, synced)


def gated_table(pg):
    pg.sql("CREATE TABLE list (number bigint NOT NULL, word text NOT NULL "
           "CHECK (word <> 'refused'));"
           "CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
           "PERFORM pg_advisory_xact_lock(%d); RETURN NEW; END$$;"
           "CREATE TRIGGER gate BEFORE INSERT ON list FOR EACH ROW WHEN "
           "(NEW.number = %d) EXECUTE FUNCTION gate()" % (pg.gate, STOP))


# Every hundredth row lacks a number and is no row of the table, every hundredth
# is refused by the database.
def content():
    lines = ["number,word"]
    for n in range(1, ROWS + 1):
        lines.append(",bad" if n % 100 == 50 else
                     "%d,refused" % n if n % 100 == 70 else "%d,word" % n)
    return "\n".join(lines).encode()


BAD = [n for n in range(1, ROWS + 1) if n % 100 in (50, 70)]


def check_whole(pg, server, job):
    same((job["state"], counts(job)),
         ("succeeded", (ROWS, ROWS - len(BAD), len(BAD))), job)
    same(pg.sql("SELECT count(*), count(DISTINCT number) FROM list"),
         "%d|%d" % (ROWS - len(BAD), ROWS - len(BAD)))
    listed = server.get(job["links"]["rejects"] + "?limit=1000").json()
    same([r["row"] - 1 for r in listed["rejects"]], BAD)
    lines = server.get(job["links"]["rejects"] + "?format=csv").body.decode()
    same(lines.count("\r\n"), len(BAD) + 1)
    same(pg.sql("SELECT count(*) FROM sluice_ledger"), "0")


def backends_gone(pg):
    """Sessions whose client was killed have rolled back."""
    pg.sql("BEGIN; LOCK TABLE list IN ACCESS EXCLUSIVE MODE; COMMIT")


def stopped(pg, server, method):
    """An import that stands at the gate; some of it has been committed."""
    holder = pg.close_gate()
    number = server.started(content(), method=method)
    pg.wait_at_gate()
    return holder, number


def killed_and_retried(folder, method):
    with Postgres() as pg:
        gated_table(pg)
        with Service(folder, to=pg.url) as server:
            holder, number = stopped(pg, server, method)
            server.kill()
        open_gate(holder)
        backends_gone(pg)
        committed = pg.count("list")
        check(0 < committed < ROWS, committed)
        with Service(folder, to=pg.url) as server:
            job = server.job(number)
            same((job["state"], job["attempt"]), ("interrupted", 1))
            server.post("/api/imports/%s/retry" % number, b"")
            job = server.ended(number)
            check_whole(pg, server, job)
            check(job["counts"]["resumed"] >= committed, job, committed)


@case
def retried_before_its_sessions_are_gone(folder):
    """They stand at the gate, and would commit when it opens."""
    with Postgres() as pg:
        gated_table(pg)
        with Service(folder, to=pg.url) as server:
            holder, number = stopped(pg, server, "copy")
            server.kill()
        old = pg.at_gate()
        with Service(folder, to=pg.url) as server:
            server.post("/api/imports/%s/retry" % number, b"")
            pg.wait_at_gate(besides=old)
            same([pid for pid in old if pid in pg.at_gate()], [])
            open_gate(holder)
            check_whole(pg, server, server.ended(number))


@case
def killed_in_sequential(folder):
    killed_and_retried(folder, "sequential")


@case
def killed_in_concurrent(folder):
    killed_and_retried(folder, "concurrent")


@case
def killed_in_batch(folder):
    killed_and_retried(folder, "batch")


@case
def killed_in_copy(folder):
    killed_and_retried(folder, "copy")


@case
def stopped_and_retried(folder):
    """SIGTERM: what runs is called off, and goes on after the restart."""
    with Postgres() as pg:
        gated_table(pg)
        with Service(folder, to=pg.url) as server:
            holder, number = stopped(pg, server, "batch")
            waiting = server.started(content(), name="other.csv",
                                     table="list", method="batch")
        open_gate(holder)
        backends_gone(pg)
        with Service(folder, "--imports", "1", to=pg.url) as server:
            same(server.job(number)["state"], "interrupted")
            server.ended(waiting)
            server.post("/api/imports/%s/retry" % number, b"")
            check(server.ended(number)["state"] == "succeeded")


@case
def canceled_and_retried(folder):
    with Postgres() as pg:
        gated_table(pg)
        with Service(folder, to=pg.url) as server:
            holder, number = stopped(pg, server, "copy")
            server.ask("DELETE", "/api/imports/" + number)
            job = server.ended(number)
            same((job["state"], job["counts"]["loaded"]),
                 ("canceled", pg.count("list")))
            open_gate(holder)
            server.post("/api/imports/%s/retry" % number, b"")
            check_whole(pg, server, server.ended(number))


@case
def removed_with_its_lines(folder):
    with Postgres() as pg:
        gated_table(pg)
        with Service(folder, to=pg.url) as server:
            holder, number = stopped(pg, server, "batch")
            server.ask("DELETE", "/api/imports/" + number)
            same(server.ended(number)["state"], "canceled")
            open_gate(holder)
            check(pg.sql("SELECT count(*) FROM sluice_ledger") != "0")
            same(server.ask("DELETE", "/api/imports/" + number).status, 204)
        # The server has ended, and what it had begun as well.
        same(pg.sql("SELECT count(*) FROM sluice_ledger"), "0")


def gate_of_the_ledger(pg):
    """Lines are dropped behind the gate."""
    pg.sql("CREATE TABLE sluice_ledger (import text NOT NULL, first bigint NOT "
           "NULL, last bigint NOT NULL, loaded bigint NOT NULL, rejects text "
           "NOT NULL, PRIMARY KEY (import, first));"
           "CREATE FUNCTION drop_gate() RETURNS trigger LANGUAGE plpgsql AS "
           "$$BEGIN PERFORM pg_advisory_xact_lock(%d); RETURN NULL; END$$;"
           "CREATE TRIGGER gate BEFORE DELETE ON sluice_ledger EXECUTE "
           "FUNCTION drop_gate()" % pg.gate)


def killed_at_the_drop(pg, server):
    pg.wait_at_gate()
    server.kill()
    for pid in pg.at_gate():
        pg.sql("SELECT pg_terminate_backend(%d, 10000)" % pid)
    check(pg.sql("SELECT count(*) FROM sluice_ledger") != "0")


@case
def lines_that_a_crash_left_are_dropped_at_the_start(folder):
    """The import had succeeded, or was removed, and the server died before it
    had told the database."""
    with Postgres() as pg:
        gated_table(pg)
        gate_of_the_ledger(pg)
        with Service(folder, to=pg.url) as server:
            holder = pg.close_gate()
            number = server.started(numbers(100))
            killed_at_the_drop(pg, server)
        with Service(folder, to=pg.url) as server:
            same(server.job(number)["state"], "succeeded")
            # The gate is closed: this one is killed as well.
            killed_at_the_drop(pg, server)
        open_gate(holder)
        with Service(folder, to=pg.url) as server:
            pg.wait_for("SELECT count(*) = 0 FROM sluice_ledger")
            holder, number = stopped(pg, server, "batch")
            server.ask("DELETE", "/api/imports/" + number)
            same(server.ended(number)["state"], "canceled")
            same(server.ask("DELETE", "/api/imports/" + number).status, 204)
            killed_at_the_drop(pg, server)
        open_gate(holder)
        with Service(folder, to=pg.url) as server:
            pg.wait_for("SELECT count(*) = 0 FROM sluice_ledger")
            same(sorted(j["state"] for j in
                        server.get("/api/imports").json()["imports"]),
                 ["succeeded"])


@case
def lines_that_could_not_be_dropped_are_dropped_with_the_next(folder):
    """The database ended the session that was to drop them."""
    with Postgres() as pg:
        gated_table(pg)
        gate_of_the_ledger(pg)
        with Service(folder, to=pg.url) as server:
            holder = pg.close_gate()
            number = server.started(numbers(100))
            pg.wait_at_gate()
            for pid in pg.at_gate():
                pg.sql("SELECT pg_terminate_backend(%d, 10000)" % pid)
            same(server.ended(number)["state"], "succeeded")
            check(pg.sql("SELECT count(*) FROM sluice_ledger") != "0")
            open_gate(holder)
            same(server.imported(numbers(10))["state"], "succeeded")
            pg.wait_for("SELECT count(*) = 0 FROM sluice_ledger")


@case
def a_database_that_does_not_know_the_characters(folder):
    """The rows are rejected; the ledger keeps what they held all the same."""
    rows = "number,word\n1,\u00e4\n2,\u65e5\u672c\n\u20ac,x\n4,y\n"
    with Postgres(own_database="ENCODING LATIN1 TEMPLATE template0 "
                  "LC_COLLATE 'C' LC_CTYPE 'C'") as pg:
        pg.sql("CREATE TABLE list (number bigint NOT NULL, word text)")
        with Service(folder, to=pg.url) as server:
            for turn, method in enumerate(METHODS, 1):
                job = server.imported(rows.encode(), method=method)
                same((job["state"], counts(job)), ("succeeded", (4, 2, 2)),
                     job)
                listed = server.get(job["links"]["rejects"]).json()["rejects"]
                same([r["row"] for r in listed], [3, 4])
                same(listed[1]["value"], "\u20ac", listed)
                same(pg.count("list"), 2 * turn)


@case
def the_database_restarts_nothing_is_lost(folder):
    """Every session of the import is ended by the database."""
    with Postgres() as pg:
        gated_table(pg)
        with Service(folder, to=pg.url) as server:
            holder, number = stopped(pg, server, "batch")
            for pid in pg.at_gate():
                pg.sql("SELECT pg_terminate_backend(%d, 10000)" % pid)
            job = server.ended(number)
            same(job["state"], "failed")
            same(job["error"]["code"], "connection_lost")
            open_gate(holder)
            server.post("/api/imports/%s/retry" % number, b"")
            check_whole(pg, server, server.ended(number))


main()
