#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pg_private gives its command a server, passes its status on, and leaves
nothing behind, however it ends.

    pg_private.py PG_PRIVATE
"""
import glob
import os
import signal
import subprocess
import sys
import tempfile

private = os.path.abspath(sys.argv[1])
number = failed = 0

if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
    print("1..0 # SKIP there is no PostgreSQL server")
    sys.exit(0)


def check(name, held):
    global number, failed
    number += 1
    print("%s %d - %s" % ("ok" if held else "not ok", number, name))
    failed += not held


def run(script, **options):
    return subprocess.run([private, "sh", "-c", script], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)


def is_gone(sockets, folder):
    return not os.path.exists(sockets) and \
        not glob.glob(os.path.join(folder, "build", "pg.*"))


SOCKETS = 'psql -XAtc "show unix_socket_directories" "$SLUICE_TEST_PG"'

with tempfile.TemporaryDirectory(prefix="with space ") as folder:
    done = run(SOCKETS + "; exit 7", cwd=folder)
    sockets = done.stdout.strip()
    check("the command's status is passed on", done.returncode == 7)
    check("the command reaches a server", sockets.startswith("/tmp/"))
    check("nothing is left behind", is_gone(sockets, folder))

    done = run('psql -XAtc "select current_user" "$SLUICE_TEST_PG_TCP"',
               cwd=folder)
    check("a password opens the door", done.stdout.strip() == "keyholder")
    done = run('psql -XAtc "select 1" '
               '"$(echo "$SLUICE_TEST_PG_TCP" | sed s/sesame/sesam/)"',
               cwd=folder)
    check("a wrong one does not",
          "password authentication failed" in done.stdout)

    child = subprocess.Popen(
        [private, "sh", "-c", SOCKETS + "; exec sleep 60"], cwd=folder,
        text=True, stdout=subprocess.PIPE)
    sockets = child.stdout.readline().strip()
    child.send_signal(signal.SIGTERM)
    child.wait()
    check("TERM ends the command", child.returncode == 128 + signal.SIGTERM)
    check("and nothing is left behind", is_gone(sockets, folder))
print("1..%d" % number)
sys.exit(1 if failed else 0)
