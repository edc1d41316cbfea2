# Everyday verbs. The build itself is Meson's (meson.build); this file only calls it.
#
#   make                    build build/src/command/bootwire
#   make demo               boot a diskless Linux guest from its ROM to a login prompt (BATCH=1: alone)
#   make check              all tests                      (SANITIZE=address|thread, COVERAGE=1)
#   make check-long         the same with more fuzzing and simulated boots, and Debian guests
#   make bench-tftp         TFTP beside tftpd-hpa, atftpd and dnsmasq, with its bars
#   make bench-http         HTTP beside nginx, with its bars
#   make bench-storm        500 machines boot within a second: the slowest beside the median
#   make bench-dhcp         DHCP beside others under perfdhcp's load, with its bars
#   make bench-nfs          NFS beside nfs-ganesha, with its bars  (BENCH_OPTIONS=--quick, TFTP and HTTP, too)
#   make fuzz               every decoder under libFuzzer  (FUZZ_SECONDS=60: each that long)
#   make lint, make format  look at, or set, the shape of the sources
#   make install            into PREFIX (/usr/local), DESTDIR before it
#   make clean

SANITIZE =
COVERAGE =
# A directory with pxeboot_ia32.bin, netbsd and miniroot.kmod: boots them, too.
ifneq ($(BOOTWIRE_NETBSD),)
export BOOTWIRE_NETBSD
endif
FUZZ_SECONDS = 60
PREFIX = /usr/local

# One switch each: a build of another kind lives in a directory of its own.
ifeq ($(SANITIZE),address)
BUILD = build/address
SETUP = -Db_sanitize=address,undefined -Db_lundef=false
else ifeq ($(SANITIZE),thread)
BUILD = build/thread
SETUP = -Db_sanitize=thread -Db_lundef=false
else ifneq ($(COVERAGE),)
BUILD = build/coverage
SETUP = -Db_coverage=true
else
BUILD = build
SETUP =
endif

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/install-packages build
	meson setup --prefix $(PREFIX) $(SETUP) $(BUILD)

demo:
	tools/install-packages build demo
	$(MAKE) all
	tools/demo $(if $(BATCH),--batch)

check:
	tools/install-packages build check fuzz lint $(if $(COVERAGE),coverage)
	$(MAKE) all
	tools/check $(BUILD)

check-long:
	tools/install-packages build check check-long fuzz lint $(if $(COVERAGE),coverage)
	$(MAKE) all
	tools/check --long $(BUILD)

bench-tftp:
	tools/install-packages build bench-tftp
	$(MAKE) all
	BENCH_OPTIONS="$(BENCH_OPTIONS)" tools/bench tftp

bench-http:
	tools/install-packages build bench-http
	$(MAKE) all
	BENCH_OPTIONS="$(BENCH_OPTIONS)" tools/bench http

bench-storm:
	tools/install-packages build bench-storm
	$(MAKE) all
	tools/bench storm

bench-dhcp:
	tools/install-packages build bench-dhcp
	$(MAKE) all
	tools/bench dhcp

bench-nfs:
	tools/install-packages build bench-nfs
	$(MAKE) all
	BENCH_OPTIONS="$(BENCH_OPTIONS)" tools/bench nfs

fuzz:
	tools/install-packages build fuzz
	tools/fuzz $(FUZZ_SECONDS)

lint:
	tools/install-packages build lint
	$(MAKE) all
	tools/lint

format:
	tools/install-packages lint
	git ls-files '*.c' '*.h' | xargs clang-format -i

install: all
	meson install -C $(BUILD)

# The demo's root holds files of other owners.
clean:
	rm -rf build 2>/dev/null || sudo rm -rf build

.PHONY: all demo check check-long bench-tftp bench-http bench-storm bench-dhcp bench-nfs fuzz lint format install clean
