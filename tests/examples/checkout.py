#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""checkout: three services at once, the first error cancels."""
import re

from example_test import *

GOOD, DECLINED = "4242424242424242", "4000000000000002"

done = run("--unit-ms", 10, "tea:2:NZ:" + GOOD)
check("a good order is paid", done.status == 0 and
      done.out.startswith("tea: paid 27.40, after "), done)
check("it takes as long as the slowest",
      int(re.search(r"after (\d+) ms", done.out)[1]) >= 30, done)

done = run("--unit-ms", 10, "cake:1:FR:" + DECLINED, "cake:1:FR:" + GOOD)
check("a declined payment gives the goods back", done.status == 1 and
      "cake: payment declined" in done.out and
      "  1 cake put back into stock\n" in done.out, done)
check("so the next customer gets them", "cake: paid 11.90" in done.out, done)

done = run("--unit-ms", 10, "cake:1:FR:" + GOOD, "cake:1:FR:" + GOOD)
check("what is sold is sold", done.status == 1 and
      "cake: out of stock" in done.out and "put back" not in done.out, done)

# The others would take a minute and more.
done = run("--unit-ms", 60000, "tea:1:FR:1234")
check("an error cancels the others at once", done.status == 1 and
      done.out.startswith("tea: not a card number, after "), done)
check("canceled before it reserved", "put back" not in done.out, done)

for order, text in (("beer:1:FR:" + GOOD, "no such item"),
                    ("coffee:1:FR:" + GOOD, "out of stock"),
                    ("tea:1:XX:" + GOOD, "no shipping")):
    done = run("--unit-ms", 1, order)
    check(text, done.status == 1 and text in done.out, done)
for order in ("tea", "tea:x:FR:1", "tea:0:FR:" + GOOD, "tea:-1:FR:" + GOOD, "",
              "tea:1:FR:1:1"):
    done = run(order)
    check("not an order: \"%s\"" % order, done.status == 1 and
          "is not ITEM:QUANTITY" in done.err, done)
check_interrupt("Ctrl-C at the counter", "--unit-ms", 60000, "tea:1:FR:" + GOOD,
                after=None)
done = run()
check("nothing to check out", done.status == 2, done)
common()
end()
