# SPDX-License-Identifier: GPL-3.0-or-later
# tests/sim/: a virtual clock, a network with faults, the kernel twin, and the tests of these.
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

# Link programs in the simulated world with these.
SIM_LIBS = libsim.la $(UNIT_LIBS)

# A server played by hand.
SIM_RAW = tests/sim/raw.c tests/sim/raw.h tests/sim/sim_unit.h

if HAVE_CMOCKA
SIM_TESTS = \
	tests/sim/stub_ack_test \
	tests/sim/stub_test \
	tests/sim/twin_life_test \
	tests/sim/twin_test \
	tests/sim/world_test
endif

check_PROGRAMS += $(SIM_TESTS)
TESTS += $(SIM_TESTS)

tests_sim_stub_ack_test_SOURCES = tests/sim/stub_ack_test.c $(SIM_RAW)
tests_sim_stub_ack_test_LDADD = $(SIM_LIBS)
tests_sim_stub_test_SOURCES = tests/sim/stub_test.c $(SIM_RAW)
tests_sim_stub_test_LDADD = $(SIM_LIBS)
tests_sim_twin_life_test_SOURCES = tests/sim/twin_life_test.c $(SIM_RAW)
tests_sim_twin_life_test_LDADD = $(SIM_LIBS)
tests_sim_twin_test_SOURCES = tests/sim/twin_test.c $(SIM_RAW)
tests_sim_twin_test_LDADD = $(SIM_LIBS)
tests_sim_world_test_SOURCES = tests/sim/world_test.c tests/sim/sim_unit.h
tests_sim_world_test_LDADD = $(SIM_LIBS)
