# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fail: the N-th call fails. `make fail` runs every N; not part of check.
check_PROGRAMS += tests/fail/caller
tests_fail_caller_SOURCES = tests/fail/caller.c
check_LTLIBRARIES += tests/fail/fail.la
tests_fail_fail_la_SOURCES = tests/fail/fail.c
tests_fail_fail_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
dist_noinst_SCRIPTS += tests/fail/run.sh
.PHONY: fail
fail: all tests/fail/caller tests/fail/fail.la
	$(SHELL) $(srcdir)/tests/fail/run.sh $(abs_builddir)
