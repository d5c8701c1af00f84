# siohub: everything that is done with this tree has a target here; `make help` lists them.
# Needed: Go and Node.js. `make test` takes Python 3, Java, Chromium, nginx, HAProxy and
# OpenSSL where they are; it says what is missing and which tests are skipped for it. With CI=true nothing is
# skipped.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

# Tools are pinned in tools/go.mod and built once per content of its go.sum.
TOOLS_KEY := $(shell cat tools/go.mod tools/go.sum | cksum | cut -d' ' -f1)
TOOLS     := .cache/bin/$(TOOLS_KEY)
GO_TOOL   := go build -modfile=tools/go.mod -o

# The authority of the test of ACME, which is no part of this module.
PEBBLE_VERSION := v2.10.3
PEBBLE         := .cache/pebble/$(PEBBLE_VERSION)

VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
NPM_CI     := npm ci --no-audit --no-fund --loglevel=error
CLIENT     := node_modules/socket.io-client
CLIENT_DIR := hub/internal/clientfiles/dist

FUZZTIME   ?= 10s
FUZZPART   ?= 1/1
CHAOS_TIME ?= 30s
CHAOS_CUTS ?= 10000
CHAOS_KILLS ?= 10000
E2E_CUTS   ?= 1000
BENCHTIME  ?= 1s
NEIGHBOURS ?= 3
ROUNDS     ?= 1
PAIRS      ?= 20
WORKLOADS  ?= echo,echo-rate,echo-slow

# Tests that need a browser, Node.js, Python or Java skip without them, or fail when
# HUB_E2E says `require`.
export HUB_E2E := $(if $(CI),require,$(HUB_E2E))

##@ Daily

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9.-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build the hub and start the demo: hub, chat page, chat service
	bin/hub demo

.PHONY: build
build: clientfiles ## Build bin/hub with the browser client embedded
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/hub ./cmd/hub

.PHONY: test
test: e2e-tools clientfiles ## Run every test, those with real browsers and clients too
	go test -race -shuffle=on -timeout=20m ./...
	go test -run '^TestAllocs' $$(git grep -l '^func TestAllocs' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's,^,./,')

.PHONY: e2e
e2e: e2e-tools clientfiles ## Run the tests with real clients and processes alone
	go test -race -shuffle=on -timeout=20m -v ./test/... ./examples/...

.PHONY: lint
lint: lint-go lint-proto lint-tree ## Check formatting, style, imports, contract and generated code

.PHONY: generate
generate: $(TOOLS)/buf ## Generate gen/ from proto/
	$(TOOLS)/buf generate

##@ Kits of other languages

.PHONY: sdk
sdk: sdk-python sdk-node ## Build wheel and tarballs of the Python and Node kits, with their checksums, into bin/sdk
	cd bin/sdk && sha256sum siohub-*.whl siohub-*.tar.gz siohub-*.tgz >SHA256SUMS

.PHONY: sdk-python
sdk-python: sdk/python/.venv/.installed ## Build the Python kit into bin/sdk
	rm -f bin/sdk/siohub-*.{whl,tar.gz}
	sdk/python/.venv/bin/python -m build --outdir bin/sdk sdk/python

.PHONY: sdk-node
sdk-node: sdk/node/node_modules/.installed sdk/nestjs/node_modules/.installed ## Build the Node kit and its NestJS adapter into bin/sdk
	@mkdir -p bin/sdk && rm -f bin/sdk/siohub-*.tgz
	cd sdk/node && npm run --silent build && npm pack --silent --pack-destination ../../bin/sdk
	cd sdk/nestjs && npm run --silent build && npm pack --silent --pack-destination ../../bin/sdk

.PHONY: sdk-test
sdk-test: build sdk-node sdk/python/.venv/.installed node_modules/.installed examples/chat-node/node_modules/.installed $(TOOLS)/buf ## Check and test the Python and Node kits with bin/hub and real clients, and hold them against the rules (15 min)
	cd sdk/python && .venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && SIOHUB_HUB_BINARY=$(CURDIR)/bin/hub .venv/bin/python -m pytest -q
	cd sdk/node && npm run --silent generate && git diff --exit-code src/pb
	cd sdk/node && npm run --silent check && npx tsc -p tsconfig.test.json && SIOHUB_HUB_BINARY=$(CURDIR)/bin/hub npm test
	cd sdk/nestjs && SIOHUB_HUB_BINARY=$(CURDIR)/bin/hub npm test
	$(MAKE) sdk-conform
	E2E_KITS=yes go test -race -count=1 -timeout=20m -v -run '^Test(ChatKits|Tokens)$$' ./test/e2e

# A kit's output is shown as a whole, after that of the one before.
.PHONY: sdk-conform
sdk-conform: build sdk/python/.venv/.kit sdk/node/dist/index.js ## Hold the Python and Node kits against the rules of docs/kits.md, both at a time (2 min)
	bin/hub conform --parallel 4 -- sdk/python/.venv/bin/python sdk/python/conform_app.py >bin/conform-python.tap 2>&1 & python=$$!; \
	bin/hub conform --parallel 4 -- node sdk/node/conform/app.mjs >bin/conform-node.tap 2>&1 && node=0 || node=$$?; \
	wait $$python && python=0 || python=$$?; \
	cat bin/conform-python.tap bin/conform-node.tap; \
	exit $$((python + node))

# Each application has an environment of its own, as they pin many packages. Those that no registry has whole are checkouts.
APPLICATIONS := .cache/applications
KITS_AT      := SIOHUB_HUB_BINARY=$(CURDIR)/bin/hub
.PHONY: sdk-applications
sdk-applications: build sdk-node sdk/python/.venv/.installed node_modules/.installed $(APPLICATIONS)/.installed ## Run whole applications behind a hub in a real browser, and more with NICEGUI=DIR, FLASK_SOCKETIO=DIR, PYTHON_SOCKETIO=DIR
	cd sdk/python && $(KITS_AT) \
	  SIOHUB_CHAINLIT=$(CURDIR)/$(APPLICATIONS)/chainlit/bin/python SIOHUB_TAIPY=$(CURDIR)/$(APPLICATIONS)/taipy/bin/python \
	  SIOHUB_NICEGUI=$(or $(NICEGUI),/none) SIOHUB_FLASK_SOCKETIO=$(or $(FLASK_SOCKETIO),/none) \
	  SIOHUB_PYTHON_SOCKETIO=$(or $(PYTHON_SOCKETIO),/none) .venv/bin/python -m pytest -q -rs \
	  tests/test_whole.py tests/test_nicegui.py tests/test_flask_suite.py tests/test_reference_examples.py
	cd sdk/node && $(KITS_AT) SIOHUB_NODE_APPS=$(CURDIR)/$(APPLICATIONS)/node node --test test/whole.test.mjs

.PHONY: reference-suite
reference-suite: build sdk-node ## Run socket.io's own server suite through the Node kit: SUITE=DIR is a checkout of socket.io
	$(NPM_CI) --prefix sdk/node/reference-suite
	mkdir -p sdk/node/reference-suite/node_modules/@siohub && ln -sfn ../../.. sdk/node/reference-suite/node_modules/@siohub/server
	cd sdk/node/reference-suite && SIOHUB_HUB_BINARY=$(CURDIR)/bin/hub node run.mjs $(abspath $(SUITE))

##@ Longer looks

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s); FUZZPART=1/3 takes the first of every three
	FUZZTIME=$(FUZZTIME) FUZZPART=$(FUZZPART) tools/fuzz.sh

.PHONY: chaos
chaos: ## Kill a service instance every second for CHAOS_TIME (30s) under 200 browsers
	CHAOS_TIME=$(CHAOS_TIME) go test -count=1 -timeout=15m -v -run '^TestChaos' ./test/chaos

.PHONY: cluster-faults
cluster-faults: e2e-tools ## Kill and cut off hubs and engines of clusters under 300 browsers; restart hubs under 200 that poll (25 min)
	CHAOS_CLUSTER=full go test -count=1 -timeout=60m -v -run '^TestCluster_' ./test/chaos
	NATS_REPLICAS=full go test -count=1 -v -run '^TestRecorder_WithReplicas$$' ./hub/cluster/nats
	E2E_UNSTICKY=200 go test -count=1 -timeout=30m -v -run '^TestUnsticky$$' ./test/e2e

.PHONY: conform
conform: build ## Hold the Go kit against the rules of docs/kits.md, 175 cases (2 min)
	go build -o bin/goapp ./test/conform/goapp
	bin/hub conform --parallel 4 -- bin/goapp

.PHONY: chaos-cuts
chaos-cuts: ## Cut the connection of a service CHAOS_CUTS (10000) times under 40 browsers
	CHAOS_CUTS=$(CHAOS_CUTS) go test -count=1 -timeout=30m -v -run '^TestCuts$$' ./test/chaos

.PHONY: chaos-kits
chaos-kits: sdk/python/.venv/.kit sdk/node/dist/index.js ## Kill CHAOS_KILLS (10000) processes of the Python and Node kits under 48 browsers (an hour)
	CHAOS_KILLS=$(CHAOS_KILLS) go test -count=1 -timeout=180m -v -run '^TestKits$$' ./test/chaos

.PHONY: recovery-cuts
recovery-cuts: node_modules/.installed ## Cut browsers E2E_CUTS (1000) times over each transport: they miss nothing
	E2E_CUTS=$(E2E_CUTS) go test -count=1 -timeout=60m -v -run '^TestRecovery$$' ./test/e2e

.PHONY: clock
clock: node_modules/.installed ## Set the wall clock of a hub and of services while they run
	E2E_CLOCK=yes go test -count=1 -timeout=30m -v -run '^TestClock$$' ./test/e2e

# The hub and the bystanders come before all others, where that is allowed; their attackers have what these leave
# (chrt in the tests). Without it two threads of the hub share a processor while an attacker has the other.
FIRST = $(shell chrt --rr 2 true 2>/dev/null && echo '-exec="chrt --rr 2"')

.PHONY: neighbours
neighbours: ## Measure a bystander's echo beside services that take all they can, NEIGHBOURS (3) rounds each
	HOSTILE_NEIGHBOURS=$(NEIGHBOURS) go test -count=1 -timeout=30m -v $(FIRST) -run '^TestNeighbours$$' ./test/hostile

.PHONY: neighbours-browsers
neighbours-browsers: ## Measure the same beside browsers
	HOSTILE_NEIGHBOURS=$(NEIGHBOURS) go test -count=1 -timeout=30m -v $(FIRST) -run '^TestNeighboursBrowsers$$' ./test/hostile

.PHONY: interop
interop: interop-tools clientfiles ## Take every Socket.IO client through every step; writes the table in docs/clients.md
	go run ./test/interop -write

.PHONY: conformance
conformance: ## Serve the public protocol suites on 127.0.0.1:3000; ARGS=-engine for Engine.IO alone
	go run ./cmd/conformance $(ARGS)

.PHONY: suites
suites: node_modules/.client ## Run the public suites ROUNDS (1) times from CHECKOUT, a checkout of socketio/socket.io
	tools/suites.sh $(or $(CHECKOUT),$(error CHECKOUT is missing: a checkout of socketio/socket.io)) $(ROUNDS)

.PHONY: bench
bench: bench/node/node_modules/.installed ## Measure CPU and memory under load, beside Node's socket.io and a floor
	go build -o bin/bench ./bench/run
	bin/bench --write

.PHONY: bench-growth
bench-growth: ## Measure how the cost grows with connections, rooms, namespaces and payloads
	go build -o bin/bench ./bench/run
	bin/bench --growth --rounds 3 --write

.PHONY: bench-cluster
bench-cluster: bench/node/node_modules/.installed ## Measure two and four hubs on each engine, beside two Node servers: ten minutes
	go build -o bin/bench ./bench/run
	bin/bench --cluster --rounds 3 --duration 1500ms --write

.PHONY: bench-micro
bench-micro: ## Run the Go micro-benchmarks for BENCHTIME (1s) each
	go test -run '^$$' -bench . -skip '^BenchmarkParallel' -benchmem -benchtime $(BENCHTIME) ./hub/... ./controlplane/... ./service/...
	go test -run '^$$' -bench '^BenchmarkParallel' -cpu 1,2,4 -benchmem -benchtime $(BENCHTIME) ./hub/... ./controlplane/... ./service/...

.PHONY: bench-pairs
bench-pairs: $(TOOLS)/benchstat clientfiles ## Compare with the build of commit BASE: PAIRS (20) of each of WORKLOADS, by benchstat
	tools/pairs.sh $(or $(BASE),$(error BASE is missing: the commit to compare with)) $(PAIRS) $(WORKLOADS) 1500ms $(TOOLS)/benchstat

##@ Parts of lint

.PHONY: lint-go
lint-go: $(TOOLS)/golangci-lint ## Format, vet and lint the Go code
	@test -z "$$(gofmt -l $$(git ls-files '*.go') | tee /dev/stderr)" || { echo "gofmt: run gofmt -w on the files above" >&2; exit 1; }
	go vet ./...
	$(TOOLS)/golangci-lint run ./...

.PHONY: lint-proto
lint-proto: $(TOOLS)/buf ## Lint the contract, compare it with the baseline and with gen/
	$(TOOLS)/buf lint
	$(TOOLS)/buf format --diff --exit-code
	$(TOOLS)/buf breaking --against proto/baseline.binpb
	@rm -rf .cache/generated
	$(TOOLS)/buf generate --output .cache/generated
	@diff -r gen .cache/generated/gen || { echo "gen/ is not what proto/ says: run make generate" >&2; exit 1; }

.PHONY: lint-tree
lint-tree: ## Check imports against the table of packages, go.mod and the tree itself
	go mod tidy -diff
	go mod verify
	go test -count=1 ./internal/house
	tools/check-tree.sh

##@ Renewals

.PHONY: breaking-baseline
breaking-baseline: $(TOOLS)/buf ## Accept the contract as it is: what buf breaking compares with
	$(TOOLS)/buf build --as-file-descriptor-set --exclude-source-info -o proto/baseline.binpb

.PHONY: depaware
depaware: ## Accept the dependencies of cmd/hub as they are
	go test -count=1 ./internal/house -run '^TestDependencies' -update

.PHONY: clean
clean: ## Remove everything that was built or installed
	rm -rf bin .cache .venv node_modules {bench/node,examples/chat-node}/node_modules examples/bare-java/target sdk/python/.venv sdk/{node,nestjs,node/reference-suite}/{node_modules,dist}
	git clean -fdXq $(CLIENT_DIR)

# --- files -----------------------------------------------------------------

$(TOOLS)/buf: tools/go.mod tools/go.sum
	@mkdir -p $(TOOLS)
	$(GO_TOOL) $@ github.com/bufbuild/buf/cmd/buf

$(TOOLS)/golangci-lint: tools/go.mod tools/go.sum
	@mkdir -p $(TOOLS)
	$(GO_TOOL) $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(TOOLS)/benchstat: tools/go.mod tools/go.sum
	@mkdir -p $(TOOLS)
	$(GO_TOOL) $@ golang.org/x/perf/cmd/benchstat

# The page and the embedded client need one package; tests need the rest too.
node_modules/.client: package-lock.json
	@if [[ node_modules/.installed -nt package-lock.json ]]; then :; else echo "$(NPM_CI) --omit=dev"; $(NPM_CI) --omit=dev; fi
	@touch $@

node_modules/.installed: package-lock.json
	$(NPM_CI)
	@touch $@ node_modules/.client

bench/node/node_modules/.installed: bench/node/package-lock.json
	$(NPM_CI) --prefix bench/node
	@touch $@

sdk/python/.venv/.kit: sdk/python/pyproject.toml
	python3 -m venv sdk/python/.venv
	sdk/python/.venv/bin/pip install --quiet --editable sdk/python
	@touch $@

sdk/python/.venv/.installed: sdk/python/.venv/.kit
	sdk/python/.venv/bin/pip install --quiet build nicegui --editable 'sdk/python[test,flask]'
	@touch $@

$(APPLICATIONS)/.installed:
	python3 -m venv $(@D)/chainlit && $(@D)/chainlit/bin/pip install --quiet chainlit grpcio protobuf
	python3 -m venv $(@D)/taipy && $(@D)/taipy/bin/pip install --quiet taipy-gui flask==3.1.2 grpcio protobuf
	mkdir -p $(@D)/node && cd $(@D)/node && echo '{"private": true}' >package.json && npm install --no-audit --no-fund --loglevel=error \
	  karma karma-mocha karma-chrome-launcher mocha browser-sync @feathersjs/{feathers,koa,socketio,socketio-client}
	@touch $@

sdk/node/node_modules/.installed: sdk/node/package-lock.json
	$(NPM_CI) --prefix sdk/node
	@touch $@

sdk/node/dist/index.js: sdk/node/node_modules/.installed $(shell find sdk/node/src -name '*.ts')
	cd sdk/node && npm run --silent build

sdk/nestjs/node_modules/.installed: sdk/nestjs/package-lock.json sdk/node/node_modules/.installed
	$(NPM_CI) --prefix sdk/nestjs
	@touch $@

# The kit is a link there, to what sdk-node builds.
examples/chat-node/node_modules/.installed: examples/chat-node/package.json sdk/node/node_modules/.installed
	cd $(<D) && npm install --no-audit --no-fund --loglevel=error
	@touch $@

PYTHON_NEEDS := examples/bare-python/requirements.txt test/interop/clients/python/requirements.txt
.venv/.installed: $(PYTHON_NEEDS)
	python3 -m venv .venv
	.venv/bin/pip install --quiet $(PYTHON_NEEDS:%=-r %)
	@touch $@

# What Maven has fetched once it takes from its own store afterwards; the tests run
# the classes without it.
examples/bare-java/target/.installed: examples/bare-java/pom.xml $(wildcard examples/bare-java/src/main/java/*.java proto/hub/v1/*.proto)
	mvn --batch-mode --quiet --file $< compile
	@touch $@

$(PEBBLE)/pebble:
	GOBIN=$(abspath $(PEBBLE)) go install $(addprefix github.com/letsencrypt/pebble/v2/cmd/,$(addsuffix @$(PEBBLE_VERSION),pebble-challtestsrv pebble))

# The clients of test/interop that are no packages of npm and PyPI, in the versions that its table has.
JAVA_CLIENT := test/interop/clients/java
.cache/interop/java-%/.installed: $(JAVA_CLIENT)/pom.xml $(wildcard $(JAVA_CLIENT)/src/main/java/*.java)
	mvn --batch-mode --quiet --file $< -Dclient=$*.2 -Dat=$(CURDIR)/$(@D) compile
	@touch $@

RUST_CLIENT := test/interop/clients/rust
.cache/interop/rust/release/client: $(RUST_CLIENT)/Cargo.toml $(wildcard $(RUST_CLIENT)/src/*.rs)
	cargo build --quiet --release --manifest-path $< --target-dir .cache/interop/rust
	@touch $@

.PHONY: interop-tools
interop-tools: e2e-tools .cache/interop/java-1.0/.installed .cache/interop/java-2.1/.installed .cache/interop/rust/release/client

.PHONY: e2e-tools
e2e-tools: node_modules/.installed bench/node/node_modules/.installed
	@for program in chromium nginx haproxy openssl; do command -v $$program >/dev/null || echo "no $$program: the tests with it are skipped" >&2; done
	@$(MAKE) $(PEBBLE)/pebble || { test -z "$(CI)" && echo "no pebble: the tests of ACME are skipped" >&2; }
	@$(MAKE) .venv/.installed || { test -z "$(CI)" && echo "no Python environment: the tests of examples/bare-python and the Python rows of test/interop are skipped" >&2; }
	@$(MAKE) examples/bare-java/target/.installed || { test -z "$(CI)" && echo "no Maven: the test of examples/bare-java is skipped" >&2; }
	@$(MAKE) .cache/interop/java-2.1/.installed || { test -z "$(CI)" && echo "no Maven: the Java row of test/interop is skipped" >&2; }

# What hub/internal/clientfiles embeds: the npm package's files and its licence.
.PHONY: clientfiles
clientfiles: node_modules/.client
	@mkdir -p $(CLIENT_DIR)
	@cp $(CLIENT)/dist/socket.io{,.min,.esm.min,.msgpack.min}.js{,.map} $(CLIENT)/{LICENSE,package.json} $(CLIENT_DIR)/
