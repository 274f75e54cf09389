# SPDX-License-Identifier: GPL-3.0-or-later
# tests/bench: ratios of one run, for `make bench` and never part of check.
BENCHES = tests/bench/batch tests/bench/node tests/bench/pingpong tests/bench/read \
	tests/bench/relay tests/bench/session tests/bench/start
BENCH = tests/bench/bench.c tests/bench/bench.h
BENCH_LIBS = libsession.la libio.la libproto.la
EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES) tests/bench/threads
tests_bench_batch_SOURCES = tests/bench/batch.c $(BENCH)
tests_bench_batch_LDADD = $(BENCH_LIBS)
tests_bench_node_SOURCES = tests/bench/node.c tests/bench/instant.c $(BENCH)
tests_bench_node_LDADD = $(BENCH_LIBS)
tests_bench_pingpong_SOURCES = tests/bench/pingpong.c $(BENCH)
tests_bench_pingpong_LDADD = $(BENCH_LIBS)
tests_bench_read_SOURCES = tests/bench/read.c tests/bench/client.c tests/bench/client.h $(BENCH)
tests_bench_read_LDADD = $(BENCH_LIBS)
tests_bench_relay_SOURCES = tests/bench/relay.c $(BENCH)
tests_bench_relay_LDADD = $(BENCH_LIBS)
tests_bench_session_SOURCES = tests/bench/session.c tests/bench/client.c tests/bench/client.h \
	$(BENCH)
tests_bench_session_LDADD = $(BENCH_LIBS)
tests_bench_start_SOURCES = tests/bench/start.c $(BENCH)
tests_bench_start_LDADD = $(BENCH_LIBS)
# The debugged program has variables and line numbers, independently of CFLAGS.
tests/bench/threads: $(srcdir)/tests/bench/threads.c
	@$(MKDIR_P) tests/bench
	$(AM_V_CC)$(CC) -g -O0 -pthread -o $@ $(srcdir)/tests/bench/threads.c
dist_noinst_SCRIPTS += tests/bench/bench.sh
EXTRA_DIST += tests/bench/batch.gdb tests/bench/threads.c

.PHONY: bench
bench: all $(BENCHES) tests/bench/threads tests/e2e/kernels tests/e2e/kernel \
		tests/e2e/noise tests/sim/run tests/kernel.stamp
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/bench/bench.sh $(BENCH_PARTS)

# The savings of the cache.
dist_noinst_SCRIPTS += tests/bench/cache.sh
EXTRA_DIST += tests/bench/cache.gdb
.PHONY: bench-cache
bench-cache: all tests/bench/threads tests/e2e/stacks tests/e2e/noise tests/e2e/kernel
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/bench/cache.sh $(BENCH_PARTS)

# RTOS threads, under QEMU.
dist_noinst_SCRIPTS += tests/bench/rtos.sh
.PHONY: bench-rtos
bench-rtos: all
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/bench/rtos.sh
