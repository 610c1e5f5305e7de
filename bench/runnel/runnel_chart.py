# SPDX-License-Identifier: Apache-2.0
"""The results of bench_lines as a picture.

A bar for each line: what part of Go's time (or memory) ours takes with one
worker; a dot for two. The shorter the better, at the rule they are equal, and
what is longer than the chart is cut off with its value beside it.
"""
import runnel_lines as lines

NAME_WIDTH, UNIT_WIDTH, UNITS, ROW, TOP = 128, 220, 2, 16, 44
RIGHT = 96

STYLE = """
 text { font: 11px ui-monospace, SFMono-Regular, Menlo, monospace;
        fill: #424a53 }
 .bar { fill: #2f81c7 } .slow { fill: #d2691e } .two { fill: #8b949e }
 .rule { stroke: #6e7781; stroke-width: 1 }
 .grid { stroke: #8b949e; stroke-width: 1; stroke-opacity: 0.3 }
 @media (prefers-color-scheme: dark) {
  text { fill: #c9d1d9 } .bar { fill: #58a6ff } .slow { fill: #f0883e }
  .rule { stroke: #8b949e }
 }
"""


def at(part):
    return NAME_WIDTH + UNIT_WIDTH * min(part, UNITS)


def text(x, y, words, anchor="start"):
    return '<text x="%.0f" y="%.0f" text-anchor="%s">%s</text>' % (
        x, y, anchor, words)


def row(line, one, two, y):
    """A line's name, its bar, its dot and the numbers."""
    both = ["%.2f" % part for part in (one, two) if part is not None]
    parts = [text(NAME_WIDTH - 6, y + 10, line.name, "end")]
    if one is not None:
        parts.append('<rect class="%s" x="%d" y="%d" width="%.1f" '
                     'height="%d"/>' % ("bar" if one <= 1 else "slow",
                                        NAME_WIDTH, y + 2,
                                        at(one) - NAME_WIDTH, ROW - 6))
    if two is not None:
        parts.append('<circle class="two" cx="%.1f" cy="%d" r="4"/>'
                     % (at(two), y + 7))
    end = max(at(part) for part in (one, two) if part is not None)
    parts.append(text(end + 8, y + 10, " / ".join(both)))
    return parts


def axis(bottom):
    parts = []
    for step in range(UNITS * 2 + 1):
        part = step / 2
        parts.append('<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>'
                     % ("rule" if part == 1 else "grid", at(part), TOP - 6,
                        at(part), bottom))
        label = "Go" if part == 1 else "%g" % part
        parts.append(text(at(part), TOP - 10, label, "middle"))
    return parts


def draw(results):
    found = lines.entries(results)
    rows = []
    for line in lines.LINES:
        one, two = (lines.times_go(found.get((line.name, w)), line)
                    for w in (1, 2))
        if (one is not None or two is not None) and line.name != "block":
            rows.append((line, one, two))
    bottom = TOP + ROW * len(rows)
    width = NAME_WIDTH + UNIT_WIDTH * UNITS + RIGHT
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
             'viewBox="0 0 %d %d" role="img">' % (width, bottom + 8, width,
                                                  bottom + 8),
             "<title>What part of Go's time each line takes</title>",
             "<style>%s</style>" % STYLE,
             text(NAME_WIDTH, 16, "part of Go's time: bar 1 worker, dot 2; "
                  "shorter is better")]
    parts += axis(bottom)
    for number, (line, one, two) in enumerate(rows):
        parts += row(line, one, two, TOP + ROW * number)
    return "\n".join(parts + ["</svg>"]) + "\n"
