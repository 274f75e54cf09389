# SPDX-License-Identifier: GPL-3.0-or-later
# tools/: the command netgdb.
bin_PROGRAMS += tools/netgdb
tools_netgdb_SOURCES = \
	tools/args.c tools/tools.h \
	tools/bpf.c tools/bpf.h \
	tools/bpf_programs.c \
	tools/child.c tools/child.h \
	tools/main.c \
	tools/node.c tools/node.h \
	tools/node_options.c \
	tools/rtos.c \
	tools/run.c
tools_netgdb_CPPFLAGS = $(AM_CPPFLAGS) -DNETGDB_LIBRARY='"$(libdir)/libnetgdb.so"'
tools_netgdb_LDADD = libsession.la libio.la libebpf.la $(THREADS_LIBS)
# The plug-in of the public conformance suite.
bin_PROGRAMS += tools/netgdb-bpf-plugin
tools_netgdb_bpf_plugin_SOURCES = \
	tools/args.c tools/tools.h \
	tools/bpf_plugin.c tools/bpf.h \
	tools/bpf_programs.c
tools_netgdb_bpf_plugin_LDADD = libebpf.la libproto.la
