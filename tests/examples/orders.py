#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""orders: five orders, one after another and at once."""
import re

from example_test import *

done = run("--unit-ms", 40)
one = re.search(r"one after another: (\d+) ms", done.out)
at_once = re.search(r"at once: (\d+) ms", done.out)
check("both ways are timed", done.status == 0 and one and at_once, done)
check("one after another takes the sum", one and int(one[1]) >= 200, done)
check("at once takes at least the longest", at_once and int(at_once[1]) >= 40,
      done)
check("every order is done twice",
      all(done.out.count("order %d is done" % n) == 2 for n in range(1, 6)),
      done)
check("the ratio is told", re.search(r"\d\.\d times as fast", done.out), done)
check_interrupt("Ctrl-C while orders wait", "--orders", 3, "--unit-ms", 60000,
                after=None)
done = run("--orders", "many")
check("a number that is none", done.status == 2 and '"many"' in done.err, done)
common()
end()
