#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stream: windows of event time, late events, percentiles."""
import math
import random

from example_test import *

LINE = re.compile(r"^(\d+) count (\d+) mean ([\d.]+) least (\d+) p50 (\d+) "
                  r"p95 (\d+) p99 (\d+) most (\d+)$", re.M)


def windows(done):
    return [tuple(float(v) for v in m.groups()) for m in
            LINE.finditer(done.out)]


def lines(events):
    return "".join("%d %d\n" % e for e in events)


def wanted(events, width):
    """{start: values}"""
    found = {}
    for t, v in events:
        found.setdefault(t - t % width, []).append(v)
    return found


done = run("--window-ms", 10, "--lateness-ms", 0,
           input="5 1\n7 3\n12 100\n9 4\n25 7\nx\n\n30\n-1 2\n3 -4\n40 5 6\n")
check("windows, a late event, lines that are none", done.status == 0 and
      windows(done) == [(0, 2, 2, 1, 1, 3, 3, 3), (10, 1) + (100,) * 6,
                        (20, 1) + (7,) * 6], done)
check("and their number", done.out.endswith(
    "5 events, 1 late, 6 lines were none\n"), done)

rng = random.Random(1)
count = 5000 if SANITIZED else 100000
events = [(n, int(rng.lognormvariate(5, 2))) for n in range(count)]
shuffled = sorted(events, key=lambda e: e[0] + rng.random() * 1000)
done = run("--window-ms", 500, "--lateness-ms", 1000, input=lines(shuffled))
found, want = windows(done), wanted(events, 500)
check("events out of order are not late within the time", done.status == 0 and
      "%d events, 0 late, 0 lines" % count in done.out, done.out[-200:])
check("every window once, in order", [f[0] for f in found] == sorted(want))
good = all(f[1] == len(want[f[0]]) and f[3] == min(want[f[0]]) and
           f[7] == max(want[f[0]]) for f in found)
check("count, least and most are exact", good)


def near(value, values, percent):
    exact = sorted(values)[math.ceil(len(values) * percent / 100) - 1]
    return exact <= value <= exact * 1.016 + 1


check("percentiles are near", all(
    near(f[4], want[f[0]], 50) and near(f[5], want[f[0]], 95) and
    near(f[6], want[f[0]], 99) for f in found))

done = run("--window-ms", 10, "--lateness-ms", 20,
           input="1 1\n4000000000000000000 2\n5 3\n1000000000000000 1\n"
           "1000000000000005 2\n30 1\n")
check("a gap in time, and a time that cannot be", done.status == 0 and
      [w[0] for w in windows(done)] == [0, 10 ** 15] and
      "5 events, 1 late, 1 lines" in done.out, done)
done = run(input="")
check("no events", done.status == 0 and
      done.out == "0 events, 0 late, 0 lines were none\n", done)
program = Started("--lateness-ms", 0, stdin=subprocess.PIPE)
program.process.stdin.write("1 1\n5000 2\n")
program.process.stdin.flush()
check("a window is printed when it is over, not at the end",
      program.wait_for("0 count 1 "))
program.signal(signal.SIGINT)
done = program.finish()
program.process.stdin.close()
check("Ctrl-C while the input is silent", done.status == 130 and
      done.err == "stream: interrupted\n", done)

program = Started("--listen", "127.0.0.1:0", "--lateness-ms", 90000)
port = int(program.wait_for("listening on tcp://").rsplit(":", 1)[1])
clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
for n, client in enumerate(clients):
    client.sendall(lines((t, n) for t in range(0, 10000, 100)).encode() + b"2 ")
endless = socket.create_connection(("127.0.0.1", port))
endless.sendall(b"z" * 65536)
check("a line without an end is not kept", endless.recv(1) == b"")
for client in clients[:15]:  # closed by the server when all has been taken
    client.shutdown(socket.SHUT_WR)
    client.recv(1)
program.signal(signal.SIGTERM)  # five are still open
done = program.finish()
check("many connections; SIGTERM prints what there is", done.status == 0 and
      len(windows(done)) == 10 and
      1500 <= sum(w[1] for w in windows(done)) <= 2000, done)
for client in clients:
    client.close()
done = run("--listen", "nowhere")
check("an address that is none", done.status == 1 and "nowhere" in done.err,
      done)
done = run("--window-ms", 1, "--lateness-ms", 100000)
check("too many windows", done.status == 2 and "--lateness-ms" in done.err,
      done)
common()
end()
