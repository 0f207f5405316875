# `make` lists the targets. Each installs what it needs and lacks (Debian, Ubuntu), or says what to install.

CARGO ?= cargo

.PHONY: help demo build test attacks peers bench
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## gateway, example console and message inbox on this machine
	@.ci/packages build
	@$(CARGO) build --locked
	@target/debug/sekisho demo

build: ## the optimised binary: target/release/sekisho
	@.ci/packages build
	$(CARGO) build --locked --release

test: ## formatting, lints, documentation, licences and every test
	@.ci/packages test
	$(CARGO) fmt --check
	.ci/deny
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) test --locked

attacks: ## the catalogue of attacks, as a table; target/attacks.json
	@.ci/packages test
	$(CARGO) test --locked --test attacks -- --nocapture

peers: ## foreign applications, clients and parsers around the gateway, as a table; target/peers.json
	@.ci/packages peers
	@$(CARGO) build --locked
	@python3 tests/peers/run.py

bench: ## CPU per forwarded request beside bare Pingora and nginx
	@.ci/packages bench
	$(CARGO) bench --locked --bench forward
