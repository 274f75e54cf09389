/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what processes hold stays the same while they work: the verdict of a soak. */
#ifndef NETGDB_TESTS_SOAK_VERDICT_H
#define NETGDB_TESTS_SOAK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum { VERDICT_SAMPLES_MIN = 12 };

/* What is held at a moment: resident memory and open descriptors. */
struct held {
    long kib, descriptors;
};

/*
 * Looks at samples[n], taken at equal intervals. The first third is warm-up, in which every part of
 * the work is done several times and allocators take what they need; nothing is concluded from it.
 * In the rest the descriptors must be the same number every time, and the line that fits the memory
 * best (least squares) may rise by kib_max from its first sample to its last; one that falls is
 * flat. Fewer than VERDICT_SAMPLES_MIN samples prove nothing and are not flat.
 *
 * Puts one line into text[size], whatever the verdict is.
 */
bool verdict_flat(const struct held *samples, unsigned n, long kib_max, char *text, size_t size);

/* The first sample that counts. */
unsigned verdict_warm(unsigned n);

#endif
