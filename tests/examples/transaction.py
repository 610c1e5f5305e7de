#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""transaction: four checks, one commit; none lost, none doubled, killed or not."""
import sqlite3

from example_test import *

COUNT = 300 if SANITIZED else 4000
FIRST = 10000000
server = os.environ.get("SLUICE_TEST_PG")


class Sqlite:
    def __init__(self, name):
        self.path = os.path.join(folder.name, name)
        self.where = "sqlite:" + self.path

    def numbers(self, sql):
        connection = sqlite3.connect(self.path)
        rows = connection.execute(sql).fetchall()
        connection.close()
        return [tuple(int(v) for v in row) for row in rows]

    def drop(self):
        pass


class Postgres:
    """A database of its own on the test's server."""

    def __init__(self, name):
        self.name = "example_" + name
        self.where = server.replace("///postgres", "///" + self.name)
        self.drop()
        self.psql(server, "CREATE DATABASE " + self.name)

    def psql(self, where, sql):
        return subprocess.run(["psql", "-qXAt", "-F", ",", "-c", sql, where],
                              check=True, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout

    def numbers(self, sql):
        return [tuple(int(v) for v in line.split(","))
                for line in self.psql(self.where, sql).splitlines()]

    def drop(self):
        self.psql(server, "DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name)


def counts(done):
    return {k: int(v) for k, v in re.findall(r"^([a-z ]+): (\d+)$", done.out,
                                             re.M)}


def balanced(database):
    """Each account has what its transfers say: none lost, none doubled."""
    wrong = database.numbers(
        "SELECT count(*) FROM accounts a LEFT JOIN (SELECT account, sum(cents)"
        " AS cents FROM (SELECT payee AS account, cents FROM transfers"
        " UNION ALL SELECT payer, -cents FROM transfers) t GROUP BY account) m"
        " ON m.account = a.number"
        " WHERE a.cents <> %d + coalesce(m.cents, 0)" % FIRST)
    return wrong == [(0,)]


def poor(kind, label):
    # Few accounts, large sums: here the balance decides, and holds.
    database = kind("poor")
    done = run("--database", database.where, "--count", COUNT, "--unit-us", 0,
               "--accounts", 2)
    check(label + "no account below zero", done.status == 0 and
          balanced(database) and database.numbers(
              "SELECT count(*) FROM accounts WHERE cents < 0") == [(0,)], done)
    database.drop()


def tests(kind, label):
    database = kind("clean")
    done = run("--database", database.where, "--count", COUNT, "--unit-us", 10)
    found = counts(done)
    check(label + "every transfer has an outcome", done.status == 0 and
          sum(found.values()) == COUNT and found["there before"] == 0 and
          found["too slow"] == 0, done)
    check(label + "checks refuse", all(
        found["refused by " + c] > 0 for c in ("fraud", "limits",
                                                "regulatory")), done)
    stored = database.numbers("SELECT count(*) FROM transfers")[0][0]
    check(label + "what was committed is there", stored == found["committed"],
          (stored, done))
    check(label + "every balance agrees", balanced(database))
    check(label + "refused ones are not there", database.numbers(
        "SELECT count(*) FROM transfers WHERE cents > 100000"
        " OR payee % 97 = 13 OR payer % 89 = 7") == [(0,)])
    again = run("--database", database.where, "--count", COUNT, "--unit-us", 10)
    check(label + "a second run commits nothing", again.status == 0 and
          counts(again)["committed"] == 0 and
          counts(again)["there before"] == stored and balanced(database), again)
    print("#", label + done.out.splitlines()[-2])
    database.drop()

    database = kind("killed")
    for part in range(1 if SANITIZED else 3):
        program = Started("--database", database.where, "--count", COUNT)
        for _ in range(20 + 40 * part):  # wait for some progress, then kill
            try:
                if database.numbers("SELECT count(*) FROM transfers")[0][0] \
                        > part * 300:
                    break
            except (sqlite3.Error, subprocess.CalledProcessError):
                time.sleep(0.01)
        program.process.kill()
        program.finish()
        try:
            check(label + "killed (%d): every balance agrees" % part,
                  balanced(database))
        except (sqlite3.Error, subprocess.CalledProcessError):
            check(label + "killed (%d): before the tables were there" % part,
                  True)
    done = run("--database", database.where, "--count", COUNT, "--unit-us", 10)
    check(label + "the next run does the rest", done.status == 0 and
          counts(done)["committed"] + counts(done)["there before"] == stored
          and balanced(database), done)
    database.drop()


tests(Sqlite, "SQLite: ")
poor(Sqlite, "SQLite: ")
if server:
    tests(Postgres, "PostgreSQL: ")
else:
    check("PostgreSQL # SKIP no SLUICE_TEST_PG", True)

where = "sqlite:" + os.path.join(folder.name, "slow")
done = run("--database", where, "--count", 5, "--unit-us", 5000000,
           "--timeout-ms", 20)
check("checks that take too long refuse", done.status == 0 and
      counts(done)["too slow"] == 5 and counts(done)["committed"] == 0, done)
check_interrupt("Ctrl-C while checks run", "--database", where, "--unit-us",
                10000000, "--timeout-ms", 60000, after=None)
for where, text in (("sqlite:/none/such/file", "SQLite: "),
                    ("sqlite:" + write("text", "no database at all" * 99),
                     "not a database"),
                    ("postgresql://127.0.0.1:1/x", "PostgreSQL: ")):
    done = run("--database", where)
    check("no database at " + where.split("/")[0], done.status == 1 and
          text in done.err and done.out == "", done)
common()
end()
