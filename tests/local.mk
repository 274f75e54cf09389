# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/args \
	tests/unit/debugnet_client \
	tests/unit/features \
	tests/unit/fds \
	tests/unit/rsp_server \
	tests/unit/serve \
	tests/unit/stream_target \
	tests/unit/wire
endif

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

# The io in memory that many of them run on.
FAKE_IO = tests/unit/fake_io.c tests/unit/fake_io.h tests/unit/unit.h

tests_unit_args_SOURCES = tests/unit/args.c tools/args.c tools/tools.h
tests_unit_args_LDADD = $(UNIT_LIBS)

tests_unit_debugnet_client_SOURCES = tests/unit/debugnet_client.c $(FAKE_IO)
tests_unit_debugnet_client_LDADD = $(UNIT_LIBS)

tests_unit_fds_SOURCES = tests/unit/fds.c
tests_unit_fds_LDADD = libio.la $(UNIT_LIBS)

tests_unit_features_SOURCES = tests/unit/features.c
tests_unit_features_LDADD = $(UNIT_LIBS)

tests_unit_rsp_server_SOURCES = tests/unit/rsp_server.c $(FAKE_IO)
tests_unit_rsp_server_LDADD = $(UNIT_LIBS)

tests_unit_serve_SOURCES = tests/unit/serve.c $(FAKE_IO)
tests_unit_serve_LDADD = libsession.la $(UNIT_LIBS)

tests_unit_stream_target_SOURCES = tests/unit/stream_target.c $(FAKE_IO)
tests_unit_stream_target_LDADD = $(UNIT_LIBS)

# The node with real stubs.
check_PROGRAMS += tests/e2e/node_client
tests_e2e_node_client_SOURCES = tests/e2e/node_client.c
tests_e2e_node_client_LDADD = libproto.la
E2E_TESTS = tests/e2e/man.test tests/e2e/node.test
TESTS += $(E2E_TESTS)
dist_noinst_SCRIPTS += $(E2E_TESTS)

tests_unit_wire_SOURCES = tests/unit/wire.c
tests_unit_wire_LDADD = $(UNIT_LIBS)
