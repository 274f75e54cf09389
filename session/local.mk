# SPDX-License-Identifier: GPL-3.0-or-later
# session/: from a name to a served target.
noinst_LTLIBRARIES += libsession.la
libsession_la_SOURCES = \
	session/serve.c session/serve.h
