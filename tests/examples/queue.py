#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""queue: several processes, one table; none lost or doubled, killed or not."""
from example_test import *

COUNT = 200 if SANITIZED else 400
server = os.environ.get("SLUICE_TEST_PG")
NAMES = ["a%d" % n for n in range(20)]


class Database:
    """One of its own on the test's server."""

    def __init__(self, name):
        self.name = "example_" + name
        self.where = server.replace("///postgres", "///" + self.name)
        self.drop()
        self.psql("CREATE DATABASE " + self.name, server)

    def psql(self, sql, where=None):
        return subprocess.run(["psql", "-qXAt", "-c", sql, where or self.where],
                              check=True, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout.strip()

    def number(self, sql):
        return int(self.psql("SELECT " + sql))

    def holds(self, sql):
        return self.psql("SELECT " + sql) == "t"

    def drop(self):
        self.psql("DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name, server)

    def run(self, *arguments, **more):
        return run("--database", self.where, *arguments, **more)

    def work(self, *arguments):
        program = Started("--database", self.where, *arguments, "work")
        program.wait_for("working with")
        return program

    def status(self):
        """(waiting, done, dead)"""
        done = self.run("status")
        return tuple(int(n) for n in re.findall(r"\d+", done.out))

    def fill(self):
        """COUNT jobs that pay; what the accounts must have in the end."""
        wanted = {name: 0 for name in NAMES}
        lines = ["open %s\n" % name for name in NAMES]
        for n in range(COUNT):
            name = NAMES[n % len(NAMES)]
            lines.append("pay %s %d\n" % (name, n + 1))
            wanted[name] += n + 1
        done = self.run("add", input="".join(lines))
        check("jobs are added", done.status == 0 and
              done.out == "%d jobs added\n" % len(lines), done)
        return wanted

    def accounts(self):
        rows = self.psql("SELECT name, cents FROM job_accounts").splitlines()
        return {name: int(cents) for name, cents in
                (row.split("|") for row in rows)}


def simple(database):
    # On an empty table all is done by one process, and it ends.
    done = database.run("--drain", "work")
    check("nothing to do", done.status == 0 and
          done.out.endswith("0 done, 0 to be tried again, 0 dead letters\n"),
          done)
    wanted = database.fill()
    done = database.run("--drain", "--backoff-ms", 10, "work")
    check("all is done", done.status == 0 and
          database.status() == (0, COUNT + 20, 0), done)
    check("and the accounts agree", database.accounts() == wanted)
    done = database.run("add", input="open x\ndance\npay x\npay x -1\n"
                        "pay x 1 2\npay x 99999999999999999999\nopen a b\n\n"
                        "pay %s 1\npay x 1" % ("y" * 200))
    check("lines that are no jobs", done.status == 1 and
          done.out == "2 jobs added\n" and done.err.count(" is no job: ") == 8
          and "queue: line 2 is no job: dance\n" in done.err, done)
    done = database.run("--drain", "--backoff-ms", 1, "work")
    check("the others are", done.status == 0 and
          database.accounts()["x"] == 1, done)


def dead_letters(database):
    database.run("add", input="pay late 5\npay never 1\n")
    database.psql("INSERT INTO jobs (line) VALUES ('dance'), ('open %s')" %
                  ("z" * 500))
    database.psql("INSERT INTO job_accounts VALUES ('rich', %d)" %
                  (2 ** 63 - 1))
    database.run("add", input="pay rich 1\n")
    before = time.monotonic()
    done = database.run("--drain", "--tries", 3, "--backoff-ms", 50, "work")
    check("after so many tries they are put aside", done.status == 0 and
          database.status()[0] == 0 and database.status()[2] == 5 and
          done.out.endswith("0 done, 10 to be tried again, 5 dead letters\n"),
          done)
    check("later and later", time.monotonic() - before >= 0.075)
    reasons = database.psql("SELECT why FROM jobs_dead ORDER BY line")
    check("with the reason", all(text in reasons for text in (
        "this is no job", "account late is not open", "out of range",
        "account never is not open")), reasons)
    check("what failed has changed nothing", database.number(
        "cents FROM job_accounts WHERE name = 'rich'") == 2 ** 63 - 1)
    database.run("add", input="open late\n")
    database.run("--drain", "work")
    done = database.run("revive")
    check("dead letters are tried again", done.status == 0 and
          done.out == "5 jobs are to be tried again\n", done)
    done = database.run("--drain", "--tries", 1, "work")
    check("and this time one is done", done.status == 0 and
          database.accounts()["late"] == 5 and database.status()[2] == 4, done)


def notices(database):
    # Nobody looks by himself within the test: only the notice tells.
    program = database.work("--poll-ms", 3600000)
    while not database.holds(  # until all workers are idle
            "count(*) FILTER (WHERE query = 'LISTEN jobs') = 1 AND count(*)"
            " FILTER (WHERE query LIKE 'SELECT count(*), coalesce%') = 4"
            " FROM pg_stat_activity WHERE state = 'idle' AND"
            " datname = current_database()"):
        pass
    database.run("add", input="pay late 7\n")
    while database.accounts()["late"] != 12:
        if program.process.poll() is not None:
            break
    check("a notice wakes who is idle", database.accounts()["late"] == 12)
    program.signal(signal.SIGTERM)
    done = program.finish()
    check("SIGTERM is a good end", done.status == 0 and
          done.out.endswith("1 done, 0 to be tried again, 0 dead letters\n"),
          done)
    database.run("add", input="pay late 1\n")
    program = database.work("--work-ms", 3600000, "--workers", 1)
    while database.number("count(*) FROM pg_locks WHERE relation ="
                          " 'jobs'::regclass AND mode = 'RowShareLock'") == 0:
        pass
    program.signal(signal.SIGINT)
    done = program.finish()
    check("Ctrl-C takes back what is under way", done.status == 0 and
          database.status()[0] == 1 and database.accounts()["late"] == 12, done)
    program = database.work("--work-ms", 3600000)
    while not database.holds("count(*) = 6 FROM pg_stat_activity WHERE datname"
                             " = current_database() AND pid <>"
                             " pg_backend_pid() AND query <> ''"):
        pass
    database.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE datname = current_database() AND pid <>"
                  " pg_backend_pid()")
    done = program.finish()
    check("a database that goes away", done.status == 1 and
          done.err.startswith("queue: ") and database.status()[0] == 1, done)
    database.run("--drain", "work")


def killed(database):
    done_before = database.status()[1]
    before = database.accounts()
    wanted = database.fill()
    programs = [database.work("--work-ms", 2, "--poll-ms", 20, "--workers", 3,
                              "--backoff-ms", 5, "--tries", 100)
                for _ in range(3)]
    for part, victim in ((10, programs[0]), (3, programs[1])):
        while database.number("count(*) FROM jobs_done") < \
                done_before + COUNT // part:
            pass
        victim.process.kill()
        victim.finish()
    done = database.run("--drain", "--poll-ms", 20, "--backoff-ms", 5,
                        "--tries", 100, "work")
    left, finished, dead = database.status()
    programs[2].signal(signal.SIGINT)
    last = programs[2].finish()
    check("two of three are killed: no job is lost or done twice",
          done.status == 0 and last.status == 0 and left == 0 and
          finished + dead == done_before + COUNT + 20, (done, last))
    after = database.accounts()
    check("and every account agrees", all(
        after[name] - before.get(name, 0) == wanted[name] for name in NAMES))


if server:
    database = Database("queue")
    simple(database)
    dead_letters(database)
    notices(database)
    database.drop()
    database = Database("queue_killed")
    database.run("status")
    killed(database)
    database.drop()
else:
    check("PostgreSQL # SKIP no SLUICE_TEST_PG", True)

for where in ("postgresql://127.0.0.1:1/x", "host=/none/such", "no=address"):
    done = run("--database", where, "work")
    check("no database at " + where, done.status == 1 and done.out == "" and
          done.err.startswith("queue: "), done)
done = run("dance")
check("an unknown command", done.status == 2 and "dance" in done.err, done)
done = run()
check("no command", done.status == 2 and "argument" in done.err, done)
common()
end()
