# SPDX-License-Identifier: GPL-3.0-or-later
# packaging/: packages of distributions. `make check-debian` builds Debian's twice and tests them; it
# needs debhelper and lintian, and root for a file system of its own.
EXTRA_DIST += \
	packaging/debian/build \
	packaging/debian/changelog \
	packaging/debian/control \
	packaging/debian/copyright \
	packaging/debian/libnetgdb.install \
	packaging/debian/libnetgdb.lintian-overrides \
	packaging/debian/libnetgdb.triggers \
	packaging/debian/netgdb.lintian-overrides \
	packaging/debian/netgdb.docs \
	packaging/debian/netgdb.examples \
	packaging/debian/netgdb.install \
	packaging/debian/not-installed \
	packaging/debian/rules \
	packaging/debian/source/format \
	packaging/debian/tests/control \
	packaging/debian/tests/demo \
	packaging/freebsd/Makefile \
	packaging/freebsd/README.md \
	packaging/freebsd/cirrus.yml \
	packaging/freebsd/pkg-descr \
	packaging/freebsd/vmactions.yml \
	packaging/rpm/netgdb.spec
dist_noinst_SCRIPTS += tests/packaging/debian.sh
.PHONY: check-debian
check-debian: dist
	$(SHELL) $(srcdir)/tests/packaging/debian.sh $(srcdir) $(distdir).tar.xz debian-packages
