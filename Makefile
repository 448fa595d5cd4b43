# Two commands are enough: "make run" and "make test". Both install what is missing on Debian 12 (script/install-debian.sh).
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Fetched and built by the go command, beside the module's own dependencies.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0

.PHONY: help run build test tested leaks test-go audit e2e lighthouse check format generate web bench bench-go soak fuzz clean

help: ## Show this help
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

# wangge reads ADDR and DATA itself: ADDR=127.0.0.1:8090 DATA=/srv/town make run
run: build ## Start wangge with the demo town; ADDR=127.0.0.1:8090 DATA=DIR make run chooses port and data folder
	@script/install-debian.sh
	@./wangge demo --if-empty
	@./wangge user demo
	@exec ./wangge serve

build: ## Build ./wangge; needs Go only
	go build -o wangge .

test: ## Everything that must hold: vet, Go tests, the web bundle, the GraphQL audit, browser tests, nothing personal in what they made
	script/install-debian.sh --browser
	script/npm.sh web
	script/npm.sh graph/audit
	script/kept.sh sh -c '"$$0" --no-print-directory tested' '$(MAKE)'

# All that it prints, and all that its town's server and those of Go's tests log, is looked through in its last step: so Go's tests, of packages
# that leave something, run each time.
tested:
	@$(MAKE) --no-print-directory CI=true format test-go build
	script/unchanged.sh "make web" web/dist -- sh -c 'cd web && npm run --silent build'
	script/with-town.sh sh -c 'node graph/audit/run.mjs "$$WANGGE_URL/graphql" && node web/e2e/run.mjs "$$WANGGE_URL" && node web/e2e/basemap.mjs && go run ./internal/leaks "$$KEPT"'

leaks: build ## Plant personal values in a town of its own and look for them in all that it makes
	script/kept.sh script/with-town.sh sh -c 'go run ./internal/leaks "$$KEPT"'

test-go: ## Go's own checks and tests; needs PostgreSQL with PostGIS, skips without it (fails where CI is set)
	go vet ./...
	go test -timeout 10m ./...
	go test -timeout 10m -tags unchecked -run TestPoliciesAlone ./graph

audit: build ## The public graphql-http audit against a server of its own
	script/npm.sh graph/audit
	script/with-town.sh sh -c 'node graph/audit/run.mjs "$$WANGGE_URL/graphql"'

e2e: build ## Browser tests against a server of its own; SHOTS=DIR keeps pictures of the pages
	script/install-debian.sh --browser
	script/npm.sh web
	script/with-town.sh sh -c 'node web/e2e/run.mjs "$$WANGGE_URL" $(SHOTS) && node web/e2e/basemap.mjs $(SHOTS)'

lighthouse: build ## Lighthouse's marks of the residents' pages on a phone, three runs each; REPORTS=DIR keeps what it says
	script/install-debian.sh --browser
	script/npm.sh web/lighthouse
	script/with-town.sh sh -c 'node web/lighthouse/run.mjs "$$WANGGE_URL" $(REPORTS)'

format:
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }

check: format ## What a change must pass before review: format, vet, staticcheck, licences, known vulnerabilities, generated code and web bundle
	go vet ./...
	go run $(STATICCHECK) ./...
	go run ./internal/licence
	script/vulnerable.sh
	script/unchanged.sh "make generate" graph -- go generate ./graph
	script/npm.sh web
	script/unchanged.sh "make web" web/dist -- sh -c 'cd web && npm run --silent build'

generate: ## Make the GraphQL code anew from graph/schema
	go generate ./...

web: ## Build the pages' scripts into web/dist, which is committed; needs Node
	script/npm.sh web
	cd web && npm run --silent build

# SIZE: demo town (community, district, city). BASE: a commit whose version runs beside. KEEP: folder that keeps the town for the next run.
SIZE ?= city
BENCH = go run ./internal/bench

bench: build ## wangge beside others on the same data, into docs/benchmarks.md; BASE=COMMIT measures an older version too, SIZE=district is quicker
	script/install-debian.sh --bench
	$(BENCH) compare --made-by-make --size '$(SIZE)' --base '$(BASE)' --keep '$(KEEP)' --write docs/benchmarks.md

bench-go: ## Benchmarks of Go code alone
	go test -run '^$$' -bench . -benchmem ./...

DURATION ?= 10m

soak: build ## DURATION (10m) of mixed load with a publication every second, each answer checked; 1,000,000 points against PostGIS; DURATION of changes, each tile against a new one
	script/install-debian.sh --bench
	$(BENCH) soak --size '$(SIZE)' --keep '$(KEEP)' --duration '$(DURATION)'
	SOAK=1 CI=true DURATION='$(DURATION)' go test -count=1 -timeout 0 -run 'Core|KeptTiles' -v ./internal/acceptance

fuzz: ## Every fuzz target for FUZZTIME (default 20s)
	script/fuzz.sh

clean: ## Remove what was built; the data folder stays
	rm -f wangge coverage.out
