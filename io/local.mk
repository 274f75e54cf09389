# SPDX-License-Identifier: GPL-3.0-or-later
# io/: descriptors.
noinst_LTLIBRARIES += libio.la
libio_la_SOURCES = \
	io/capture.c io/capture.h \
	io/tap.c io/tap.h \
	io/clock.c io/clock.h \
	io/timestamp.c io/timestamp.h \
	io/fds.c io/fds.h \
	io/txq.c io/txq.h \
	io/herald.c io/herald.h \
	io/herald_responder.c io/herald_responder.h \
	io/logfile.c io/logfile.h \
	io/logqueue.c io/logqueue.h \
	io/os.h io/os_private.h io/os_both.c \
	io/peek.c io/peek.h \
	io/port_owner.h \
	io/progress.c io/progress.h \
	io/sockets.c io/sockets.h \
	io/thread.c io/thread.h \
	io/transfer.c io/transfer.h
libio_la_LIBADD = -lpthread
# One system's files, chosen by configure.
OS_LINUX = io/os_linux.c io/os_linux_files.c io/os_linux_net.c io/os_linux_port.c
OS_FREEBSD = io/os_freebsd.c io/os_freebsd_net.c io/os_kqueue.c
if FREEBSD
libio_la_SOURCES += $(OS_FREEBSD)
EXTRA_DIST += $(OS_LINUX)
else
libio_la_SOURCES += $(OS_LINUX)
EXTRA_DIST += $(OS_FREEBSD)
endif
