#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gdb ends the backtrace of a goroutine where it began, and its script lists
goroutines and shows the stacks of those that are parked.

Usage: test_gdb.py PROGRAM SCRIPT
"""
import os
import shutil
import subprocess
import sys

PROGRAM, SCRIPT = sys.argv[1:3]


def run_gdb(*commands):
    """What gdb prints when the program has come to stop_here."""
    command = ["gdb", "-batch", "-nx", "-iex", "set debuginfod enabled off",
               "-ex", "set breakpoint pending on", "-ex", "break stop_here",
               "-ex", "run", "-ex", "source " + SCRIPT]
    for text in commands:
        command += ["-ex", "echo \\n== %s\\n" % text, "-ex", text]
    environment = dict(os.environ, RUNNEL_PROCS="2")
    environment.pop("RUNNEL_SEED", None)
    done = subprocess.run(command + [PROGRAM], capture_output=True, text=True,
                          timeout=100, check=False, env=environment)
    return done.stdout + done.stderr


def section(output, command):
    """What one command printed."""
    return output.partition("== %s\n" % command)[2].partition("\n== ")[0]


def ends_cleanly(trace):
    lines = [line for line in trace.splitlines() if line.startswith("#")]
    return (bool(lines) and "rn_switch_boot_" in lines[-1] and
            "??" not in trace and "Backtrace stopped" not in trace)


def main():
    if not shutil.which("gdb"):
        print("1..0 # SKIP gdb is not there")
        return 0
    longer = ("python [gdb.execute('set var ((struct task *) %d)->parked_at "
              "-= 180500000000' % int(t)) for t in tasks() "
              "if int(t['id']) == 2]")
    commands = ["bt", "info goroutines", longer, "info goroutines 2", "goroutine 2 bt", "goroutine 5 bt",
                "goroutine all bt 1", "goroutine 99 bt", "info registers rsp",
                "continue"]
    output = run_gdb(*commands)
    if "Breakpoint 1, stop_here" not in output:
        if "ptrace" in output or "Could not trace" in output:
            print("1..0 # SKIP programs cannot be traced here")
            return 0
    listed = section(output, "info goroutines")
    parked = section(output, "goroutine 2 bt")
    running = section(output, "goroutine 5 bt")
    checks = [
        ("backtrace of a running goroutine ends at its beginning",
         ends_cleanly(section(output, "bt"))),
        ("all goroutines are listed",
         listed.count("a waiter") == 3 and listed.count("created at") == 5 and
         "[recv, made at " in listed and "[running]" in listed),
        ("how long one has waited is told",
         section(output, "info goroutines 2").count(", for 3 minutes]") == 1),
        ("stack of a parked goroutine is shown",
         "wait_in_vain" in parked and "waiter" in parked and
         ends_cleanly(parked)),
        ("stack of a running goroutine is shown",
         "stop_here" in running and ends_cleanly(running)),
        ("stacks of all are shown",
         section(output, "goroutine all bt 1").count("#0 ") == 5),
        ("a number that no goroutine has is told",
         "there is no goroutine 99" in output),
        ("the program goes on as if nothing had been",
         "exited normally" in section(output, "continue")),
    ]
    for number, (name, held) in enumerate(checks, 1):
        print("%sok %d - %s" % ("" if held else "not ", number, name))
    failed = [name for name, held in checks if not held]
    if failed:
        print("# gdb said:\n" + output, file=sys.stderr)
    print("1..%d" % len(checks))
    return 1 if failed else 0


sys.exit(main())
