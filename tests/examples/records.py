#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""records: each goroutine has one place of the array."""
from example_test import *

done = run()
check("the built-in lines", done.status == 1 and
      done.out.splitlines()[-1] == "6 records, 2 wrong, total 22.95", done)
check("a wrong line is named", "line 3: not NAME,QUANTITY,PRICE" in done.err and
      "line 5: " in done.err, done)

count = 2000 if SANITIZED else 20000
path = write("many.csv", "".join("item %d,2,%d.5\n" % (n, n)
                                 for n in range(count)))
done = run(path)
check("many records, each in its place", done.status == 0 and
      done.out.splitlines()[:-1] ==
      ["item %d %.2f" % (n, 2 * n + 1) for n in range(count)], done.err)
check("none is lost", done.out.splitlines()[-1].startswith(
    "%d records, 0 wrong," % count), done.err)
done = run(write("empty", ""))
check("an empty file", done.status == 0 and
      done.out == "0 records, 0 wrong, total 0.00\n", done)
done = run(write("strange", b"\x00\xff\nx,-1,2\n,1,1\nx,1e300,1e300\n" +
                 b"y" * 1000 + b"\nok,1,1"))
check("strange bytes are wrong records", done.status == 1 and
      "ok 1.00" in done.out, done)
done = run(folder.name + "/none.csv")
check("a file that is not there", done.status == 1 and "none.csv" in done.err,
      done)
done = run(folder.name)
check("a folder", done.status == 1 and done.err.startswith("records: "), done)
os.mkfifo(folder.name + "/pipe")
done = run(folder.name + "/pipe")
check("a pipe, which nobody writes to, is not waited for", done.status == 1 and
      "/pipe: " in done.err, done)
path = write("huge.csv", "item,2,3\n" * (20000 if SANITIZED else 1000000))
done = interrupt(path)
check("Ctrl-C at any time", done.status == 130 and
      done.err == "records: interrupted\n", done)
common()
end()
