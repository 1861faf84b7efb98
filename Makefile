# `make` alone lists the targets. Everything runs from a fresh clone, as root or not, without a terminal.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# A crashing test should fail at once instead of spending minutes on symbolication.
export SWIFT_BACKTRACE := enable=no

SWIFT ?= swift
# Extra arguments for `swift test`, for example TESTFLAGS='--filter AshlarFormatTests'.
TESTFLAGS ?=
# Scripts that check themselves when run as `python3 SCRIPT --self-test`.
PYTHON_SELFTESTS := Tests/IndependentReader/ashlar_reader.py Benchmarks/Micro/count.py

# Our own sources compile without a warning. SwiftPM silences dependencies and drops -warnings-as-errors for them; it
# does not understand -Xcc -Werror, so what the C compiler warns about is looked for in the log.
STRICT := -Xswiftc -warnings-as-errors -Xcc -Wall -Xcc -Wextra
SOURCES := $(wildcard Package.swift Sources Tests Benchmarks)
# What the sanitizers run, by name: where threads meet, and where raw memory is handled.
TSAN_TESTS ?= ^Ashlar(Storage)?Tests\.
ASAN_TESTS ?= ^Ashlar(Format|Storage)?Tests\.

.PHONY: help deps lint format build embedder selftest test tsan asan soak soak-export seeded-bugs demo clean
.PHONY: bench bench-build bench-test bench-smoke bench-micro bench-micro-time bench-live

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

deps: ## install what is missing: zlib, LZ4 and a few tools (by apt)
	@.ci/deps.sh

lint: ## check the style of all Swift sources
	@$(SWIFT) format lint --strict --parallel --recursive $(SOURCES) </dev/null

format: ## rewrite all Swift sources in that style
	@$(SWIFT) format --in-place --parallel --recursive $(SOURCES) </dev/null

build: deps ## build library, tool and tests; any warning is an error
	@mkdir -p .build
	@$(SWIFT) build --build-tests $(STRICT) </dev/null 2>&1 | tee .build/build.log
	@# The C compiler, and SwiftPM: the manifest, stray files, system libraries that it did not find.
	@identity=$$(basename "$(CURDIR)" | tr '[:upper:]' '[:lower:]'); \
	if grep -E -e "^warning: ('$$identity'|.*(pkg-config|system-packager))" \
		-e '^$(CURDIR)/(Sources|Tests|Benchmarks)/.*: warning:' .build/build.log; then \
		echo "error: the build warns" >&2; exit 1; \
	fi

embedder: deps ## prove that embedding the core fetches and links nothing else
	@.ci/check-embedder.sh $(STRICT)

selftest: deps
	@for script in $(PYTHON_SELFTESTS); do echo "$$script"; python3 "$$script" --self-test </dev/null; done

test: deps lint build embedder selftest ## everything that must pass; ends in the count of tests
	@# By lines, so that it shows how far it is, and where it hangs.
	@stdbuf -oL $(SWIFT) test --disable-xctest $(STRICT) $(TESTFLAGS) </dev/null

tsan: deps ## the engine's tests under the thread sanitizer
	@$(SWIFT) test --sanitize=thread --scratch-path .build/tsan --disable-xctest --filter '$(TSAN_TESTS)' \
		--skip SeededBugTests </dev/null

asan: deps ## the engine's tests under the address sanitizer
	@ASAN_OPTIONS=detect_leaks=0 \
		$(SWIFT) test --sanitize=address --scratch-path .build/asan --disable-xctest --filter '$(ASAN_TESTS)' \
		--skip SeededBugTests </dev/null

.PHONY: release release-bitcoin
release: deps
	@$(SWIFT) build -c release --product ashlar </dev/null

release-bitcoin: deps
	@$(SWIFT) build -c release --product ashlar-bitcoin </dev/null

# Seeds of a soak, and where they start.
SOAK_SEEDS ?= 5000
SOAK_FIRST_SEED ?= 1000

soak: build ## thousands of seeds of the simulations: random work, faults, power cuts, states
	@ASHLAR_SEEDS=$(SOAK_SEEDS) ASHLAR_FIRST_SEED=$(SOAK_FIRST_SEED) \
		$(SWIFT) test --skip-build --disable-xctest --filter 'SimulationTests' </dev/null

# One bug to look for and explain, such as `make seeded-bugs BUG=footerBeforeData`, and how many seeds each may take.
BUG ?=
BUG_SEEDS ?= 2000

seeded-bugs: build ## break the engine on purpose in every known way: the simulation must find each; a table of how fast
	@$(if $(BUG),ASHLAR_BUG=$(BUG)) ASHLAR_BUG_SEEDS=$(BUG_SEEDS) \
		$(SWIFT) test --skip-build --disable-xctest --filter 'SeededBugTests' </dev/null

exhaustive: build ## every flipped bit and every truncation of every golden file: the log, or a clear error
	@ASHLAR_EXHAUSTIVE=1 \
		$(SWIFT) test --skip-build --disable-xctest --no-parallel --filter 'ExhaustiveDamageTests' </dev/null

# Seconds for each fuzzer, and which ones.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= segment salvage commit record footer note snapshot ingest bitcoin cursor easylayer

# A finding stands in .build/fuzz/NAME.crash-…: it goes into Tests/Fuzz/Corpus/NAME with its repair. What only covers more stays in .build/fuzz/NAME.
.PHONY: fuzz fuzz-build exhaustive
fuzz: fuzz-build ## fuzz every decoder, FUZZ_SECONDS each (600); stops at the first finding
	@for target in $(FUZZ_TARGETS); do \
		echo "$$target: $(FUZZ_SECONDS) s"; \
		mkdir -p ".build/fuzz/$$target"; \
		dictionary="Tests/Fuzz/Dictionaries/$$target.dict"; \
		ASAN_OPTIONS=detect_leaks=0 ASHLAR_FUZZ_TARGET="$$target" .build/fuzz-build/debug/ashlar-fuzz \
			".build/fuzz/$$target" "Tests/Fuzz/Corpus/$$target" $$(test -f "$$dictionary" && echo "-dict=$$dictionary") \
			-max_total_time=$(FUZZ_SECONDS) -timeout=20 -malloc_limit_mb=256 -rss_limit_mb=2048 -max_len=65536 \
			-artifact_prefix=".build/fuzz/$$target." -print_final_stats=1 -verbosity=1 </dev/null; \
	done

fuzz-build: deps
	@ASHLAR_FUZZ=1 $(SWIFT) build --product ashlar-fuzz --scratch-path .build/fuzz-build \
		-Xswiftc -sanitize=fuzzer,address -Xswiftc -parse-as-library -Xswiftc -O </dev/null

# How often the exporters, their server, or an import are killed.
SOAK_ROUNDS ?= 300

# Each of them runs a little in `make test` too.
SOAK_EXPORT_TESTS := ExportCommandTests/killed|ImportCommandTests/killed|ExporterTests/stoppedServer|ExportLiveTests|StandbyTests

soak-export: build ## exporters and imports killed hundreds of times, PostgreSQL under them; whole chains live; a standby
	@ASHLAR_CRASH_ROUNDS=$(SOAK_ROUNDS) \
		$(SWIFT) test --skip-build --disable-xctest --filter '$(SOAK_EXPORT_TESTS)' </dev/null

# A PostgreSQL server to measure, such as postgres:///scratch; without one, SQLite alone.
BENCH_POSTGRES ?=

bench-live: release ## measure followers: from durable to visible, and what a reorg storm leaves behind
	@mkdir -p .build/bench
	@"$$($(SWIFT) build -c release --show-bin-path </dev/null)/ashlar" bench live --reorgs 3000 --events-per-block 50 \
		$(if $(BENCH_POSTGRES),--postgres '$(BENCH_POSTGRES)') --directory .build/bench </dev/null

demo: release release-bitcoin ## real blocks and a real fork through the command line tools
	@binaries="$$($(SWIFT) build -c release --show-bin-path </dev/null)"; \
		ASHLAR="$$binaries/ashlar" ASHLAR_BITCOIN="$$binaries/ashlar-bitcoin" .ci/demo.sh

# Options of `bench-runner run`, such as BENCHFLAGS='--events 400000 --rounds 3'; it has --help.
BENCHFLAGS ?=
# Where the stores go: on the disk in question.
BENCH_DIRECTORY ?= .build/bench-stores
BENCH_RUNNER := .build/benchmarks/release/bench-runner
BENCH_RUN = $(BENCH_RUNNER) run --programs .build/peers --directory "$(BENCH_DIRECTORY)"

bench-build: deps
	@.ci/deps-bench.sh
	@$(MAKE) --no-print-directory -C Benchmarks/Peers OUT="$(CURDIR)/.build/peers"
	@$(SWIFT) build -c release --package-path Benchmarks --scratch-path .build/benchmarks $(STRICT) </dev/null

bench: bench-build ## measure Ashlar beside all its peers; writes Benchmarks/results; takes an hour or two
	@$(BENCH_RUN) $(BENCHFLAGS) </dev/null

bench-test: bench-build ## the runner's own tests
	@$(SWIFT) test -c release --package-path Benchmarks --scratch-path .build/benchmarks $(STRICT) --disable-xctest </dev/null

bench-smoke: bench-build ## every peer and every workload once, tiny: does it all still run?
	@$(BENCH_RUN) --output .build/bench-smoke --name smoke --events 24000 --events-per-block 20 --rounds 1 \
		--slow-rounds 1 --durable-blocks 20 --lookups 200 $(BENCHFLAGS) </dev/null

# Counts of another architecture, or of another compiler, are others: MICROFLAGS=--update writes them down.
MICROFLAGS ?=

bench-micro: deps ## count the instructions of the hot paths, and hold them against the checked-in numbers
	@command -v valgrind >/dev/null || { echo "error: valgrind is needed: apt-get install valgrind" >&2; exit 1; }
	@ASHLAR_MICRO=1 $(SWIFT) build -c release --product ashlar-micro --scratch-path .build/micro $(STRICT) </dev/null
	@python3 Benchmarks/Micro/count.py --program .build/micro/release/ashlar-micro $(MICROFLAGS)

bench-micro-time: deps ## the same hot paths by the clock
	@ASHLAR_MICRO=time $(SWIFT) package --scratch-path .build/micro-time benchmark run --target MicroTime </dev/null

clean: ## remove everything that was built
	@rm -rf .build Tests/EmbedderPackage/.build
