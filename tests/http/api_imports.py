#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/api/imports: what is asked for is done, shown, canceled, and remembered."""
from api_client import *

MIXED = (b"number,word\n1,one\n2,two\n,three\n4,four,more\n5,five\n")
TABLE = "CREATE TABLE list (number INTEGER NOT NULL, word TEXT)"


@case
def a_form_and_a_raw_body(folder):
    with Service(folder) as server:
        job = server.imported(numbers(10), "Price List.csv")
        same((job["state"], counts(job)), ("succeeded", (10, 10, 0)))
        same((job["table"], job["sheet"], job["file"]),
             ("price_list", "Price List",
              {"name": "Price List.csv", "size": len(numbers(10))}))
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM price_list"),
             [(10,)])
        answer = server.post("/api/imports?name=more.csv&table=price_list",
                             numbers(5, 11), "Content-Type: text/csv")
        same(answer.status, 202, answer)
        same(counts(server.ended(answer.json()["id"])), (5, 5, 0))
        same(sqlite(folder, "out.sqlite", "SELECT count(*), max(number) FROM "
                    "price_list"), [(15, 15)])


@case
def options_by_query_and_by_object(folder):
    content = get(folder, os.path.basename(workbook(
        folder, "a.xlsx", ("One", [["a"], [1]]),
        ("Two", [["Name", "Age"], ["Ada", 36], ["Alan", 41]]))))
    with Service(folder) as server:
        job = server.imported(content, "a.xlsx", sheet="Two", table="people",
                              method="batch",
                              mapping={"Name": "full_name", "Age": None})
        same((job["state"], job["method"], job["sheet"]),
             ("succeeded", "batch", "Two"))
        same(sqlite(folder, "out.sqlite", "SELECT * FROM people"),
             [("Ada",), ("Alan",)])
        answer = server.post(
            "/api/imports?sheet=2&table=twice&map=Age%3Dyears&method=concurrent",
            form(form_part(content)), FORM)
        server.ended(answer.json()["id"])
        same(sqlite(folder, "out.sqlite", "SELECT name, years FROM twice"),
             [("Ada", 36), ("Alan", 41)])


@case
def options_that_are_wrong(folder):
    with Service(folder) as server:
        for options in ({"method": "fast"}, {"method": 1}, {"preset": "x"},
                        {"separator": "x"}, {"target": "nowhere"},
                        {"mapping": "a=b"}, {"mapping": {"a": 1}}):
            answer = server.submit(numbers(1), **options)
            same(answer.status, 400, options)
            check(answer.error(), answer)
        for options in (b"[]", b"{", b'{"a":1,"a":2}', b"\xff",
                        b'{"a":' + 32 * b"[" + 32 * b"]" + b"}",
                        b'{"a":' + 30000 * b'{"a":'):
            answer = server.post("/api/imports", form(
                form_part(options, "options", None),
                form_part(numbers(1), file_name="a.csv")), FORM)
            same(answer.status, 400, options)
        for query in ("map=nothing", "method=x", "separator=ab"):
            answer = server.post("/api/imports?name=a.csv&" + query,
                                 numbers(1), "Content-Type: text/csv")
            same(answer.status, 400, query)
        same(server.submit(b"\x89PNG\r\n\x1a\n", "a.png").status, 415)
        same(server.post("/api/imports", form(), FORM).status, 400)
        same(server.get("/api/imports").json()["imports"], [])
        same(os.listdir(os.path.join(folder, "state", "spool")), [])


@case
def what_is_not_there(folder):
    with Service(folder) as server:
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"),
                             ("GET", "/rejects"), ("POST", "/retry")):
            for number in ("0" * 32, "x", "..%2Fjobs.sqlite"):
                answer = server.ask(method, "/api/imports/%s%s" % (
                    number, path), body=b"" if method == "POST" else None)
                check(answer.status in (400, 404), method, path, answer)
        same(server.get("/api/nothing").status, 404)
        same(server.ask("PUT", "/api/imports", body=b"").status, 405)


@case
def rejected_rows(folder):
    with Service(folder) as server:
        sqlite(folder, "out.sqlite", TABLE)
        job = server.imported(MIXED)
        same(counts(job), (5, 3, 2))
        same({r["code"]: r["count"] for r in job["reasons"]},
             {"required": 1, "extra_value": 1})
        same([(r["row"], r["column"], r["header"], r["code"])
              for r in job["first_rejects"]],
             [(4, "A", "number", "required"), (5, "C", "", "extra_value")])
        path = job["links"]["rejects"]
        listed = server.get(path).json()
        same((listed["rejects"], listed["more"]), (job["first_rejects"], False))
        listed = server.get(path + "?limit=1").json()
        same((len(listed["rejects"]), listed["more"]), (1, True))
        listed = server.get(path + "?limit=1&offset=1").json()
        same((listed["rejects"][0]["row"], listed["more"]), (5, False))
        listed = server.get(path + "?code=required").json()
        same([r["row"] for r in listed["rejects"]], [4])
        same(server.get(path + "?format=pdf").status, 400)
        sheet = server.get(path + "?format=csv")
        same(sheet.field("Content-Disposition"),
             'attachment; filename="list-rejects.csv"')
        lines = list(csv.DictReader(io.StringIO(sheet.body.decode(),
                                                newline="")))
        same([(x["sheet"], x["row"], x["header"], x["code"]) for x in lines],
             [("list", "4", "number", "required"),
              ("list", "5", "", "extra_value")])
        book = server.get(path + "?format=xlsx")
        with zipfile.ZipFile(io.BytesIO(book.body)) as archive:
            check("xl/workbook.xml" in archive.namelist())
        same(os.listdir(os.path.join(folder, "state", "spool")), [])


@case
def an_import_that_fails_can_be_retried(folder):
    with Service(folder) as server:
        sqlite(folder, "out.sqlite", "CREATE TABLE list (other TEXT)")
        job = server.imported(numbers(3))
        same((job["state"], job["error"]["code"], job["attempt"]),
             ("failed", "mapping", 1))
        check("number" in job["error"]["message"], job)
        sqlite(folder, "out.sqlite", "DROP TABLE list")
        answer = server.post(job["links"]["self"] + "/retry", b"")
        same(answer.status, 202, answer)
        job = server.ended(job["id"])
        same((job["state"], job["attempt"], counts(job), job["error"]),
             ("succeeded", 2, (3, 3, 0), None))
        same(server.post(job["links"]["self"] + "/retry", b"").status, 409)
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM sluice_ledger"),
             [(0,)])


@case
def one_that_has_ended_is_removed(folder):
    with Service(folder) as server:
        sqlite(folder, "out.sqlite", TABLE)
        first = server.imported(MIXED)
        second = server.imported(MIXED)
        same(server.ask("DELETE", first["links"]["self"]).status, 204)
        same(server.get(first["links"]["self"]).status, 404)
        same([j["id"] for j in server.get("/api/imports").json()["imports"]],
             [second["id"]])
        same(os.listdir(os.path.join(folder, "state", "rejects")),
             [second["id"]])


@case
def the_list_is_paged(folder):
    with Service(folder) as server:
        made = [server.started(numbers(n + 1)) for n in range(5)]
        for number in made:
            server.ended(number)
        page = server.get("/api/imports?limit=2&offset=1").json()
        same(page["total"], 5)
        same([j["id"] for j in page["imports"]], made[::-1][1:3])


@case
def canceled_while_it_runs(folder):
    with Service(folder) as server:
        number = server.started(numbers(400000), method="sequential")
        with server.events(number) as events:
            events.until(lambda e: e.name == "job"
                         and e.data["progress"]["rows"] > 0)
            answer = server.ask("DELETE", "/api/imports/" + number)
            same(answer.status, 202, answer)
            events.until(lambda e: e.name == "end")
        job = server.job(number)
        same((job["state"], job["error"]["code"]), ("canceled", "canceled"))
        total, loaded, rejected = counts(job)
        check(0 < loaded < 400000, job)
        same(total, loaded + rejected + job["counts"]["unsettled"])
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM list"),
             [(loaded,)])
        same(os.listdir(os.path.join(folder, "state", "spool")), [number])
        same(server.ask("DELETE", "/api/imports/" + number).status, 204)
        same(os.listdir(os.path.join(folder, "state", "spool")), [])


@case
def clients_take_turns_and_the_queue_ends(folder):
    with Postgres() as pg, Service(folder, "--imports", "1", "--queue", "3",
                                   to=pg.url) as server:
        pg.sql("CREATE TABLE list (number bigint, word text)")
        pg.sql("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN PERFORM pg_advisory_xact_lock(%d); RETURN NEW; END'"
               % pg.gate)
        pg.sql("CREATE TRIGGER wait BEFORE INSERT ON list FOR EACH ROW "
               "EXECUTE FUNCTION wait()")
        gate = pg.close_gate()
        running = server.started(numbers(1))
        pg.wait_at_gate()
        waiting = [server.started(numbers(1, n), table="list")
                   for n in (2, 3, 4)]
        same([server.job(n)["state"] for n in (running, *waiting)],
             ["running"] + 3 * ["queued"])
        answer = server.submit(numbers(1))
        same(answer.status, 429, answer)
        check(int(answer.field("Retry-After")) > 0, answer)
        book = get(folder, os.path.basename(
            workbook(folder, "a.xlsx", [["number"], [1]])))
        answer = server.post("/upload?table=list", form(form_part(book)), FORM)
        same(answer.status, 429, answer)
        check(int(answer.field("Retry-After")) > 0, answer)
        same(server.metric("sluice_imports_queued"), 3)
        same(server.metric("sluice_imports_running"), 1)
        answer = server.ask("DELETE", "/api/imports/" + waiting[1])
        same((answer.status, answer.json()["state"]), (202, "canceled"))
        same(server.submit(numbers(1, 5), table="list").status, 202)
        open_gate(gate)
        for number in (running, waiting[0], waiting[2]):
            same(server.ended(number)["state"], "succeeded")
        same(pg.sql("SELECT string_agg(number::text, ',' ORDER BY number) "
                    "FROM list WHERE number < 5"), "1,2,4")


@case
def a_client_waits_for_no_crowd(folder):
    """One has sent five files; another's only one is not the last."""
    with Postgres() as pg, Service(folder, "--imports", "1",
                                   to=pg.url) as server:
        pg.sql("CREATE TABLE list (number bigint, word text)")
        pg.sql("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN PERFORM pg_advisory_xact_lock(%d); RETURN NEW; END'"
               % pg.gate)
        pg.sql("CREATE TRIGGER wait BEFORE INSERT ON list FOR EACH ROW "
               "EXECUTE FUNCTION wait()")
        gate = pg.close_gate()
        made = [server.started(numbers(1)) for _ in range(5)]
        pg.wait_at_gate()
        with server.open("127.0.0.2") as other:
            other.send(request_bytes(
                "POST", "/api/imports?name=list.csv", "Content-Type: text/csv",
                body=numbers(1)))
            alone = other.answer().json()["id"]
        open_gate(gate)
        begun = sorted((server.ended(n)["started_at"], n)
                       for n in (*made, alone))
        same([n for _, n in begun].index(alone), 2)


@case
def many_at_once_into_one_table(folder):
    with Service(folder) as server:
        made = [server.started(numbers(100, 100 * n + 1)) for n in range(20)]
        for number in made:
            same(server.ended(number)["state"], "succeeded")
        same(sqlite(folder, "out.sqlite", "SELECT count(*), "
                    "count(DISTINCT number), max(number) FROM list"),
             [(2000, 2000, 2000)])


@case
def an_import_that_builds_indexes_holds_up_its_table_alone(folder):
    content = numbers(10).replace(b"number,word", b"name,category")
    with Postgres() as pg, Service(folder, to=pg.url) as server:
        pg.sql("CREATE TABLE a (name text NOT NULL, category text)")
        writer = pg.writer_of("a")
        slow = server.started(content, table="a", preset="businesses")
        pg.wait_for_lock("a", "ShareLock")
        for options in ({"table": "b", "preset": "businesses"},
                        {"table": "c"}):
            same(server.imported(content, **options)["state"], "succeeded")
        same(server.job(slow)["state"], "running")
        # One that waits for the table can be called off.
        waits = server.started(content, table="A", preset="businesses")
        with server.events(waits) as events:
            events.until(lambda e: e.data["state"] == "running")
            server.ask("DELETE", "/api/imports/" + waits)
            same(events.until(lambda e: e.name == "job" and e.data["state"] !=
                              "running").data["state"], "canceled")
        open_gate(writer)
        same(server.ended(slow)["state"], "succeeded")


@case
def many_at_once_into_one_table_of_postgres(folder):
    with Postgres() as pg, Service(folder, to=pg.url) as server:
        made = [server.started(numbers(100, 100 * n + 1)) for n in range(20)]
        same({server.ended(number)["state"] for number in made}, {"succeeded"})
        same(pg.sql("SELECT count(*), count(DISTINCT number) FROM list"),
             "2000|2000")
        content = numbers(100).replace(b"number,word", b"name,category")
        made = [server.started(content, preset="businesses", mapping={})
                for n in range(20)]
        states = [server.ended(number) for number in made]
        check(all(j["state"] in ("succeeded", "failed") for j in states))
        same({j["error"] and j["error"]["message"] for j in states}, {None})
        same(pg.count(), 2000)


main()
