#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""logs: read, parse, keep errors, format; gzip, pipes, long files."""
import gzip
import json

from example_test import *

COMMON = '10.0.0.%d - frank [10/Oct/2025:13:55:%02d +0000] "GET /a/%d?q=\\"x\\"' \
    ' HTTP/1.1" %d 2326\n'


def common_lines(count):
    lines, kept = [], []
    for n in range(count):
        status = (200, 304, 404, 500, 200, 503, 200)[n % 7]
        lines.append(COMMON % (n % 250, n % 60, n, status))
        if status >= 500:
            kept.append('[10/Oct/2025:13:55:%02d +0000] ERROR: GET /a/%d'
                        '?q=\\"x\\" HTTP/1.1 -> %d\n' % (n % 60, n, status))
    return "".join(lines), "".join(kept)


def json_lines(count):
    lines, kept = [], []
    for n in range(count):
        level = ("info", "DEBUG", "warning", "error", "Error", "fatal")[n % 6]
        record = {"ts": 1, "time": "t%d" % n, "level": level,
                  "nested": {"level": "error", "list": ["level", "error"]},
                  "msg": 'no "disk" \\ %d\n' % n, "n": n}
        lines.append(json.dumps(record) + "\n")
        if level.upper() in ("ERROR", "FATAL"):
            kept.append("[t%d] %s: %s\n" % (n, level.upper(), json.dumps(
                record["msg"])[1:-1]))
    return "".join(lines), "".join(kept)


text, kept = common_lines(30000)  # several blocks
path = write("access.log", text)
done = run(path)
check("errors of a common log, in order",
      done.status == 0 and done.out == kept and done.err == "", done.err)
for filters in (1, 16):
    done = run("--filters", filters, path, path)
    check("the same with %d filters, twice" % filters,
          done.status == 0 and done.out == kept * 2, done.err)
jtext, jkept = json_lines(20000)
jpath = write("service.json", jtext)
done = run(jpath)
check("errors of a JSON log", done.status == 0 and done.out == jkept, done.err)
done = run("--least", "warn", write("few", COMMON % (1, 1, 1, 404) +
                                    COMMON % (1, 1, 2, 200)))
check("--least lets more through", done.status == 0 and
      done.out.startswith("[10/Oct/2025:13:55:01 +0000] WARN: GET /a/1"), done)

packed = gzip.compress(text.encode())
done = run(write("access.log.gz", packed), write("x", packed + packed))
check("gzip, also several in a row", done.status == 0 and done.out == kept * 3,
      done.err)
done = run("-", input=text)
check("standard input", done.status == 0 and done.out == kept, done.err)

program = Started("-", stdin=subprocess.PIPE)
program.process.stdin.write(COMMON % (1, 1, 77, 500))
program.process.stdin.flush()
check("a line of a pipe is not held back", program.wait_for("/a/77"))
program.signal(signal.SIGINT)
done = program.finish()
program.process.stdin.close()
check("Ctrl-C while the pipe is silent", done.status == 130 and
      done.err == "logs: interrupted\n", done)

error = COMMON % (1, 1, 5, 500)
strange = ["\n", "x\n", "{\n", "{}\n", '{"level":"error"}\n', "[] \"\" 50\n",
           '{"level":"odd","msg":"m"}\n', '{"level":"error","msg":"m"\n',
           '{"level":"error","msg":"m\\"}\n', "\0\0\n", '[t] "r" 5000\n',
           "y" * 3000000 + "\n"]
done = run(write("strange", "".join(s + error for s in strange)))
check("strange lines are counted and passed over", done.status == 0 and
      done.out.count("/a/5") == len(strange) and done.err ==
      "logs: %d of %d lines not understood\n" % (len(strange),
                                                  2 * len(strange)), done.err)
for name, data, count in (("no line end", error[:-1], 1), ("an empty file", "", 0),
                          ("line ends of DOS", error.replace("\n", "\r\n"), 1),
                          ("one long line", "y" * 2500000, 0)):
    done = run(write("odd", data))
    check(name, done.status == 0 and done.out.count("-> 500\n") == count, done)
done = run(write("odd", '[] "" 500\n' * 300000))
check("output larger than input", done.status == 0 and
      done.out == "[] ERROR:  -> 500\n" * 300000, done.err)

for name, data in (("cut off", packed[:-9]), ("broken", packed[:5000] +
                   b"\xff" * 100 + packed[5100:]), ("no gzip", b"\x1f\x8bxx")):
    done = run(write("bad.gz", data), path)
    check("gzip that is " + name + "; the next file is read",
          done.status == 1 and "bad.gz: broken or cut off" in done.err and
          done.out.endswith(kept), done.err)
done = run("/none/such.log", path)
check("a file that is not there", done.status == 1 and done.out == kept and
      done.err.startswith("logs: /none/such.log: "), done.err)
done = run(folder.name)
check("a folder", done.status == 1 and folder.name in done.err, done)
done = run("--least", "loud", path)
check("a level that is none", done.status == 2 and '"loud"' in done.err, done)

# 160 MB from a pipe: memory stays at the blocks there are.
if not SANITIZED:
    member = gzip.compress((text * 10).encode(), 1)
    process = subprocess.Popen([PROGRAM, "--filters", "2", "--stats", "-"],
                               stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    for _ in range(6):
        process.stdin.write(member)
    process.stdin.flush()
    with open("/proc/%d/status" % process.pid) as f:
        used = int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1])
    out, err = process.communicate(timeout=TIMEOUT)
    check("bounded memory", process.returncode == 0 and used < 40 * 1024 and
          b"1800000 lines, 514260 kept, 0 not" in err, (used, err))
    print("# at most %d kB;" % used, err.decode().strip())
with open("/dev/full", "w") as full:
    status = subprocess.run([PROGRAM, path], stdout=full,
                            stderr=subprocess.DEVNULL).returncode
check("a full disk", status == 1, status)
common()
end()
