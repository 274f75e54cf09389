/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict of a soak test: whether memory and descriptors stay constant. */
#ifndef NETGDB_TESTS_SOAK_VERDICT_H
#define NETGDB_TESTS_SOAK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum { VERDICT_SAMPLES_MIN = 12 };

/* A sample: resident memory and open descriptors. */
struct usage {
    long kib, descriptors;
};

/*
 * Judges samples[n], which were taken at equal intervals. The first third is warm-up, in which all
 * work is done several times and allocators grow; it is ignored. In the rest the number of
 * descriptors must be constant, and the least-squares line through the memory may rise by kib_max
 * from its first sample to its last; a falling line is flat. Fewer than VERDICT_SAMPLES_MIN samples
 * are not flat.
 *
 * Always writes one line to text[size].
 */
bool verdict_flat(const struct usage *samples, unsigned n, long kib_max, char *text, size_t size);

/* Returns the index of the first sample after the warm-up. */
unsigned verdict_warm(unsigned n);

#endif
