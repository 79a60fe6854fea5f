# Each task is one line; what is longer is a script in scripts/. `make` alone lists them.
.PHONY: help run build test unit check format asan tsan crash bench clean
.DEFAULT_GOAL := help

help:   ## this list
	@sed -n 's/^\([a-z]*\): *## /  make \1\t/p' Makefile
run:    ## build and start `countersign dev`; more options in ARGS="..."
	@scripts/install-dependencies build && scripts/build release countersign && exec build/release/countersign dev $(ARGS)
build:  ## build/release/countersign
	@scripts/install-dependencies build && scripts/build release countersign
test:   ## every test: unit, contract, flows, abuse, end to end
	@scripts/install-dependencies test && scripts/test
unit:   ## every test but the end-to-end ones
	@scripts/install-dependencies test && scripts/test unit
check:  ## before a change is offered: format, warnings, layers, tests, tidy
	@scripts/install-dependencies test && scripts/check
format: ## put the sources in shape
	@scripts/check format
asan:   ## tests under the address and undefined-behaviour sanitizers
	@scripts/install-dependencies test && scripts/sanitize asan
tsan:   ## tests of the threaded modules under the thread sanitizer
	@scripts/install-dependencies test && scripts/sanitize tsan
crash:  ## kill the program 1,000 times under load and look at what is left
	@scripts/install-dependencies test && scripts/crash
bench:  ## the benchmarks of docs/performance.md
	@scripts/install-dependencies bench && scripts/bench
clean:  ## remove what was built
	@rm -rf build tests/e2e/node_modules bench/node_modules
