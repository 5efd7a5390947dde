# Go, make and git are all that is needed.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
BUILD    = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'

.PHONY: build
build: ## the three binaries, static, into bin/
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/sso-login ./cmd/sso-profiles ./cmd/sso-test

.PHONY: demo
demo: ## log in, make profiles and test them, against an Identity Center on this machine
	@mkdir -p bin
	@$(BUILD) -o bin/ ./cmd/sso-login ./cmd/sso-profiles ./cmd/sso-test ./pkg/idctest/idc
	@sh cmd/demo.sh bin

.PHONY: test
test: ## the whole test suite
	CGO_ENABLED=0 go test ./...

.PHONY: bench
bench: ## the figures of the README, and whether they hold what they must
	CGO_ENABLED=0 go test -tags bench -count=1 -timeout 30m -run '^TestBench' -v ./cmd $(UPDATE)

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each
	@set -e; for package in $$(go list ./pkg/...); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	  done; \
	done
FUZZTIME ?= 1m

.PHONY: clean
clean:
	rm -rf bin dist

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
