#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""feed: three sources, ranked, with what answered in time."""
import re

from example_test import *


def posts(done):
    return [(float(s), int(p), source) for s, p, source in
            re.findall(r"^([\d.]+) post (\d+) \((\w+)\)$", done.out, re.M)]


done = run("--limit", 100, "--timeout-ms", 50000)
found = posts(done)
check("all three answer", done.status == 0 and "without" not in done.out and
      {f[2] for f in found} == {"following", "trending", "recommended"}, done)
check("best first", found == sorted(found, key=lambda f: (-f[0], f[1])), done)
check("no post twice", len({f[1] for f in found}) == len(found), done)
check("weights bound the scores",
      all(f[0] <= {"following": 1, "trending": .8, "recommended": .9}[f[2]]
          for f in found), done)
done = run("--limit", 3, "--timeout-ms", 50000)
check("as many as asked for", posts(done) == found[:3], done)

done = run("--slow", "trending", "--limit", 100, "--timeout-ms", 1000,
           "--unit-ms", 1)
found = posts(done)
check("a slow source is left out", done.status == 0 and
      "without trending: no answer within 1000 ms" in done.out and
      found and "trending" not in {f[2] for f in found}, done)
check("not before its time was over",
      int(re.search(r"posts after (\d+) ms", done.out)[1]) >= 1000, done)
check_interrupt("Ctrl-C while it waits", "--timeout-ms", 60000,
                "--unit-ms", 30000, after=None)
common()
end()
