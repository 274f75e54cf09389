# SPDX-License-Identifier: GPL-3.0-or-later
# symbols/: an ELF file: its symbols by libbfd and libelf, answers to qSymbol from them, its types by
# libdw. A program that uses libsymbols.la links $(SYMBOLS_LIBS) after its own objects.
noinst_LTLIBRARIES += libsymbols.la
libsymbols_la_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS) $(DW_CFLAGS)
libsymbols_la_SOURCES = \
	symbols/bfd_syms.h \
	symbols/build_id_match.c symbols/build_id_match.h \
	symbols/debugfile.c symbols/debugfile.h \
	symbols/elf_check.c symbols/elf_check.h \
	symbols/elf_file.c symbols/elf_file.h \
	symbols/find_elf.c symbols/find_elf.h \
	symbols/find_slide.c symbols/find_slide.h \
	symbols/gdb_args.c symbols/gdb_args.h \
	symbols/osabi.c symbols/osabi.h \
	symbols/qsymbol.c symbols/qsymbol.h \
	symbols/symbols.c symbols/symbols.h \
	symbols/symtab.c symbols/symtab.h \
	symbols/symtab_load.c symbols/symtab_private.h \
	symbols/types.c symbols/types.h
if HAVE_LIBBFD
libsymbols_la_SOURCES += symbols/bfd_syms.c
EXTRA_DIST += symbols/elf_syms.c
else
libsymbols_la_SOURCES += symbols/elf_syms.c
EXTRA_DIST += symbols/bfd_syms.c
endif
SYMBOLS_LIBS = libsymbols.la libproto.la $(BFD_LIBS) $(ELF_LIBS) $(DW_LIBS) -lpthread
DISTCLEANFILES = symbols/libnetgdb-bfd.so
