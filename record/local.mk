# SPDX-License-Identifier: GPL-3.0-or-later
# record/: what a session has read, in memory and as a session.core.
noinst_LTLIBRARIES += librecord.la
librecord_la_SOURCES = \
	record/answers.c record/answers.h \
	record/core_file.c record/core_file.h \
	record/core_open.c \
	record/elf_core.c record/elf_core.h \
	record/exchange.c record/exchange.h \
	record/from_capture.c record/from_capture.h \
	record/from_wire.c record/from_wire.h \
	record/ranges.c record/ranges.h \
	record/recorder.c record/recorder.h \
	record/recording.c record/recording.h record/recording_private.h \
	record/recording_load.c \
	record/registers.c record/registers.h \
	record/replay.c record/replay.h \
	record/written.c record/written.h
