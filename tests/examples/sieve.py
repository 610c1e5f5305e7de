#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sieve: a row of goroutines, one a prime."""
from example_test import *

count = 200 if SANITIZED else 1000
primes = [n for n in range(2, 8000) if all(n % d for d in range(2, 90)
                                           if d * d <= n)]
for n in (1, 2, 25, count):
    done = run("--count", n)
    check("the first %d primes" % n, done.status == 0 and
          done.out == "".join("%d\n" % p for p in primes[:n]), done)
check_interrupt("Ctrl-C in a long row", "--count", 20000, after=None)
common()
end()
