# SPDX-License-Identifier: GPL-3.0-or-later
# The tests of symbols/ and of the memory regions that it fills.
UNIT_TESTS += tests/unit/regions
tests_unit_regions_SOURCES = tests/unit/regions.c tests/unit/unit.h
tests_unit_regions_LDADD = $(UNIT_LIBS)
