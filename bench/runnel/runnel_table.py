# SPDX-License-Identifier: Apache-2.0
"""The results of bench_lines as Markdown."""
import runnel_lines as lines


def with_range(entry, side):
    """Median [least-most]."""
    if not entry or side not in entry:
        return ""
    return "%s [%s-%s]" % tuple(lines.short(entry[side + end])
                                for end in ("", "_min", "_max"))


def ratio_cell(entry, line):
    """The ratio to Go, and what was wanted where it was missed."""
    ratio = lines.of(entry, "ratio")
    if ratio is None:
        return ""
    text = "%.2f" % ratio
    want = lines.of(entry, "want")
    if want is not None and not line.met(ratio, entry["workers"]):
        text += " (%s %.2f)" % (">" if line.more_is_better else "<", want)
    return text


def limit_cell(line, found):
    """How many times what the machine needs at least."""
    if not line.limit:
        return ""
    name, times = line.limit
    limit = lines.of(found.get(("limit_" + name, 1)), "ours")
    ours = lines.of(found.get((line.name, 1)) or
                    found.get((line.name, 2)), "ours")
    if not limit or not ours:
        return ""
    often = "%d " % times if times > 1 else ""
    return "%.1f x %s%s" % (ours / (limit * times), often, name)


def about(results):
    peers = ", ".join(sorted(set(v for v in results["peers"].values() if v)))
    return ["- machine: " + results["machine"],
            "- system: %s, %s" % (results["kernel"], results["compiler"]),
            "- peers: " + (peers or "none installed"),
            "- runnel %s, load average %.2f at the start"
            % (results["runnel"], results["load_at_start"])]


def main_rows(found):
    rows = ["| line | unit | ours, 1 | Go, 1 | ratio | ours, 2 | Go, 2 | "
            "ratio | ours, 8 | limit |", "|---|---|---|---|---|---|---|---|"
            "---|---|"]
    for line in lines.LINES:
        one, two, many = (found.get((line.name, w)) for w in (1, 2, 8))
        if not one and not two:
            continue
        rows.append("| " + " | ".join([
            line.name, (one or two)["unit"], with_range(one, "ours"),
            lines.short(lines.of(one, "go")), ratio_cell(one, line),
            with_range(two, "ours"), lines.short(lines.of(two, "go")),
            ratio_cell(two, line), lines.short(lines.of(many, "ours")),
            limit_cell(line, found)]) + " |")
    return rows


def few_rows(found):
    """Those that a reader of the README compares."""
    rows = ["| line | what | | runnel | Go | ratio |",
            "|---|---|---|---|---|---|"]
    for line in lines.LINES:
        entry = found.get((line.name, 2)) or found.get((line.name, 1))
        if line.name in lines.FEW and lines.of(entry, "ratio"):
            rows.append("| `%s` | %s | %s | %s | %s | %.2f |" % (
                line.name, line.what, entry["unit"], lines.short(entry["ours"]),
                lines.short(entry["go"]), entry["ratio"]))
    return rows


def what_rows():
    """What each line does, and the ratio to Go that it is held to."""
    rows = ["| line | what | wanted, 1 / 2 workers |", "|---|---|---|"]
    for line in lines.LINES:
        wants = ["-" if line.wanted(w) is None else "%.2f" % line.wanted(w)
                 for w in (1, 2)]
        least = "at least " if line.more_is_better else ""
        rows.append("| `%s` | %s | %s |" % (
            line.name, line.what, "-" if wants == ["-", "-"] else
            least + " / ".join(wants)))
    return rows


def peer_rows(found, peer, title):
    """The lines that another peer than Go has as well."""
    rows = ["| line | workers | unit | ours | %s | ratio |" % title,
            "|---|---|---|---|---|---|"]
    for line in lines.LINES:
        for workers in (1, 2):
            entry = found.get((line.name, workers))
            ratio = lines.of(entry, "ratio_" + peer)
            if ratio is not None:
                rows.append("| %s | %d | %s | %s | %s | %.2f |" % (
                    line.name, workers, entry["unit"],
                    with_range(entry, "ours"), with_range(entry, peer),
                    ratio))
    return rows


def limit_rows(found):
    rows = ["| limit | ns |", "|---|---|"]
    for (name, _), entry in found.items():
        if name.startswith("limit_"):
            rows.append("| %s | %s |" % (name[len("limit_"):],
                                         with_range(entry, "ours")))
    return rows


def serial_rows(found):
    """What more workers do to a line: at most 1.1 where it is serial."""
    rows = []
    for line in lines.LINES:
        one, two, many = (lines.of(found.get((line.name, w)), "ours")
                          for w in (1, 2, 8))
        if one and two and not line.more_is_better:
            rows.append((two / one, many / two if many else None, line.name))
    return rows


def scaling(found):
    """Two sentences on more workers than the work has use for."""
    serial = serial_rows(found)
    worse = ["%s %.2f" % (name, ratio) for ratio, _, name in serial
             if ratio > 1.1]
    collapsed = ["%s %.1f" % (name, ratio) for _, ratio, name in serial
                 if ratio and ratio > 2]
    return ["2 workers take more than 1.10 times what 1 takes on: "
            + (", ".join(worse) or "nothing") + ".",
            "8 take more than twice what 2 take on: "
            + (", ".join(collapsed) or "nothing") + "."]


def parts(results):
    """{name: lines of Markdown}; pages take them one by one."""
    found = lines.entries(results)
    made = {
        "about": about(results),
        "what": what_rows(),
        "lines": main_rows(found),
        "few": few_rows(found),
        "raw": peer_rows(found, "raw", "bare epoll"),
        "boost": peer_rows(found, "boost", "Boost.Fiber"),
        "limits": limit_rows(found),
        "scaling": scaling(found),
    }
    for rows in made.values():
        if len(rows) == 2 and rows[0].startswith("|"):
            rows[:] = ["Not measured."]
    return made


def markdown(results):
    part = parts(results)
    text = ["# The runtime, line by line", ""] + part["about"]
    text += ["", "Median [least-most] of the rounds; the ratio is ours/Go, "
             "in brackets what was wanted where it was missed.", ""]
    text += part["lines"]
    for name in ("raw", "boost", "limits"):
        if len(part[name]) > 2:
            text += [""] + part[name]
    return "\n".join(text + [""] + part["scaling"]) + "\n"
