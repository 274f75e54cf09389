# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/wire
endif

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

tests_unit_wire_SOURCES = tests/unit/wire.c
tests_unit_wire_LDADD = $(UNIT_LIBS)

include $(srcdir)/tests/sim/local.mk
