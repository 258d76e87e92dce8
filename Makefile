# Set-up, demo and tests, from nothing but Python 3.11+, a C++ compiler and make.
# Everything else comes from the package index into $(VENV).

VENV ?= .venv
PY := $(VENV)/bin/python
BUILD := build/make
# the first of these that is new enough; choose another with make PYTHON=...
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(PY) -m pip install --disable-pip-version-check -c constraints.txt
# one build folder for all builds, so that the next one is incremental
EDITABLE := --no-build-isolation --config-settings=build-dir=$(BUILD) \
	--config-settings=cmake.define.AMP_SDK_TESTS=ON
SOURCES := CMakeLists.txt $(shell find csrc -type f 2>/dev/null)

# a folder that was moved, or whose Python was removed, is set up again
ifneq ($(shell $(PY) -c 'print(open("$(VENV)/.packages").read().strip())' 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/.packages $(VENV)/.extensions)
endif

# the editable installation knows modules by their paths: a new set of paths is installed again
MODULES := $(shell find amp_sdk training sim2sim sim2real -name '*.py' | LC_ALL=C sort | cksum)
ifneq ($(shell cat $(VENV)/.extensions 2>/dev/null),$(MODULES))
$(shell touch -c -t 197001020000 $(VENV)/.extensions)
endif

.PHONY: help demo test check build wheel format clean

help:
	@echo "make demo    set up, then train, export and verify a walking robot (report: runs/demo)"
	@echo "make test    set up, then all tests (ARGS='-k name' for some)"
	@echo "make check   set up, then linters, type checker and formatting"
	@echo "make build   set up only; again after changes to csrc/"
	@echo "make wheel   a wheel in dist/, to install elsewhere"
	@echo "make format  format all sources"
	@echo "make clean   remove everything that was made here, runs/ excepted"

demo: build
	$(PY) -m amp_sdk.demo --out runs/demo

test: build
	$(VENV)/bin/ctest --test-dir $(BUILD) --output-on-failure
	$(PY) -m pytest $(ARGS)

check: build
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/clang-format --dry-run --Werror $(filter %.cpp %.hpp %.cu %.cuh,$(SOURCES))
	$(VENV)/bin/pyright -p pyproject.toml --pythonpath $(PY)

format: build
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(VENV)/bin/clang-format -i $(filter %.cpp %.hpp %.cu %.cuh,$(SOURCES))

build: $(VENV)/.extensions

wheel: build
	$(PY) -m pip wheel --disable-pip-version-check --no-deps --no-build-isolation -w dist .

$(PY):
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found (python3 is" \
		"$$(python3 --version 2>/dev/null || echo missing)); install one, or name it:" \
		"make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $(PYTHON) is $$($(PYTHON) --version 2>&1); expected Python 3.11 or newer" >&2; \
		exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) cannot make" \
		"virtual environments; install its venv package (Debian, Ubuntu: apt install" \
		"python3-venv)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# packages of every extra; the project itself follows, against the build tools installed here
$(VENV)/.packages: pyproject.toml constraints.txt | $(PY)
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $(VENV) has $$($(PY) --version); remove that folder and run make again" >&2; \
		exit 2; }
	@for c in $(CXX) c++ g++ clang++; do command -v $$c >/dev/null && exit 0; done; \
		echo "error: no C++ compiler found (looked for $(CXX), c++, g++, clang++); install one" \
		"(Debian, Ubuntu: apt install g++; macOS: xcode-select --install)" >&2; exit 2
	@$(PY) -c 'import os, sysconfig as s; open(os.path.join(s.get_path("include"), "Python.h"))' \
		2>/dev/null || { echo "error: the headers of $$($(PY) --version) are missing; install them" \
		"(Debian, Ubuntu: apt install python3-dev)" >&2; exit 2; }
	@echo "installing packages into $(VENV); the first time downloads some hundred megabytes"
	$(PIP) scikit-build-core pybind11 cmake ninja
	$(PIP) $(EDITABLE) -e '.[dev]'
	@rm -f $(VENV)/.extensions
	@echo "$(CURDIR)" > $@

$(VENV)/.extensions: $(SOURCES) amp_sdk/__init__.py $(VENV)/.packages
	@if [ -e $@ ]; then set -x; $(PIP) -q $(EDITABLE) --no-deps -e .; fi
	@echo "$(MODULES)" > $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
