# Two commands for a newcomer: `make demo` and `make test`. Each sets up what it needs in .venv.
# uv is used where it is installed; python3 with pip does as well.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
LOCK   := requirements/dev.txt

.PHONY: demo test setup lint lock bench lab lab-down e2e clean

demo: setup
	@$(BIN)/netdoc demo crash-loop --fail-on never

test: setup lint
	@$(BIN)/python -m tests

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml $(LOCK)
ifdef UV
	@test -x $(BIN)/python || $(UV) venv --quiet --python '>=3.11' $(VENV)
	@$(UV) pip install --quiet --python $(BIN)/python -r $(LOCK)
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
else
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install --quiet -r $(LOCK)
	@$(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install --quiet --no-deps --editable .
endif
	@touch $@

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@PYTHONPATH=.:checks:playbooks $(BIN)/lint-imports --no-cache > .lint-imports.log || (cat .lint-imports.log; exit 1)

# The lock holds exact versions and hashes for every platform; made with uv, read by pip and uv alike.
lock:
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --group dev pyproject.toml -o $(LOCK)

# A real one-node Kubernetes on this machine (Linux, root); tests/lab/README.md says how and what it needs.
lab:
	@$(PYTHON) -m tests.lab up

lab-down:
	@$(PYTHON) -m tests.lab down

e2e: setup
	@$(BIN)/python -m pytest -p no:cacheprovider tests/e2e

bench: setup
	@$(BIN)/python -m tests.bench

clean:
	rm -rf $(VENV) .lint-imports.log
