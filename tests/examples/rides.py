#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rides: the nearest free driver, and no driver twice."""
from example_test import *

done = run("--unit-us", 1)
check("every request is served", done.status == 0 and
      done.out.startswith("200 of 200 requests served by 12 drivers"), done)
many = 2000 if SANITIZED else 50000
for drivers, workers in ((1, 16), (3, 64), (100, 4)):
    done = run("--requests", many, "--unit-us", 0, "--drivers", drivers,
               "--workers", workers)
    check("%d drivers, %d workers" % (drivers, workers), done.status == 0 and
          "%d of %d requests" % (many, many) in done.out, done)
near, far = (int(run("--requests", 1000, "--unit-us", 0, "--drivers", n)
                 .out.split("each ")[1].split()[0]) for n in (500, 1))
check("of many drivers the nearest is near", near * 4 < far, (near, far))
done = run("--requests", 0)
check("nothing to do", done.status == 0 and "0 of 0" in done.out, done)
check_interrupt("Ctrl-C while they drive", "--unit-us", 1000000, after=None)
common()
end()
