# SPDX-License-Identifier: ISC
# The few commands people type. Meson and Ninja do the work, in build/.

PREFIX  ?= /usr
DESTDIR ?=
BUILD   ?= build

.PHONY: all demo demo-roaming bench bench-gate check check-wifi coverage soak install requirements \
	clean help

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { \
		echo "meson is missing: run 'tools/install-packages build' first"; exit 1; }
	meson setup $(BUILD) --prefix $(PREFIX) --buildtype release -Ddebug=true

# Logs a device in and lets it hand over between two access points.
demo:
	@tools/install-packages build
	@tools/demo

# The same far from home: a visited campus, a federation proxy, 270 ms to the home server.
# Draws it, too: make demo-roaming PICTURE=file.svg
demo-roaming:
	@tools/install-packages roaming
	@echo "building ..."
	@$(MAKE) --no-print-directory all >/dev/null
	@tools/demo-roaming --build $(BUILD) --picture $(or $(PICTURE),roaming.svg)

# Every test; installs what the tests need. What the part with Wi-Fi needs besides may be
# missing: its stage says so.
check:
	@tools/install-packages check
	@tools/install-packages wifi || echo "The tests with Wi-Fi will be left out."
	@tests/run

# The part with Wi-Fi alone: real access points and stations on simulated radios, in a virtual
# machine. ROUNDS=10 plays every scenario ten times.
check-wifi:
	@tools/install-packages check
	@tools/install-packages wifi
	@tests/run wifi

# The tables of docs/performance.md, measured on this machine: build-bench/tables.md.
bench:
	@tools/install-packages bench
	@bench/run

# Fails when a re-authentication takes more instructions than bench/gate.txt allows.
bench-gate: all
	@tools/install-packages check
	@bench/gate $(BUILD)

# Which lines and branches the tests reach: build-check/coverage/.
coverage:
	@tools/install-packages check
	@tools/install-packages coverage
	@tests/run coverage

# What gets better with time: an hour for each fuzz target, memory that runs out at
# every single allocation, a hundred rounds of kill -9, the tests under load at full length.
soak:
	@tools/install-packages check
	@HOKEY_SOAK=1 FUZZ_SECONDS=$${FUZZ_SECONDS:-3600} FUZZ_SEED=0 MEMORY_RUNS=$${MEMORY_RUNS:-100000} \
		KILL_ROUNDS=$${KILL_ROUNDS:-100} tests/run fuzz asan real real-asan real-tsan

install: all
	meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

requirements:
	@tools/requirements

clean:
	rm -rf $(BUILD) build-*

help:
	@echo "make            build into $(BUILD)/"
	@echo "make demo       see it work, in under three minutes"
	@echo "make demo-roaming   far from home, in under two minutes; draws PICTURE=roaming.svg"
	@echo "make check      run every test"
	@echo "make check-wifi those with Wi-Fi alone, ROUNDS=10 for ten times"
	@echo "make bench      measure it, side by side with hostapd"
	@echo "make bench-gate count the instructions of a re-authentication"
	@echo "make soak       fuzzing, faults and load at full length: many hours"
	@echo "make coverage   which lines and branches the tests reach"
	@echo "make install    DESTDIR= PREFIX=/usr"
	@echo "make requirements   which requirement of the RFCs has a test"
	@echo "make clean"
