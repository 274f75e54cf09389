# SPDX-License-Identifier: GPL-3.0-or-later
# tests/e2e: real programs. Every *.test is a shell script that speaks TAP.
E2E_TESTS = \
	tests/e2e/completion.test \
	tests/e2e/man.test \
	tests/e2e/node.test \
	tests/e2e/proxy.test \
	tests/e2e/proxy_clients.test \
	tests/e2e/proxy_lend.test \
	tests/e2e/proxy_life.test \
	tests/e2e/proxy_many.test \
	tests/e2e/proxy_service.test
TESTS += $(E2E_TESTS)
dist_noinst_SCRIPTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/lib.sh tests/e2e/proxy_lib.sh

check_PROGRAMS += tests/e2e/node_client
tests_e2e_node_client_SOURCES = tests/e2e/node_client.c
tests_e2e_node_client_LDADD = libproto.la

# What is debugged is built the same whatever the rest is built with.
noinst_SCRIPTS += tests/e2e/target
EXTRA_DIST += tests/e2e/target.c
CLEANFILES += tests/e2e/target
tests/e2e/target: $(srcdir)/tests/e2e/target.c
	$(AM_V_CC)$(MKDIR_P) tests/e2e && $(CC) -std=gnu11 -g -O0 -o $@ $(srcdir)/tests/e2e/target.c

# A bad network between a node and a debugger.
check_PROGRAMS += tests/e2e/noise
tests_e2e_noise_SOURCES = tests/e2e/noise.c

# Clients and kernels that are none, for netgdb proxy.
check_PROGRAMS += tests/e2e/kernels tests/e2e/rsp_client
tests_e2e_kernels_SOURCES = tests/e2e/kernels.c
tests_e2e_kernels_LDADD = libproto.la
tests_e2e_rsp_client_SOURCES = tests/e2e/rsp_client.c
