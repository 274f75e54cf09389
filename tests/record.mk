# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of record/.
UNIT_TESTS += tests/unit/recording
tests_unit_recording_SOURCES = tests/unit/recording.c tests/unit/unit.h
tests_unit_recording_LDADD = librecord.la $(UNIT_LIBS)
