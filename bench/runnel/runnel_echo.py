# SPDX-License-Identifier: Apache-2.0
"""One echo server on CPU 0, our client on CPU 1."""
import json
import os
import subprocess

from runnel_peers import BUILT

CLIENT = os.path.join(BUILT, "bench_echo_client")
SERVER_CPU, CLIENT_CPU = 0, 1


def pinned(command, cpu):
    """Where there is a second CPU; otherwise they share."""
    def pin():
        if cpu in os.sched_getaffinity(0):
            os.sched_setaffinity(0, {cpu})
    return subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, preexec_fn=pin)


def resident_bytes(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def end(child):
    child.stdin.close()
    child.stdout.close()
    if child.wait(timeout=60) != 0:
        raise RuntimeError("%s ended with %d" % (child.args[0],
                                                 child.returncode))


def measure_echo(command, connections, active, seconds):
    """{suffix of the line's name: (value, unit)}"""
    server = pinned(command, SERVER_CPU)
    port = server.stdout.readline().split()[1]
    before = resident_bytes(server.pid)
    client = pinned([CLIENT, port, str(connections), str(active),
                     str(seconds)], CLIENT_CPU)
    if client.stdout.readline().strip() != "connected":
        raise RuntimeError("no connection to " + command[0])
    client.stdin.write("\n")
    client.stdin.flush()
    answers = json.loads(client.stdout.readline())
    each = (resident_bytes(server.pid) - before) / connections
    end(client)
    end(server)
    return {"": (answers["requests_per_s"], "req/s"),
            "_p99": (answers["p99_us"], "us"),
            "_bytes": (each, "bytes")}
