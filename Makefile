# SPDX-License-Identifier: Apache-2.0
# A short way to everything; Meson does the work. `make help` lists it.
.SUFFIXES:
.NOTPARALLEL:
.PHONY: all examples needs-examples demo demo-serve test race asan valgrind \
        model races aarch64 soak bench bench-goroutines bench-patterns \
        bench-figures bench-runnel bench-check bench-serve fuzz install guide \
        format clean help

# What Meson is told when a build folder is made; NORMAL takes your own wishes:
#     make NORMAL='--prefix=/usr'
NORMAL =
ASAN = -Db_sanitize=address,undefined -Dchecks=true --buildtype=debugoptimized
TSAN = -Db_sanitize=thread -Db_lundef=false -Dchecks=true \
       --buildtype=debugoptimized
FUZZ = -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true \
       --buildtype=debugoptimized

# Rounds, seconds of stress and PCT schedules of depth 3 of each scenario of
# `make soak`, preemptions in an interleaving of `make model`, seconds a fuzzer
# of `make fuzz`, rows of `make bench`, rounds of `make bench-runnel` and of
# `make races`.
ROUNDS = 20
RACES = 1000
STRESS_SECONDS = 60
DEEP_SEEDS = 300000
MODEL_BOUND = 3
FUZZ_SECONDS = 60
BENCH_ROWS = 10000
BENCH_ROUNDS = 7

all: build/build.ninja
	@ninja -C build

examples: needs-examples build/build.ninja
	@ninja -C build examples

# A folder that was configured without them learns what has come.
needs-examples:
	@tools/install_deps build examples
	@[ ! -e build/build.ninja ] || meson setup --reconfigure build >/dev/null

demo: all examples/data/businesses.xlsx
	@tools/install_deps demo
	@tools/demo

demo-serve: all examples/data/businesses.xlsx
	@tools/install_deps demo
	@tools/demo_serve $(ADDRESS)

test: needs-examples build/build.ninja build-asan/build.ninja build-tsan/build.ninja
	@tools/install_deps test
	@tools/install_web
	@tools/run_tests build build-asan build-tsan

race: build-tsan/build.ninja
	@tools/install_deps test
	@tools/run_tests build-tsan

asan: build-asan/build.ninja
	@tools/install_deps test
	@tools/run_tests build-asan

valgrind: all
	@tools/install_deps test
	@tools/run_valgrind build

model: all
	@build/tests/model/test_model --bound $(MODEL_BOUND)

races: all
	@tools/run_races build --rounds $(RACES) --jobs 2

aarch64: build-aarch64/build.ninja
	@ninja -C build-aarch64
	@tools/run_aarch64 build-aarch64

soak: all
	@tools/install_deps test
	@build/tests/model/test_scenarios --deep $(DEEP_SEEDS)
	@build/tests/runnel/stress --procs 8 --seconds $(STRESS_SECONDS)
	@tools/pg_private meson test -C build --repeat=$(ROUNDS) --maxfail=1

bench: all
	@tools/install_deps bench
	@tools/pg_private bench/sluice/bench_import --rows $(BENCH_ROWS)
	@tools/figures --write

bench-goroutines: all
	@ninja -C build bench/runnel/bench_goroutines
	@build/bench/runnel/bench_goroutines

bench-patterns: all
	@ninja -C build bench/runnel/bench_patterns
	@build/bench/runnel/bench_patterns

bench-figures: examples
	@ninja -C build bench/runnel/bench_goroutines bench/runnel/bench_patterns
	@bench/runnel/bench_figures
	@tools/figures --write

bench-runnel: all
	@ninja -C build bench-runnel
	@bench/runnel/bench_lines --rounds $(BENCH_ROUNDS)
	@bench/runnel/bench_pages --write

bench-check: all
	@tools/install_deps test
	@ninja -C build bench-runnel
	@bench/runnel/bench_check counts
	@bench/runnel/bench_check ratios

bench-serve: all
	@tools/install_deps bench
	@tools/install_web
	@ninja -C build bench/serve/raw_http
	@bench/serve/bench_http
	@bench/serve/bench_uploads
	@bench/serve/bench_watchers --history 500 --watchers 100 --stalled 200
	@bench/serve/bench_paint

fuzz: build-fuzz/build.ninja
	@ninja -C build-fuzz
	@tools/run_fuzzers build-fuzz $(FUZZ_SECONDS)

install: all
	@meson install -C build --no-rebuild

guide:
	@tools/guide --write

format:
	@tools/install_deps test
	@tools/check_format --fix

clean:
	rm -rf build build-asan build-tsan build-fuzz build-aarch64

help:
	@echo 'make          build: the program is build/sluice'
	@echo 'make examples the programs of examples/, at build/examples/'
	@echo 'make demo     import a workbook of 10,000 rows into SQLite'
	@echo 'make demo-serve  serve it at ADDRESS=127.0.0.1:8080 until Ctrl-C'
	@echo 'make test     run every test: normal, sanitizers, layers, documents'
	@echo 'make race     the tests under ThreadSanitizer'
	@echo 'make asan     the tests under AddressSanitizer and UBSan'
	@echo 'make valgrind  tests of the runtime under memcheck'
	@echo 'make aarch64  tests of the runtime for aarch64, in QEMU'
	@echo 'make model    the core in all interleavings, MODEL_BOUND=$(MODEL_BOUND)'
	@echo 'make soak     a storm, then the tests ROUNDS=$(ROUNDS) times'
	@echo 'make races    tests that race RACES=$(RACES) times in a row (goes on where it was)'
	@echo 'make fuzz     each fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make bench    the methods beside psql, BENCH_ROWS=$(BENCH_ROWS)'
	@echo 'make bench-goroutines  what one costs, and a thread'
	@echo 'make bench-patterns  the patterns beside bare channels'
	@echo 'make bench-serve  the server beside Go, uploads at once, first paint'
	@echo 'make bench-figures  what the guide quotes, kept and put into it'
	@echo 'make bench-runnel  the runtime line by line, beside Go'
	@echo 'make bench-check  what got worse since the kept results'
	@echo 'make install  into the prefix (DESTDIR is honoured)'
	@echo 'make format   lay out every C file'
	@echo 'make guide    put the code of the examples into docs/guide'
	@echo 'make clean    remove the build folders'
	@echo 'What is missing is installed from Debian by tools/install_deps.'

build/build.ninja:
	@tools/install_deps build
	@meson setup build $(NORMAL)

build-asan/build.ninja:
	@tools/install_deps build examples test
	@meson setup build-asan $(ASAN)

build-tsan/build.ninja:
	@tools/install_deps build examples test
	@CC=clang-14 meson setup build-tsan $(TSAN)

build-aarch64/build.ninja:
	@tools/install_deps build aarch64
	@meson setup build-aarch64 --cross-file tools/aarch64.ini -Dsluice=false

build-fuzz/build.ninja:
	@tools/install_deps build test
	@CC=clang-14 meson setup build-fuzz $(FUZZ)

# In the repository already; the rule says where it came from.
examples/data/businesses.xlsx: | build/build.ninja
	@mkdir -p examples/data
	@ninja -C build bench/gen/gen_businesses
	@build/bench/gen/gen_businesses --rows 10000 --seed 1 --bad $@
