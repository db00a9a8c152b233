# Janus: `make up` runs it, `make test` tests it, `make help` lists the rest.
.DEFAULT_GOAL := all
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

VERSION := 0.1.0
CC ?= gcc
B := build$(if $(SAN),/san)
BIN := $(B)/bin
ifeq ($(origin BIN)$(filter scenarios,$(MAKECMDGOALS)),command linescenarios)
INSTALLED := $(BIN)	# make BIN=/usr/bin scenarios: these programs, and what tests need from here
override BIN := $(B)/bin
endif

CFLAGS ?= -O2 -g
CFLAGS += -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla -Werror -Wno-format-truncation \
	-fPIE -fstack-protector-strong -fno-strict-aliasing -ffile-prefix-map=$(CURDIR)=. -DJANUS_VERSION='"$(VERSION)"'
ifdef SAN
CFLAGS += -O1 -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SAN)
else
CFLAGS += -D_FORTIFY_SOURCE=2
endif
LDFLAGS += -pie -Wl,-z,relro,-z,now -pthread
LDLIBS := -lmicrohttpd -lgnutls -lcurl -lcjson -lsqlite3 -lcrypto -lconfuse -lsmartcols -larchive -lz -lm
CPPFLAGS += -I. -I$(B)/gen -MMD -MP

# A room is a directory; a program is its main room and the rooms below it.
sources = $(foreach room,$(1),$(wildcard $(room)/*.c))
objects = $(patsubst %.c,$(B)/obj/%.o,$(call sources,$(1)))

RUNTIME := runtime/base runtime/base/cli runtime/bundle runtime/capture runtime/loop runtime/net runtime/sql runtime/engine \
	runtime/engine/docker runtime/engine/sandy runtime/openai runtime/diagnose
DAEMON := controlplane/store controlplane/backup controlplane/registry controlplane/artifacts controlplane/supervise controlplane/gateway \
	controlplane/schedule controlplane/observe \
	controlplane/api controlplane
PLATFORM := controlplane/platform
SANDBOX := controlplane/sandbox
BASELINE := baseline/cli baseline/agent
CTL := controlplane/ctl
BENCH := bench/record bench/score bench/report bench/opponents bench
PROGRAMS := janusd janusctl janus-platform janus-baseline janus-agent janus-sandboxd janus-bench janus-opponent
STATIC := janus-link janus-canary janus-sandbox-agent

all: programs			## build every program into build/bin
programs: $(addprefix $(BIN)/,$(PROGRAMS)) $(addprefix $(BIN)/,$(STATIC))
without-ui: $(filter-out %/janusd,$(addprefix $(BIN)/,$(PROGRAMS) $(STATIC))) \
	$(filter-out %/static_files.o,$(call objects,$(DAEMON)))

$(B)/libruntime.a: $(call objects,$(RUNTIME))
$(B)/libdaemon.a: $(filter-out %/main.o,$(call objects,$(DAEMON)))
$(B)/libplatform.a: $(filter-out %/main.o,$(call objects,$(PLATFORM)))
$(B)/libsandbox.a: $(filter-out %/main.o,$(call objects,$(SANDBOX)))
$(B)/libbaseline.a: $(filter-out %/main.o,$(call objects,$(BASELINE)))
$(B)/libctl.a: $(filter-out %/main.o,$(call objects,$(CTL)))
$(B)/libbench.a: $(filter-out %/main.o,$(call objects,$(BENCH)))
$(B)/%.a:
	@rm -f $@
	@$(AR) qcs $@ $^	# q: two rooms may each have a routes.o

link = @echo "  link $@"; mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $(1) $(LDLIBS)
$(BIN)/janusd: $(B)/obj/controlplane/main.o $(B)/libdaemon.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janusctl: $(B)/obj/controlplane/ctl/main.o $(B)/libctl.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janus-platform: $(B)/obj/controlplane/platform/main.o $(B)/libplatform.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janus-sandboxd: $(B)/obj/controlplane/sandbox/main.o $(B)/libsandbox.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janus-baseline: $(B)/obj/baseline/agent/main.o $(B)/libbaseline.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janus-bench: $(B)/obj/bench/main.o $(B)/libbench.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janus-opponent: $(B)/obj/bench/opponents/main.o $(B)/libbench.a $(B)/libruntime.a
	$(call link,$^)
$(BIN)/janus-agent: $(B)/obj/baseline/cli/main.o $(B)/libbaseline.a $(B)/libruntime.a
	$(call link,$^)

$(B)/obj/%.o: %.c Makefile
	@echo "  cc   $<"; mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The programs that run inside a pod link nothing of ours and no shared library.
POD_CFLAGS := -std=c17 -D_GNU_SOURCE -static -Os -s -Wall -Wextra -Werror -Wshadow \
	-Wmissing-prototypes -Wvla -ffile-prefix-map=$(CURDIR)=. -I. -DJANUS_VERSION='"$(VERSION)"'
$(BIN)/janus-link: controlplane/link/link.c runtime/engine/link_protocol.h
$(BIN)/janus-canary: controlplane/link/canary.c $(wildcard controlplane/link/attempts*.c \
	controlplane/link/try_*.c controlplane/link/*.h)
$(BIN)/janus-sandbox-agent: $(wildcard controlplane/sandbox/inside/*.[ch])
$(BIN)/janus-link $(BIN)/janus-canary $(BIN)/janus-sandbox-agent:
	@echo "  musl $@"; mkdir -p $(@D)
	@musl-gcc $(POD_CFLAGS) -o $@ $(filter %.c,$^)

# Named statements of db/queries become an enum and its text; migrations are embedded in order.
$(B)/gen/sql_queries.h: $(sort $(wildcard db/queries/*.sql)) db/queries.awk
	@mkdir -p $(@D); awk -f db/queries.awk $(filter %.sql,$^) > $@
$(B)/gen/sql_migrations.h: $(sort $(wildcard db/migrations/*.sql))
	@mkdir -p $(@D); for f in $^; do n=$$(basename $$f .sql); \
		echo "EMBED(migration_$${n%%_*}, \"$$f\");"; done > $@; \
	echo "#define MIGRATIONS(X) \\" >> $@; \
	for f in $^; do n=$$(basename $$f .sql); echo "	X(migration_$${n%%_*}) \\"; done >> $@; echo >> $@
$(call objects,controlplane/store): $(B)/gen/sql_queries.h $(B)/gen/sql_migrations.h

# What the sources are: their commit, "+" where more was changed; of a release, what it was made from.
ifndef REVISION
REVISION := $(if $(wildcard .git),$(shell git describe --always --exclude='*' --abbrev=12 --dirty=+ 2>/dev/null),$(shell \
	cat ui/prebuilt/revision 2>/dev/null))
endif
export REVISION
$(B)/gen/revision.h: FORCE
	@mkdir -p $(@D); echo '#define JANUS_REVISION "$(REVISION)"' | cmp -s - $@ || echo '#define JANUS_REVISION "$(REVISION)"' > $@
$(B)/obj/controlplane/gateway/metrics.o $(B)/obj/controlplane/sandbox/report.o: $(B)/gen/revision.h

$(B)/obj/controlplane/gateway/openapi.o: docs/openapi.json

# The web UI: the bundle that vite makes, packed, and a table of what is in it; NO_UI=1 (no Node): a page
# that says so.  Every build, sanitized or not, has the same one.  A release has both made already, in ui/prebuilt.
UI_TABLE := build/gen/ui_table.inc
UI_PACK := build/gen/ui.pack
$(B)/obj/controlplane/gateway/static_files.o: $(UI_TABLE)
$(B)/obj/controlplane/gateway/static_files.o: CPPFLAGS += -Ibuild/gen
build/gen/ui.mode: FORCE
	@mkdir -p $(@D); echo '$(NO_UI)' | cmp -s - $@ || echo '$(NO_UI)' > $@
ifdef NO_UI
$(UI_TABLE): controlplane/gateway/no_ui.html build/gen/ui.mode
	@cp $< $(UI_PACK); n=$$(stat -c %s $<); sum=$$(sha256sum $< | cut -c1-32); printf '%s\n' \
		"#define STATIC_FILES { \"/index.html\", \"text/html; charset=utf-8\", \"$$sum\", false, $$n, { { 0, $$n } } }," \
		'#define STATIC_PAGES "/",' > $@
else ifneq ($(wildcard ui/prebuilt/ui.pack),)
$(UI_TABLE): ui/prebuilt/ui_table.inc ui/prebuilt/ui.pack build/gen/ui.mode
	@cp ui/prebuilt/ui.pack $(UI_PACK); cp ui/prebuilt/ui_table.inc $@
else
$(UI_TABLE): $(wildcard docs/*.md ui/*.*) docs/openapi.json $(wildcard bench/scoring/*.json) \
		$(shell find ui/src ui/public ui/frame ! -name openapi.d.ts) build/gen/ui.mode
	@ui/build.sh $@ $(UI_PACK) $^
endif
FORCE:
$(B)/obj/controlplane/registry/components.o: controlplane/registry/platform_services.json
$(B)/obj/bench/score/scoring.o: $(wildcard bench/scoring/*.json)
$(B)/obj/bench/report/html.o: bench/report/html.css
$(B)/obj/baseline/agent/pack.o: $(wildcard baseline/agent/pack/* baseline/agent/pack/*/*)

# Tests mirror the tree: tests/X/test_Y.c tests X/Y.c.
TEST_SOURCES := $(sort $(wildcard tests/runtime/*/test_*.c tests/runtime/*/*/test_*.c tests/controlplane/*/test_*.c \
	tests/controlplane/test_*.c tests/baseline/*/test_*.c tests/bench/*/test_*.c))
TESTS := $(TEST_SOURCES:%.c=$(B)/%)
$(TESTS): $(B)/%: $(B)/obj/%.o $(B)/libdaemon.a $(B)/libplatform.a $(B)/libsandbox.a $(B)/libbaseline.a $(B)/libctl.a \
	$(B)/libbench.a $(B)/libruntime.a
	@echo "  link $@"; mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcheck -lsubunit -lrt -lm -lz

CHECK_JOBS ?= 1
check: programs $(TESTS)	## run the unit tests; SAN=address,undefined sanitizes them
	@printf '%s\n' $(TESTS) | BIN=$(BIN) xargs -P $(CHECK_JOBS) -n 1 sh -c '$$0'

# The second baseline is a package of its own: checked by tsc, tested by node.
LANGCHAIN := baseline/langchain
$(LANGCHAIN)/node_modules/.done: $(LANGCHAIN)/package-lock.json
	@echo "  npm  $(LANGCHAIN)"; cd $(LANGCHAIN) && npm ci --no-fund --no-audit --silent && touch node_modules/.done
langchain: $(LANGCHAIN)/node_modules/.done	## check the types of baseline/langchain and run its tests
	@cd $(LANGCHAIN) && npm run --silent lint && npm test --silent

ui-test: $(UI_TABLE)		## check the types of ui and run its unit tests
	@ui/run.sh lint && ui/run.sh test

# --- run and test ---------------------------------------------------------------------------
up:				## from nothing to a running Janus; again, it changes nothing
	@controlplane/up.sh
down:				## stop it all; the data stay
	@controlplane/down.sh
test:				## everything: packages, build, lint, units, fuzzing, scenarios, SDK
	@tests/run.sh
tests: $(TESTS) fakes benches
scenarios: programs fakes benches $(B)/tests/runtime/engine/test_docker $(B)/tests/runtime/engine/sandy/test_client $(B)/tests/controlplane/platform/test_vectors	## run the scenarios on a real engine; SAN=address,undefined sanitizes Janus, BIN=/usr/bin takes what is installed
	@BIN=$(or $(strip $(INSTALLED)),$(BIN)) tests/scenario/run.sh $(SCENARIOS)
sandbox-opencode: programs	## the sandbox's image with OpenCode, an open CLI agent, which npm downloads
	@images/build.sh sandbox-opencode
test-opencode: programs	## the baseline with OpenCode as its agent; not part of `make test`: it downloads 180 MB
	@BIN=$(BIN) tests/e2e/opencode/run.sh
test-podman: programs fakes $(B)/tests/runtime/engine/test_docker	## the engine's tests and scenarios (SCENARIOS) on a Podman of their own
	@BIN=$(BIN) tests/podman.sh engine $(or $(SCENARIOS),01 02 04 05 31)
e2e: programs fakes		## run the official OpenAI SDK against Janus
	@BIN=$(BIN) tests/scenario/run.sh 13
screenshots:			## docs/images: what the UI's scenarios saw (make scenarios first)
	@cd tests/e2e/ui && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-fund --no-audit --silent; } && \
		node pictures.js ../../../build/test/shots ../../../docs/images

FAKES := $(patsubst %.c,$(B)/%,$(wildcard tests/fake/*.c))
fakes: $(FAKES)
$(FAKES): $(B)/%: $(B)/obj/%.o
	@echo "  link $@"; mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $^

lint: layers format tidy	## layers, format, clang-tidy, cppcheck, shellcheck, man pages, docs, errors, suites
	@tests/lint/shell.sh
	@tests/lint/man.sh
	@tests/lint/docs.sh
	@tests/lint/errors.sh
	@tests/lint/faults.sh --check
	@tests/lint/metrics.sh
	@tests/lint/security.sh
	@tests/lint/alerts.sh
	@tests/lint/runbook.sh
	@tests/lint/openapi.sh
	@bench/suites/make.py --check
layers:				## fail on an include that points up
	@tests/lint/layers.sh
format:				## fail on C that clang-format would write otherwise; FIX=1 rewrites it
	@tests/lint/format.sh $(if $(FIX),--fix)
tidy: $(B)/gen/sql_queries.h $(B)/gen/sql_migrations.h $(B)/gen/revision.h $(UI_TABLE)
	@tests/lint/tidy.sh

# Fuzz targets: clang's, over the whole runtime, and what some of them name from above it.
FUZZ_FLAGS := -std=c17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -DJANUS_VERSION='"$(VERSION)"'
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS := $(patsubst %.c,build/fuzz/obj/%.o,$(call sources,$(RUNTIME)))
build/fuzz/obj/%.o: %.c Makefile
	@echo "  fuzz $<"; mkdir -p $(@D)
	@clang $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<
build/fuzz/libruntime.a: $(FUZZ_OBJECTS)
build/fuzz/fuzz_inside_frames: build/fuzz/obj/controlplane/sandbox/inside_frames.o
build/fuzz/fuzz_host_line: build/fuzz/obj/controlplane/sandbox/host_line.o
build/fuzz/fuzz_conform: $(patsubst %,build/fuzz/obj/controlplane/supervise/%.o,conform_ask conform_checks conform_stream)
build/fuzz/fuzz_history: build/fuzz/obj/controlplane/supervise/history.o build/fuzz/obj/controlplane/store/nouns.o
build/fuzz/fuzz_listening: build/fuzz/obj/controlplane/supervise/evidence.o
build/fuzz/fuzz_lead: $(patsubst %,build/fuzz/obj/controlplane/schedule/%.o,lead lead_report)
build/fuzz/fuzz_component: $(patsubst %,build/fuzz/obj/controlplane/registry/%.o,component_manifest component_contract)
build/fuzz/fuzz_otlp_config: build/fuzz/obj/controlplane/observe/otlp_config.o
build/fuzz/fuzz_arena: $(patsubst %,build/fuzz/obj/controlplane/gateway/%.o,arena_body arena_voice)
build/fuzz/fuzz_static: build/fuzz/obj/controlplane/gateway/static_files.o
build/fuzz/obj/controlplane/gateway/static_files.o: $(UI_TABLE)
build/fuzz/obj/controlplane/gateway/static_files.o: CPPFLAGS += -Ibuild/gen
build/fuzz/fuzz_forwarded: build/fuzz/obj/controlplane/gateway/forwarded.o
build/fuzz/fuzz_html: build/fuzz/obj/controlplane/platform/html.o
build/fuzz/fuzz_artifacts: $(patsubst %,build/fuzz/obj/controlplane/artifacts/%.o,descriptor inline label multipart range \
	source splice)
build/fuzz/fuzz_agent_chat: $(patsubst %,build/fuzz/obj/baseline/%.o,cli/blocks cli/model agent/steps agent/task agent/triage agent/vision)
build/fuzz/fuzz_bench: $(patsubst %.c,build/fuzz/obj/%.o,$(call sources,bench/record bench/score))
build/fuzz/fuzz_schedule: $(patsubst %,build/fuzz/obj/controlplane/schedule/%.o,cron zone days)
build/fuzz/fuzz_proxy_head: build/fuzz/obj/controlplane/platform/proxy_head.o build/fuzz/obj/controlplane/platform/web_url.o
build/fuzz/fuzz_bench_wire: $(patsubst %.c,build/fuzz/obj/%.o,bench/calculate.c bench/fetch.c bench/target.c bench/tools.c bench/verdict.c \
	bench/wire.c bench/record/attempt.c)
build/fuzz/fuzz_evidence: $(patsubst %.c,build/fuzz/obj/%.o,$(call sources,bench/record bench/score bench/report) controlplane/api/frames_list.c)
$(FUZZERS): build/fuzz/%: build/fuzz/obj/tests/fuzz/%.o build/fuzz/libruntime.a
	@echo "  link $@"; clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -pthread
fuzzers: $(FUZZERS)
fuzz: fuzzers			## fuzz each target for SECONDS (60)
	@for f in $(FUZZERS); do tests/fuzz/run.sh $$f $(or $(SECONDS),60) || exit 1; done

compile_commands.json:		## write build/compile_commands.json, where clangd looks
	@mkdir -p build; $(MAKE) -Bnk --no-print-directory programs tests | awk -v dir="$$PWD" ' \
		BEGIN { printf "[" } / -c -o build/ { gsub(/["\\]/, "\\\\&"); \
		printf "%s\n {\"directory\": \"%s\", \"file\": \"%s\", \"command\": \"%s\"}", n++ ? "," : "", dir, $$NF, $$0 } \
		END { print "\n]" }' > build/compile_commands.json
	@echo "  made build/compile_commands.json"

.PHONY: FORCE ui-test screenshots up down sandbox-opencode test-opencode test test-podman tests langchain scenarios e2e fakes lint layers format tidy fuzzers fuzz compile_commands.json

help:				## show this list
	@awk -F':.*## ' '/^[a-z0-9_.]+:.*## / { printf "  %-22s%s\n", $$1, $$2 }' Makefile

clean:				## remove everything that was built
	rm -rf build

.PHONY: all programs without-ui check help clean

# --- packages: see docs/install.md --------------------------------------------------------------
PREFIX ?= /usr/local
DEB_VERSION ?= $(VERSION)
# The time of the sources: of the last commit, or of the release they came in.
ifndef SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH := $(if $(wildcard .git),$(shell git log -1 --format=%ct),$(shell stat -c %Y Makefile))
endif
export SOURCE_DATE_EPOCH
PACKAGE := images/package
install: programs		## programs, man pages, completions, units: DESTDIR=, PREFIX=/usr/local, SYSCONFDIR=/etc
	@DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) BIN=$(BIN) $(PACKAGE)/install.sh
deb: programs			## a Debian package in build/package
	@BIN=$(BIN) $(PACKAGE)/deb.sh $(DEB_VERSION) build/package
tarball: programs		## a release in build/package: the sources with the UI made, which need no Node
	@$(PACKAGE)/tarball.sh $(VERSION) build/package
sbom: programs			## a list of all that Janus is made of, as CycloneDX in build/package; and docs/dependencies.md
	@mkdir -p build/package; BIN=$(BIN) $(PACKAGE)/sbom.py build/package/janus.cdx.json; BIN=$(BIN) $(PACKAGE)/sbom.py --docs
reproducible:			## build twice, in two places: the same programs and packages, byte by byte
	@tests/package/reproducible.sh
images: programs		## the image that compose.yaml runs; it makes those of the pods by itself
	@BIN=$(BIN) images/build.sh janus
test-deb: deb			## install the package in a Debian of its own with systemd, chat, upgrade, remove
	@tests/package/deb.sh build/package/janus_$(DEB_VERSION)_*.deb
test-compose: images		## compose.yaml with a project, a port and directories of its own: a chat
	@tests/package/compose.sh
.PHONY: install deb tarball sbom reproducible images test-deb test-compose

# --- benchmarks ------------------------------------------------------------------------------
BENCHES := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
$(BENCHES): $(B)/%: $(B)/obj/%.o
	@echo "  link $@"; mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $^
bench: programs $(BENCHES)	## measure Janus beside nginx, write docs/benchmarks.md; QUICK=1, ROUNDS=5, GATEWAYS=1
	@BIN=$(BIN) tests/bench/run.sh $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(GATEWAYS),--gateways)
churn: programs $(BENCHES)	## 10 minutes of 10,000 streams while competitors die; SECONDS=600 STREAMS=10000
	@BIN=$(BIN) tests/bench/churn.sh $(or $(SECONDS),600) $(or $(STREAMS),10000) docs/churn.md
chaos: programs fakes		## FAULTS=1000 faults of SEED=1 on a Janus at work, write docs/chaos.md; FROM= ONLY= KINDS= TOGETHER= SHORT=1
	@BIN=$(BIN) tests/bench/chaos.sh $(or $(FAULTS),1000) $(or $(SEED),1) $(if $(FROM)$(ONLY)$(KINDS)$(SHORT),,docs/chaos.md)
starts: programs			## how long starts, thaws and sandboxes take, write docs/starts.md; TIMES=10
	@BIN=$(BIN) tests/bench/starts.sh $(or $(TIMES),10) docs/starts.md
upgrades: programs $(BENCHES)	## one janusd takes over from another under open streams, write docs/upgrade.md; STREAMS=1000 TIMES=5
	@BIN=$(BIN) tests/bench/upgrade.sh $(or $(STREAMS),1000) $(or $(TIMES),5) docs/upgrade.md
frames: programs fakes		## frames of the chat while an answer streams into 500 messages; writes docs/ui-frames.md
	@BIN=$(BIN) tests/bench/frames.sh docs/ui-frames.md
scores: programs		## score both baselines and the opponents on a running Janus; writes docs/scores.md
	@BIN=$(BIN) tests/bench/scores.sh
benches: $(BENCHES)
.PHONY: bench benches chaos churn frames scores starts upgrades

-include $(shell find $(B) -name '*.d' 2>/dev/null)
