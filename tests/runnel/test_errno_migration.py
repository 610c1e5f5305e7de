#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""errno across migration: right with <runnel/errno.h>, however it is compiled.

Usage: test_errno_migration.py SOURCE_ROOT LIBRARY CC [CC...]

Builds the program once for each compiler and variant, linked with the static
LIBRARY (with the library's own sources under link-time optimisation), runs it
and judges: what uses runnel's errno must never be wrong; the plain errno must be
wrong at least once, or the test could not have failed. Prints TAP.
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile

MIGRATIONS_NEEDED = 50
COMMON = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
          "-fno-omit-frame-pointer", "-fstack-clash-protection", "-pthread"]
VARIANTS = {
    "-O2": (["-O2"], False),
    "-O3": (["-O3"], False),
    "-O2 -fPIC shared object": (["-O2", "-fPIC"], True),
    "-O2 -flto": (["-O2", "-flto"], False),
}


def run(command):
    """Output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          timeout=240)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def library_of(root, library, flags):
    """What to link: the library, or its sources when all is optimised at once."""
    if "-flto" not in flags:
        return [str(library)]
    folder = root / "src" / "runnel"
    machine = run(["uname", "-m"]).strip()
    sources = [source for source in sorted(folder.glob("*.c"))]
    sources.append(folder / f"switch_{machine}.S")
    return ["-ftls-model=initial-exec", *map(str, sources)]


def build(root, library, compiler, variant, folder):
    """Builds the program and returns its path."""
    flags, shared = VARIANTS[variant]
    tests = root / "tests" / "runnel"
    cc = [compiler, *COMMON, *flags, f"-I{root / 'include'}"]
    uses = tests / "test_errno_migration_uses.c"
    objects = []
    for name, defines in (("plain", []), ("runnel", ["-DRUNNEL_ERRNO"])):
        objects.append(str(folder / f"{name}.o"))
        run([*cc, *defines, "-c", str(uses), "-o", objects[-1]])
    if shared:
        run([compiler, "-shared", "-o", str(folder / "libuses.so"), *objects])
        objects = [str(folder / "libuses.so"), f"-Wl,-rpath,{folder}",
                   "-Wl,--export-dynamic"]
    program = str(folder / "program")
    run([*cc, str(tests / "test_errno_migration_program.c"), *objects,
         *library_of(root, library, flags), "-o", program])
    return program


def judge(report):
    """Problems in what the program printed."""
    for line in report.splitlines():
        name, moved, wrong = line.split()
        if int(moved) < MIGRATIONS_NEEDED:
            yield f"{name} migrated only {moved} times"
        if not name.startswith("plain") and int(wrong) > 0:
            yield f"{name} was wrong {wrong} times in {moved} migrations"
    control = [int(line.split()[2]) for line in report.splitlines()
               if line.startswith("plain")]
    if not any(control):
        yield "the plain errno was never wrong: nothing was shown"


def check(root, library, compiler, variant):
    """All problems with one compiler and variant."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = run([build(root, library, compiler, variant,
                                pathlib.Path(folder))])
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return [str(error)], ""
    return list(judge(report)), report


def main():
    root, library, *wanted = sys.argv[1:]
    root = pathlib.Path(root).resolve()
    checks = [(compiler, variant) for compiler in wanted
              if shutil.which(compiler) for variant in VARIANTS]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = [pool.submit(check, root, library, *one) for one in checks]
        for number, (one, result) in enumerate(zip(checks, results), 1):
            problems, report = result.result()
            failed += bool(problems)
            print(f"{'not ok' if problems else 'ok'} {number} - "
                  f"{pathlib.Path(one[0]).name} {one[1]}")
            for line in report.splitlines():
                print(f"# {line}")
            for problem in problems:
                print(f"# {problem}", file=sys.stderr)
    print(f"1..{len(checks)}")
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
