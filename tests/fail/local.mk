# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fail: the N-th call fails. `make fail` runs every N, and gdb for every tenth; check a slice.
check_PROGRAMS += tests/fail/caller
tests_fail_caller_SOURCES = tests/fail/caller.c
check_LTLIBRARIES += tests/fail/fail.la
FAIL_COUNT = tests/fail/calls.h tests/fail/count.c tests/fail/count.h
tests_fail_fail_la_SOURCES = tests/fail/fail.c $(FAIL_COUNT)
tests_fail_fail_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere

# The modules of io/, session/ and shim/ in one program, with wrappers for these calls.
FAIL_WRAPPED = \
	-Wl,--wrap=accept4,--wrap=bind,--wrap=calloc,--wrap=chmod,--wrap=close \
	-Wl,--wrap=connect,--wrap=dup3,--wrap=epoll_create1,--wrap=epoll_ctl,--wrap=epoll_wait \
	-Wl,--wrap=eventfd,--wrap=fchmod,--wrap=fcntl,--wrap=flock,--wrap=free \
	-Wl,--wrap=fstat,--wrap=ftruncate,--wrap=getaddrinfo,--wrap=getifaddrs,--wrap=getsockname \
	-Wl,--wrap=getsockopt,--wrap=listen,--wrap=lstat,--wrap=malloc,--wrap=mkdir \
	-Wl,--wrap=mmap,--wrap=munmap,--wrap=open,--wrap=opendir \
	-Wl,--wrap=poll,--wrap=ppoll,--wrap=pthread_attr_init,--wrap=pthread_create,--wrap=read \
	-Wl,--wrap=readdir,--wrap=readlink,--wrap=realloc,--wrap=recv,--wrap=recvmmsg \
	-Wl,--wrap=recvmsg,--wrap=sched_getaffinity,--wrap=send,--wrap=sendmmsg,--wrap=sendmsg \
	-Wl,--wrap=setsockopt,--wrap=shutdown,--wrap=socket \
	-Wl,--wrap=socketpair,--wrap=stat,--wrap=unlink,--wrap=write,--wrap=writev \
	-Wl,--wrap=__poll_chk,--wrap=__ppoll_chk,--wrap=__read_chk,--wrap=__readlink_chk,--wrap=__recv_chk
check_PROGRAMS += tests/fail/modules
tests_fail_modules_SOURCES = tests/fail/modules.c tests/fail/modules.h tests/fail/modules_chain.c \
	tests/fail/modules_io.c tests/fail/modules_run.c tests/fail/modules_session.c \
	tests/fail/modules_shim.c tests/fail/stage.c tests/fail/stage.h tests/fail/stage_kernel.c \
	tests/fail/wrap.c $(FAIL_COUNT) $(SHIM_SOURCES)
tests_fail_modules_CFLAGS = $(AM_CFLAGS) -pthread
tests_fail_modules_LDFLAGS = $(AM_LDFLAGS) $(FAIL_WRAPPED)
tests_fail_modules_LDADD = libsession.la libio.la $(FREEBSD_LIBS)

TESTS += tests/fail/fail.test tests/fail/modules.test
dist_noinst_SCRIPTS += tests/fail/fail.test tests/fail/gdb.sh tests/fail/modules.test \
	tests/fail/node.sh tests/fail/run.sh tests/fail/units.sh
.PHONY: fail
fail: check-programs
	tests/fail/modules
	$(SHELL) $(srcdir)/tests/fail/units.sh $(abs_builddir)
	$(SHELL) $(srcdir)/tests/fail/run.sh $(abs_builddir)
	$(SHELL) $(srcdir)/tests/fail/node.sh $(abs_builddir)
	$(SHELL) $(srcdir)/tests/fail/gdb.sh $(abs_builddir)
