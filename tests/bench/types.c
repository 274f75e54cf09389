/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * make bench-types FILE=kernel.debug: how long it takes, once in a session, to read everything that
 * freebsd/ needs from the file: its symbols, and the members of the kernel's structures.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "freebsd/image.h"

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const struct symbols_options options = {
        .file = argc == 2 ? argv[1] : NULL, .freebsd = true, .have_slide = true};
    struct symbols *symbols = argc == 2 ? symbols_new(&options) : NULL;
    struct types_member m;
    struct rusage use;
    struct image im;
    const char *why = "usage: types KERNEL.DEBUG";
    unsigned found = 0;
    if (symbols == NULL || symbols_table(symbols) == NULL) {
        (void)fprintf(stderr, "%s\n", why);
        return 2;
    }
    image_init(&im, NULL, symbols, NULL);
    double start = now();
    bool usable = image_usable(&im, &why);
    for (int i = 0; usable && i < IMAGE_FIELDS; i++)
        found += image_member(&im, (enum image_field)i, &m);
    double took = now() - start;
    (void)getrusage(RUSAGE_SELF, &use);
    if (!usable)
        (void)printf("%s\n", why);
    else
        (void)printf("%u of %d members in %.3f s; the process has %ld KiB\n", found, IMAGE_FIELDS,
                     took, use.ru_maxrss);
    image_free(&im);
    symbols_free(symbols);
    return usable ? 0 : 1;
}
