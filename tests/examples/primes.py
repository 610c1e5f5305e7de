#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""primes: fan-out to workers, fan-in of what they find."""
from example_test import *


def primes(limit):
    return [n for n in range(2, limit + 1)
            if all(n % d for d in range(2, int(n ** 0.5) + 1))]


def wanted(limit):
    found = primes(limit)
    return "".join("%d\n" % p for p in found) + \
        "%d primes up to %d\n" % (len(found), limit)


done = run()
check("168 primes up to 1,000", done.status == 0 and done.out == wanted(1000),
      done)
for workers in (1, 3, 64):
    done = run("--limit", 5000, "--workers", workers)
    check("the same with %d workers" % workers,
          done.status == 0 and done.out == wanted(5000), done)
for limit in (1, 2, 3, 1024, 1025, 1026):
    done = run("--limit", limit)
    check("primes up to %d" % limit,
          done.status == 0 and done.out == wanted(limit), done)
done = run("--limit", 100, "--quiet")
check("--quiet prints the count", done.out == "25 primes up to 100\n", done)
check_interrupt("Ctrl-C while it counts", "--limit", 100000000, "--quiet",
                after=None)
done = run("--limit", 0)
check("a limit out of range", done.status == 2 and "--limit" in done.err, done)
common()
end()
