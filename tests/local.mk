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

# fuzz: each target goes over its corpus; tests/fuzz/fuzz.h says how to search for more.
FUZZ_TESTS = \
	tests/fuzz/options \
	tests/fuzz/quirks \
	tests/fuzz/rsp \
	tests/fuzz/wire

check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
FUZZ_SOURCES = tests/fuzz/run.c tests/fuzz/fuzz.h
EXTRA_DIST += tests/fuzz/corpus

tests_fuzz_options_SOURCES = tests/fuzz/options.c $(FUZZ_SOURCES)
tests_fuzz_options_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"options"'
tests_fuzz_options_LDADD = libproto.la
tests_fuzz_quirks_SOURCES = tests/fuzz/quirks.c tests/freebsd_stub.c tests/freebsd_stub.h \
	$(FUZZ_SOURCES)
tests_fuzz_quirks_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"quirks"'
tests_fuzz_quirks_LDADD = libproto.la
tests_fuzz_rsp_SOURCES = tests/fuzz/rsp.c $(FUZZ_SOURCES)
tests_fuzz_rsp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"rsp"'
tests_fuzz_rsp_LDADD = libproto.la
tests_fuzz_wire_SOURCES = tests/fuzz/wire.c $(FUZZ_SOURCES)
tests_fuzz_wire_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"wire"'
tests_fuzz_wire_LDADD = libproto.la
