# SPDX-License-Identifier: GPL-3.0-or-later
# tests/analyze: static analyses. `make analyze` runs all of them, with results beside those of
# `make check`; `make analyze-fast` runs those that take less than a minute.
ANALYZE_FAST = \
	tests/analyze/cppcheck.test \
	tests/analyze/gcc.test \
	tests/analyze/shell.test \
	tests/analyze/valgrind.test
ANALYZE_TESTS = $(ANALYZE_FAST) tests/analyze/tidy.test
dist_noinst_SCRIPTS += $(ANALYZE_TESTS) tests/coverage.sh
EXTRA_DIST += tests/analyze/lib.sh tests/analyze/gcc.known tests/analyze/cppcheck.suppress \
	.clang-tidy .shellcheckrc

.PHONY: analyze analyze-fast check-threads coverage tsan print-coverage-tests
print-coverage-tests:
	@echo $(UNIT_TESTS)
analyze: all
	$(MAKE) check TESTS='$(ANALYZE_TESTS)'
analyze-fast: all
	$(MAKE) check TESTS='$(ANALYZE_FAST)'

# The lines of proto/ that the unit tests and the simulated world run: at least 95 %.
coverage:
	CC='$(CC)' $(SHELL) $(srcdir)/tests/coverage.sh $(abs_srcdir) $(abs_builddir)/coverage

# Tests with threads, in a build with --enable-sanitize=thread that builds only these: the program
# that makes GDB's calls, the proxy with many kernels and clients, data shared by threads.
THREAD_TESTS = \
	tests/unit/control \
	tests/unit/fds \
	tests/unit/listener \
	tests/unit/state_file \
	tests/e2e/caller.test \
	tests/e2e/proxy_life.test \
	tests/e2e/proxy_many.test
THREAD_HELPERS = tests/e2e/caller tests/e2e/caller_linked tests/e2e/kernel tests/e2e/kernels tests/e2e/rsp_client
check-threads: all
	TSAN_OPTIONS=halt_on_error=1 $(MAKE) check TESTS='$(THREAD_TESTS)' \
		check_PROGRAMS='$(THREAD_HELPERS)' check_LTLIBRARIES= check_DATA=
tsan:
	$(MKDIR_P) tsan
	cd tsan && { test -f Makefile || \
		$(abs_srcdir)/configure --quiet --enable-sanitize=thread CC='$(CC)'; }
	cd tsan && $(MAKE) check-threads
