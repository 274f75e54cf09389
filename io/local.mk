# SPDX-License-Identifier: GPL-3.0-or-later
# io/: descriptors.
noinst_LTLIBRARIES += libio.la
libio_la_SOURCES = \
	io/fds.c io/fds.h \
	io/sockets.c io/sockets.h \
	io/transfer.c io/transfer.h
