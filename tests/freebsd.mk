# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of freebsd/: files that look like a kernel's are made for them.
TEST_KERNEL = tests/kernel/hello.c tests/kernel/kern_jail.c tests/kernel/kern_linker.c \
	tests/kernel/kern_proc.c tests/kernel/kern_shutdown.c tests/kernel/kernel.h \
	tests/kernel/link_elf.c tests/kernel/link_elf_obj.c tests/kernel/subr_msgbuf.c \
	tests/kernel/subr_pcpu.c
EXTRA_DIST += $(TEST_KERNEL)
dist_noinst_SCRIPTS += tests/kernel/make
check_DATA += tests/kernel.stamp
CLEANFILES += tests/kernel.stamp tests/kernel.log
tests/kernel.stamp: tests/kernel/make $(TEST_KERNEL)
	$(AM_V_GEN)$(MKDIR_P) tests && \
	if $(SHELL) $(srcdir)/tests/kernel/make $(srcdir)/tests/kernel tests/kernel.d \
	    >tests/kernel.log 2>&1; \
	then touch $@; \
	else cat tests/kernel.log; exit 1; fi

UNIT_TESTS += tests/unit/freebsd
tests_unit_freebsd_SOURCES = tests/unit/freebsd.c tests/unit/freebsd_world.c \
	tests/unit/freebsd_world.h tests/kernel/stub.c tests/kernel/stub.h $(SYMBOLS_WORLD)
tests_unit_freebsd_LDADD = $(FREEBSD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/freebsd_snapshot
tests_unit_freebsd_snapshot_SOURCES = tests/unit/freebsd_snapshot.c \
	tests/unit/freebsd_world.c tests/unit/freebsd_world.h tests/kernel/stub.c tests/kernel/stub.h $(SYMBOLS_WORLD)
tests_unit_freebsd_snapshot_LDADD = $(FREEBSD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/freebsd_files
tests_unit_freebsd_files_SOURCES = tests/unit/freebsd_files.c tests/kernel/stub.c \
	tests/kernel/stub.h tests/unit/unit.h
tests_unit_freebsd_files_LDADD = $(FREEBSD_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += tests/unit/signature
tests_unit_signature_SOURCES = tests/unit/signature.c tests/unit/unit.h
tests_unit_signature_LDADD = $(FREEBSD_LIBS) $(CMOCKA_LIBS)

FUZZ_TESTS += tests/fuzz/json
tests_fuzz_json_SOURCES = tests/fuzz/json.c $(FUZZ_SOURCES)
tests_fuzz_json_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"json"'
tests_fuzz_json_LDADD = $(FREEBSD_LIBS)

FUZZ_TESTS += tests/fuzz/kernel
tests_fuzz_kernel_SOURCES = tests/fuzz/kernel.c tests/kernel/stub.c tests/kernel/stub.h \
	$(FUZZ_SOURCES)
tests_fuzz_kernel_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"kernel"'
tests_fuzz_kernel_LDADD = $(FREEBSD_LIBS)

# make bench-types FILE=kernel.debug: a number, never a test.
EXTRA_PROGRAMS += tests/bench/types
tests_bench_types_SOURCES = tests/bench/types.c
tests_bench_types_LDADD = $(FREEBSD_LIBS)
.PHONY: bench-types
bench-types: tests/bench/types$(EXEEXT)
	@tests/bench/types$(EXEEXT) '$(FILE)'
