# Every target makes its own .venv when there is none.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: quickstart test lint bench screens clean

quickstart: .venv/.installed  ## train a small CNN on digits, scan it, show what was found
	env -u OMP_NUM_THREADS $(BIN)/dltui quickstart

test: .venv/.installed-test  ## the whole suite
	$(BIN)/python -m pytest -q -n logical --maxprocesses 4

lint: .venv/.installed-test  ## style, types, floors
	$(BIN)/ruff format --check dltui tests
	$(BIN)/ruff check dltui tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/.installed-bench  ## compare with peers, ratios in one run
	for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

screens: .venv/.installed-test  ## make the README's pictures again, from real runs
	$(BIN)/python tests/screens.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e .
	touch $@

.venv/.installed-test: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e '.[test]'
	touch $@ .venv/.installed

.venv/.installed-bench: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e '.[bench]'
	touch $@ .venv/.installed-test .venv/.installed

clean:
	rm -rf .venv build dist *.egg-info
