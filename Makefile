# The two commands of the README are `make demo` and `make test`; both make .venv first. Needs Python 3.11 and pip, nothing else.

.DEFAULT_GOAL := help
.PHONY: help demo test lint check gate deep faults soak mutants bench pictures clean

BIN := .venv/bin
# Containers forbid Python to keep what it compiled: each of a thousand processes would compile the desk anew.
unexport PYTHONDONTWRITEBYTECODE
PORT ?= 8000
# Only what was written after `make demo` counts: desktops export names like LANGUAGE for purposes of their own.
told = $(if $(filter command line,$(origin $(1))),$($(1)))
given = $(if $(call told,$(1)),$(2) $(call told,$(1)))
# What must have the machine to itself: races, kills, and whoever counts seconds.
ALONE = $(patsubst %,tests/gate/test_%.py,double_submit drain graceful kill paid_then_silent writers)
# Races in the hundreds, messages in the thousands: minutes more than `.ci/run` has.
DEEP = $(patsubst %,tests/gate/test_%.py,races webhooks)
# Every operation tried with what its description allows and forbids: many small tests of one length, in any order.
FUZZ = $(patsubst %,tests/gate/test_fuzz_on_%.py,files postgresql)
CORES = $(shell $(BIN)/python -c "import os; print(os.cpu_count())")
# One more than there are cores: tests of processes wait a good part of their time.
WORKERS = $(shell expr $(CORES) + 1)
# A file stays with one worker; files begin in the order of `tests/conftest.py`.
ABREAST = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/.runtime ## a day of Golden Week at a desk in a temporary folder; PORT= SPEED= SEED= SPEAK=zh LAN=1; Ctrl-C ends it
	@exec $(BIN)/desk demo --port $(PORT) $(call given,SPEED,--speed) $(call given,SEED,--seed) $(call given,SPEAK,--lang) $(if $(filter 1,$(call told,LAN)),--lan)

test: .venv/.dev ## the tests on SQLite and PostgreSQL, under 4 minutes
	$(BIN)/python -m pytest -p no:schemathesis $(ABREAST)

lint: .venv/.dev ## lint, format, types, room contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers $(CORES)
	$(BIN)/lint-imports

check: lint test ## both of these: what must pass before a change lands

gate: .venv/.dev ## the slow half: the rest on PostgreSQL, fuzz, then alone soak, races, kill storms
	$(BIN)/python -m pytest -m slow $(ABREAST) $(patsubst %,--ignore=%,$(ALONE) $(DEEP) $(FUZZ))
	$(BIN)/python -m pytest -m slow --numprocesses $(CORES) $(FUZZ)
	$(BIN)/python -m pytest -m slow $(ALONE)

deep: export DESK_TEST_DEEP = 1
deep: gate faults ## the gate in every combination and at length, then `make faults`: hours

faults: export DESK_TEST_DEEP = 1
faults: .venv/.dev ## each statement of each deed of money fails or is its process's last; races; a thousand messages shuffled
	$(BIN)/python -m pytest -m slow tests/gate/test_faults.py $(DEEP)

soak: .venv/.dev ## anything that can happen to money, RUNS= (5000) times 100 steps: hours; SEED= plays the same again
	DESK_TEST_SOAK=$(or $(call told,RUNS),5000) $(if $(call told,SEED),DESK_TEST_SEED=$(call told,SEED)) \
	  $(BIN)/python -m pytest -q -m slow tests/worker/test_money_model.py -k however_long

mutants: .venv/.dev ## mistakes put into the rules of money one at a time: nine in ten must be noticed; minutes
	$(BIN)/python -m tests.mutants

bench: .venv/.dev ## how fast, as ratios measured in one run
	$(BIN)/python -m tests.bench

pictures: .venv/.dev ## the README's pictures anew, of a demo's day (needs chromium)
	$(BIN)/python -m tests.tour.pictures

clean: ## remove .venv and every cache
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find desk tests alembic -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed once; again when the dependencies change.
.venv/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $@ .venv/.runtime

$(BIN)/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec $$python -m venv .venv; \
	  fi; \
	done; \
	echo "desk needs Python 3.11 or newer with its venv module (Debian: apt-get install python3-venv)" >&2; exit 1
