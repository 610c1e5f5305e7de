# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks of the server share: where they ran, and how it is kept.

    report = Report("serve-http", "Small answers", rounds=7)
    report.table(("side", "answers/s"), [("sluice serve", spread(rates))])
    report.aim("answers/s, of Go's", 2.2, 2, at_most=False)
    report.keep({"answers": ...})

Prints it, and keeps it as bench/results/NAME.md and NAME.json, from the folder
of the repository.
"""
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SLUICE = os.path.join(ROOT, "build", "sluice")
RESULTS = os.path.join(ROOT, "bench", "results")


def fail(text):
    sys.exit("%s: %s" % (os.path.basename(sys.argv[0]), text))


def first_line(*command):
    """Of what a command says; None when it is not there."""
    if not shutil.which(command[0]):
        return None
    out = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL).stdout
    return out.splitlines()[0].strip() if out else None


def spread(values, digits=0):
    """"median [least-most]"."""
    text = "{:,.%df} [{:,.%df}-{:,.%df}]" % (digits, digits, digits)
    return text.format(statistics.median(values), min(values), max(values))


def processor():
    with open("/proc/cpuinfo") as f:
        found = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    return found.group(1) if found else platform.machine()


def compiler():
    with open(os.path.join(ROOT, "build", "meson-logs",
                           "meson-log.txt")) as f:
        found = re.search(r"^C compiler for the host machine: .*?\((\S+ \S+)",
                          f.read(), re.M)
    return found.group(1) if found else "unknown"


class Report:
    def __init__(self, name, title, **more):
        with open("/proc/meminfo") as f:
            memory_gb = int(f.readline().split()[1]) / 1024 / 1024
        self.name, self.more, self.aims = name, more, []
        self.about = {
            "machine": "%s, %d CPUs, %.0f GB" % (processor(), os.cpu_count(),
                                                 memory_gb),
            "kernel": "Linux " + platform.release(),
            "compiler": compiler(),
            "sluice": first_line(SLUICE, "--version"),
        }
        self.lines = ["# " + title, ""]
        self.blocks = []

    def table(self, head, rows, title=None):
        if title:
            self.blocks += ["", title]
        self.blocks += ["", "| %s |" % " | ".join(head),
                        "|%s" % ("---|" * len(head))]
        self.blocks += ["| %s |" % " | ".join(str(c) for c in row)
                        for row in rows]

    def note(self, text):
        self.blocks += ["", text]

    def aim(self, what, measured, limit, at_most=True):
        self.aims.append({
            "what": what, "measured": round(measured, 3), "limit": limit,
            "at": "most" if at_most else "least",
            "met": measured <= limit if at_most else measured >= limit})

    def keep(self, data):
        if self.aims:
            self.table(("aim", "measured", "limit", "met"), [
                (a["what"], "%.2f" % a["measured"],
                 "at %s %g" % (a["at"], a["limit"]),
                 "yes" if a["met"] else "no") for a in self.aims])
        about = ["- %s: %s" % item for item in
                 list(self.about.items()) + list(self.more.items()) if item[1]]
        text = "\n".join(self.lines + about + self.blocks) + "\n"
        os.makedirs(RESULTS, exist_ok=True)
        base = os.path.join(RESULTS, self.name)
        with open(base + ".md", "w") as f:
            f.write(text)
        with open(base + ".json", "w") as f:
            json.dump({"environment": self.about, **self.more,
                       "aims": self.aims, **data}, f, indent=1)
            f.write("\n")
        print("\n%s\nKept as %s.md and .json\n" % (
            text, os.path.relpath(base, ROOT)))
