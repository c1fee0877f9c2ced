# Two commands do everything on a fresh machine: make demo, make test.
SHELL := bash
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
DEMO := demo
# uv installs in seconds what takes pip a minute and a half; pip stands by.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CORES ?= $(shell nproc)

.PHONY: demo test test-fast test-long lint types lock config benchmark clean

demo: $(READY)  ## set up, make the phantom study, run all of it, print where the report is
	$(BIN)/sonolesion phantom $(DEMO)/phantom --config config/studies/demo.yaml
	$(BIN)/sonolesion $(DEMO)/phantom/bids $(DEMO)/results participant \
	  --config config/studies/demo.yaml --cores $(CORES)

# A file of tests to a core, and one thread to a test: threads that libraries start only wait.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n $(CORES) --dist loadscope

test: $(READY) lint types  ## what CI runs
	$(PYTEST) -m "not long" --durations=15

test-fast: $(READY)  ## tests that start no workflow
	$(PYTEST) -m "not long and not workflow"

CAMPAIGN ?= campaign
test-long: $(READY)  ## the campaigns
	$(BIN)/pytest -m long --durations=15
	$(BIN)/python benchmarks/lesion_phantom.py $(CAMPAIGN) --cores $(CORES)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/python tests/lint_workflow.py

types: $(READY)
	$(BIN)/mypy

COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate

lock: $(READY)  ## resolve the packages anew, with hashes and without addresses
	$(COMPILE) --extra slurm --extra dev pyproject.toml -o requirements.lock
	echo uv | $(COMPILE) - -o requirements-uv.lock

config: $(READY)  ## write config/config.yaml from the typed model
	$(BIN)/python -m sonolesion.core.config > config/config.yaml.new
	mv config/config.yaml.new config/config.yaml

benchmark: $(READY)  ## time and memory against the limits
	$(BIN)/python benchmarks/visit.py
	$(BIN)/python benchmarks/dry_run.py

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
	  || $(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) $(DEMO)
