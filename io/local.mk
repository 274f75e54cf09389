# SPDX-License-Identifier: GPL-3.0-or-later
# io/: descriptors.
noinst_LTLIBRARIES += libio.la
libio_la_SOURCES = \
	io/clock.c io/clock.h \
	io/timestamp.c io/timestamp.h \
	io/fds.c io/fds.h \
	io/txq.c io/txq.h \
	io/herald.c io/herald.h \
	io/herald_responder.c io/herald_responder.h \
	io/logfile.c io/logfile.h \
	io/logqueue.c io/logqueue.h \
	io/peek.c io/peek.h \
	io/port_owner.c io/port_owner.h \
	io/sockets.c io/sockets.h \
	io/thread.c io/thread.h \
	io/transfer.c io/transfer.h
