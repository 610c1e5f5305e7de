#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that is down, refuses, or forbids: exit status 4, one line that
says what and where, and never a password.
"""
import socket

from sluice_cli import *

ROWS = [["id", "name"], [1, "a"], [2, "b"]]


def database_refuses(folder, target, *words, arguments=()):
    workbook(folder, "a.xlsx", ROWS)
    return refused(sluice(folder, "import", "a.xlsx", "--to", target,
                          *arguments), 4, *words)


@case
def a_server_that_is_down(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = taken.getsockname()[1]
        database_refuses(folder, "postgresql://127.0.0.1:%d/db" % port,
                         "refused", str(port))
    database_refuses(folder, "host=%s dbname=x" % folder, "no such file")


@case
def a_server_that_says_nothing(folder):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        database_refuses(folder, "postgresql://127.0.0.1:%d/db?"
                         "connect_timeout=2" % silent.getsockname()[1],
                         "2 seconds|time")


@case
def ctrl_c_while_connecting(folder):
    workbook(folder, "a.xlsx", ROWS)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        silent.settimeout(PATIENCE_S)
        child = start(folder, "import", "a.xlsx", "--to",
                      "postgresql://127.0.0.1:%d/db"
                      % silent.getsockname()[1])
        line, _ = silent.accept()
        line.settimeout(PATIENCE_S)
        check(line.recv(1), "nothing was sent")
        child.send_signal(signal.SIGINT)
        refused(finish(child), 130)
        line.close()


@case
def a_server_that_is_none(folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(8)
        other.settimeout(PATIENCE_S)
        workbook(folder, "a.xlsx", ROWS)
        child = start(folder, "import", "a.xlsx", "--to",
                      "postgresql://127.0.0.1:%d/db?sslmode=disable"
                      % other.getsockname()[1])
        line, _ = other.accept()
        line.settimeout(PATIENCE_S)
        check(line.recv(1), "nothing was sent")
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        line.close()
        refused(finish(child), 4)


@case
def a_host_that_is_not_known(folder):
    database_refuses(folder, "postgresql://no-such-host.invalid/db",
                     "no-such-host.invalid")


@case
def a_database_that_is_not_there(folder):
    if not PG:
        raise Skip("SLUICE_TEST_PG is not set")
    database_refuses(folder, PG.replace("/postgres?", "/nowhere?"), "nowhere")


def keyholder():
    if not PG_TCP:
        raise Skip("SLUICE_TEST_PG_TCP is not set")
    return PG_TCP


@case
def a_wrong_password(folder):
    parts = urllib.parse.urlsplit(keyholder())
    wrong = PG_TCP.replace(":" + parts.password + "@", ":abrakadabra@")
    result = database_refuses(folder, wrong, "password", "keyholder")
    check("abrakadabra" not in result.err + result.out, result)


@case
def no_permission_to_create_a_table(folder):
    with Postgres(keyholder()) as pg:
        pg.sql("GRANT USAGE ON SCHEMA %s TO keyholder" % pg.schema)
        database_refuses(folder, pg.url, "permission denied", pg.schema)


@case
def no_permission_to_insert(folder):
    with Postgres(keyholder()) as pg:
        pg.sql("GRANT USAGE ON SCHEMA %s TO keyholder; CREATE TABLE t (id "
               "integer, name text); GRANT SELECT ON t TO keyholder"
               % pg.schema)
        for method in ("sequential", "concurrent", "batch", "copy"):
            database_refuses(folder, pg.url, r"permission denied|may not",
                             arguments=("--table", "t", "--method", method))
        same(pg.count("t"), 0)


@case
def no_permission_for_one_column(folder):
    with Postgres(keyholder()) as pg:
        pg.sql("GRANT USAGE ON SCHEMA %s TO keyholder; CREATE TABLE t (id "
               "integer, name text); GRANT INSERT (id) ON t TO keyholder"
               % pg.schema)
        database_refuses(folder, pg.url, "permission denied|may not",
                         arguments=("--table", "t"))
        workbook(folder, "a.xlsx", [["id"], [1]])
        ended(sluice(folder, "import", "a.xlsx", "--to", pg.url, "--table",
                     "t"), 0)
        same(pg.count("t"), 1)


@case
def a_password_by_the_environment(folder):
    with Postgres(keyholder()) as pg:
        parts = urllib.parse.urlsplit(PG_TCP)
        pg.sql("GRANT USAGE, CREATE ON SCHEMA %s TO keyholder" % pg.schema)
        bare = pg.url.replace(":" + parts.password + "@", "@")
        workbook(folder, "a.xlsx", ROWS)
        ended(sluice(folder, "import", "a.xlsx", "--to", bare, "--table", "t",
                     env={"PGPASSWORD": urllib.parse.unquote(parts.password)}),
              0)
        same(pg.count("t"), 2)


@case
def a_table_that_vanishes(folder):
    with Postgres() as pg:
        pg.sql("CREATE TABLE t (id integer, name text); CREATE FUNCTION gate() "
               "RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM "
               "pg_advisory_xact_lock(%d); RETURN NEW; END$$; CREATE TRIGGER "
               "gate BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.id = 1500) "
               "EXECUTE FUNCTION gate()" % pg.gate)
        workbook(folder, "a.xlsx", [["id", "name"]] + [
            [n, "x"] for n in range(1, 3001)])
        holder = pg.close_gate()
        child = start(folder, "import", "a.xlsx", "--to", pg.url, "--table",
                      "t", "--method", "batch", "--workers", "1", "--json")
        pg.wait_at_gate()
        # Stands in line behind the batch that waits, before the next one.
        drop = subprocess.Popen(pg.psql("-c", "DROP TABLE t"),
                                env=environment())
        pg.sql("DO $$ DECLARE until timestamptz := clock_timestamp() + "
               "'%d s'; BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE "
               "mode = 'AccessExclusiveLock' AND NOT granted AND relation = "
               "to_regclass('%s.t')) LOOP IF clock_timestamp() > until THEN "
               "RAISE 'nobody came'; END IF; PERFORM pg_sleep(0.005); END LOOP;"
               " END $$" % (PATIENCE_S, pg.schema))
        open_gate(holder)
        result = refused(finish(child), 4, r"\bt\b")
        drop.wait(timeout=PATIENCE_S)
        summary = result.json()
        check(summary["success_count"] >= 1400, summary)


@case
def a_name_that_is_no_table(folder):
    with Postgres() as pg:
        pg.sql("CREATE SEQUENCE s; CREATE TABLE t (id integer, name text); "
               "CREATE MATERIALIZED VIEW m AS SELECT * FROM t")
        for name in ("s", "m", "no_such_schema.t"):
            database_refuses(folder, pg.url, name.split(".")[0],
                             arguments=("--table", name))


main()
