/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded before libnetgdb.so: makes the N-th allocation or system call of libnetgdb.so fail
 * (NETGDB_FAIL=N), or of the object named by NETGDB_FAIL_OBJECT. Calls of other objects pass. On
 * exit it prints on stderr the number of calls and of blocks that are still allocated.
 */
/* libc would define inline variants of the functions that are defined here. */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fail/count.h"

#define EXPORT __attribute__((visibility("default")))

static const char *object = "libnetgdb";
static bool counting;

/* True if the object made the call. dladdr() must not recurse before main() has started. */
static bool is_ours(const void *from)
{
    Dl_info info;
    return counting && dladdr(from, &info) != 0 && strstr(info.dli_fname, object) != NULL;
}

#define DECLARE(type, name, parameters)
#define HERE(name) name
#define REAL(type, name, parameters)                                                               \
    static type(*real) parameters;                                                                 \
    if (real == NULL)                                                                              \
        *(void **)&real = dlsym(RTLD_NEXT, #name);
#define FAILS(name) (is_ours(__builtin_return_address(0)) && count_fails(#name))
#define KEEP(block) (is_ours(__builtin_return_address(0)) ? count_keep(block) : (block))
#include "tests/fail/calls.h"

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("NETGDB_FAIL"), *name = getenv("NETGDB_FAIL_OBJECT");
    if (text == NULL)
        return;
    if (name != NULL)
        object = name;
    count_from((unsigned)strtoul(text, NULL, 10));
    counting = true;
}

__attribute__((destructor)) static void finish(void)
{
    if (counting)
        fprintf(stderr, "fail: %u calls, failed %s, %u blocks\n", count_calls(), count_failed(),
                count_blocks());
}

/* ---- memory ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

#define MEMORY(name, call)                                                                         \
    bool ours = is_ours(__builtin_return_address(0));                                              \
    if (ours && count_fails(name)) {                                                               \
        errno = ENOMEM;                                                                            \
        return NULL;                                                                               \
    }                                                                                              \
    void *block = call;                                                                            \
    return ours ? count_keep(block) : block

EXPORT void *malloc(size_t size)
{
    MEMORY("malloc", __libc_malloc(size));
}

EXPORT void *calloc(size_t n, size_t size)
{
    MEMORY("calloc", __libc_calloc(n, size));
}

EXPORT void *realloc(void *old, size_t size)
{
    bool ours = is_ours(__builtin_return_address(0));
    if (ours && count_fails("realloc")) {
        errno = ENOMEM;
        return NULL;
    }
    count_forget(old);
    void *block = __libc_realloc(old, size);
    return ours ? count_keep(block) : block;
}

EXPORT void free(void *block)
{
    count_forget(block);
    __libc_free(block);
}
