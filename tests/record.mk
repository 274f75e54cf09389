# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of record/.
UNIT_TESTS += tests/unit/recording
tests_unit_recording_SOURCES = tests/unit/recording.c tests/unit/unit.h
tests_unit_recording_LDADD = librecord.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/recording_race
tests_unit_recording_race_SOURCES = tests/unit/recording_race.c tests/unit/unit.h
tests_unit_recording_race_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=flock
tests_unit_recording_race_LDADD = librecord.la $(UNIT_LIBS)

FUZZ_TESTS += tests/fuzz/core
tests_fuzz_core_SOURCES = tests/fuzz/core.c $(FUZZ_SOURCES)
tests_fuzz_core_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_NAME='"core"'
tests_fuzz_core_LDADD = librecord.la libproto.la

UNIT_TESTS += tests/unit/replay
tests_unit_replay_SOURCES = tests/unit/replay.c tests/unit/unit.h tests/requests.h
tests_unit_replay_LDADD = librecord.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/from_capture
tests_unit_from_capture_SOURCES = tests/unit/from_capture.c tests/unit/capture_fixture.h tests/unit/unit.h
tests_unit_from_capture_LDADD = librecord.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/from_wire
tests_unit_from_wire_SOURCES = tests/unit/from_wire.c tests/unit/capture_fixture.h tests/unit/unit.h
tests_unit_from_wire_LDADD = librecord.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/answers
tests_unit_answers_SOURCES = tests/unit/answers.c tests/unit/unit.h
tests_unit_answers_LDADD = librecord.la $(UNIT_LIBS)
