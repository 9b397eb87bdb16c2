# A facade over apt, CMake and lblab. `make help` lists what it does.

TOPOLOGY ?= topologies/ecmp.yaml
PREFIX ?= /usr/local
CTEST_ARGS ?=
CTEST := ctest --output-on-failure --no-tests=error --parallel $(shell nproc) $(CTEST_ARGS)

# Objects are shared by every clone on the machine.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.DEFAULT_GOAL := help
.PHONY: help lab-up lab-down setup setup-test setup-check programs build test sanitize bench format format-check tidy \
        install clean

programs := lblab lblab-probe lbd lbd-announce fibd overlayd

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab-up: programs ## bring up a lab: TOPOLOGY=file.yaml (topologies/ecmp.yaml)
	@build/bin/lblab up $(TOPOLOGY)

lab-down: ## end the lab that runs
	@build/bin/lblab down

setup: ## install what is missing from apt (root or sudo, only then)
	@.ci/setup build run guest

setup-test: setup
	@.ci/setup test

setup-check: setup-test
	@.ci/setup check

build/build.ninja: | setup
	@cmake -S . -B build -G Ninja

programs: setup build/build.ninja
	@ninja -C build $(programs)

build: setup build/build.ninja ## compile everything into build/
	@ninja -C build

# Configured again: what the tests use may have come just now. Where the kernel lacks IPVS, the guest is tried first.
test: setup-test ## install, build and run every test
	@cmake -S . -B build -G Ninja --log-level=WARNING
	@ninja -C build
	@build/bin/lblab guest run --if-missing ipvs -- true
	@$(CTEST) --test-dir build --progress

sanitize: setup-test ## the unit and kernel tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@test -e build-asan/build.ninja || cmake -S . -B build-asan -G Ninja -DLBLAB_SANITIZE=ON
	@ninja -C build-asan unit_tests kernel_tests
	@$(CTEST) --test-dir build-asan -R '^(unit|kernel)$$'

bench: setup programs ## the papers' comparisons in ratios, into docs/bench/; what bring-up, observing and XDP cost
	@build/bin/lblab bench topologies/bench.yaml --out docs/bench
	@build/bin/lblab bench topologies/bench-aws.yaml --out docs/bench
	@ninja -C build bench

format: setup-check ## clang-format every source file in place
	@git ls-files '*.cc' '*.hpp' | xargs -r clang-format -i

format-check: setup-check
	@git ls-files '*.cc' '*.hpp' | xargs -r clang-format --dry-run -Werror --ferror-limit=1

tidy: setup-check build ## clang-tidy, warnings are errors
	@.ci/tidy build

install: programs ## install the programs under PREFIX (/usr/local)
	@cmake --install build --prefix $(PREFIX)

clean: ## remove what was built
	@rm -rf build build-asan
