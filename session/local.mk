# SPDX-License-Identifier: GPL-3.0-or-later
# session/: from a name and its options to a served target.
noinst_LTLIBRARIES += libsession.la
libsession_la_SOURCES = \
	session/beside.c session/beside.h \
	session/chain.c session/chain.h \
	session/child.c session/child.h \
	session/control.c session/control.h \
	session/kernel.c session/kernel.h \
	session/leave.c session/leave.h \
	session/listener.c session/listener.h \
	session/lldb.c session/lldb.h \
	session/monitor.c session/monitor.h \
	session/observed.c session/observed.h \
	session/observed_share.c \
	session/observer.c session/observer.h \
	session/processes.c session/processes.h \
	session/profile.c session/profile.h \
	session/lobby.c session/lobby.h \
	session/report.c session/report.h \
	session/rundir.c session/rundir.h \
	session/serve.c session/serve.h \
	session/session.c session/session.h \
	session/state_file.c session/state_file.h \
	session/tls.c session/tls.h \
	session/tls_keys.c \
	session/transport.c session/transport.h \
	$(TRANSPORTS)

# The transports: session/transport_PREFIX.c defines `const struct transport transport_PREFIX`.
TRANSPORTS = \
	session/transport_replay.c \
	session/transport_file.c \
	session/transport_tcp.c \
	session/transport_tls.c \
	session/transport_unix.c \
	session/transport_stdio.c

# transport_list.h: a line TRANSPORT(NAME) for each of them, included by transport.c.
session/transport_list.h: Makefile
	@$(MKDIR_P) session
	$(AM_V_GEN)for file in $(TRANSPORTS); do \
		echo "TRANSPORT($$(basename $$file .c))"; \
	done >$@.tmp && mv $@.tmp $@
TRANSPORT_OBJECT = session/libsession_la-transport.lo # a variable: automake writes the rule itself
$(TRANSPORT_OBJECT): session/transport_list.h
CLEANFILES += session/transport_list.h

libsession_la_LIBADD = librecord.la
libsession_la_CPPFLAGS = $(AM_CPPFLAGS) -DNETGDB_BINDIR='"$(bindir)"' \
	-DNETGDB_LIBDIR='"$(libdir)"' -DNETGDB_TLS_HELPER='"$(pkglibexecdir)/netgdb-tls"'

# One of these has directories of configure in it.
$(libsession_la_OBJECTS): Makefile
