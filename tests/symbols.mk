# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of symbols/ and of the memory regions that it fills; ELF files are made for them.
UNIT_TESTS += tests/unit/regions
tests_unit_regions_SOURCES = tests/unit/regions.c tests/unit/unit.h
tests_unit_regions_LDADD = $(UNIT_LIBS)

SYMBOLS_WORLD = tests/unit/symbols_world.c tests/unit/symbols_world.h tests/unit/unit.h
SYMBOLS_UNIT_LIBS = $(SYMBOLS_LIBS) $(CMOCKA_LIBS)
TEST_ELF_PARTS = tests/unit/elfs/common.s tests/unit/elfs/ifunc.s tests/unit/elfs/micromips.s \
	tests/unit/elfs/mips16.s tests/unit/elfs/more.s tests/unit/elfs/opd.s tests/unit/elfs/thumb.s \
	tests/unit/elfs/versions.map tests/unit/elfs/versions.s
EXTRA_DIST += $(TEST_ELF_PARTS)
dist_noinst_SCRIPTS += tests/unit/elfs/make
check_DATA += tests/unit/elfs.stamp
CLEANFILES += tests/unit/elfs.stamp tests/unit/elfs.log
tests/unit/elfs.stamp: tests/unit/elfs/make $(TEST_ELF_PARTS)
	$(AM_V_GEN)$(MKDIR_P) tests/unit && \
	if $(SHELL) $(srcdir)/tests/unit/elfs/make $(srcdir)/tests/unit/elfs tests/unit/elfs.d \
	    >tests/unit/elfs.log 2>&1; \
	then grep 'no test of that machine' tests/unit/elfs.log; touch $@; \
	else cat tests/unit/elfs.log; exit 1; fi
clean-local:
	rm -rf tests/unit/elfs.d tests/kernel.d

UNIT_TESTS += tests/unit/debugfile
tests_unit_debugfile_SOURCES = tests/unit/debugfile.c $(SYMBOLS_WORLD)
tests_unit_debugfile_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/describe
tests_unit_describe_SOURCES = tests/unit/describe.c $(SYMBOLS_WORLD)
tests_unit_describe_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/elf_check
tests_unit_elf_check_SOURCES = tests/unit/elf_check.c $(SYMBOLS_WORLD)
tests_unit_elf_check_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/find_elf
tests_unit_find_elf_SOURCES = tests/unit/find_elf.c $(SYMBOLS_WORLD)
tests_unit_find_elf_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/build_id_match
tests_unit_build_id_match_SOURCES = tests/unit/build_id_match.c $(SYMBOLS_WORLD)
tests_unit_build_id_match_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/osabi
tests_unit_osabi_SOURCES = tests/unit/osabi.c tests/unit/unit.h
tests_unit_osabi_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/qsymbol
tests_unit_qsymbol_SOURCES = tests/unit/qsymbol.c $(SYMBOLS_WORLD)
tests_unit_qsymbol_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/symtab
tests_unit_symtab_SOURCES = tests/unit/symtab.c $(SYMBOLS_WORLD)
tests_unit_symtab_LDADD = $(SYMBOLS_UNIT_LIBS)
UNIT_TESTS += tests/unit/types tests/unit/types_dwarf4
tests_unit_types_SOURCES = tests/unit/types.c tests/unit/unit.h
tests_unit_types_CFLAGS = $(AM_CFLAGS) -g # the test reads its own debug information
tests_unit_types_LDADD = libio.la $(SYMBOLS_UNIT_LIBS)
tests_unit_types_dwarf4_SOURCES = $(tests_unit_types_SOURCES)
# The form of bit-fields that clang makes for gdb, of any version, and so that of FreeBSD's kernels.
tests_unit_types_dwarf4_CFLAGS = $(AM_CFLAGS) -gdwarf-4
tests_unit_types_dwarf4_LDADD = libio.la $(SYMBOLS_UNIT_LIBS)

# `make bench`: measurements, never a test.
EXTRA_PROGRAMS += tests/bench/symbols
tests_bench_symbols_SOURCES = tests/bench/symbols.c
tests_bench_symbols_LDADD = $(SYMBOLS_LIBS)
dist_noinst_SCRIPTS += tests/bench/make-kernel
.PHONY: bench bench-symbols
bench: bench-symbols
bench-symbols: tests/bench/symbols$(EXEEXT)
	@f=`mktemp` && CC='$(CC)' $(srcdir)/tests/bench/make-kernel "$$f" && \
	tests/bench/symbols$(EXEEXT) "$$f"; rc=$$?; rm -f "$$f"; exit $$rc

# The fuzz target of ELF files.
FUZZ_TESTS += tests/fuzz/elf
tests_fuzz_elf_SOURCES = tests/fuzz/elf.c $(FUZZ_SOURCES)
tests_fuzz_elf_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"elf"'
tests_fuzz_elf_LDADD = $(SYMBOLS_LIBS)
