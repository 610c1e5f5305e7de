#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fifty uploads of 10,000 rows at once, from clients of their own: all right,
in bounded memory, and others are answered meanwhile. Figures go to stderr.
"""
import threading
import time

from api_client import *

CLIENTS = 8 if SANITIZED else 50
GOOD, BAD = 9989, 11  # of examples/data/businesses.xlsx without a preset

# What fifty files in memory, or a hundred connections, would be above.
MEMORY_MB = 200


def all_at_once(server, content, errors):
    def one():
        try:
            job = server.imported(content, "businesses.xlsx")
            same((job["state"], counts(job)),
                 ("succeeded", (GOOD + BAD, GOOD, BAD)))
        except Exception as error:  # told by the case
            errors.append(error)
    clients = [threading.Thread(target=one) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    return clients


def loaded(folder, server, count):
    with open(EXAMPLE, "rb") as f:
        content = f.read()
    errors, waits = [], []
    clients = all_at_once(server, content, errors)
    began = time.monotonic()
    while any(c.is_alive() for c in clients):
        asked = time.monotonic()
        same(server.get("/health").status, 200)
        waits.append(time.monotonic() - asked)
    took = time.monotonic() - began
    same(errors, [])
    same(count(), CLIENTS * GOOD)
    waits.sort()
    peak = server.memory_kb("VmHWM") / 1024
    print("# %d uploads of 10,000 rows in %.1f s, %d MB at most; /health: "
          "median %.1f ms, p99 %.1f ms" % (
              CLIENTS, took, peak, 1000 * waits[len(waits) // 2],
              1000 * waits[len(waits) * 99 // 100]), file=sys.stderr)
    check(SANITIZED or peak < MEMORY_MB, "%d MB" % peak)
    same(server.metric("sluice_rows_loaded_total"), CLIENTS * GOOD)
    same(server.metric('sluice_imports_total{state="succeeded"}'), CLIENTS)
    same(os.listdir(os.path.join(folder, "state", "spool")), [])


@case
def fifty_into_sqlite(folder):
    with Service(folder) as server:
        loaded(folder, server, lambda: sqlite(
            folder, "out.sqlite", "SELECT count(*) FROM businesses")[0][0])


@case
def fifty_into_postgres(folder):
    with Postgres() as pg, Service(folder, to=pg.url) as server:
        loaded(folder, server, pg.count)


main()
