# Needs Python >= 3.11 with venv, and make. Everything else is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
SHELL := /bin/bash
export PORT

.PHONY: setup run test check bench proofs faults

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: setup
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@$(BIN)/python manage.py demo --if-empty
	@$(BIN)/honcho --no-colour start

test: setup
	@$(BIN)/python -m tests

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py spectacular --fail-on-warn --file /dev/null
	@$(BIN)/djlint templates --lint --quiet

# What is not installed of the peers (extra `bench`) is passed over. Name some of them: make bench NAME=assignment
bench: setup
	@$(BIN)/python -m tests.benchmarks $(NAME)

# Under 25 minutes on two cores; a quick look: make proofs PROOF_SCALE=0.05, which leaves the guide's table alone.
proofs: setup
	@PROOF_TABLE=docs/statistics.md $(BIN)/python -m pytest tests/proofs --numprocesses 2 --dist worksteal

# Fifty real kills each of web process, flusher, compaction and analysis; under ten minutes on two cores.
faults: setup
	@$(BIN)/python -m pytest tests/faults
