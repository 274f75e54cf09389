/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded beside the address sanitizer, and initialised before everything else (-z initfirst):
 * makes the sanitizer begin. By itself it would begin at the first malloc, which in gdb is that of
 * newlocale in a library's constructor; it then calls dlerror, and with that takes and releases a
 * lock that newlocale holds: gdb hangs at its next setlocale.
 */
#include <stdlib.h>

__attribute__((constructor)) static void begin(void)
{
    void *volatile memory = malloc(1);
    free(memory);
}
