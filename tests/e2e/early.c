/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded with the address sanitizer and initialized before everything else (-z initfirst): it
 * starts the sanitizer. Otherwise the sanitizer would start at the first malloc, which in gdb is
 * one of newlocale in a library's constructor. It would then call dlerror, which takes and releases
 * a lock that newlocale holds, and gdb would hang at its next setlocale.
 */
#include <stdlib.h>

__attribute__((constructor)) static void begin(void)
{
    void *volatile memory = malloc(1);
    free(memory);
}
