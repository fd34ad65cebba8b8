# ctop: build, run, check. `make help` lists the targets.
#
# Everything built goes to build/VARIANT; only compdb, golden, man and format write to the source tree.
# Variables: CC, V=1 (show commands), SANITIZE=address|undefined|thread,
# WERROR=1, PREFIX, DESTDIR, PID (make run), TESTS (make check: names to run).

CC       ?= cc
ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
DESTDIR  ?=
SANITIZE ?=
WERROR   ?= $(if $(CI),1)
V        ?=
PID      ?=
TESTS    ?=
OPT      ?= -O2

empty :=
space := $(empty) $(empty)
comma := ,
VARIANT := $(notdir $(firstword $(CC)))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(WERROR),-werror)
BUILD   := build/$(VARIANT)

VERSION := 0.1.0
LAYERS  := base ring sample image unwind symbol profile detail pipeline view export import ui
PKGS    := ncursesw libunwind-generic libelf libdw zlib liblzma json-c capstone
# Loaded when first used, and not linked: only their headers are needed.
LATE_PKGS := libdebuginfod
TEST_PKGS := cmocka vterm

# Made anew after packages were installed; absent while one is missing.
-include $(BUILD)/packages.mk

CPPFLAGS += -Iinclude -D_GNU_SOURCE -DCTOP_VERSION='"$(VERSION)"'
CFLAGS   += -std=c17 $(OPT) -g -fno-strict-aliasing -pthread \
            -Wall -Wextra -Wshadow -Wcast-qual -Wformat=2 -Wmissing-prototypes \
            -Wstrict-prototypes -Wundef $(if $(WERROR),-Werror) $(PKG_CFLAGS)
LDFLAGS  += -pthread
LDLIBS   += $(PKG_LIBS) -liberty -lm -ldl
ifneq ($(SANITIZE),)
CFLAGS   += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS  += -fsanitize=$(SANITIZE)
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

LIB_SRC  := $(foreach l,$(LAYERS),$(wildcard src/$(l)/*.c))
APP_SRC  := $(wildcard src/app/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
E2E_SRC  := $(wildcard tests/e2e/test_*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
APP_OBJ  := $(APP_SRC:%.c=$(BUILD)/%.o)
UNIT     := $(UNIT_SRC:tests/unit/test_%.c=$(BUILD)/tests/unit/%)
E2E      := $(E2E_SRC:tests/e2e/test_%.c=$(BUILD)/tests/e2e/%)
SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
WORK_SRC := $(wildcard tests/workloads/*.c tests/workloads/*.cc)
WORK     := $(patsubst tests/workloads/%,$(BUILD)/workloads/%,$(basename $(WORK_SRC)))
FUZZ     := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH    := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))

.DELETE_ON_ERROR:
.PHONY: all run check check-all corpus chaos golden man fuzz bench install uninstall deps compdb help clean \
        format workloads
.DEFAULT_GOAL := all

all: $(BUILD)/ctop $(BUILD)/demo
	@:

# --- dependencies -----------------------------------------------------------

$(BUILD)/packages.mk: Makefile tests/tools/packages.sh
	$(Q)mkdir -p $(@D)
	$(Q)sh tests/tools/packages.sh "$(PKGS)" "$(LATE_PKGS)" "$(TEST_PKGS)" "$(MAKECMDGOALS)" $@

deps:
	$(Q)sh tests/tools/deps.sh

# --- objects and programs ---------------------------------------------------

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/%.o: CPPFLAGS += -Itests/support
# Objects made for one program are kept, so that nothing is built twice.
.SECONDARY:

$(BUILD)/libctop.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/ctop: $(APP_OBJ) $(BUILD)/libctop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(BUILD)/demo: $(BUILD)/workloads/demo
	$(Q)cp $< $@

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/test_%.o $(SUPPORT_OBJ) $(BUILD)/libctop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) $(TEST_PKG_LIBS) -o $@

$(BUILD)/tests/e2e/%: $(BUILD)/tests/e2e/test_%.o $(SUPPORT_OBJ) $(BUILD)/libctop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) $(TEST_PKG_LIBS) -o $@

$(BUILD)/tools/%: $(BUILD)/tests/tools/%.o $(SUPPORT_OBJ) $(BUILD)/libctop.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) $(TEST_PKG_LIBS) -o $@

# Workloads are built as distributions build programs: optimised, without frame
# pointers; never sanitized.
WORK_FLAGS := -O2 -g -fomit-frame-pointer -fno-optimize-sibling-calls -pthread
$(BUILD)/workloads/%: tests/workloads/%.c
	$(call say,WORK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(firstword $(CC)) -std=c17 -D_GNU_SOURCE -Wall -Wextra $(WORK_FLAGS) $< -lm -ldl -o $@

$(BUILD)/workloads/%: tests/workloads/%.cc
	$(call say,WORK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)g++ -std=c++17 -Wall -Wextra $(WORK_FLAGS) $< -o $@

workloads: $(WORK)

# --- running ----------------------------------------------------------------

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)sh tests/tools/run.sh $(BUILD) "$(PID)"

# --- checking ---------------------------------------------------------------

check: deps
	$(Q)$(MAKE) --no-print-directory check-all

check-all: all $(UNIT) $(E2E) workloads
	$(Q)sh tests/tools/check.sh $(BUILD) $(TESTS)

# What check does in a short form: ctop is killed 2 × 200 times, and stopped 100 times for 5 s.
chaos: all $(E2E) workloads
	$(Q)CTOP_BUILD=$(BUILD) CTOP_CHAOS_ROUNDS=200 CTOP_STOP_ROUNDS=100 CTOP_STOP_SECONDS=5 \
	      $(BUILD)/tests/e2e/safety

golden: all $(UNIT)
	$(Q)CTOP_GOLDEN_WRITE=1 sh tests/tools/check.sh $(BUILD) screen around manual

# The sections of the manual that the tables of keys and commands make.
man: all $(UNIT)
	$(Q)CTOP_GOLDEN_WRITE=1 sh tests/tools/check.sh $(BUILD) manual

# How complete and how right the stacks of the recorded corpus are, as a table.
corpus: $(BUILD)/tools/unwind_compare
	$(Q)$< tests/corpus/*.ctr

format:
	$(Q)clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h' '*.cc')

# --- fuzzing (clang's libFuzzer) and benchmarks -----------------------------

FUZZ_FLAGS := -fsanitize=fuzzer,address,undefined
$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIB_SRC)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(CFLAGS) $(FUZZ_FLAGS) $^ $(LDLIBS) -o $@

# The same without sanitizers, to see which lines a corpus reaches.
COVER_FLAGS := -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping
$(BUILD)/fuzz/cover_%: tests/fuzz/fuzz_%.c $(LIB_SRC)
	$(call say,COVER,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(CFLAGS) $(COVER_FLAGS) $^ $(LDLIBS) -o $@

FUZZ_SECONDS ?= 60
fuzz: $(FUZZ) $(FUZZ:$(BUILD)/fuzz/fuzz_%=$(BUILD)/fuzz/cover_%)
	$(Q)sh tests/tools/fuzz.sh $(BUILD) $(FUZZ_SECONDS)

$(BUILD)/bench/bench_ptrace: LDLIBS += $(shell pkg-config --libs libunwind-ptrace)
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(SUPPORT_OBJ) $(BUILD)/libctop.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ $(LDLIBS) $(TEST_PKG_LIBS) -o $@

bench: all $(BENCH) $(BUILD)/tools/lines_print workloads
	$(Q)bash tests/bench/run.sh $(BUILD)

# --- the rest ---------------------------------------------------------------

install: all
	install -Dm755 $(BUILD)/ctop $(DESTDIR)$(PREFIX)/bin/ctop
	install -Dm644 man/ctop.1 $(DESTDIR)$(PREFIX)/share/man/man1/ctop.1
	install -Dm644 man/ctop-capture.5 $(DESTDIR)$(PREFIX)/share/man/man5/ctop-capture.5

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/ctop $(DESTDIR)$(PREFIX)/share/man/man1/ctop.1 \
	      $(DESTDIR)$(PREFIX)/share/man/man5/ctop-capture.5

compdb:
	$(Q)sh tests/tools/compdb.sh '$(subst ','\'',$(CC) $(CPPFLAGS) -Itests/support $(CFLAGS))' $(LIB_SRC) \
	      $(APP_SRC) $(UNIT_SRC) $(E2E_SRC) > compile_commands.json

clean:
	$(Q)rm -rf build compile_commands.json

help:
	@echo 'make            build build/$(VARIANT)/ctop and the demo program'
	@echo 'make run        install what is missing, build, show the live view (PID=… for a process)'
	@echo 'make check      install what is missing, build, run all tests (TESTS="unit e2e static" for some)'
	@echo 'make corpus     print how good the stacks of the recorded programs are'
	@echo 'make chaos      kill and stop ctop hundreds of times (10 minutes), and look at its target'
	@echo 'make golden     rewrite the golden files from what the program does now; make man: the manual only'
	@echo 'make fuzz       every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make bench      measurements, as ratios against peers in the same run'
	@echo 'make install    to DESTDIR=$(DESTDIR) PREFIX=$(PREFIX); make uninstall takes it back'
	@echo 'make deps       install the Debian packages needed (root or sudo)'
	@echo 'make workloads  the programs the tests sample;  make check-all  check, installing nothing'
	@echo 'make clean      remove build/'
	@echo 'make compdb     compile_commands.json;  make format  apply .clang-format'
	@echo 'variables: CC=clang SANITIZE=address|undefined|thread WERROR=1 V=1'

-include $(LIB_OBJ:.o=.d) $(APP_OBJ:.o=.d) $(SUPPORT_OBJ:.o=.d) \
         $(patsubst %.c,$(BUILD)/%.d,$(UNIT_SRC) $(E2E_SRC))
