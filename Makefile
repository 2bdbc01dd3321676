# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# xdplens. `make help` lists what can be made; everything lands in build/. V=1 shows the commands.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
where = DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' UNITDIR='$(UNITDIR)' ZSHDIR='$(ZSHDIR)'
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
LLVM_STRIP ?= llvm-strip
PKG_CONFIG ?= pkg-config
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

# Files in the order in which a packet meets them.
USER := user/main.c user/options.c user/sizes.c user/pipeline.c user/guard.c \
	$(sort $(wildcard user/source/*.c)) $(sort $(wildcard user/analysis/*.c)) \
	$(sort $(wildcard user/detect/*.c)) $(sort $(wildcard user/sink/*.c)) \
	$(sort $(wildcard user/view/*.c)) $(sort $(wildcard user/base/*.c))
UNIT := $(sort $(wildcard tests/unit/test_*.c) $(wildcard tests/bpf/test_*.c))

PACKAGES := libbpf libpcap zlib jansson inih ncursesw libcap-ng libseccomp libcrypto $(shell $(PKG_CONFIG) --exists libmicrohttpd && echo libmicrohttpd)
WARN := -Wall -Wextra -Werror
CFLAGS ?= -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDFLAGS ?= -Wl,-z,relro,-z,now
# Where it was built is told nowhere, so that equal sources give equal bits.
SAME := -ffile-prefix-map='$(BUILD)'=build -ffile-prefix-map='$(CURDIR)'=.
override CFLAGS += $(SAME) -std=gnu11 $(WARN) -D_GNU_SOURCE -DXDPLENS_VERSION='"$(VERSION)"' \
	-Iinclude -Iuser -I$(BUILD) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null) $(SANITIZE)
LDLIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lelf -lpthread -lm -ldl
BPF_CFLAGS := -O2 -g $(SAME) -std=gnu11 $(WARN) -target bpf -mcpu=v3 -Ivmlinux -Iinclude -Ibpf \
	-idirafter /usr/include/$(shell uname -m)-linux-gnu

# The dashboard, where its library and Chart.js are there; without them the build goes on.
WEB := $(shell $(PKG_CONFIG) --exists libmicrohttpd && \
	test -f /usr/share/javascript/chart.js/chart.min.js && echo 1 || echo 0)
override CFLAGS += -DXDPLENS_WEB=$(WEB)
ifeq ($(WEB),0)
USER := $(filter-out user/view/web_%.c,$(USER))
UNIT := $(filter-out tests/unit/test_web.c,$(UNIT))
endif

OBJECTS := $(USER:%.c=$(BUILD)/%.o)
MODULES := $(filter-out $(BUILD)/user/main.o,$(OBJECTS))
UNIT_TESTS := $(UNIT:%.c=$(BUILD)/%)
BENCHES := $(patsubst %.c,$(BUILD)/%,$(filter-out %.bpf.c,$(wildcard tests/bench/bench_*.c)))
MANUAL := $(addprefix $(BUILD)/xdplens.,8 bash zsh)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run demo test check bench lint manual install uninstall deb sbom reproducible clean help deps test-kernels

all: $(BUILD)/xdplens $(BUILD)/xdplens.bpf.o ## build the program

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what building, running and testing need
	@scripts/install-deps

run: ## install what is missing, build, and watch this host (ARGS='-i eth0 ...')
	@scripts/install-deps build
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) all
	$(Q)$(BUILD)/xdplens $(ARGS)

demo: ## the same on a small network of namespaces with clients and servers of its own
	@scripts/install-deps
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) all
	$(Q)scripts/demo $(ARGS)

test: ## install what is missing, build, and run every test that this machine can run
	@scripts/install-deps
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) check

check: all $(UNIT_TESTS) ## the tests alone, nothing installed
	$(Q)tests/run $(TESTS)

test-kernels: all $(BUILD)/tests/bpf/test_differential $(BUILD)/tests/bpf/test_filter ## the programs on other kernels, in virtual machines
	$(Q)tests/vm/run

bench: all $(BENCHES) $(BUILD)/tests/bench/bench.bpf.o ## what a packet costs, beside the peers that are installed
	$(Q)tests/bench/run

lint: ## clang-format, clang-tidy, cppcheck, shellcheck
	$(Q)scripts/lint

$(BUILD)/xdplens: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -rdynamic -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/xdplens.bpf.o: bpf/xdplens.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/tests/bench/bench.bpf.o: tests/bench/bench.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests/bench -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/xdplens.skel.h: $(BUILD)/xdplens.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name xdplens_bpf > $@

$(BUILD)/user/view/web_assets.o: $(wildcard user/view/assets/*)

$(BUILD)/user/source/live.o $(BUILD)/user/source/kernel.o $(BUILD)/user/source/filter_kernel.o: $(BUILD)/xdplens.skel.h

$(BUILD)/tests/%: tests/%.c $(MODULES)
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itests -MMD -MP -o $@ $< $(MODULES) $(LDLIBS) -lcmocka

-include $(OBJECTS:.o=.d) $(BUILD)/manual.d $(BUILD)/xdplens.bpf.d $(UNIT_TESTS:=.d) $(BENCHES:=.d) $(BUILD)/tests/bench/bench.bpf.d

# What is written about the options is made from their table.
$(BUILD)/manual: scripts/manual/manual.c $(MODULES)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(MODULES) $(LDLIBS)

$(BUILD)/xdplens.8: kind := man
$(BUILD)/xdplens.bash: kind := bash
$(BUILD)/xdplens.zsh: kind := zsh
$(MANUAL): $(BUILD)/xdplens.%: scripts/manual/xdplens.%.in $(BUILD)/manual
	$(call say,MANUAL,$@)
	$(Q)$(BUILD)/manual $(kind) $(VERSION) <$< >$@

manual: $(MANUAL) ## the man page, and completion for bash and zsh

install: all manual ## into $(DESTDIR)$(PREFIX); settings into $(DESTDIR)$(SYSCONFDIR)
	$(Q)$(where) scripts/install $(BUILD)

# In a copy of the sources with debian/ at its top, as the tools want it; what is built here is packed.
deb: all manual ## a Debian package in $(BUILD)
	$(Q)scripts/deb $(BUILD)

sbom: all ## what the program is made of, in $(BUILD)/xdplens.cdx.json
	$(Q)CC='$(CC)' CLANG='$(CLANG)' scripts/sbom $(BUILD) $(VERSION)

reproducible: ## builds twice, elsewhere and otherwise, and wants equal bits
	$(Q)scripts/reproducible

uninstall: all manual ## what install put there
	$(Q)$(where) scripts/install -u $(BUILD)

clean: ## remove build/
	rm -rf $(BUILD)
