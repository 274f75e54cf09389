# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of threads/: a stub with memory images of kernels.
THREADS_WORLD = tests/unit/threads_world.c tests/unit/threads_world.h tests/rtos_stub.c \
	tests/rtos_stub.h tests/unit/unit.h
EXTRA_DIST += tests/firmware/kernel.h tests/firmware/tasks.c tests/firmware/freertos.c \
	tests/firmware/tables.c tests/firmware/threadx.c tests/firmware/start_a.S \
	tests/firmware/start_m.S \
	tests/firmware/start_riscv.S tests/firmware/start_riscv_threadx.S \
	tests/firmware/m.ld tests/firmware/riscv.ld
THREADS_UNIT_LIBS = $(THREADS_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/threads_freertos
tests_unit_threads_freertos_SOURCES = tests/unit/threads_freertos.c $(THREADS_WORLD)
tests_unit_threads_freertos_LDADD = $(THREADS_UNIT_LIBS)
THREADS_CONTEXTS = tests/unit/threads_contexts_fixture.h $(THREADS_WORLD)
UNIT_TESTS += tests/unit/threads_contexts tests/unit/threads_contexts_other
tests_unit_threads_contexts_SOURCES = tests/unit/threads_contexts.c $(THREADS_CONTEXTS)
tests_unit_threads_contexts_LDADD = $(THREADS_UNIT_LIBS)
tests_unit_threads_contexts_other_SOURCES = tests/unit/threads_contexts_other.c $(THREADS_CONTEXTS)
tests_unit_threads_contexts_other_LDADD = $(THREADS_UNIT_LIBS)
UNIT_TESTS += tests/unit/threads_tables
tests_unit_threads_tables_SOURCES = tests/unit/threads_tables.c $(THREADS_CONTEXTS)
tests_unit_threads_tables_LDADD = $(THREADS_UNIT_LIBS)
UNIT_TESTS += tests/unit/threads_rules
tests_unit_threads_rules_SOURCES = tests/unit/threads_rules.c $(THREADS_WORLD)
tests_unit_threads_rules_LDADD = $(THREADS_UNIT_LIBS)
UNIT_TESTS += tests/unit/regmap
tests_unit_regmap_SOURCES = tests/unit/regmap.c
tests_unit_regmap_LDADD = $(THREADS_UNIT_LIBS)
FUZZ_TESTS += tests/fuzz/rtos
tests_fuzz_rtos_SOURCES = tests/fuzz/rtos.c tests/rtos_stub.c tests/rtos_stub.h $(FUZZ_SOURCES)
tests_fuzz_rtos_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"rtos"'
tests_fuzz_rtos_LDADD = $(THREADS_LIBS)
