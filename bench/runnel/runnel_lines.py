# SPDX-License-Identifier: Apache-2.0
"""The lines that bench_lines measures, and what is kept of them.

A line is named as in bench_runnel.c. `want` is the ratio to Go that it is held
to with one worker and with two; None where there is none.
"""
import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
RESULTS = os.path.join(ROOT, "bench", "results", "runnel.json")
TABLE = os.path.join(ROOT, "bench", "results", "runnel.md")
PICTURE = os.path.join(ROOT, "bench", "results", "runnel.svg")


class Line:
    """`limit` is (what of bench_limits the line cannot do without, how often).
    """

    def __init__(self, name, what, want1=None, want2=None, more=False,
                 workers=(1, 2), limit=None):
        self.name, self.what, self.limit = name, what, limit
        self.want = {1: want1, 2: want2}
        self.more_is_better = more
        self.workers = workers

    def wanted(self, workers):
        return self.want.get(workers)

    def met(self, ratio, workers):
        want = self.wanted(workers)
        if want is None or ratio is None:
            return None
        return ratio >= want if self.more_is_better else ratio <= want


LINES = [
    Line("yield", "switch between two goroutines", 0.10, limit=("switch", 1)),
    Line("pingpong", "round trip over two unbuffered channels", 0.20, 0.28,
         limit=("switch", 2)),
    Line("spsc", "one sender, one receiver, 128 places; a value", 0.30, 0.30),
    Line("mpmc", "eight and eight, 128 places; a value", 0.40, 0.55),
    Line("select2_ready", "send, and a select of 2 that finds it", 0.28),
    Line("select8_ready", "send, and a select of 8 that finds it", 0.10),
    Line("select2_block", "select of 2, a peer sends in turn", 0.30, 0.30,
         limit=("switch", 1)),
    Line("select8_block", "select of 8, a peer sends in turn", 0.20, 0.20,
         limit=("switch", 1)),
    Line("spawn_seq", "start one, wait for its end", 0.12, 0.15,
         limit=("switch", 2)),
    Line("spawn_batch", "start a thousand, wait for all; each", 0.15, 0.22,
         limit=("switch", 2)),
    Line("mutex_uncont", "lock and unlock, nobody else", 0.65,
         limit=("atomic", 1)),
    Line("mutex_cont", "lock and unlock, eight want it", None, 0.25,
         limit=("atomic", 1)),
    Line("mutex_queued", "the same, and the holder yields", 0.40, 0.40,
         limit=("switch", 1)),
    Line("rw_uncont", "read lock and unlock, nobody else", 0.70,
         limit=("atomic", 2)),
    Line("rw_read", "eight readers, 0.1 % writes", 0.70, 0.70,
         limit=("atomic", 2)),
    Line("ring", "a hop in a ring of 1,000 goroutines", 0.33, 0.33,
         limit=("switch", 1)),
    Line("sieve", "the first 2,000 primes", 0.40, 0.40),
    Line("skynet", "a tree of ten branches, to a million leaves", 0.12, 0.12),
    Line("park1m_create", "start a million that wait; each", 0.70, 0.85,
         limit=("fault", 1)),
    Line("park1m_wake", "wake them and see them end; each", 0.22, 0.25),
    Line("park1m_bytes", "resident memory of each", 1.60, 1.60),
    Line("park1m_small_create", "the same on stacks of half a page; start"),
    Line("park1m_small_wake", "wake them"),
    Line("park1m_small_bytes", "resident memory of each", 1.0, 1.0),
    Line("timer_fire", "a million functions within 100 ms; CPU each", 0.12,
         0.12),
    Line("timer_create", "make a timer, a million far away", 0.15, 0.15),
    Line("timer_stop", "stop one of them", 0.35, 0.35),
    Line("timer_reset", "move one of 10,000", 0.45, 0.45),
    Line("sleep100k", "sleep 1 to 100 ms, 100,000 at once; CPU each", 0.50,
         0.50),
    Line("ctx_timeout", "a context with a deadline, canceled", 0.22, 0.22),
    Line("ctx_cancel", "a context, canceled", 0.45, 0.45),
    Line("ctx_tree", "cancel one with 100,000 children; each", 0.12, 0.12),
    Line("once", "rn_once_do of what is done", 1.0, 1.0),
    Line("wake", "wake one that is parked, its worker idle; round trip", None,
         0.80, workers=(2,), limit=("line", 2)),
    Line("echo", "64 connections on loopback; requests/s", 1.24, more=True,
         workers=(1,)),
    Line("echo_p99", "the same; answered within, 99 %", workers=(1,)),
    Line("echo10k", "10,000 connections, 1,000 active; requests/s", 1.2,
         more=True, workers=(1,)),
    Line("echo10k_p99", "the same; answered within, 99 %", workers=(1,)),
    Line("echo10k_bytes", "resident memory of a connection", 1.0,
         workers=(1,)),
    Line("block", "a call offloaded, round trip (Go: cgo, not offloaded)",
         limit=("futex", 1)),
    Line("parallel", "64 goroutines compute"),
]
# What the README shows.
FEW = ("yield", "pingpong", "spsc", "select8_block", "spawn_batch",
       "mutex_queued", "skynet", "park1m_bytes", "timer_fire", "ctx_timeout",
       "echo")
BY_NAME = {line.name: line for line in LINES}


def load(path=RESULTS):
    with open(path) as f:
        return json.load(f)


def entries(results):
    """{(name, workers): its entry}."""
    return {(e["name"], e["workers"]): e for e in results["lines"]}


def short(value):
    """Three digits, as a reader wants them."""
    if value is None:
        return ""
    if value >= 100:
        return "{:,.0f}".format(value)
    return "%.3g" % value


def of(entry, key):
    return entry.get(key) if entry else None


def times_go(entry, line):
    """How much of Go's time (or memory) ours takes: below 1 is better."""
    ratio = of(entry, "ratio")
    if ratio and line.more_is_better:
        return 1 / ratio
    return ratio
