# SPDX-License-Identifier: GPL-3.0-or-later
# shim/: libnetgdb.so, what goes into LD_PRELOAD.
lib_LTLIBRARIES += libnetgdb.la
SHIM_SOURCES = \
	shim/connect.c \
	shim/frontend.c shim/frontend.h \
	shim/hooks.c \
	shim/names.c \
	shim/preload.c \
	shim/relay.c shim/relay.h \
	shim/shim.h
libnetgdb_la_SOURCES = $(SHIM_SOURCES)
libnetgdb_la_LIBADD = libsession.la libio.la $(FREEBSD_LIBS)
libnetgdb_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -no-undefined \
	$(BFD_LDFLAGS) \
	-Wl,--version-script=$(top_srcdir)/shim/libnetgdb.map \
	-Wl,-z,nodelete -pthread
if !FREEBSD
# There the program has environ, which libiberty uses.
libnetgdb_la_LDFLAGS += -Wl,-z,defs
endif
EXTRA_libnetgdb_la_DEPENDENCIES = shim/libnetgdb.map
EXTRA_DIST += shim/libnetgdb.map
