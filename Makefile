# SPDX-License-Identifier: GPL-2.0-only
#
# The front door for developers: every target calls one script. This is not the kernel's Makefile, and never
# takes its place in the assembled tree.

K ?= lab

.PHONY: help buildroot assemble refresh kernel menuconfig tools kunit format demo test test-full bench check clean distclean
.NOTPARALLEL:

help:
	@echo 'openMosix for Linux: what you can make. Everything missing is built first.'
	@echo
	@echo '  demo        boot two nodes, and watch programs move between them'
	@echo '  kernel      build the kernel of the lab; K=debug or K=stock for another one'
	@echo '  menuconfig  change the configuration of the lab kernel; look for "openMosix"'
	@echo '  tools       build the user programs'
	@echo
	@echo '  check       formatting, clippy, shellcheck, and the rules of the house'
	@echo '  format      let rustfmt write what check asks for'
	@echo '  test        host tests, fuzzing, KUnit, the lab, and the cluster scenarios'
	@echo '  test-full   the same, much of it on the debug kernel too, long scenarios, and the comparison with stock'
	@echo '  kunit       only the unit tests inside the kernel'
	@echo '  bench       measure, beside a reference on the same link'
	@echo
	@echo '  assemble    make the patched kernel tree, and print its path'
	@echo '  refresh     take edits made in that tree back into patches/; P=PATCH for a new hook'
	@echo '  clean       remove kernels, tools and the patched tree from the cache'
	@echo '  distclean   remove the whole cache'
	@echo
	@echo 'The cache is $$OPENMOSIX_CACHE, or ~/.cache/openmosix. KERNEL_TARBALL=FILE takes an upstream kernel.'

buildroot:
	@scripts/buildroot

assemble:
	@scripts/assemble

refresh:
	@scripts/refresh $(P)

kernel:
	@scripts/kernel $(K)

menuconfig:
	@scripts/kernel lab menuconfig

tools:
	@scripts/tools

kunit:
	@scripts/kunit

demo:
	@demo/demo

test:
	@scripts/test

test-full:
	@scripts/test --full

bench:
	@bench/bench

format:
	@scripts/check --format

check:
	@scripts/check

clean:
	@scripts/clean

distclean:
	@scripts/clean --all
