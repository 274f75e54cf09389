# SPDX-License-Identifier: GPL-3.0-or-later
# tests/e2e: real programs. Every *.test is a shell script that speaks TAP.
E2E_TESTS = \
	tests/e2e/acks.test \
	tests/e2e/again.test \
	tests/e2e/autopsy.test \
	tests/e2e/autopsy_disk.test \
	tests/e2e/autopsy_many.test \
	tests/e2e/autopsy_proxy.test \
	tests/e2e/autopsy_trouble.test \
	tests/e2e/bpf-netgdb.test \
	tests/e2e/cache.test \
	tests/e2e/capture.test \
	tests/e2e/caller.test \
	tests/e2e/compare.test \
	tests/e2e/check.test \
	tests/e2e/clock.test \
	tests/e2e/completion.test \
	tests/e2e/demo.test \
	tests/e2e/dissector.test \
	tests/e2e/doctor.test \
	tests/e2e/first.test \
	tests/e2e/fits.test \
	tests/e2e/forks.test \
	tests/e2e/freebsd-lldb.test \
	tests/e2e/freebsd.test \
	tests/e2e/frontends.test \
	tests/e2e/gone.test \
	tests/e2e/flood.test \
	tests/e2e/hostile.test \
	tests/e2e/install.test \
	tests/e2e/interrupt.test \
	tests/e2e/ipv6.test \
	tests/e2e/keep.test \
	tests/e2e/kernel-lldb.test \
	tests/e2e/kernel-queries.test \
	tests/e2e/kernel.test \
	tests/e2e/kill.test \
	tests/e2e/leave.test \
	tests/e2e/leave_kernel.test \
	tests/e2e/links.test \
	tests/e2e/machines.test \
	tests/e2e/man.test \
	tests/e2e/memory.test \
	tests/e2e/mi.test \
	tests/e2e/moved.test \
	tests/e2e/names.test \
	tests/e2e/networks.test \
	tests/e2e/node.test \
	tests/e2e/object.test \
	tests/e2e/observe.test \
	tests/e2e/observe_guests.test \
	tests/e2e/obstacles.test \
	tests/e2e/options.test \
	tests/e2e/outside.test \
	tests/e2e/passthrough.test \
	tests/e2e/progress.test \
	tests/e2e/proxy.test \
	tests/e2e/proxy_clients.test \
	tests/e2e/proxy_idle.test \
	tests/e2e/proxy_take.test \
	tests/e2e/proxy_unix.test \
	tests/e2e/proxy_life.test \
	tests/e2e/proxy_crash.test \
	tests/e2e/proxy_many.test \
	tests/e2e/proxy_service.test \
	tests/e2e/proxy_silent.test \
	tests/e2e/regression.test \
	tests/e2e/rtos-arm.test \
	tests/e2e/replay.test \
	tests/e2e/rtos-cortex-m.test \
	tests/e2e/rtos-lldb.test \
	tests/e2e/rtos-reads.test \
	tests/e2e/rtos-riscv.test \
	tests/e2e/rtos-show.test \
	tests/e2e/rtos-smp.test \
	tests/e2e/rtos-steps.test \
	tests/e2e/rtos-tables.test \
	tests/e2e/rtos-threadx.test \
	tests/e2e/rtos-ways.test \
	tests/e2e/run-timeout.test \
	tests/e2e/scarce.test \
	tests/e2e/script.test \
	tests/e2e/session-core.test \
	tests/e2e/session.test \
	tests/e2e/slow.test \
	tests/e2e/starved.test \
	tests/e2e/snapshot.test \
	tests/e2e/stopped.test \
	tests/e2e/stream.test \
	tests/e2e/symbols.test \
	tests/e2e/takeover.test \
	tests/e2e/tls-certificates.test \
	tests/e2e/tls-proxy.test \
	tests/e2e/tls.test \
	tests/e2e/tutorial.test \
	tests/e2e/two.test \
	tests/e2e/wait.test \
	tests/e2e/wrong.test
TESTS += $(E2E_TESTS)
dist_noinst_SCRIPTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/crash.c tests/e2e/crash.sh tests/e2e/lib.sh tests/e2e/proxy_lib.sh tests/e2e/autopsy_lib.sh tests/e2e/twins_lib.sh tests/e2e/rtos-lib.sh tests/e2e/tls-lib.sh tests/e2e/demo.sh \
	tests/e2e/demo.c tests/e2e/demo.gdb tests/e2e/demo.expected

check_PROGRAMS += tests/e2e/node_client
tests_e2e_node_client_SOURCES = tests/e2e/node_client.c
tests_e2e_node_client_LDADD = libproto.la

# What is debugged is built the same whatever the rest is built with.
noinst_SCRIPTS += tests/e2e/target
EXTRA_DIST += tests/e2e/target.c
CLEANFILES += tests/e2e/target
tests/e2e/target: $(srcdir)/tests/e2e/target.c
	$(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -std=gnu11 -g -O0 -o $@ $(srcdir)/tests/e2e/target.c

# A program with children.
noinst_SCRIPTS += tests/e2e/forks
EXTRA_DIST += tests/e2e/forks.c
CLEANFILES += tests/e2e/forks
tests/e2e/forks: $(srcdir)/tests/e2e/forks.c
	$(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -std=gnu11 -g -O0 -o $@ $(srcdir)/tests/e2e/forks.c

# Deep stacks in many threads, and memory that the program writes between stops.
noinst_SCRIPTS += tests/e2e/stacks
EXTRA_DIST += tests/e2e/stacks.c
CLEANFILES += tests/e2e/stacks
tests/e2e/stacks: $(srcdir)/tests/e2e/stacks.c
	$(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -std=gnu11 -g -O0 -pthread -no-pie -fno-pie -o $@ \
		$(srcdir)/tests/e2e/stacks.c

# A bad network between a node and a debugger.
check_PROGRAMS += tests/e2e/noise
tests_e2e_noise_SOURCES = tests/e2e/noise.c
tests_e2e_noise_LDADD = -lm

check_PROGRAMS += tests/e2e/stranger
tests_e2e_stranger_SOURCES = tests/e2e/stranger.c

check_PROGRAMS += tests/e2e/icmp
tests_e2e_icmp_SOURCES = tests/e2e/icmp.c

check_PROGRAMS += tests/e2e/idle
tests_e2e_idle_SOURCES = tests/e2e/idle.c

check_PROGRAMS += tests/e2e/flood
tests_e2e_flood_SOURCES = tests/e2e/flood.c
tests_e2e_flood_LDADD = libproto.la

check_PROGRAMS += tests/e2e/hostile_stub
tests_e2e_hostile_stub_SOURCES = tests/e2e/hostile_stub.c tests/rsp_plain.h

check_PROGRAMS += tests/e2e/unix_stub
tests_e2e_unix_stub_SOURCES = tests/e2e/unix_stub.c

check_PROGRAMS += tests/e2e/passthrough
tests_e2e_passthrough_SOURCES = tests/e2e/passthrough.c

# GDB's calls, under the preload and linked with the shim's code.
check_PROGRAMS += tests/e2e/caller tests/e2e/caller_linked
tests_e2e_caller_SOURCES = tests/e2e/caller.c
tests_e2e_caller_linked_SOURCES = tests/e2e/caller.c $(SHIM_SOURCES)
tests_e2e_caller_linked_CFLAGS = $(AM_CFLAGS) -pthread
tests_e2e_caller_linked_LDADD = libsession.la libio.la $(FREEBSD_LIBS)

# A program linked with the code of shim/, for cases in which it must have no effect.
check_PROGRAMS += tests/e2e/outside
tests_e2e_outside_SOURCES = tests/e2e/outside.c $(SHIM_SOURCES)
tests_e2e_outside_CFLAGS = $(AM_CFLAGS) -pthread
tests_e2e_outside_LDADD = libsession.la libio.la $(FREEBSD_LIBS)

# A program with threads, linked in three ways.
THREADED = tests/e2e/threaded-static tests/e2e/threaded-nopie tests/e2e/threaded-pie
noinst_SCRIPTS += $(THREADED)
EXTRA_DIST += tests/e2e/threaded.c
CLEANFILES += $(THREADED)
BUILD_THREADED = $(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -std=gnu11 -g -O0 -pthread -o $@ \
	$(srcdir)/tests/e2e/threaded.c
tests/e2e/threaded-static: $(srcdir)/tests/e2e/threaded.c
	$(BUILD_THREADED) -static
tests/e2e/threaded-nopie: $(srcdir)/tests/e2e/threaded.c
	$(BUILD_THREADED) -no-pie -fno-pie
tests/e2e/threaded-pie: $(srcdir)/tests/e2e/threaded.c
	$(BUILD_THREADED) -pie -fPIE

# Simulated clients and kernels for netgdb proxy.
check_PROGRAMS += tests/e2e/kernels tests/e2e/rsp_client
tests_e2e_kernels_SOURCES = tests/e2e/kernels.c
tests_e2e_kernels_LDADD = libproto.la
tests_e2e_rsp_client_SOURCES = tests/e2e/rsp_client.c

# A kernel in real time: the twin of the simulated world on a UDP socket.
check_PROGRAMS += tests/e2e/kernel
tests_e2e_kernel_SOURCES = tests/e2e/kernel.c
tests_e2e_kernel_LDADD = libsim.la libio.la libproto.la

# A second preload.
EXTRA_DIST += tests/e2e/frozen.c
noinst_SCRIPTS += tests/e2e/frozen.so
CLEANFILES += tests/e2e/frozen.so
tests/e2e/frozen.so: $(srcdir)/tests/e2e/frozen.c
	$(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -shared -fPIC -o $@ $(srcdir)/tests/e2e/frozen.c

# Needed only with sanitizers.
EXTRA_DIST += tests/e2e/early.c
if SANITIZE
noinst_SCRIPTS += tests/e2e/early.so
CLEANFILES += tests/e2e/early.so
tests/e2e/early.so: $(srcdir)/tests/e2e/early.c
	$(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -shared -fPIC -Wl,-z,initfirst -o $@ \
		$(srcdir)/tests/e2e/early.c
endif

# gdb's and netgdb's answers to qSymbol.
check_PROGRAMS += tests/e2e/names
tests_e2e_names_SOURCES = tests/e2e/names.c tests/rsp_plain.h
tests_e2e_names_LDADD = $(SYMBOLS_LIBS)
