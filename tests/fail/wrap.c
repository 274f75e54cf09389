/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calls of fail.c for a program that io/, session/ and shim/ are linked into: the linker's
 * --wrap redirects them here (see local.mk). Calls of the test itself do not fail, see stage.h.
 */
#include <netdb.h>
#include <stddef.h>
#include <stdlib.h>

#include "tests/fail/count.h"
#include "tests/fail/stage.h"

static void *keep(void *block)
{
    return stage_aside == 0 ? count_keep(block) : block;
}

#define EXPORT
#define DECLARE(type, name, parameters)                                                            \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    static const char *const name_of_##name __attribute__((section("fail_names"), used)) = #name;
#define HERE(name) __wrap_##name
#define REAL(type, name, parameters) type(*real) parameters = __real_##name;
#define FAILS(name) (stage_aside == 0 && count_fails(#name))
#define KEEP(block) keep(block)
#include "tests/fail/calls.h"

ERROR_CALL(getaddrinfo, EAI_MEMORY,
           (const char *a, const char *b, const struct addrinfo *c, struct addrinfo **d),
           (a, b, c, d))

/* ---- names ---- */

extern const char *const __start_fail_names[], *const __stop_fail_names[]; /* by the linker */

const char *wrap_name(unsigned i)
{
    return i < (size_t)(__stop_fail_names - __start_fail_names) ? __start_fail_names[i] : NULL;
}

/* ---- memory ---- */

DECLARE(void *, malloc, (size_t size))
DECLARE(void *, calloc, (size_t n, size_t size))
DECLARE(void *, realloc, (void *block, size_t size))
DECLARE(void, free, (void *block))

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *__wrap_malloc(size_t size)
{
    return FAILS(malloc) ? no_memory() : keep(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return FAILS(calloc) ? no_memory() : keep(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (FAILS(realloc))
        return no_memory();
    count_forget(old);
    return keep(__real_realloc(old, size));
}

void __wrap_free(void *block)
{
    count_forget(block);
    __real_free(block);
}
