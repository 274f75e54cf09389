# SPDX-License-Identifier: GPL-3.0-or-later
# ebpf/: the built-in target, an eBPF machine.
noinst_LTLIBRARIES += libebpf.la
libebpf_la_CFLAGS = $(AM_CFLAGS) $(ELF_CFLAGS) $(DW_CFLAGS)
libebpf_la_LIBADD = $(DW_LIBS) $(ELF_LIBS)
libebpf_la_SOURCES = \
	ebpf/btf.c ebpf/btf.h ebpf/btf_maps.c \
	ebpf/core.c ebpf/core_match.c ebpf/core_match.h \
	ebpf/context.c \
	ebpf/debug.c ebpf/debug_frame.c \
	ebpf/decode.c \
	ebpf/disasm.c ebpf/disasm.h \
	ebpf/elf_write.c \
	ebpf/events.c ebpf/events.h \
	ebpf/exec.h ebpf/exec_checked.c ebpf/exec_unchecked.c ebpf/loop.h \
	ebpf/arch.c ebpf/arch.h \
	ebpf/frames.c ebpf/frames.h \
	ebpf/helpers.c ebpf/helpers.h ebpf/helpers_linux.c ebpf/helpers_linux.h ebpf/helpers_loop.c ebpf/helpers_maps.c ebpf/helpers_packet.c \
	ebpf/image.c ebpf/image.h \
	ebpf/insn.c ebpf/insn.h \
	ebpf/kconfig.c ebpf/layout.c \
	ebpf/library.c ebpf/library.h \
	ebpf/linker.h ebpf/load.c ebpf/load.h \
	ebpf/locations.c ebpf/locations.h \
	ebpf/machine.c ebpf/machine.h \
	ebpf/maps.c ebpf/maps.h \
	ebpf/memory.c ebpf/memory.h \
	ebpf/monitor.c \
	ebpf/names.c ebpf/names.h \
	ebpf/opcodes.h \
	ebpf/print.c ebpf/print.h \
	ebpf/reloc.c \
	ebpf/sbpf.h ebpf/sbpf_crypto.c ebpf/sbpf_decode.c ebpf/sbpf_load.c ebpf/sbpf_machine.c \
	ebpf/sbpf_syscalls.c \
	ebpf/stub.h ebpf/stub_files.c ebpf/stub_memory.c ebpf/stub_query.c ebpf/stub_registers.c \
	ebpf/symbols.c \
	ebpf/target.c ebpf/target.h
