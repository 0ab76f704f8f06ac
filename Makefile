# Each target sets up .venv by itself; make and Python 3.10 or newer are all it needs.
#   ARGS="model=26muscle terrain=rough"   passed on to train.py, eval.py or pytest
#   PYTHON=/path/to/python3.12            the Python that .venv is made with
#   V=1                                   show all that pip says

SHELL := /bin/sh
VENV := .venv/bin/python
PIP := $(VENV) -m pip install --no-input --disable-pip-version-check $(if $(V),,--quiet) -c constraints.txt
FAILED := { echo "The installation failed; V=1 after the same command shows more." >&2; exit 1; }

# The Pythons to try; 3.10 to 3.13 are tested and come before anything newer.
PYTHONS = $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python3.10 python)

# A .venv whose Python is gone is set up again.
$(shell [ -x $(VENV) ] || rm -f .venv/.installed)

.DEFAULT_GOAL := help
.PHONY: help train eval test test-fast test-slurm test-ray check format docs clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

train: .venv/.installed ## train: experiment=quickstart, or what ARGS says
	$(VENV) train.py $(if $(filter experiment=% resume=%,$(ARGS)),,experiment=quickstart) $(ARGS)

eval: .venv/.installed ## evaluate the shipped walker, or a run: ARGS="checkpoint=outputs/..."
	$(VENV) eval.py $(ARGS)

test: .venv/.installed ## run all tests
	$(VENV) -m pytest -n 2 --dist loadfile $(ARGS)

test-fast: .venv/.installed ## run the tests that take seconds
	$(VENV) -m pytest -m "not slow" -n 2 --dist loadfile $(ARGS)

test-slurm: .venv/.installed ## sweeps on a real SLURM of one node (Debian: apt install slurm-wlm munge; as root)
	$(VENV) -m pytest tests/cluster/test_slurm.py $(ARGS)

test-ray: .venv/.installed ## sweeps on a local Ray, installed into .venv
	@$(PIP) -e ".[ray]" || $(FAILED)
	$(VENV) -m pytest tests/cluster/test_ray.py $(ARGS)

check: .venv/.installed ## lint, formatting and types
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(VENV) -m pyright

format: .venv/.installed ## fix what lint and formatting can fix
	$(VENV) -m ruff check --fix .
	$(VENV) -m ruff format .

docs: .venv/.installed ## build the documentation as a site: build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(VENV) -m mkdocs build --strict

clean: ## remove .venv, caches and builds; outputs/ stays
	rm -rf .venv build dist .pytest_cache .ruff_cache
	find . -path ./outputs -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/.installed: pyproject.toml constraints.txt | $(VENV)
	@$(VENV) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo ".venv holds a Python older than 3.10: remove it with 'make clean' and try again." >&2; exit 1; }
	@$(VENV) -m pip --version >/dev/null 2>&1 || $(VENV) -m ensurepip >/dev/null
	@echo "Installing PyTorch (the largest download; with its CUDA libraries on most Linux machines) ..."
	@$(PIP) "$$(grep '^torch==' constraints.txt)" || $(FAILED)
	@echo "Installing MyoAssist and everything else ..."
	@$(PIP) -e ".[dev]" || $(FAILED)
	@touch $@
	@echo "Ready: $$($(VENV) --version) in .venv"

$(VENV):
	@found= without_venv=; \
	for newest in 13 99; do for python in $(PYTHONS); do \
	  [ -z "$$found" ] || continue; \
	  "$$python" -c "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $$newest))" 2>/dev/null || continue; \
	  if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; else without_venv=$$python; fi; \
	done; done; \
	if [ -n "$$found" ]; then \
	  echo "Making .venv with $$("$$found" --version) ..."; "$$found" -m venv --clear .venv; \
	elif [ -n "$$without_venv" ]; then \
	  echo "$$without_venv has no venv module: install it (Debian, Ubuntu: apt install python3-venv)," \
	    "or name another Python with PYTHON=/path/to/python3" >&2; exit 1; \
	else \
	  echo "Python 3.10 or newer is needed, and $(if $(PYTHON),$(PYTHON) is not,none was found)." \
	    "Name one with PYTHON=/path/to/python3" >&2; exit 1; \
	fi
