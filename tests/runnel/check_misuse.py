#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong uses do not compile, their right twins do; each header stands alone.

Usage: check_misuse.py INCLUDE_FOLDER MISUSE_FOLDER CC [CC...]

Each file of the folder is compiled twice by each compiler: as it is (which must
pass without a warning) and with WRONG defined (which must fail, with no other
warnings made errors than those of STRICT). Prints TAP.
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Werror"]
# Errors by the C standard that compilers of the day only warn of.
STRICT = ["-Werror=incompatible-pointer-types", "-Werror=int-conversion"]


def compiles(command):
    """Whether the command succeeds, and what it said."""
    done = subprocess.run(command + ["-fsyntax-only"], capture_output=True,
                          text=True, check=False)
    return done.returncode == 0, done.stderr


def check_use(cc, include, source):
    """Problems with one pair of right and wrong use."""
    command = [cc, "-std=gnu11", f"-I{include}", str(source)]
    passed, said = compiles([*command, *WARNINGS])
    if not passed:
        return f"the right use does not compile:\n{said}"
    passed, _ = compiles([*command, *STRICT, "-DWRONG"])
    return "the wrong use compiles" if passed else ""


def check_header(command, include, header):
    """Problems with a header on its own."""
    passed, said = compiles([*command, *WARNINGS, f"-I{include}", "-include",
                             str(header), "/dev/null"])
    return "" if passed else f"does not compile:\n{said}"


def list_checks(include, folder, compilers):
    """Each check: its name, and the function and arguments that make it."""
    headers = sorted(pathlib.Path(include, "runnel").glob("*.h"))
    uses = sorted(pathlib.Path(folder).glob("*.c"))
    for cc in compilers:
        label = pathlib.Path(cc).name
        for source in uses:
            yield f"{label}: {source.stem}", check_use, (cc, include, source)
        cxx = cc.replace("gcc", "g++").replace("clang", "clang++")
        for header in headers:
            yield (f"{label}: {header.name} alone as C11", check_header,
                   ([cc, "-std=c11", "-x", "c"], include, header))
            if cxx != cc and shutil.which(cxx):
                yield (f"{label}: {header.name} alone as C++17", check_header,
                       ([cxx, "-std=c++17", "-x", "c++"], include, header))


def main():
    include, folder, *wanted = sys.argv[1:]
    compilers = [cc for cc in wanted if shutil.which(cc)]
    checks = list(list_checks(include, folder, compilers))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = [(name, pool.submit(check, *args))
                   for name, check, args in checks]
        for number, (name, result) in enumerate(results, 1):
            problem = result.result()
            failed += bool(problem)
            print(f"{'not ok' if problem else 'ok'} {number} - {name}")
            if problem:
                print(f"# {name}: {problem}", file=sys.stderr)
    print(f"1..{len(checks)}")
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
