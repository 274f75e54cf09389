# SPDX-License-Identifier: GPL-3.0-or-later
# tests/soak: a hundred sessions for an hour, by hand: `make soak`; tests/soak/run takes minutes.
# tests/gdb-testsuite: GDB's own test suite, also by hand.
# tests/freebsd: a real kernel in QEMU, by hand, since the kernel must be provided.
check_PROGRAMS += tests/soak/soak
tests_soak_soak_SOURCES = tests/soak/soak.c tests/rsp_plain.h tests/soak/verdict.c \
	tests/soak/verdict.h
dist_noinst_SCRIPTS += tests/soak/run
.PHONY: soak gdb-testsuite
soak: all tests/soak/soak tests/fail/caller
	$(SHELL) $(srcdir)/tests/soak/run $(abs_builddir)

dist_noinst_SCRIPTS += \
	tests/gdb-testsuite/gdb \
	tests/gdb-testsuite/gdbserver \
	tests/gdb-testsuite/run \
	tests/gdb-testsuite/way
EXTRA_DIST += tests/gdb-testsuite/files tests/gdb-testsuite/boards/netgdb.exp
gdb-testsuite: all
	$(srcdir)/tests/gdb-testsuite/run --build $(abs_builddir)

dist_noinst_SCRIPTS += tests/freebsd/run
EXTRA_DIST += tests/freebsd/machine.sh
