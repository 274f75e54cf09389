# SPDX-License-Identifier: GPL-3.0-or-later
# session/: a chain built from a name and its options, and serving it.
noinst_LTLIBRARIES += libsession.la
libsession_la_SOURCES = \
	session/lobby.c session/lobby.h
