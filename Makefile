# Go, make and git are all that is needed.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
BUILD    = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'

# a program is a line there, and a folder of cmd
PROGRAMS := $(shell cut -d' ' -f1 pkg/cli/programs.txt)

.PHONY: all
all: build share

# What only the linter and a release need, built once from the Go module proxy.
TOOLS    = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/aws-sso-plugins
GOLANGCI = $(TOOLS)/golangci-lint-v2.15.0/golangci-lint

.PHONY: build
build: ## the binaries, static, into bin/
	@mkdir -p bin
	$(BUILD) -o bin/ $(PROGRAMS:%=./cmd/%)
	$(BUILD) -o bin/idctest ./pkg/idctest/idc

SOURCES := $(shell find cmd pkg -type f ! -name '*_test.go' ! -path '*/testdata/*') go.mod go.sum

# Built once and then only after a change: who installs as root needs no Go.
bin/sso-login: $(SOURCES)
	@$(MAKE) --no-print-directory build

share/aws-sso-plugins/aws-alias: bin/sso-login cmd/share.sh
	@sh cmd/share.sh bin share

.PHONY: share
share: share/aws-sso-plugins/aws-alias ## man pages, completion and aliases, into share/, as below a prefix

# where make install puts things: $(DESTDIR)$(prefix)/bin and share
prefix ?= /usr/local
export prefix DESTDIR YES

.PHONY: install
install: share ## the binaries, man pages and completion, below $(DESTDIR)$(prefix)
	@sh cmd/install.sh install

.PHONY: install-plugins
install-plugins: ## also as kubectl sso-login, aws sso-login and so on
	@sh cmd/install.sh plugins

.PHONY: uninstall
uninstall: ## what make install and make install-plugins put there
	@sh cmd/install.sh uninstall

.PHONY: demo
demo: ## log in, make profiles and test them, against an Identity Center on this machine
	@mkdir -p bin
	@echo 'Building the programs; the first time that takes a minute.'
	@$(BUILD) -o bin/ $(PROGRAMS:%=./cmd/%) ./pkg/idctest/idc
	@sh cmd/demo.sh bin

.PHONY: test
test: ## the whole test suite; some minutes, then only what changed
	@echo 'make test: some minutes; a second time only what changed is tested'
	CGO_ENABLED=0 go test ./...

# A synctest bubble has one race context for all of its timers, and two
# processors that fire timers of one bubble at once end the race detector's
# runtime, not the test: golang/go#78156. Such packages get one processor; what
# the detector sees, the order of events, does not hang on their number.
# pkg/torture drives binaries that are built without it.
TEST_IMPORTS = {{range .TestImports}}{{.}} {{end}}{{range .XTestImports}}{{.}} {{end}}

.PHONY: race
race: ## the packages' tests under the race detector; needs a C compiler
	@CGO_ENABLED=1 go test -race -cpu 1 $$(go list -f '{{.ImportPath}} $(TEST_IMPORTS)' ./... | awk '/ testing\/synctest /{print $$1}')
	@CGO_ENABLED=1 go test -race $$(go list -f '{{.ImportPath}} $(TEST_IMPORTS)' ./... | awk '!/ testing\/synctest / && $$1 !~ /\/pkg\/torture$$/{print $$1}')

.PHONY: bench
bench: ## the figures of docs/performance.md, and whether they hold what they must
	CGO_ENABLED=0 go test -tags bench -count=1 -timeout 30m -run '^TestBench' -v ./cmd $(UPDATE)
	CGO_ENABLED=0 go test -tags bench -count=1 -run '^(TestReplyIsBoundedByItsStructure|TestIdleAndSlowConnectionsBlockNothing)$$' ./pkg/wire ./pkg/oidc

.PHONY: conformance
conformance: ## the AWS CLI, the AWS SDKs and kubectl against the suite; CLIENTS='aws-v2 boto3' runs these alone
	@mkdir -p bin
	go test -tags conformance -c -o bin/conformance.test ./pkg/conformance
	cd pkg/conformance && ../../bin/conformance.test -test.timeout 30m -clients '$(CLIENTS)' $(UPDATE)

.PHONY: windows-test
windows-test: ## the packages' tests and some scripts as Windows programs, under wine, some minutes; skipped without it
	go test -tags wine -count=1 -timeout 30m -v ./cmd/wine

.PHONY: peers
peers: ## other projects' programs, unchanged, against idctest: login, listing, credentials
	@mkdir -p bin
	go test -tags conformance -c -o bin/conformance.test ./pkg/conformance
	cd pkg/conformance && ../../bin/conformance.test -test.timeout 30m -peers -test.run '^TestPeers$$'

# What the recipes need beside Go, from PyPI and npm.
RECIPES = $(TOOLS)/recipes

.PHONY: recipes
recipes: ## the recipes of docs/idctest.md; what they need is installed, or they are skipped with a word
	@mkdir -p $(RECIPES)
	@[ -x $(RECIPES)/venv/bin/pytest ] || { python3 -m venv --clear $(RECIPES)/venv && \
	  $(RECIPES)/venv/bin/pip install -q --disable-pip-version-check pytest==9.0.2 boto3==1.44.3 awscli==1.46.3; } || \
	  echo 'recipes: pytest and boto3 cannot be installed here'
	@[ -d $(RECIPES)/node_modules ] || npm install --silent --prefix $(RECIPES) @aws-sdk/client-sts@3.1174.0 || \
	  echo 'recipes: @aws-sdk/client-sts cannot be installed here'
	@RECIPE_PATH=$(RECIPES)/venv/bin RECIPE_NODE_MODULES=$$([ ! -d $(RECIPES)/node_modules ] || echo $(RECIPES)/node_modules) \
	  go test ./pkg/idctest/idc -count=1 -v -run '^TestRecipe'

.PHONY: torture
torture: ## what the suite withstands, at full size (some minutes); writes docs/reliability.md
	@mkdir -p docs
	cd pkg/torture && TORTURE=full go test -count=1 -timeout 60m -figures $(CURDIR)/docs/reliability.md

.PHONY: torture-short
torture-short: ## the same cases with small counts, as `make test` runs them
	@cd pkg/torture && go test -count=1

.PHONY: lint
lint: ## golangci-lint by .golangci.yml; skipped where it cannot be fetched
	@[ -x $(GOLANGCI) ] || GOBIN=$(dir $(GOLANGCI)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 || \
	  echo 'lint: skipped, golangci-lint cannot be fetched here'
	@[ ! -x $(GOLANGCI) ] || $(GOLANGCI) run --allow-parallel-runners ./...

.PHONY: outdated
outdated: ## are the modules the newest that can be had?
	@go test -count=1 -tags outdated -run '^TestModulesAreTheNewest$$' ./cmd

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each
	@set -e; for package in $$(go list ./pkg/...); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	  done; \
	done
FUZZTIME ?= 1m

.PHONY: docs
docs: ## docs/ anew: the man pages and the terminal sessions, from what the binaries print
	@command -v script >/dev/null || { echo 'make docs: script(1) of util-linux is needed' >&2; exit 1; }
	go test ./cmd -count=1 -run '^(TestRecordings|TestManualsAreCurrent)$$' -update
	go test ./pkg/idctest/idc -count=1 -run '^TestManualIsCurrent$$' -update

GORELEASER = $(TOOLS)/goreleaser-v2.16.0/goreleaser
CYCLONEDX  = $(TOOLS)/cyclonedx-gomod-v1.10.0/cyclonedx-gomod
RELEASE    = PATH="$(dir $(GORELEASER)):$(dir $(CYCLONEDX)):$$PATH" sh release/release.sh

$(GORELEASER):
	CGO_ENABLED=0 GOBIN=$(@D) go install github.com/goreleaser/goreleaser/v2@v2.16.0

$(CYCLONEDX):
	CGO_ENABLED=0 GOBIN=$(@D) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

.PHONY: snapshot
snapshot: $(GORELEASER) $(CYCLONEDX) ## all that a release has, into dist/, without publishing
	@$(RELEASE) snapshot

.PHONY: snapshot-check
snapshot-check: ## what make snapshot left; the deb is installed and removed
	@bash release/check.sh

.PHONY: release
release: $(GORELEASER) $(CYCLONEDX) ## publish the tag at HEAD; REPOSITORY=OWNER/NAME says where
	@REPOSITORY='$(REPOSITORY)' $(RELEASE) publish

.PHONY: clean
clean:
	rm -rf bin dist share

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile
