#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""product_page: four services, one after another and at once."""
import re

from example_test import *

done = run("--unit-ms", 4)
slow = re.search(r"one after another: (\d+) ms", done.out)
fast = re.search(r"at once: (\d+) ms", done.out)
check("the same page both ways", done.status == 0 and
      "the same page" in done.out, done)
check("one after another takes the sum", slow and int(slow[1]) >= 100, done)
check("at once takes at least the slowest", fast and int(fast[1]) >= 32, done)
for part in ("product: Teapot", "reviews: 4.6", "suggestions: tea",
             "inventory: 17"):
    check("the page has " + part, part in done.out, done)
for part in ("reviews", "suggestions", "inventory"):
    done = run("--unit-ms", 0, "--fail", part)
    check("a page without " + part, done.status == 0 and
          part + ": not available now" in done.out, done)
done = run("--unit-ms", 0, "--fail", "product")
check("no page without the product", done.status == 1 and
      "no page" in done.err and "Teapot" not in done.out, done)
check_interrupt("Ctrl-C while it is built", "--unit-ms", 5000, after=None)
common()
end()
