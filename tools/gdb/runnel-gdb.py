# SPDX-License-Identifier: Apache-2.0
"""Goroutines in gdb.

    (gdb) source tools/gdb/runnel-gdb.py
    (gdb) info goroutines           every goroutine: number, state, name, origin;
                                    also how long it has waited, from 10 s on
    (gdb) goroutine 7 bt            a command on the stack of goroutine 7
    (gdb) goroutine all bt 5        on the stack of each in turn

The second form puts the registers of a goroutine at rest in those of the
selected thread for the time of the command; it needs a live process, not a core
file, and so does changing memory meanwhile. runnel needs debugging information.
"""
import time

import gdb

STATES = ["new", "runnable", "running", "parked", "dead"]
DEAD = STATES.index("dead")
RUNNING = STATES.index("running")
STACK_SIZE_MIN = 16 * 1024
COLOURS, CACHE_LINE = 16, 64  # stack.c, record_of
SMALL_CLASS, SMALL, SMALL_PAGE = 13, 2048, 4096  # stack_small.c

# At rest: what lies on the stack, from its pointer upwards (switch_*.S).
AT_REST = {
    "i386:x86-64": (["rbp", "rip"], "rsp", 2 * 8),
    "aarch64": (["x%d" % n for n in range(19, 31)], "sp", 160),
}


def value(expression):
    return gdb.parse_and_eval(expression)


def text(pointer):
    return pointer.string() if int(pointer) else None


def tops(low, class_):
    """Where the stacks of a block end; their records lie right below."""
    if class_ == SMALL_CLASS:
        middle = low + SMALL_PAGE + SMALL
        return middle - CACHE_LINE, middle + SMALL
    size = STACK_SIZE_MIN << class_
    return (low + size - low // size % COLOURS * CACHE_LINE,)


def tasks():
    """Every struct task of a stack in use."""
    shared = value("'stack.c'::shared")
    task_type = gdb.lookup_type("struct task").pointer()
    slab = shared["slabs"]
    while int(slab):
        class_ = int(slab["class"])
        size = (2 * SMALL_PAGE if class_ == SMALL_CLASS
                else STACK_SIZE_MIN << class_)
        for at in range(0, int(slab["carved"]), size):
            for top in tops(int(slab["start"]) + at, class_):
                record = gdb.Value(top - int(shared["record"]))
                task = record.cast(task_type)
                if task["stack"]["used"] and int(task["state"]) != DEAD:
                    yield task
        slab = slab["next"]


def waited(task):
    """", for 3 minutes", as in reports; "" where this clock is not its own."""
    connection = gdb.selected_inferior().connection
    if (value("'seam.c'::seam_simulated") or not connection or
            connection.type != "native"):
        return ""
    seconds = int(time.clock_gettime(time.CLOCK_MONOTONIC) -
                  int(task["parked_at"]) / 1e9)
    if seconds < 10:
        return ""
    for length, unit in (3600, "hour"), (60, "minute"), (1, "second"):
        count = seconds // length
        if count:
            return ", for %d %s%s" % (count, unit, "" if count == 1 else "s")


def describe(task):
    state = STATES[int(task["state"])]
    if state == "parked":
        state = str(task["waits"]["reason"]).replace("WAIT_", "").lower()
        made_at = text(task["waits"]["made_at"])
        if made_at:
            state += ", made at " + made_at
        state += waited(task)
    return "%6d  [%s]  %s  created at %s" % (
        int(task["id"]), state, text(task["name"]) or "-",
        text(task["where"]) or "?")


def thread_of(task):
    """The gdb thread that runs it, or None."""
    workers = value("'worker.c'::workers")
    for i in range(int(workers["made"])):
        worker = (workers["all"] + i).dereference()
        if int(worker["current"]) != int(task):
            continue
        if i == 0:
            return min(gdb.selected_inferior().threads(), key=lambda t: t.num)
        handle = int(worker["thread"]).to_bytes(8, "little")
        for thread in gdb.selected_inferior().threads():
            if thread.handle() == handle:
                return thread
    return None


def with_registers(task, command):
    names, pointer, size = AT_REST[
        gdb.selected_frame().architecture().name()]
    frame = gdb.newest_frame()
    wanted = names + [pointer]
    if "x30" in names:
        wanted = wanted + ["pc"]
    saved = {name: int(frame.read_register(name)) & (2 ** 64 - 1)
             for name in wanted}
    rest = int(task["sp"])
    word = gdb.lookup_type("unsigned long").pointer()
    new = {name: int((gdb.Value(rest).cast(word) + i).dereference())
           for i, name in enumerate(names)}
    new[pointer] = rest + size
    if "x30" in names:
        new["pc"] = new["x30"]
    try:
        for name, number in new.items():
            gdb.execute("set $%s = %d" % (name, number), to_string=True)
        gdb.execute(command)
    finally:
        for name in [pointer] + [n for n in wanted if n != pointer]:
            gdb.execute("set $%s = %d" % (name, saved[name]), to_string=True)


def on_stack(task, command):
    before = gdb.selected_thread()
    frame = gdb.selected_frame()
    if int(task["state"]) == RUNNING:
        thread = thread_of(task)
        if not thread:
            print("it is just being switched to")
            return
        thread.switch()
        try:
            gdb.execute(command)
        finally:
            before.switch()
            frame.select()
        return
    gdb.newest_frame().select()
    with_registers(task, command)


class InfoGoroutines(gdb.Command):
    """List all goroutines: number, state, name, where they were created."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for task in sorted(tasks(), key=lambda t: int(t["id"])):
            print(describe(task))


class Goroutine(gdb.Command):
    """goroutine NUMBER|all COMMAND: a command on the stack of a goroutine."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        number, _, command = argument.partition(" ")
        chosen = [task for task in tasks()
                  if number == "all" or int(task["id"]) == int(number, 0)]
        if not chosen:
            raise gdb.GdbError("there is no goroutine " + number)
        for task in sorted(chosen, key=lambda t: int(t["id"])):
            print(describe(task))
            on_stack(task, command or "bt")


InfoGoroutines()
Goroutine()
