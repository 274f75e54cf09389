# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of the eBPF machine; included after tests/local.mk.
if HAVE_CMOCKA
EBPF_UNIT_TESTS = \
	tests/unit/ebpf_bounds \
	tests/unit/ebpf_btf \
	tests/unit/ebpf_differential \
	tests/unit/ebpf_hostile \
	tests/unit/ebpf_library \
	tests/unit/ebpf_load \
	tests/unit/ebpf_ops \
	tests/unit/ebpf_run \
	tests/unit/ebpf_steps \
	tests/unit/ebpf_stub \
	tests/unit/ebpf_trouble \
	tests/unit/sbpf_decode \
	tests/unit/sbpf_load \
	tests/unit/sbpf_syscalls
endif
check_PROGRAMS += $(EBPF_UNIT_TESTS)
TESTS += $(EBPF_UNIT_TESTS)
EBPF_UNIT_LIBS = libebpf.la $(UNIT_LIBS)
EBPF_OBJECT = tests/unit/ebpf_object.h tests/ebpf/asm.h
SBPF_FIXTURE = tests/unit/sbpf_fixture.h tests/ebpf/asm.h tests/ebpf/sbpf_write.c tests/ebpf/sbpf_write.h
EBPF_REFERENCE = tests/ebpf/asm.h tests/ebpf/reference.c tests/ebpf/reference.h

tests_unit_ebpf_bounds_SOURCES = tests/unit/ebpf_bounds.c $(EBPF_OBJECT)
tests_unit_ebpf_bounds_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_btf_SOURCES = tests/unit/ebpf_btf.c
tests_unit_ebpf_btf_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_differential_SOURCES = tests/unit/ebpf_differential.c \
	tests/ebpf/compare.c tests/ebpf/compare.h $(EBPF_REFERENCE)
tests_unit_ebpf_differential_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_hostile_SOURCES = tests/unit/ebpf_hostile.c $(EBPF_OBJECT)
tests_unit_ebpf_hostile_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_library_SOURCES = tests/unit/ebpf_library.c tests/ebpf/asm.h
tests_unit_ebpf_library_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_load_SOURCES = tests/unit/ebpf_load.c $(EBPF_OBJECT)
tests_unit_ebpf_load_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_ops_SOURCES = tests/unit/ebpf_ops.c tests/unit/ebpf_ops_fixture.h $(EBPF_REFERENCE)
tests_unit_ebpf_ops_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_run_SOURCES = tests/unit/ebpf_run.c tests/unit/ebpf_ops_fixture.h $(EBPF_REFERENCE)
tests_unit_ebpf_run_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_steps_SOURCES = tests/unit/ebpf_steps.c tests/ebpf/asm.h
tests_unit_ebpf_steps_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_stub_SOURCES = tests/unit/ebpf_stub.c tests/ebpf/asm.h
tests_unit_ebpf_stub_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_ebpf_trouble_SOURCES = tests/unit/ebpf_trouble.c tests/ebpf/asm.h
tests_unit_ebpf_trouble_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc
tests_unit_ebpf_trouble_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_sbpf_decode_SOURCES = tests/unit/sbpf_decode.c $(SBPF_FIXTURE)
tests_unit_sbpf_decode_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_sbpf_load_SOURCES = tests/unit/sbpf_load.c $(SBPF_FIXTURE)
tests_unit_sbpf_load_LDADD = $(EBPF_UNIT_LIBS)
tests_unit_sbpf_syscalls_SOURCES = tests/unit/sbpf_syscalls.c $(SBPF_FIXTURE)
tests_unit_sbpf_syscalls_LDADD = $(EBPF_UNIT_LIBS)

# Tests with real compilers and debuggers, which skip those that are missing.
EBPF_E2E_TESTS = tests/e2e/bpf-gdb.test tests/e2e/bpf-linux.test tests/e2e/bpf-lldb.test tests/e2e/bpf-node.test \
	tests/e2e/bpf-plugin.test \
	tests/e2e/bpf-run.test \
	tests/e2e/bpf-sbpf.test
TESTS += $(EBPF_E2E_TESTS)
dist_noinst_SCRIPTS += $(EBPF_E2E_TESTS)
# Makes programs for Solana.
check_PROGRAMS += tests/ebpf/sbpf_link
tests_ebpf_sbpf_link_SOURCES = tests/ebpf/sbpf_link.c tests/ebpf/asm.h tests/ebpf/sbpf_write.c \
	tests/ebpf/sbpf_write.h
tests_ebpf_sbpf_link_CFLAGS = $(AM_CFLAGS) $(ELF_CFLAGS)
tests_ebpf_sbpf_link_LDADD = libebpf.la libproto.la $(ELF_LIBS)
FUZZ_TESTS += tests/fuzz/ebpf_interp tests/fuzz/ebpf_loader tests/fuzz/ebpf_stub
tests_fuzz_ebpf_interp_SOURCES = tests/fuzz/ebpf_interp.c tests/ebpf/compare.c \
	tests/ebpf/compare.h tests/ebpf/reference.c tests/ebpf/reference.h $(FUZZ_SOURCES)
tests_fuzz_ebpf_interp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"ebpf_interp"'
tests_fuzz_ebpf_interp_LDADD = $(EBPF_UNIT_LIBS)
tests_fuzz_ebpf_stub_SOURCES = tests/fuzz/ebpf_stub.c tests/ebpf/asm.h $(FUZZ_SOURCES)
tests_fuzz_ebpf_stub_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"ebpf_stub"'
tests_fuzz_ebpf_stub_LDADD = $(EBPF_UNIT_LIBS)
tests_fuzz_ebpf_loader_SOURCES = tests/fuzz/ebpf_loader.c $(FUZZ_SOURCES)
tests_fuzz_ebpf_loader_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"ebpf_loader"'
tests_fuzz_ebpf_loader_LDADD = $(EBPF_UNIT_LIBS)
EXTRA_DIST += tests/e2e/bpf-common.sh tests/ebpf/demo.c tests/ebpf/features.c tests/ebpf/helpers.c \
	tests/ebpf/core.c tests/ebpf/library.c tests/ebpf/linux.c tests/ebpf/optimized.c \
	tests/ebpf/solana.c

EXTRA_PROGRAMS += tests/bench/ebpf
CLEANFILES += tests/bench/ebpf
tests_bench_ebpf_SOURCES = tests/bench/ebpf.c tests/ebpf/asm.h
tests_bench_ebpf_LDADD = libebpf.la libio.la libproto.la

.PHONY: bench-ebpf
bench: bench-ebpf
bench-ebpf: tests/bench/ebpf
	tests/bench/ebpf
