# Every target sets up what it needs: Python 3.11 or later, make and a package index are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
# The machine's own PostgreSQL, if any: what depends on the server runs on it as well as on the
# embedded one.
SYSTEM_BINDIR ?= $(patsubst %/postgres,%,$(wildcard /usr/lib/postgresql/15/bin/postgres))

.PHONY: venv demo test test-versions test-hosts test-citus lock lint release release-check pictures bench docs \
    clean

venv: $(VENV)/.dev-installed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# What is installed are the versions and the files of the lock, and the project itself beside them.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
define install
$(PIP) --require-hashes --requirement locks/$(1).txt
$(PIP) --no-deps --no-build-isolation --editable .
touch $(patsubst %,$(VENV)/.%-installed,$(1) $(2))
endef

$(VENV)/.demo-installed: locks/demo.txt pyproject.toml | $(VENV)/bin/python
	$(call install,demo)

$(VENV)/.bench-installed: locks/bench.txt pyproject.toml | $(VENV)/bin/python
	$(call install,bench,demo)

$(VENV)/.docs-installed: locks/docs.txt pyproject.toml | $(VENV)/bin/python
	$(call install,docs,demo)

$(VENV)/.dev-installed: locks/dev.txt pyproject.toml | $(VENV)/bin/python
	$(call install,dev,bench docs demo)

# The newest versions that pyproject.toml allows, with the hashes of all their files, for Python 3.11
# and later on any system. KEEP=1 keeps the versions that are in the lock already.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --custom-compile-command 'make lock' --group build pyproject.toml
lock: venv
	$(COMPILE) $(if $(KEEP),,--upgrade) --extra dev --output-file locks/dev.txt
	for extra in demo bench docs; do \
	    $(COMPILE) --upgrade --extra $$extra --constraint locks/dev.txt --no-annotate \
	        --output-file locks/$$extra.txt || exit 1; \
	done
	$(COMPILE) --upgrade --constraint locks/dev.txt --no-annotate --output-file locks/core.txt

demo: $(VENV)/.demo-installed
	$(BIN)/engagement demo

# The whole suite on the embedded PostgreSQL; on the system's, what depends on the server. There, or
# else on the embedded one once more, the scoring runs in sessions with unusual settings (--hostile).
# All of it runs, whatever the first part finds. QUICK=1: of each test the first part takes one set of
# parameters, the later parts another one.
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
sets = $(if $(QUICK),--sets $(1))
test: venv
	@verdict=0; trap 'exit 130' INT; \
	run() { \
	    on=$$1; shift; echo "== on $$on"; \
	    if "$$@"; then said="$$said$$on: passed\n"; else said="$$said$$on: FAILED\n"; verdict=1; fi; \
	}; \
	run "the embedded PostgreSQL" $(PYTEST) $(call sets,1) $(ARGS); \
	if [ -n "$(SYSTEM_BINDIR)" ]; then \
	    export PG_BINDIR=$(SYSTEM_BINDIR); \
	    run "the PostgreSQL in $(SYSTEM_BINDIR)" \
	        $(PYTEST) $(call sets,1) -m 'not slow and not once' $(or $(ARGS),--ignore=tests/scoring); \
	fi; \
	$(if $(ARGS),,run "$${PG_BINDIR:-the embedded PostgreSQL} under unusual settings" \
	    $(PYTEST) $(call sets,1) -m 'not slow and not once' --hostile tests/scoring;) \
	printf "$$said"; exit $$verdict

# A part of the suite on the lowest versions that pyproject.toml allows, and on the newest, each in
# an environment of its own. VERSIONS=highest for one of them.
VERSIONS ?= lowest-direct highest
VERSIONS_TESTS ?= tests/suite tests/runner tests/report tests/deploy tests/docs tests/triggers
test-versions: venv
	@verdict=0; trap 'exit 130' INT; \
	for versions in $(VERSIONS); do \
	    environment=$(CURDIR)/.venv-$$versions; echo "== $$versions"; \
	    $(BIN)/uv venv --quiet --clear --python $(BIN)/python $$environment && \
	    $(BIN)/uv pip install --quiet --python $$environment/bin/python --upgrade \
	        --resolution $$versions --group build --editable '.[dev]' && \
	    $(BIN)/uv pip list --quiet --python $$environment/bin/python && \
	    $$environment/bin/python -m pytest -n $(WORKERS) --dist worksteal $(VERSIONS_TESTS) $(ARGS) && \
	    said="$$said$$versions: passed\n" || { said="$$said$$versions: FAILED\n"; verdict=1; }; \
	done; \
	printf "$$said"; exit $$verdict

# Real hosts, installed from the package index and made once: their folder is ENGAGEMENT_HOSTS_DIR,
# by default .venv-hosts. HOSTS=tests/hosts/tryton for one of them; QUICK=1: one set of parameters.
HOSTS ?= tests/hosts
test-hosts: venv
	$(BIN)/python -m pytest -n $(WORKERS) $(call sets,1) $(HOSTS)

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
	$(BIN)/hadolint docs/container/Containerfile
	$(BIN)/squawk $$(find migrations indexes -name '*.sql')

# Moves the number in sql/RELEASE, by which an older command knows that a database is newer than it.
# After every change of a SQL file, and after a merge; while you edit, deploy as you like.
release: $(VENV)/.demo-installed
	$(BIN)/python -m engagement_runner.release

# The pictures of README, made anew. `make docs` makes them for the site.
pictures: venv
	$(BIN)/python docs/tooling/pictures.py docs/images

# What a version has to pass before it is tagged, besides `make test`: wheel and sdist are built, and
# the demo runs from each, away from the checkout, on the lowest versions that pyproject.toml allows
# and on the newest.
release-check: venv
	rm -rf build/release && mkdir -p build/release/away
	$(BIN)/uv build --quiet --out-dir build/release/dist
	@verdict=0; trap 'exit 130' INT; \
	for built in build/release/dist/*.whl build/release/dist/*.tar.gz; do \
	    for versions in lowest-direct highest; do \
	        environment=$(CURDIR)/build/release/$$versions; what="$${built##*/} on $$versions"; \
	        echo "== $$what"; \
	        $(BIN)/uv venv --quiet --clear --python $(BIN)/python $$environment && \
	        $(BIN)/uv pip install --quiet --python $$environment/bin/python \
	            --resolution $$versions "pg-engagement[demo] @ file://$(CURDIR)/$$built" && \
	        (cd build/release/away && $$environment/bin/engagement --version && \
	            $$environment/bin/engagement demo >demo.txt && tail -n 1 demo.txt) && \
	        said="$$said$$what: passed\n" || { said="$$said$$what: FAILED\n"; verdict=1; }; \
	    done; \
	done; \
	printf "$$said"; exit $$verdict

# SMOKE=1: everything once and small, in three minutes, and no results are written. For the record:
# BENCH='--lines 10000000', or --grow 10 for the growth from the size given to ten times as much;
# --grow 2 for that in the smoke mode.
bench: $(VENV)/.bench-installed
	$(BIN)/python -m bench $(if $(SMOKE),--smoke) $(BENCH)

# The documentation site, into build/docs; a warning fails it. Its reference pages come from a
# deployment on a server of their own.
docs: $(VENV)/.docs-installed
	$(BIN)/properdocs build --quiet

clean:
	rm -rf $(VENV) $(patsubst %,.venv-%,$(VERSIONS)) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find runner tests -name __pycache__ -prune -exec rm -rf {} +
