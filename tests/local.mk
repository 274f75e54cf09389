# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
if HAVE_CMOCKA
SIM_TESTS = \
	tests/sim/copies_test \
	tests/sim/link_test \
	tests/sim/lobby_test \
	tests/sim/peer_test \
	tests/sim/target_test
UNIT_TESTS = \
	tests/unit/buf \
	tests/unit/io \
	tests/unit/listener \
	tests/unit/log \
	tests/unit/packets \
	tests/unit/record \
	tests/unit/rsp \
	tests/unit/target \
	tests/unit/features \
	tests/unit/fds \
	tests/unit/rsp_server \
	tests/unit/serve \
	tests/unit/wire
endif

check_PROGRAMS += $(UNIT_TESTS) $(SIM_TESTS)
TESTS += $(UNIT_TESTS) $(SIM_TESTS)
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

tests_unit_buf_SOURCES = tests/unit/buf.c tests/unit/unit.h
tests_unit_buf_LDADD = $(UNIT_LIBS)
tests_unit_io_SOURCES = tests/unit/io.c tests/unit/unit.h
tests_unit_io_LDADD = $(UNIT_LIBS)
tests_unit_log_SOURCES = tests/unit/log.c tests/unit/unit.h
tests_unit_log_LDADD = $(UNIT_LIBS)
tests_unit_packets_SOURCES = tests/unit/packets.c tests/unit/unit.h
tests_unit_packets_LDADD = $(UNIT_LIBS)
tests_unit_rsp_SOURCES = tests/unit/rsp.c tests/unit/unit.h
tests_unit_rsp_LDADD = $(UNIT_LIBS)
tests_unit_target_SOURCES = tests/unit/target.c tests/unit/unit.h
tests_unit_target_LDADD = $(UNIT_LIBS)

# The io in memory that many of them run on.
FAKE_IO = tests/unit/fake_io.c tests/unit/fake_io.h tests/unit/unit.h

tests_unit_fds_SOURCES = tests/unit/fds.c
tests_unit_fds_LDADD = libio.la $(UNIT_LIBS)

tests_unit_features_SOURCES = tests/unit/features.c
tests_unit_features_LDADD = $(UNIT_LIBS)

tests_unit_rsp_server_SOURCES = tests/unit/rsp_server.c $(FAKE_IO)
tests_unit_rsp_server_LDADD = $(UNIT_LIBS)

tests_unit_serve_SOURCES = tests/unit/serve.c $(FAKE_IO)
tests_unit_serve_LDADD = libsession.la $(UNIT_LIBS)

tests_unit_listener_SOURCES = tests/unit/listener.c tests/unit/unit.h
tests_unit_listener_LDADD = libsession.la libio.la $(UNIT_LIBS)

tests_unit_record_SOURCES = tests/unit/record.c tests/unit/unit.h
tests_unit_record_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=flock
tests_unit_record_LDADD = libsession.la $(UNIT_LIBS)

tests_unit_wire_SOURCES = tests/unit/wire.c tests/unit/unit.h
tests_unit_wire_LDADD = $(UNIT_LIBS)

# The simulated world: a virtual clock, a network with faults, and the kernel twin.
check_LTLIBRARIES += libsim.la
libsim_la_SOURCES = \
	tests/sim/machine.c tests/sim/machine.h \
	tests/sim/net.c tests/sim/net.h \
	tests/sim/private.h \
	tests/sim/server.c tests/sim/server.h \
	tests/sim/trace.c tests/sim/trace.h \
	tests/sim/twin.c tests/sim/twin.h \
	tests/sim/twin_log.c \
	tests/sim/twin_net.c \
	tests/sim/twin_private.h \
	tests/sim/twin_query.c \
	tests/sim/twin_request.c \
	tests/sim/twin_stub.c \
	tests/sim/world.c tests/sim/world.h
SIM_LIBS = libsim.la $(UNIT_LIBS)

# Tests of one session in it.
RIG = tests/sim/rig.c tests/sim/rig.h tests/unit/unit.h
RIG_LIBS = libsession.la $(SIM_LIBS)

tests_sim_copies_test_SOURCES = tests/sim/copies_test.c $(RIG)
tests_sim_copies_test_LDADD = $(RIG_LIBS)
tests_sim_link_test_SOURCES = tests/sim/link_test.c $(RIG)
tests_sim_link_test_LDADD = $(RIG_LIBS)
tests_sim_target_test_SOURCES = tests/sim/target_test.c $(RIG)
tests_sim_target_test_LDADD = $(RIG_LIBS)
tests_sim_peer_test_SOURCES = tests/sim/peer_test.c $(RIG)
tests_sim_peer_test_LDADD = $(RIG_LIBS)
tests_sim_lobby_test_SOURCES = tests/sim/lobby_test.c $(RIG)
tests_sim_lobby_test_LDADD = $(RIG_LIBS)
