# landlord: `make help` lists what there is.

GO ?= go
BIN := bin/landlord

.DEFAULT_GOAL := help
.PHONY: help build bundle check-bundle demo check test bench bench-go fuzz soak clean check-terraform check-postgres

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

build: ## the binary, bin/landlord
	$(GO) build -o $(BIN) ./cmd/landlord

demo: ## five customers: the report, then the house with its console, until Ctrl-C (ARGS=--once looks and ends)
	@scripts/demo $(ARGS)

bundle: ## the binary with PostgreSQL built in (Linux on x86-64)
	@scripts/bundle
	$(GO) build -tags bundle -o $(BIN) ./cmd/landlord

check-bundle: bundle ## the built-in PostgreSQL serves, and takes over from the machine's
	$(GO) test -tags bundle -run 'TestBundle|TestToAnotherVersion' ./service/postgres ./service/store

check: ## all that CI runs: format, vet, lint, known vulnerabilities, tests
	@scripts/check

test: ## the tests alone
	$(GO) test ./...

bench: build ## speed and size beside their limits, up to 50,000 customers
	$(GO) run ./internal/bench -landlord $(BIN)

bench-go: ## the micro-benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## each fuzz target for a minute
	@for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z]*' $$pkg/*_test.go | cut -c6-); do \
	    $(GO) test $$pkg -run '^$$' -fuzz "^$$f$$" -fuzztime 60s -fuzzminimizetime 1x || exit 1; done; done

check-terraform: ## the export, under Terraform with HashiCorp's provider (PROVIDER=FILE)
	@scripts/check-terraform check-postgres

check-postgres: ## the tests of what is kept, on PostgreSQL 15, 16, 17 and 18 (Linux on x86-64)
	@scripts/check-postgres

soak: build ## 2,000 simulated organizations while everything goes wrong
	$(BIN) soak --seeds 2000

clean: ## what was built and simulated
	rm -rf bin .landlord
