# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/ebpf_differential \
	tests/unit/ebpf_ops \
	tests/unit/wire
endif

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

tests_unit_ebpf_differential_SOURCES = tests/unit/ebpf_differential.c \
	tests/ebpf/compare.c tests/ebpf/compare.h $(EBPF_REFERENCE)
tests_unit_ebpf_differential_LDADD = libebpf.la $(UNIT_LIBS)
tests_unit_ebpf_ops_SOURCES = tests/unit/ebpf_ops.c $(EBPF_REFERENCE)
tests_unit_ebpf_ops_LDADD = libebpf.la $(UNIT_LIBS)
EBPF_REFERENCE = tests/ebpf/asm.h tests/ebpf/reference.c tests/ebpf/reference.h

tests_unit_wire_SOURCES = tests/unit/wire.c
tests_unit_wire_LDADD = $(UNIT_LIBS)
