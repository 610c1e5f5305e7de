# SPDX-License-Identifier: Apache-2.0
"""Many uploads at once, and a server to send them to: what bench_uploads and
bench_watchers share.

    with Served(dsn) as server:
        result = send_all(server.address, 50)
        print(result["seconds"], server.memory_mb("VmHWM"))
    server.check_rows(50)
"""
import http.client
import os
import re
import sqlite3
import subprocess
import tempfile
import threading
import time

from bench_report import ROOT, SLUICE, fail

EXAMPLE = os.path.join(ROOT, "examples", "data", "businesses.xlsx")
BOUNDARY = "----bench"
# Of the example's 10,000 rows, into the tutorial's table.
LOADED, REJECTED = 9987, 13
RIGHT = b'"success_count":%d,"error_count":%d,' % (LOADED, REJECTED)


class Served:
    """`sluice serve` on a free port, into a SQLite file unless told otherwise.
    """

    def __init__(self, dsn=None):
        self.dsn = dsn

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.base = os.path.join(self.folder.name, "out.sqlite")
        self.child = subprocess.Popen(
            [SLUICE, "serve", "--to", self.dsn or "sqlite:" + self.base,
             "--state", os.path.join(self.folder.name, "state"), "--listen",
             "127.0.0.1:0", "--no-access-log"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = self.child.stdout.readline().decode()
        found = re.search(r"http://(.*):(\d+)$", line.strip())
        if not found:
            fail("the server did not start")
        self.address = (found.group(1), int(found.group(2)))
        return self

    def __exit__(self, *error):
        self.child.terminate()
        self.child.wait()
        self.child.stdout.close()
        self.rows = None
        if not self.dsn and not error[0]:
            base = sqlite3.connect(self.base)
            self.rows = base.execute(
                "SELECT count(*) FROM businesses").fetchone()[0]
            base.close()
        self.folder.cleanup()

    def memory_mb(self, name):
        """VmRSS or VmHWM, now."""
        with open("/proc/%d/status" % self.child.pid) as f:
            return int(re.search(name + r":\s*(\d+) kB",
                                 f.read()).group(1)) / 1024

    def check_rows(self, uploads):
        """After its end: each upload's rows are in the table, once."""
        if self.rows not in (None, uploads * LOADED):
            fail("%d rows are in the table" % self.rows)


def form(content):
    return (('--%s\r\nContent-Disposition: form-data; name="file"; '
             'filename="list.xlsx"\r\n\r\n' % BOUNDARY).encode() + content +
            ("\r\n--%s--\r\n" % BOUNDARY).encode())


def upload(address, body, answers):
    client = http.client.HTTPConnection(*address)
    client.request("POST", "/upload?method=copy", body, {
        "Content-Type": "multipart/form-data; boundary=" + BOUNDARY})
    answers.append(client.getresponse().read())
    client.close()


def ask_health(address, ended, times):
    client = http.client.HTTPConnection(*address)
    while not ended.wait(0.01):
        begin = time.monotonic()
        client.request("GET", "/health")
        client.getresponse().read()
        times.append(time.monotonic() - begin)
    client.close()


def send_all(address, clients):
    """Sends the example from so many clients; all answers must be right."""
    with open(EXAMPLE, "rb") as f:
        body = form(f.read())
    answers, times, ended = [], [], threading.Event()
    health = threading.Thread(target=ask_health, args=(address, ended, times))
    health.start()
    begin = time.monotonic()
    threads = [threading.Thread(target=upload, args=(address, body, answers))
               for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begin
    ended.set()
    health.join()
    right = sum(RIGHT in a for a in answers)
    if right != clients:
        fail("%d of %d uploads were answered right" % (right, clients))
    times.sort()
    return {"seconds": took, "rows_per_second": clients * 10000 / took,
            "health_p50_ms": times[len(times) // 2] * 1e3,
            "health_p99_ms": times[int(len(times) * 0.99)] * 1e3,
            "health_max_ms": times[-1] * 1e3}
