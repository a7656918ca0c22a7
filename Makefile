# The verbs to remember. Each does its own set-up; nothing has to be prepared by hand.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench serve docs clean
.DEFAULT_GOAL := demo

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: $(READY)  ## assess one child, then a small registry
	BIN=$(BIN) sh examples/demo.sh

test: $(READY)  ## all tests
	$(BIN)/python -m pytest -n 2 -q

check: $(READY)  ## style, types, architecture, proofs of the knowledge
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/reall knowledge check

bench: $(READY)  ## every figure quoted in the documentation
	$(BIN)/python -m benchmarks

serve: $(READY)  ## the pages on this computer
	$(BIN)/reall serve

docs: $(READY)  ## write docs/reference from the knowledge
	$(BIN)/reall knowledge reference docs/reference

clean:
	rm -rf $(VENV) build dist demo-out
