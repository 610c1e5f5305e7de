#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay.py FUZZER SEEDS [ROUNDS]: runs a fuzzer's seeds, whole and damaged.

FUZZER is the plain build of a fuzz target, which runs the files it is given.
Each seed is damaged in ROUNDS ways (200), always the same ones: bytes changed,
pieces cut out, doubled, or moved. Prints TAP.
"""
import os
import pathlib
import random
import subprocess
import sys
import tempfile


def damage(data, chance):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        if not data:
            break
        at = chance.randrange(len(data))
        length = chance.choice((1, 2, 4, 16, 100))
        piece = data[at:at + length]
        what = chance.randrange(5)
        if what == 0:
            data[at] = chance.randrange(256)
        elif what == 1:
            del data[at:at + length]
        elif what == 2:
            data[at:at] = piece * chance.choice((1, 2, 300))
        elif what == 3:
            to = chance.randrange(len(data))
            data[to:to] = piece
        else:
            del data[at:]
    return bytes(data)


def main():
    fuzzer, seeds = sys.argv[1], sorted(pathlib.Path(sys.argv[2]).iterdir())
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    failed = 0
    for number, seed in enumerate(seeds, 1):
        data = seed.read_bytes()
        chance = random.Random(seed.name)
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i in range(rounds + 1):
                paths.append(os.path.join(folder, str(i)))
                with open(paths[-1], "wb") as f:
                    f.write(damage(data, chance) if i else data)
            run = subprocess.run([fuzzer, *paths], stdout=subprocess.DEVNULL)
        failed += run.returncode != 0
        print(f"{'ok' if run.returncode == 0 else 'not ok'} {number} - "
              f"{seed.name}, damaged in {rounds} ways")
    print(f"1..{len(seeds)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
