# Everything a developer or a newcomer does, by name. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
AS_OF ?=
KEEP ?=
DATA_DIR ?= .dsm
BASE_PORT ?= 8100
STUDIO_PORT ?= 2024
PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group model \
	--generate-hashes --no-emit-index-url --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help image-test install demo notebooks up down studio check test record coverage test-deadlines test-processes test-faults soak bench lock docs

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# What is used is compiled when it is first imported: a tenth of the time to the first decision less.
install: .venv/installed ## Make .venv with exactly what requirements.lock names

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## Import two real projects as of AS_OF (a chosen day) and decide their next sprints; KEEP=1 leaves the stack running
	$(BIN)/dsm demo $(if $(AS_OF),--as-of $(AS_OF)) $(if $(KEEP),--keep) --base-port $(BASE_PORT)

# JupyterLab comes with the first use: 70 MB that no test needs.
notebooks: install ## Open the notebooks in JupyterLab, on the running stack or on one of their own
	@$(BIN)/python -c 'import jupyterlab' 2>/dev/null || \
		$(BIN)/uv pip install --quiet --constraint requirements.lock --editable '.[notebooks]'
	$(BIN)/jupyter lab --notebook-dir notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

up: install ## Start the embedded stack in the background
	$(BIN)/dsm up --detach --base-port $(BASE_PORT)

down: install ## Stop the embedded stack
	$(BIN)/dsm down

# An environment of its own: the server is under the Elastic licence, and older versions of structlog,
# protobuf and jsonschema-rs are what it runs with. Nothing is sent to LangSmith.
studio: .venv-studio/installed ## Serve the decision graph in LangGraph's development server
	DSM_DATA_DIR=$(DATA_DIR) LANGSMITH_TRACING=false LANGCHAIN_TRACING_V2=false LANGGRAPH_CLI_NO_ANALYTICS=1 \
		.venv-studio/bin/langgraph dev --no-browser --no-reload --port $(STUDIO_PORT)

.venv-studio/installed: requirements.lock pyproject.toml | install
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-studio
	sed -nE 's/^((langchain|langgraph|pydantic)[a-z_-]*==[^ ;]+).*/\1/p' requirements.lock > .venv-studio/versions.txt
	$(BIN)/uv pip install --quiet --python .venv-studio/bin/python --constraint .venv-studio/versions.txt \
		--editable '.[local]' 'langgraph-cli[inmem]>=0.4.40'
	@touch $@

check: install ## Lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports

test: install ## Run the tests on real PostgreSQL and Valkey; COVERAGE=1 measures what they reach
	$(BIN)/python -m pytest -n 3 --dist loadscope -m "not faults and not deadline and not processes and not image" \
		$(if $(COVERAGE),--cov --cov-report=term:skip-covered)

record: install ## Record the cassettes of tests/recorded again, then say what differs from the committed ones
	$(BIN)/python -m pytest -p no:xdist -q tests/recorded --record-mode=rewrite
	git diff --stat --exit-code tests/recorded

coverage: install ## Run the tests with their lines traced, and compare the share that they reach with its floor
	$(MAKE) test COVERAGE=1
	$(BIN)/coverage report --format=total

test-deadlines: install ## Run the tests about deadlines alone, with waits as shipped
	$(BIN)/python -m pytest -p no:xdist -m "deadline and not faults and not image"

test-processes: install ## Restart every replica of seven services under load, as processes on TCP
	$(BIN)/python -m pytest -p no:xdist -m processes tests/replicas

test-faults: install ## Inject faults for half an hour (DSM_FAULT_SECONDS, DSM_KILL_SECONDS, DSM_FAULT_SEED)
	$(BIN)/python -m pytest tests/faults tests/graphs/test_blackholes.py -s

soak: install ## Work at a steady rate for DSM_SOAK_MINUTES (30) and judge what grows
	$(BIN)/python -m tests.soak

# Without a registry the base is made by debootstrap; DSM_IMAGE_BASE names another image to build upon.
image-test: install ## Build the image and run each service in it (needs root, buildah, podman and runc)
	$(BIN)/python -m pytest -p no:xdist -m image tests/image -s -rs

bench: install ## Measure the main paths beside their floors
	$(BIN)/python -m benchmarks

docs: install ## Write the generated parts of documents and manifests again
	$(BIN)/python -m docs.generate

lock: ## Pin every dependency again (needs the network)
	$(PIN) --extra local --extra k8s --extra otel --extra dev -o requirements.lock
	$(PIN) --extra chat --extra embedding --extra k8s --extra mcp --extra otel -c requirements.lock -o deploy/docker/requirements.lock
