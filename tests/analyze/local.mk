# SPDX-License-Identifier: GPL-3.0-or-later
# tests/analyze: what reads the code instead of running it. `make analyze` runs all of it, with
# the results where those of `make check` are; `make analyze-fast` what takes less than a minute.
ANALYZE_FAST = \
	tests/analyze/cppcheck.test \
	tests/analyze/gcc.test \
	tests/analyze/shell.test \
	tests/analyze/valgrind.test
ANALYZE_TESTS = $(ANALYZE_FAST) tests/analyze/tidy.test
dist_noinst_SCRIPTS += $(ANALYZE_TESTS) tests/coverage.sh tests/tsan.sh
EXTRA_DIST += tests/analyze/lib.sh tests/analyze/gcc.known tests/analyze/cppcheck.suppress \
	.clang-tidy .shellcheckrc

.PHONY: analyze analyze-fast coverage tsan print-coverage-tests
print-coverage-tests:
	@echo $(UNIT_TESTS)
analyze: all
	$(MAKE) check TESTS='$(ANALYZE_TESTS)'
analyze-fast: all
	$(MAKE) check TESTS='$(ANALYZE_FAST)'

# The lines of proto/ that the unit tests and the simulated world run: at least 95 %.
coverage:
	CC='$(CC)' $(SHELL) $(srcdir)/tests/coverage.sh $(abs_srcdir) $(abs_builddir)/coverage

# What has threads, under the thread sanitizer.
tsan:
	CC='$(CC)' $(SHELL) $(srcdir)/tests/tsan.sh $(abs_srcdir) $(abs_builddir)/tsan
