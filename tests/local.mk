# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/sim/stub_test \
	tests/sim/twin_test \
	tests/sim/world_test \
	tests/unit/wire
endif

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

tests_unit_wire_SOURCES = tests/unit/wire.c
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

SIM_UNIT = tests/sim/raw.c tests/sim/raw.h tests/sim/sim_unit.h
tests_sim_stub_test_SOURCES = tests/sim/stub_test.c $(SIM_UNIT)
tests_sim_stub_test_LDADD = $(SIM_LIBS)
tests_sim_twin_test_SOURCES = tests/sim/twin_test.c $(SIM_UNIT)
tests_sim_twin_test_LDADD = $(SIM_LIBS)
tests_sim_world_test_SOURCES = tests/sim/world_test.c tests/sim/sim_unit.h
tests_sim_world_test_LDADD = $(SIM_LIBS)
