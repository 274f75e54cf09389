# SPDX-License-Identifier: GPL-3.0-or-later
# freebsd/: the data structures of a FreeBSD kernel. A program that uses it links $(FREEBSD_LIBS)
# after its own objects.
noinst_LTLIBRARIES += libfreebsd.la
libfreebsd_la_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS)
libfreebsd_la_SOURCES = \
	freebsd/dmesg.c \
	freebsd/find_kernel.c freebsd/find_kernel.h \
	freebsd/freebsd.c freebsd/freebsd.h \
	freebsd/image.c freebsd/image.h \
	freebsd/libraries.c freebsd/libraries.h \
	freebsd/module_file.c freebsd/module_file.h \
	freebsd/modules.c freebsd/modules.h \
	freebsd/output.c freebsd/output.h \
	freebsd/panic.c \
	freebsd/queries.c freebsd/queries.h \
	freebsd/signature.c freebsd/signature.h \
	freebsd/snapshot.c freebsd/snapshot.h \
	freebsd/tasks.c freebsd/tasks.h

FREEBSD_LIBS = libfreebsd.la $(THREADS_LIBS)
