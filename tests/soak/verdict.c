/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict of a soak test; see verdict.h. */
#include "tests/soak/verdict.h"

#include <stdio.h>

unsigned verdict_warm(unsigned n)
{
    return n / 3;
}

/* The rise of the least-squares line through the memory, in KiB. */
static double rise(const struct usage *samples, unsigned n)
{
    double middle = (n - 1) / 2.0, mean = 0, up = 0, across = 0;
    for (unsigned i = 0; i < n; i++)
        mean += (double)samples[i].kib / n;
    for (unsigned i = 0; i < n; i++) {
        up += (i - middle) * ((double)samples[i].kib - mean);
        across += (i - middle) * (i - middle);
    }
    return up / across * (n - 1);
}

bool verdict_flat(const struct usage *samples, unsigned n, long kib_max, char *text, size_t size)
{
    if (n < VERDICT_SAMPLES_MIN) {
        snprintf(text, size, "%u samples prove nothing", n);
        return false;
    }
    const struct usage *warm = samples + verdict_warm(n);
    unsigned count = n - verdict_warm(n);
    for (unsigned i = 0; i < count; i++) {
        if (warm[i].descriptors != warm[0].descriptors || warm[i].descriptors <= 0) {
            snprintf(text, size, "not flat: %ld descriptors when warm, %ld in sample %u",
                     warm[0].descriptors, warm[i].descriptors, verdict_warm(n) + i + 1);
            return false;
        }
    }
    double risen = rise(warm, count);
    bool flat = risen <= (double)kib_max && warm[0].kib > 0;
    snprintf(text, size, "%s: %ld descriptors all the time, memory %+.0f KiB (at most %ld)",
             flat ? "flat" : "not flat", warm[0].descriptors, risen, kib_max);
    return flat;
}
