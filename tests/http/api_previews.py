#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""POST /api/previews: what a file holds and where it would go. Writes nothing.
"""
from api_client import *

NO_MEMORY = os.environ.get("NO_MEMORY", os.path.join(
    ROOT, "build", "tests", "http", "libno_memory.so"))

BOOK = (("Notes", [["x"]]), ("People", [["Name", "Born", "Height", "Name"],
        ["Ada", Styled(3000, 1), 1.65, "x"], ["Alan", None, 2, "y"]]))


def previewed(server, content, name="a.csv", **options):
    parts = [form_part(json.dumps(options).encode(), "options", None)] \
        if options else []
    return server.post("/api/previews", form(
        *parts, form_part(content, file_name=name)), FORM)


def preview(server, content, name="a.csv", **options):
    answer = previewed(server, content, name, **options)
    same(answer.status, 200, answer)
    return answer.json()


@case
def a_workbook(folder):
    content = get(folder, os.path.basename(workbook(
        folder, "a.xlsx", *BOOK, hidden=("Notes",))))
    with Service(folder) as server:
        got = preview(server, content, "My People.xlsx")
        same((got["name"], got["format"], got["sheet"], got["table"],
              got["table_exists"]),
             ("My People.xlsx", "xlsx", "People", "my_people", False))
        same(got["sheets"], [{"name": "Notes", "hidden": True},
                             {"name": "People", "hidden": False}])
        same([(c["letter"], c["header"], c["type"], c["column"])
              for c in got["columns"]],
             [("A", "Name", "text", "name"), ("B", "Born", "date", "born"),
              ("C", "Height", "real", "height"),
              ("D", "Name", "text", "name_2")])
        same((got["rows"][0]["row"], got["rows"][0]["cells"]),
             (2, ["Ada", "1908-03-18", "1.65", "x"]))
        same((got["row_count"], got["complete"], got["problem_count"]),
             (2, True, 0))
        got = preview(server, content, "a.xlsx", sheet="Notes",
                      table="other")
        same((got["sheet"], got["table"], got["row_count"]),
             ("Notes", "other", 0))
        check(not os.path.exists(os.path.join(folder, "out.sqlite")))
        same(server.get("/api/imports").json()["imports"], [])
        same(os.listdir(os.path.join(folder, "state", "spool")), [])


@case
def a_table_that_is_there(folder):
    sqlite(folder, "out.sqlite", "CREATE TABLE a (id INTEGER PRIMARY KEY, "
           "full_name TEXT NOT NULL, age INTEGER)")
    with Service(folder) as server:
        content = b"Full Name,AGE\nAda,36\n,7\nAlan,old\n"
        got = preview(server, content)
        same((got["table_exists"], got["problem_count"]), (True, 2))
        same([c["column"] for c in got["columns"]], ["full_name", "age"])
        same([(c["name"], c["required"]) for c in got["table_columns"]],
             [("id", False), ("full_name", True), ("age", False)])
        same([(p["row"], p["code"]) for p in got["problems"]],
             [(3, "required"), (4, "convert")])
        got = preview(server, b"Full Name,Shoe\nAda,37\n")
        check("Shoe" in got["fault"], got)
        same([c["column"] for c in got["columns"]], ["full_name", None])
        got = preview(server, b"Full Name,Shoe\nAda,37\n",
                      mapping={"Shoe": None})
        check("fault" not in got, got)
        got = preview(server, b"Full Name,Shoe\nAda,37\n",
                      mapping={"Shoe": "age"})
        same([c["column"] for c in got["columns"]], ["full_name", "age"])
        same(sqlite(folder, "out.sqlite", "SELECT count(*) FROM a"), [(0,)])


@case
def only_the_first_rows(folder):
    with Service(folder) as server:
        got = preview(server, numbers(30000))
        same((len(got["rows"]), got["row_count"], got["complete"]),
             (50, 20000, False))


@case
def memory_that_is_out_is_said_so(folder):
    if SANITIZED:
        raise Skip("sanitizers have an allocator of their own")
    wide = ",".join("h%d" % n for n in range(300)).encode() + b"\n1\n"
    with Service(folder, env=preload(NO_MEMORY)) as server:
        same(previewed(server, wide).status, 500)
        same(preview(server, numbers(1))["row_count"], 1)


@case
def a_table_of_postgres(folder):
    with Postgres() as pg, Service(folder, to=pg.url) as server:
        pg.sql("CREATE TABLE a (number smallint, word varchar(6))")
        got = preview(server, b"number,word\n1,short\n99999,word\n1,too long\n")
        same([(p["row"], p["column"]) for p in got["problems"]],
             [(3, "A"), (4, "B")])
        same(pg.count("a"), 0)


@case
def what_cannot_be_used(folder):
    with Service(folder, "--target", "down=postgresql://127.0.0.1:1/x") \
            as server:
        for content, name in ((b"PK\3\4" + bytes(100), "a.xlsx"),
                              (b"", "a.csv"), (b"a,b\n", "a.csv")):
            answer = previewed(server, content, name)
            if content != b"a,b\n":
                check(answer.status in (400, 415, 422), name, answer)
                check(answer.error() and folder not in answer.error(), answer)
        same(previewed(server, b"\x89PNG\r\n\x1a\n", "a.png").status, 415)
        same(previewed(server, numbers(1), sheet="nowhere").status, 422)
        same(previewed(server, numbers(1), target="nowhere").status, 400)
        same(previewed(server, numbers(1), target="down").status, 502)


main()
