# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fail: the N-th call fails. `make fail` runs every N, and gdb for every tenth; check a slice.
check_PROGRAMS += tests/fail/caller
tests_fail_caller_SOURCES = tests/fail/caller.c
check_LTLIBRARIES += tests/fail/fail.la
tests_fail_fail_la_SOURCES = tests/fail/fail.c
tests_fail_fail_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
TESTS += tests/fail/fail.test
dist_noinst_SCRIPTS += tests/fail/run.sh tests/fail/gdb.sh tests/fail/fail.test
.PHONY: fail
fail: all tests/fail/caller tests/fail/fail.la
	$(SHELL) $(srcdir)/tests/fail/run.sh $(abs_builddir)
	$(SHELL) $(srcdir)/tests/fail/gdb.sh $(abs_builddir)
