#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Imports that are stopped: by Ctrl-C, by TERM, by a connection that dies. What
is said to be in the table is what is in it, to the row.

A trigger makes the import wait, in the middle of its rows, at an advisory lock
that the test holds (the gate): no test depends on how fast anything is.
"""
from sluice_cli import *

METHODS = ("sequential", "concurrent", "batch", "copy")
ROWS = 3000
STOP = 2500

# Stops the row whose id is STOP, in the insert or at the commit of its batch.
AT_INSERT = "CREATE TRIGGER gate BEFORE INSERT ON t FOR EACH ROW WHEN " \
    "(NEW.id = %d) EXECUTE FUNCTION gate()" % STOP
AT_COMMIT = "CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON t DEFERRABLE " \
    "INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id = %d) EXECUTE FUNCTION " \
    "gate()" % STOP


def make_table(pg, trigger):
    pg.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer PRIMARY KEY, "
           "name text); CREATE OR REPLACE FUNCTION gate() RETURNS trigger "
           "LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_xact_lock(%d); "
           "RETURN NEW; END$$; %s" % (pg.gate, trigger))


def make_workbook(folder):
    return workbook(folder, "a.xlsx", [["id", "name"]] + [
        [n, "name %d" % n] for n in range(1, ROWS + 1)])


class Stopped:
    """An import that waits at the gate, until the context ends."""

    def __init__(self, folder, pg, *arguments):
        self.pg = pg
        self.holder = pg.close_gate()
        self.child = start(folder, "import", "a.xlsx", "--to", pg.url,
                           "--table", "t", "--batch-size", "100", *arguments)
        pg.wait_at_gate()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.child.poll() is None and self.child.kill()
        self.child.stdout.close()
        self.child.stderr.close()
        self.child.wait()
        self.holder.poll() is None and open_gate(self.holder)


def settled(pg):
    """When the sessions of the import are gone, or what they did is decided."""
    pg.sql("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; COMMIT")


def check_counts(summary, rows_in_table, unknown=0):
    """`unknown`: a row whose commit may have been lost with its answer."""
    same(summary["success_count"], rows_in_table, summary)
    same(summary["error_count"], 0)
    check(summary["unknown_count"] <= unknown, summary)
    same(summary["total_records"], summary["success_count"] +
         summary["error_count"] + summary["unsettled_count"], summary)
    check(summary["error"], summary)


def interrupt(folder, method, number):
    with Postgres() as pg:
        make_table(pg, AT_INSERT)
        make_workbook(folder)
        with Stopped(folder, pg, "--method", method, "--json") as stopped:
            stopped.child.send_signal(number)
            result = refused(finish(stopped.child), 130, "interrupt|cancel")
        settled(pg)
        check_counts(result.json(), pg.count("t"))
        check(pg.count("t") > 0, "nothing was committed", result)
        same(pg.sql("SELECT count(*) FROM t WHERE id = %d" % STOP), "0")


def kill(folder, method, trigger):
    with Postgres() as pg:
        make_table(pg, trigger)
        make_workbook(folder)
        with Stopped(folder, pg, "--method", method, "--json") as stopped:
            for pid in pg.at_gate():
                pg.sql("SELECT pg_terminate_backend(%d, 10000)" % pid)
            result = refused(finish(stopped.child), 4, "connection|terminat")
        settled(pg)
        check_counts(result.json(), pg.count("t"),
                     unknown=method in ("sequential", "concurrent"))
        check(pg.count("t") > 0, "nothing was committed", result)


def processor_seconds(child):
    with open("/proc/%d/stat" % child.pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def add(function, name, *arguments):
    def run(folder):
        function(folder, *arguments)
    run.__name__ = name
    case(run)


for each in METHODS:
    add(interrupt, "ctrl_c_in_" + each, each, signal.SIGINT)
add(interrupt, "term_in_copy", "copy", signal.SIGTERM)
for each in METHODS:
    add(kill, "a_connection_killed_in_" + each, each, AT_INSERT)
for each in ("batch", "copy"):
    add(kill, "a_connection_killed_at_the_commit_of_" + each, each, AT_COMMIT)


@case
def one_failure_ends_the_waits_of_the_others(folder):
    with Postgres() as pg:
        make_table(pg, AT_INSERT.replace("(NEW.id = %d)" % STOP,
                                         "(NEW.id IN (2000, %d))" % STOP))
        make_workbook(folder)
        with Stopped(folder, pg, "--method", "batch", "--workers", "2",
                     "--json") as stopped:
            pg.wait_at_gate(2)
            pid = pg.at_gate()[0]
            pg.sql("SELECT pg_terminate_backend(%d, 10000)" % pid)
            # The gate is still closed: who waits there must be called off.
            result = refused(finish(stopped.child), 4, "connection|terminat")
        settled(pg)
        check_counts(result.json(), pg.count("t"))


@case
def people_are_told_too(folder):
    with Postgres() as pg:
        make_table(pg, AT_INSERT)
        make_workbook(folder)
        with Stopped(folder, pg, "--method", "batch", "--workers",
                     "1") as stopped:
            stopped.child.send_signal(signal.SIGINT)
            result = refused(finish(stopped.child), 130)
        settled(pg)
        check("{:,}".format(pg.count("t")) in result.out, result)


@case
def the_rejects_report_is_kept(folder):
    with Postgres() as pg:
        make_table(pg, AT_INSERT)
        rows = [["id", "name"]] + [[n, "name %d" % n]
                                   for n in range(1, ROWS + 1)]
        rows[10][0] = "no number"
        workbook(folder, "a.xlsx", rows)
        with Stopped(folder, pg, "--method", "sequential", "--json",
                     "--rejects", "bad.csv") as stopped:
            stopped.child.send_signal(signal.SIGINT)
            summary = refused(finish(stopped.child), 130).json()
        settled(pg)
        same((summary["success_count"], summary["error_count"]),
             (pg.count("t"), 1), summary)
        same([r["row"] for r in read_csv(folder, "bad.csv")], ["11"])


@case
def while_the_indexes_are_built(folder):
    with Postgres(own_database=True) as pg:
        pg.sql("CREATE FUNCTION gate() RETURNS event_trigger LANGUAGE plpgsql "
               "AS $$BEGIN PERFORM pg_advisory_xact_lock(%d); END$$; "
               "CREATE EVENT TRIGGER gate ON ddl_command_start WHEN TAG IN "
               "('CREATE INDEX') EXECUTE FUNCTION gate()" % pg.gate)
        holder = pg.close_gate()
        arguments = ("import", EXAMPLE, "--to", pg.url, "--preset",
                     "businesses", "--json")
        child = start(folder, *arguments)
        pg.wait_at_gate()
        child.send_signal(signal.SIGINT)
        summary = refused(finish(child), 130).json()
        open_gate(holder)
        # The rows are in; only indexes are missing, and the next import with
        # the preset makes them.
        same((summary["success_count"], summary["error_count"]), (9987, 13))
        same(pg.count(), 9987)
        indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = " \
            "'businesses'"
        same(pg.sql(indexes), "0")
        ended(sluice(folder, *arguments), 1)
        same(pg.sql(indexes), "7")


@case
def before_the_first_row(folder):
    with Postgres() as pg:
        make_table(pg, AT_INSERT)
        make_workbook(folder)
        # Whoever looks at the table waits for us: the import does.
        lock = subprocess.Popen(pg.psql(), env=environment(), text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        lock.stdin.write("BEGIN; LOCK TABLE t; SELECT pg_advisory_lock(%d); "
                         "SELECT 1;\n" % pg.gate)
        lock.stdin.flush()
        lock.stdout.readline()
        child = start(folder, "import", "a.xlsx", "--to", pg.url, "--table",
                      "t")
        pg.sql("DO $$ DECLARE until timestamptz := clock_timestamp() + "
               "'%d s'; BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE "
               "relation = to_regclass('%s.t') AND NOT granted) LOOP "
               "IF clock_timestamp() > until THEN RAISE 'nobody came'; END IF; "
               "PERFORM pg_sleep(0.005); END LOOP; END $$"
               % (PATIENCE_S, pg.schema))
        child.send_signal(signal.SIGINT)
        refused(finish(child), 130)
        open_gate(lock)
        same(pg.count("t"), 0)


@case
def ctrl_c_while_the_rows_are_looked_at_by_one_processor(folder):
    row = ",".join(["2024-02-29", "12.25"] * 6) + "\n"
    head = ",".join("c%d" % n for n in range(12)) + "\n"
    put(folder, "a.csv", head + row * 500000)
    child = start(folder, "import", "a.csv", env={"RUNNEL_PROCS": "1"})
    # The types are inferred from every row: that takes far more than this.
    while processor_seconds(child) < 0.03:
        check(child.poll() is None, "ended early")
    child.send_signal(signal.SIGINT)
    refused(finish(child), 130)
    same(sqlite(folder, "a.sqlite", "SELECT * FROM sqlite_schema"), [])


@case
def ctrl_c_while_sqlite_is_busy(folder):
    make_workbook(folder)
    sqlite(folder, "a.sqlite", "CREATE TABLE t (id INTEGER, name TEXT)")
    sqlite(folder, "a.sqlite", "PRAGMA journal_mode = WAL")
    other = sqlite3.connect(os.path.join(folder, "a.sqlite"),
                            isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    child = start(folder, "import", "a.xlsx", "--table", "t", "--json")
    # The import cannot get further than its first write.
    child.send_signal(signal.SIGINT)
    result = finish(child)
    check(result.status in (130, -signal.SIGINT, 4), result)
    other.execute("ROLLBACK")
    other.close()
    rows = sqlite(folder, "a.sqlite", "SELECT count(*) FROM t")[0][0]
    if result.out:
        same(result.json()["success_count"], rows, result)


@case
def nobody_runs_far_ahead_of_a_slow_batch(folder):
    """What becomes of rows is told in their order, and waits in memory for
    its turn: no more than there are batches. The first row stands at the gate;
    the others go on until they wait for it."""
    with Postgres() as pg:
        make_table(pg, AT_INSERT.replace("= %d" % STOP, "= 1"))
        make_workbook(folder)
        holder = pg.close_gate()
        child = start(folder, "import", "a.xlsx", "--to", pg.url, "--table",
                      "t", "--method", "batch", "--workers", "2",
                      "--batch-size", "10", "--json")
        pg.wait_at_gate()
        seen, still = -1, 0
        while still < 20:  # a slow server makes the test only less strict
            now = pg.count("t")
            still = still + 1 if now == seen else 0
            seen = now
        check(seen <= 13 * 10, seen)
        open_gate(holder)
        same(ended(finish(child), 0).json()["success_count"], ROWS)
        same(pg.count("t"), ROWS)


main()
