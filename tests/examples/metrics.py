#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""metrics: one loop over a ticker, questions and the end."""
from example_test import *

LINE = re.compile(r"^cpu (\d+) %  memory (\d+) of (\d+) MB  disk ([\d.]+) MB/s "
                  r"in ([\d.]+) out  net ([\d.]+) MB/s in ([\d.]+) out$")

done = run("--count", 3, "--period-ms", 5)
lines = [LINE.match(line) for line in done.out.splitlines()]
check("a line a tick", done.status == 0 and len(lines) == 3 and all(lines),
      done)
check("what they say can be", all(
    0 <= int(l[1]) <= 100 and 0 < int(l[2]) <= int(l[3]) for l in lines), done)


def proc(name, files):
    path = os.path.join(folder.name, name)
    for file, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(path, file)), exist_ok=True)
        write(os.path.join(path, file), text)
    return path


FILES = {
    "stat": "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1\n",
    "meminfo": "MemTotal:  8000 kB\nMemFree: 1 kB\nMemAvailable: 3000 kB\n",
    "diskstats": "8 0 sda 1 0 10 0 1 0 20 0 0 0 0\n"
                 "8 1 sda1 1 0 10 0 1 0 20 0 0 0 0\n"
                 "259 0 nvme0n1 1 0 1 0 1 0 2 0 0 0 0\n"
                 "259 1 nvme0n1p1 1 0 1 0 1 0 2 0 0 0 0\n"
                 "7 0 loop0 1 0 10 0 1 0 20 0 0 0 0\n",
    "net/dev": "Inter-| Receive | Transmit\n face |bytes packets |bytes\n"
               "    lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\n"
               "  eth0: 700 0 0 0 0 0 0 0 80 0 0 0 0 0 0 0\n"
               "  eth1:7 0 0 0 0 0 0 0 8 0 0 0 0 0 0 0\n",
}
server = Server("--proc", proc("known", FILES), "--period-ms", 60000)
status, text = server.ask("GET", "/metrics")
values = dict(line.split() for line in text.splitlines()
              if not line.startswith("#"))
check("told over HTTP", status == 200 and values == {
    "machine_cpu_busy_ticks_total": "150", "machine_cpu_ticks_total": "1000",
    "machine_memory_bytes": "8192000", "machine_memory_free_bytes": "3072000",
    "machine_disk_read_bytes_total": str(11 * 512),
    "machine_disk_written_bytes_total": str(22 * 512),
    "machine_net_received_bytes_total": "707",
    "machine_net_sent_bytes_total": "88"}, text)
check("each with its type", all("# TYPE %s " % name in text
                                for name in values), text)
check("another path", server.ask("GET", "/")[0] == 404)
at_once(8, lambda n: [server.ask("GET", "/metrics") for _ in range(10)])
check("asked by many at once", server.ask("GET", "/metrics")[1] == text)
server.signal(signal.SIGINT)
done = server.finish()
check("Ctrl-C while it serves", done.status == 130 and
      done.err == "metrics: interrupted\n", done)
check_interrupt("Ctrl-C while it ticks", "--period-ms", 1, after="cpu ")

# With a number of rounds the server ends with the monitor, whoever asks.
server = Server("--period-ms", 1, "--count", 20)
done = server.finish()
check("the server ends with the last round", done.status == 0 and
      done.out.count("cpu ") == 20, done)

for file, text in (("stat", ""), ("stat", "cpu 1 2\n"), ("meminfo", "x\n"),
                   ("net/dev", "")):
    done = run("--proc", proc("odd " + file.replace("/", " "),
                              {**FILES, file: text}), "--count", 1)
    check("%s that says nothing" % file, done.status == 1 and
          "/%s: " % file in done.err and done.out == "", done)
done = run("--proc", proc("disks", {**FILES, "diskstats": ""}), "--count", 1,
           "--period-ms", 1)
check("a machine without disks", done.status == 0, done)
done = run("--proc", "/none", "--listen", "127.0.0.1:0")
check("a folder that is not there", done.status == 1 and
      "metrics: /none/stat: " in done.err, done)
bad_addresses()
common()
end()
