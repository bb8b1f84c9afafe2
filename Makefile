# Every target sets up what it needs: Python 3.11 or later, make and a package index are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
# The machine's own PostgreSQL, if any: the suite runs on it as well as on the embedded one, with a
# shorter search by the state machine.
SYSTEM_BINDIR ?= $(patsubst %/postgres,%,$(wildcard /usr/lib/postgresql/15/bin/postgres))

.PHONY: venv demo test test-hosts test-citus lint release bench docs clean

venv: $(VENV)/.dev-installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo-installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	touch $@

$(VENV)/.bench-installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@ $(VENV)/.demo-installed

$(VENV)/.docs-installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@ $(VENV)/.demo-installed

$(VENV)/.dev-installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.bench-installed $(VENV)/.docs-installed $(VENV)/.demo-installed

demo: $(VENV)/.demo-installed
	$(BIN)/engagement demo

test: venv
	$(BIN)/python -m pytest -n $(WORKERS)
ifneq ($(SYSTEM_BINDIR),)
	PG_BINDIR=$(SYSTEM_BINDIR) $(BIN)/python -m pytest -n $(WORKERS) -m 'not slow'
endif

# Real hosts, installed from the package index and made once: their folder is ENGAGEMENT_HOSTS_DIR,
# by default .venv-hosts. HOSTS=tests/hosts/tryton for one of them.
HOSTS ?= tests/hosts
test-hosts: venv
	$(BIN)/python -m pytest -n $(WORKERS) $(HOSTS)

# On a Citus cluster that you have set up: CITUS_DSN leads to a database of the coordinator that knows
# its workers. Without one every test says that it was not run.
test-citus: venv
	$(BIN)/python -m pytest --citus -n $(WORKERS) tests/scoring tests/roles/test_roles.py
	$(BIN)/python -m pytest tests/citus

lint: venv
	$(BIN)/ruff check runner tests bench docs
	$(BIN)/ruff format --check runner tests bench docs
	$(BIN)/mypy
	$(BIN)/mypy docs/tooling/site.py
	$(BIN)/sqlfluff lint --processes 2 migrations indexes sql docs
# LT01 takes the brackets of `comment on procedure p(text)` for a mistake.
	$(BIN)/sqlfluff lint --processes 2 --exclude-rules LT01,LT02,LT08,LT14 procedures triggers
	$(BIN)/squawk $$(find migrations indexes -name '*.sql')

# Moves the number in sql/RELEASE, by which an older command knows that a database is newer than it.
# After every change of a SQL file, and after a merge; while you edit, deploy as you like.
release: $(VENV)/.demo-installed
	$(BIN)/python -m engagement_runner.release

# SMOKE=1: everything once and small, in a few minutes, and no results are written. For the record:
# BENCH='--lines 10000000', or --grow 10 for the growth from the size given to ten times as much.
bench: $(VENV)/.bench-installed
	$(BIN)/python -m bench $(if $(SMOKE),--smoke) $(BENCH)

# The documentation site, into build/docs; a warning fails it. Its reference pages come from a
# deployment on a server of their own.
docs: $(VENV)/.docs-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find runner tests -name __pycache__ -prune -exec rm -rf {} +
