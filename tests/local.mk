# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/buf \
	tests/unit/io \
	tests/unit/log \
	tests/unit/options \
	tests/unit/packets \
	tests/unit/quirks \
	tests/unit/rsp \
	tests/unit/target \
	tests/unit/wire
endif

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

tests_unit_buf_SOURCES = tests/unit/buf.c tests/unit/unit.h
tests_unit_buf_LDADD = $(UNIT_LIBS)
tests_unit_io_SOURCES = tests/unit/io.c tests/unit/unit.h
tests_unit_io_LDADD = $(UNIT_LIBS)
tests_unit_log_SOURCES = tests/unit/log.c tests/unit/unit.h
tests_unit_log_LDADD = $(UNIT_LIBS)
tests_unit_options_SOURCES = tests/unit/options.c tests/unit/unit.h
tests_unit_options_LDADD = $(UNIT_LIBS)
tests_unit_packets_SOURCES = tests/unit/packets.c tests/unit/unit.h
tests_unit_packets_LDADD = $(UNIT_LIBS)
tests_unit_quirks_SOURCES = tests/unit/quirks.c tests/unit/unit.h tests/freebsd_stub.c tests/freebsd_stub.h
tests_unit_quirks_LDADD = $(UNIT_LIBS)
tests_unit_rsp_SOURCES = tests/unit/rsp.c tests/unit/unit.h
tests_unit_rsp_LDADD = $(UNIT_LIBS)
tests_unit_target_SOURCES = tests/unit/target.c tests/unit/unit.h
tests_unit_target_LDADD = $(UNIT_LIBS)
tests_unit_wire_SOURCES = tests/unit/wire.c tests/unit/unit.h
tests_unit_wire_LDADD = $(UNIT_LIBS)
