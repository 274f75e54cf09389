# SPDX-License-Identifier: GPL-3.0-or-later
# tests/: unit (one program a module), sim (the simulated world), e2e (real programs).
UNIT_LIBS = libproto.la $(CMOCKA_LIBS)

# Programs of one file with the program's name: add a line. The others follow with their sources.
UNIT_TESTS = \
	tests/unit/addr \
	tests/unit/buf \
	tests/unit/cache_map \
	tests/unit/capture \
	tests/unit/cache_script \
	tests/unit/decorator \
	tests/unit/fds \
	tests/unit/features \
	tests/unit/guard \
	tests/unit/io \
	tests/unit/json_read \
	tests/unit/keepout \
	tests/unit/log \
	tests/unit/logfile \
	tests/unit/nearest \
	tests/unit/os \
	tests/unit/os_files \
	tests/unit/packets \
	tests/unit/pcapng \
	tests/unit/pcapng_read \
	tests/unit/replies \
	tests/unit/requests \
	tests/unit/rsp \
	tests/unit/sockets \
	tests/unit/target \
	tests/unit/wire
LDADD = libio.la $(UNIT_LIBS)
AM_DEFAULT_SOURCE_EXT = .c
EXTRA_DIST += tests/unit/unit.h tests/requests.h

UNIT_TESTS += tests/unit/options
tests_unit_options_SOURCES = tests/unit/options.c tests/unit/unit.h
tests_unit_options_LDADD = libsession.la libio.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/soak_verdict
tests_unit_soak_verdict_SOURCES = tests/unit/soak_verdict.c tests/unit/unit.h \
	tests/soak/verdict.c tests/soak/verdict.h
tests_unit_soak_verdict_LDADD = $(CMOCKA_LIBS)

# The io in memory that many unit tests use.
FAKE_IO = tests/unit/fake_io.c tests/unit/fake_io.h tests/unit/unit.h

UNIT_TESTS += tests/unit/frontend
tests_unit_frontend_SOURCES = tests/unit/frontend.c shim/frontend.c shim/frontend.h
tests_unit_frontend_CFLAGS = $(AM_CFLAGS)
tests_unit_frontend_LDADD = libio.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/link_acks
tests_unit_link_acks_SOURCES = tests/unit/link_acks.c $(FAKE_IO)
tests_unit_link_acks_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/link_memory
tests_unit_link_memory_SOURCES = tests/unit/link_memory.c $(FAKE_IO)
tests_unit_link_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc
tests_unit_link_memory_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/rsp_server
tests_unit_rsp_server_SOURCES = tests/unit/rsp_server.c $(FAKE_IO)
tests_unit_rsp_server_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/observed
tests_unit_observed_SOURCES = tests/unit/observed.c tests/unit/observed_fixture.h tests/unit/unit.h
tests_unit_observed_LDADD = libsession.la libio.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/observed_turns
tests_unit_observed_turns_SOURCES = tests/unit/observed_turns.c tests/unit/observed_fixture.h \
	tests/unit/unit.h
tests_unit_observed_turns_LDADD = libsession.la libio.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/serve tests/unit/serve_running
tests_unit_serve_SOURCES = tests/unit/serve.c tests/unit/serve_fixture.h $(FAKE_IO)
tests_unit_serve_LDADD = libsession.la libio.la $(UNIT_LIBS)
tests_unit_serve_running_SOURCES = tests/unit/serve_running.c tests/unit/serve_fixture.h $(FAKE_IO)
tests_unit_serve_running_LDADD = libsession.la libio.la $(UNIT_LIBS)

# The simulated world: a virtual clock, a network with faults, and the kernel twin.
check_LTLIBRARIES += libsim.la
libsim_la_SOURCES = \
	tests/sim/machine.c tests/sim/machine.h \
	tests/sim/registers.c tests/sim/registers.h \
	tests/sim/net.c tests/sim/net.h \
	tests/sim/private.h \
	tests/sim/real.c tests/sim/real.h \
	tests/sim/server.c tests/sim/server.h \
	tests/sim/trace.c tests/sim/trace.h \
	tests/sim/twin.c tests/sim/twin.h \
	tests/sim/twin_ddb.c \
	tests/sim/twin_log.c \
	tests/sim/twin_net.c \
	tests/sim/twin_private.h \
	tests/sim/twin_query.c \
	tests/sim/twin_request.c \
	tests/sim/twin_stub.c \
	tests/sim/world.c tests/sim/world.h
SIM_LIBS = libsim.la $(UNIT_LIBS)

SIM_UNIT = tests/sim/raw.c tests/sim/raw.h tests/sim/sim_unit.h
UNIT_TESTS += tests/sim/stub_ack_test
tests_sim_stub_ack_test_SOURCES = tests/sim/stub_ack_test.c $(SIM_UNIT)
tests_sim_stub_ack_test_LDADD = $(SIM_LIBS)
UNIT_TESTS += tests/sim/stub_noack_test
tests_sim_stub_noack_test_SOURCES = tests/sim/stub_noack_test.c $(SIM_UNIT)
tests_sim_stub_noack_test_LDADD = $(SIM_LIBS)
UNIT_TESTS += tests/sim/stub_test
tests_sim_stub_test_SOURCES = tests/sim/stub_test.c $(SIM_UNIT)
tests_sim_stub_test_LDADD = $(SIM_LIBS)
UNIT_TESTS += tests/sim/twin_ddb_test
tests_sim_twin_ddb_test_SOURCES = tests/sim/twin_ddb_test.c $(SIM_UNIT)
tests_sim_twin_ddb_test_LDADD = $(SIM_LIBS)
UNIT_TESTS += tests/sim/twin_life_test
tests_sim_twin_life_test_SOURCES = tests/sim/twin_life_test.c $(SIM_UNIT)
tests_sim_twin_life_test_LDADD = $(SIM_LIBS)
UNIT_TESTS += tests/sim/twin_test
tests_sim_twin_test_SOURCES = tests/sim/twin_test.c $(SIM_UNIT)
tests_sim_twin_test_LDADD = $(SIM_LIBS)
UNIT_TESTS += tests/sim/world_test
tests_sim_world_test_SOURCES = tests/sim/world_test.c tests/sim/sim_unit.h
tests_sim_world_test_LDADD = $(SIM_LIBS)

FREEBSD_STUB = tests/unit/unit.h tests/freebsd_stub.c tests/freebsd_stub.h
UNIT_TESTS += tests/unit/stop
tests_unit_stop_SOURCES = tests/unit/stop.c tests/unit/unit.h
tests_unit_stop_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/quirks tests/unit/quirks_lost tests/unit/quirks_session
tests_unit_quirks_SOURCES = tests/unit/quirks.c tests/unit/quirks_fixture.h $(FREEBSD_STUB)
tests_unit_quirks_LDADD = $(UNIT_LIBS)
tests_unit_quirks_session_SOURCES = tests/unit/quirks_session.c tests/unit/quirks_fixture.h \
	$(FREEBSD_STUB)
tests_unit_quirks_session_LDADD = $(UNIT_LIBS)
tests_unit_quirks_lost_SOURCES = tests/unit/quirks_lost.c $(FREEBSD_STUB)
tests_unit_quirks_lost_LDADD = $(UNIT_LIBS)

# The cache with a stub whose memory changes whenever it may.
CACHE_WORLD = tests/unit/cache_world.c tests/unit/cache_world.h tests/unit/unit.h
UNIT_TESTS += tests/unit/cache_random
tests_unit_cache_random_SOURCES = tests/unit/cache_random.c $(CACHE_WORLD)
tests_unit_cache_random_LDADD = $(UNIT_LIBS)
UNIT_TESTS += tests/unit/cache_rules
tests_unit_cache_rules_SOURCES = tests/unit/cache_rules.c tests/unit/cache_ask.h $(CACHE_WORLD)
tests_unit_cache_rules_LDADD = $(UNIT_LIBS)
UNIT_TESTS += tests/unit/cache_memory
tests_unit_cache_memory_SOURCES = tests/unit/cache_memory.c tests/unit/unit.h
tests_unit_cache_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_cache_memory_LDADD = $(UNIT_LIBS)
DEBUGNET_CLIENT = tests/unit/debugnet_client_fixture.h $(FAKE_IO)
UNIT_TESTS += tests/unit/debugnet_client tests/unit/debugnet_client_chunks
tests_unit_debugnet_client_SOURCES = tests/unit/debugnet_client.c $(DEBUGNET_CLIENT)
tests_unit_debugnet_client_LDADD = $(UNIT_LIBS)
tests_unit_debugnet_client_chunks_SOURCES = tests/unit/debugnet_client_chunks.c $(DEBUGNET_CLIENT)
tests_unit_debugnet_client_chunks_LDADD = $(UNIT_LIBS)
UNIT_TESTS += tests/unit/stream_target
tests_unit_stream_target_SOURCES = tests/unit/stream_target.c $(FAKE_IO)
tests_unit_stream_target_LDADD = $(UNIT_LIBS)

# Whole sessions: a test with many seeds, and a program that plays one.
LOBBY_VIEW = tests/sim/lobby_view.c tests/sim/lobby_view.h
PLAY = tests/sim/cell.c tests/sim/cell.h tests/sim/gdb.c tests/sim/gdb.h tests/sim/play.c \
	tests/sim/play.h $(LOBBY_VIEW)
PLAY_LIBS = libsession.la libio.la $(SIM_LIBS) $(FREEBSD_LIBS)
UNIT_TESTS += tests/sim/sessions_test
tests_sim_sessions_test_SOURCES = tests/sim/sessions_test.c $(PLAY)
tests_sim_sessions_test_LDADD = $(PLAY_LIBS)
check_PROGRAMS += tests/sim/run
tests_sim_run_SOURCES = tests/sim/run.c $(PLAY)
tests_sim_run_LDADD = libsession.la libio.la libsim.la $(FREEBSD_LIBS)

# The cost of the link's delays, in virtual time.
check_PROGRAMS += tests/sim/pace
TESTS += tests/sim/pace
tests_sim_pace_SOURCES = tests/sim/pace.c $(PLAY)
tests_sim_pace_LDADD = libsession.la libio.la libsim.la $(FREEBSD_LIBS)

# The matrix: pairs of factors in check, all combinations and long sessions in check-long.
check_PROGRAMS += tests/sim/matrix
TESTS += tests/sim/matrix
tests_sim_matrix_SOURCES = tests/sim/matrix.c $(PLAY)
tests_sim_matrix_LDADD = libsession.la libio.la libsim.la $(FREEBSD_LIBS) -lpthread
.PHONY: check-long
check-long: check
	NETGDB_SIM_MATRIX=100 NETGDB_SIM_WALK=16 tests/sim/matrix
	tests/sim/matrix --bars --seeds 10000
	tests/sim/matrix --grid --every $${NETGDB_SIM_EVERY:-1}

UNIT_TESTS += tests/unit/args
tests_unit_args_SOURCES = tests/unit/args.c tools/args.c tools/bpf.h tools/bpf_programs.c \
	tools/node.h tools/node_options.c tools/tools.h \
	tools/capture_options.c tools/tls_options.c tools/tls_options.h session/tls_keys.c session/tls.h
tests_unit_args_LDADD = libebpf.la libio.la $(UNIT_LIBS)

# fuzz: each target runs over its corpus; tests/fuzz/fuzz.h explains searches.
FUZZ_TESTS = \
	tests/fuzz/cache \
	tests/fuzz/debug_mask \
	tests/fuzz/guard \
	tests/fuzz/link \
	tests/fuzz/node \
	tests/fuzz/options \
	tests/fuzz/pcapng \
	tests/fuzz/quirks \
	tests/fuzz/rsp \
	tests/fuzz/rsp_server \
	tests/fuzz/wire
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
FUZZ_SOURCES = tests/fuzz/run.c tests/fuzz/fuzz.h
FUZZ_SCRIPT = tests/fuzz/script.c tests/fuzz/script.h
EXTRA_DIST += tests/fuzz/corpus
dist_noinst_SCRIPTS += tests/fuzz/search.sh tests/fuzz/search.test
.PHONY: check-fuzz fuzz
check-fuzz: all
	$(MAKE) check TESTS=tests/fuzz/search.test
fuzz:
	$(SHELL) $(srcdir)/tests/fuzz/search.sh $(abs_srcdir) $(abs_builddir)
tests_fuzz_cache_SOURCES = tests/fuzz/cache.c $(FUZZ_SOURCES)
tests_fuzz_cache_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"cache"'
tests_fuzz_cache_LDADD = libproto.la
tests_fuzz_debug_mask_SOURCES = tests/fuzz/debug_mask.c $(FUZZ_SOURCES)
tests_fuzz_debug_mask_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"debug_mask"'
tests_fuzz_debug_mask_LDADD = libproto.la
tests_fuzz_guard_SOURCES = tests/fuzz/guard.c $(FUZZ_SOURCES)
tests_fuzz_guard_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"guard"'
tests_fuzz_guard_LDADD = libproto.la
tests_fuzz_link_SOURCES = tests/fuzz/link.c $(FUZZ_SCRIPT) $(FUZZ_SOURCES)
tests_fuzz_link_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"link"'
tests_fuzz_link_LDADD = libproto.la
tests_fuzz_node_SOURCES = tests/fuzz/node.c $(FUZZ_SCRIPT) $(FUZZ_SOURCES)
tests_fuzz_node_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"node"'
tests_fuzz_node_LDADD = libproto.la
tests_fuzz_rsp_server_SOURCES = tests/fuzz/rsp_server.c $(FUZZ_SCRIPT) $(FUZZ_SOURCES)
tests_fuzz_rsp_server_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"rsp_server"'
tests_fuzz_rsp_server_LDADD = libproto.la
tests_fuzz_options_SOURCES = tests/fuzz/options.c $(FUZZ_SOURCES)
tests_fuzz_options_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"options"'
tests_fuzz_options_LDADD = libsession.la libio.la libproto.la
tests_fuzz_quirks_SOURCES = tests/fuzz/quirks.c tests/freebsd_stub.c tests/freebsd_stub.h \
	$(FUZZ_SOURCES)
tests_fuzz_quirks_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"quirks"'
tests_fuzz_quirks_LDADD = libproto.la
tests_fuzz_rsp_SOURCES = tests/fuzz/rsp.c $(FUZZ_SOURCES)
tests_fuzz_rsp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"rsp"'
tests_fuzz_rsp_LDADD = libproto.la
tests_fuzz_pcapng_SOURCES = tests/fuzz/pcapng.c $(FUZZ_SOURCES)
tests_fuzz_pcapng_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"pcapng"'
tests_fuzz_pcapng_LDADD = librecord.la libproto.la
tests_fuzz_wire_SOURCES = tests/fuzz/wire.c $(FUZZ_SOURCES)
tests_fuzz_wire_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"wire"'
tests_fuzz_wire_LDADD = libproto.la

UNIT_TESTS += tests/unit/state_file
tests_unit_state_file_SOURCES = tests/unit/state_file.c tests/unit/unit.h
tests_unit_state_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=flock
tests_unit_state_file_LDADD = libsession.la libio.la $(UNIT_LIBS)
RIG = tests/sim/rig.c tests/sim/rig.h tests/unit/unit.h $(LOBBY_VIEW)
RIG_LIBS = libsession.la libio.la $(SIM_LIBS) $(FREEBSD_LIBS)
UNIT_TESTS += tests/sim/copies_test
tests_sim_copies_test_SOURCES = tests/sim/copies_test.c $(RIG)
tests_sim_copies_test_LDADD = $(RIG_LIBS)
UNIT_TESTS += tests/sim/registers_test
tests_sim_registers_test_SOURCES = tests/sim/registers_test.c $(RIG)
tests_sim_registers_test_LDADD = $(PLAY_LIBS)
UNIT_TESTS += tests/sim/debug_mask_test
tests_sim_debug_mask_test_SOURCES = tests/sim/debug_mask_test.c $(RIG)
tests_sim_debug_mask_test_LDADD = $(RIG_LIBS)
UNIT_TESTS += tests/sim/leave_test
tests_sim_leave_test_SOURCES = tests/sim/leave_test.c $(RIG)
tests_sim_leave_test_LDADD = $(PLAY_LIBS)
UNIT_TESTS += tests/sim/link_send_test tests/sim/link_test
tests_sim_link_send_test_SOURCES = tests/sim/link_send_test.c tests/sim/link_fixture.h $(RIG)
tests_sim_link_send_test_LDADD = $(RIG_LIBS)
tests_sim_link_test_SOURCES = tests/sim/link_test.c tests/sim/link_fixture.h $(RIG)
tests_sim_link_test_LDADD = $(RIG_LIBS)
UNIT_TESTS += tests/sim/target_test
tests_sim_target_test_SOURCES = tests/sim/target_test.c $(RIG)
tests_sim_target_test_LDADD = $(RIG_LIBS)
UNIT_TESTS += tests/sim/peer_test
tests_sim_peer_test_SOURCES = tests/sim/peer_test.c tests/sim/peer_fixture.h $(RIG)
tests_sim_peer_test_LDADD = $(RIG_LIBS)
UNIT_TESTS += tests/sim/node_test
tests_sim_node_test_SOURCES = tests/sim/node_test.c tests/sim/peer_fixture.h $(RIG)
tests_sim_node_test_LDADD = $(RIG_LIBS)
UNIT_TESTS += tests/sim/lobby_sessions_test tests/sim/lobby_test
tests_sim_lobby_sessions_test_SOURCES = tests/sim/lobby_sessions_test.c tests/sim/lobby_fixture.h $(RIG)
tests_sim_lobby_sessions_test_LDADD = $(RIG_LIBS)
tests_sim_lobby_test_SOURCES = tests/sim/lobby_test.c tests/sim/lobby_fixture.h $(RIG)
tests_sim_lobby_test_LDADD = $(RIG_LIBS)

UNIT_TESTS += tests/unit/listener
tests_unit_listener_SOURCES = tests/unit/listener.c tests/unit/unit.h
tests_unit_listener_LDADD = libsession.la libio.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/firewall
tests_unit_firewall_SOURCES = tests/unit/firewall.c tests/unit/unit.h tools/doctor.h \
	tools/firewall.c
tests_unit_firewall_LDADD = libproto.la $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/proxy_client
tests_unit_proxy_client_SOURCES = tests/unit/proxy_client.c tests/unit/unit.h \
	tools/proxy.h tools/proxy_observe.c tools/proxy_client.c tools/proxy_endpoints.c tools/proxy_say.c \
	tools/proxy_session.c tools/args.c tools/tls_server.c
tests_unit_proxy_client_CFLAGS = $(AM_CFLAGS)
tests_unit_proxy_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc,--wrap=netgdb_target_new
tests_unit_proxy_client_LDADD = libsession.la libio.la $(UNIT_LIBS) $(FREEBSD_LIBS)
UNIT_TESTS += tests/sim/parked_test
tests_sim_parked_test_SOURCES = tests/sim/parked_test.c $(RIG)
tests_sim_parked_test_LDADD = libsession.la libio.la libsim.la $(CMOCKA_LIBS) $(FREEBSD_LIBS)
UNIT_TESTS += tests/unit/monitor
tests_unit_monitor_SOURCES = tests/unit/monitor.c $(FAKE_IO)
tests_unit_monitor_LDADD = libsession.la libio.la $(FREEBSD_LIBS) $(UNIT_LIBS)

UNIT_TESTS += tests/unit/control
tests_unit_control_SOURCES = tests/unit/control.c tests/unit/unit.h
tests_unit_control_LDADD = libsession.la libio.la $(UNIT_LIBS)
# What FreeBSD has not: the owner of a port, and confinement to directories.
if FREEBSD
EXTRA_DIST += tests/unit/port_owner.c tests/unit/confine.c
else
UNIT_TESTS += tests/unit/port_owner tests/unit/confine
tests_unit_confine_SOURCES = tests/unit/confine.c tests/unit/unit.h tools/confine.c tools/confine.h
tests_unit_confine_LDADD = libio.la $(UNIT_LIBS)
endif
if HAVE_TLS
UNIT_TESTS += tests/unit/tls
tests_unit_tls_SOURCES = tests/unit/tls.c tests/unit/unit.h
tests_unit_tls_LDADD = libsession.la libio.la $(UNIT_LIBS)
else
EXTRA_DIST += tests/unit/tls.c
endif

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
else
check_DATA += cmocka-is-missing
endif
.PHONY: cmocka-is-missing
cmocka-is-missing:
	@echo "make check: no unit test can be built without cmocka (libcmocka-dev): install it, then \
	run configure again" >&2; exit 1

RULES_TESTS = tests/unit/messages.test tests/unit/rooms.test tests/unit/threats.test \
	tests/unit/tree.test
TREE_TESTS = tests/unit/bootstrap.test $(RULES_TESTS)
TESTS += $(TREE_TESTS)
dist_noinst_SCRIPTS += $(TREE_TESTS)
EXTRA_DIST += SECURITY.md doc/testing.md doc/threats.md tests/unit/messages.awk

include $(srcdir)/tests/e2e/local.mk
include $(srcdir)/tests/bench/local.mk
include $(srcdir)/tests/analyze/local.mk
include $(srcdir)/tests/fail/local.mk
include $(srcdir)/tests/soak/local.mk
