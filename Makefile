# `make demo` and `make test` set up what they need from a bare Python 3.11 and run. `make slow` runs
# the tests that `make test` leaves out.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out/ru-kz

# A worker that a test has killed is not replaced: the next one would meet the same test.
PYTEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

# Tests whose random examples `make test` tries few of.
RANDOM := tests/border/test_random_borders.py tests/network/test_random_borders.py \
	tests/network/test_straight.py tests/pbf/test_extract.py tests/pipeline/inputs/test_hostile_files.py

.PHONY: demo test slow bounds lowest lint notebooks data clean

demo: $(VENV)/.demo
	$(BIN)/geo-border run ru-kz -o $(OUT)

test: $(VENV)/.test
	$(PYTEST) -m "not slow"

slow: $(VENV)/.test
	$(PYTEST) -m slow
	HYPOTHESIS_PROFILE=thorough $(PYTEST) -m "not slow" $(RANDOM)

# The reader of extracts on spoilt files once more, compiled so that a read out of bounds is an error.
bounds: $(VENV)/.test
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=.cache/bounds $(BIN)/pytest tests/pbf/test_extract_spoilt.py

# The least versions that pyproject.toml allows, in an environment of their own. What only warns that
# a later version changes is no failure there.
LOWEST := .cache/lowest
LOWEST_TESTS := tests/network/test_build.py tests/network/test_links.py tests/network/test_crossings.py \
	tests/network/test_exports.py tests/pbf/test_extract.py \
	tests/border/test_checkpoints.py tests/border/test_edges.py tests/border/test_hours.py \
	tests/border/test_line.py tests/pipeline/inputs/test_read.py tests/pipeline/inputs/test_extracts.py tests/test_study_matrix.py

lowest: $(LOWEST)/.ready
	NUMBA_CACHE_DIR=$(LOWEST)/kernels $(LOWEST)/bin/geo-border check ru-kz
	NUMBA_CACHE_DIR=$(LOWEST)/kernels $(LOWEST)/bin/pytest -q -W default::FutureWarning \
		-m "not real" -k "not bomb" $(LOWEST_TESTS)

$(LOWEST)/.ready: pyproject.toml
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet "uv>=0.5"
	$(LOWEST)/bin/uv pip compile --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		--extra osm --output-file $(LOWEST)/lowest.txt pyproject.toml
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python \
		--requirement $(LOWEST)/lowest.txt "pytest>=9" hypothesis --editable .
	touch $@

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files 'geo_border/*.py' | xargs $(BIN)/python -m numpydoc.hooks.validate_docstrings

notebooks: $(VENV)/.test
	$(BIN)/jupytext --to ipynb --set-kernel python3 --execute notebooks/*.py

data: $(VENV)/.test
	$(BIN)/python data/ru-kz/build.py --cache .cache/packages
	$(BIN)/python data/world/build.py --cache .cache/packages

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable . --group test --group lint
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) out build dist .cache
