/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts calls and blocks without allocating; see count.h. */
#include "tests/fail/count.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { BLOCKS = 1 << 16, NEAR = 64 };

static atomic_uint calls, live;
static atomic_uint fail_at; /* 0: none */
static _Atomic(const char *) failed = "nothing";
static _Atomic(void *) blocks[BLOCKS];

void count_from(unsigned n)
{
    calls = 0;
    failed = "nothing";
    fail_at = n;
}

bool count_fails(const char *name)
{
    if (++calls != fail_at)
        return false;
    failed = name;
    return true;
}

unsigned count_calls(void)
{
    return calls;
}

const char *count_failed(void)
{
    return failed;
}

/* The n-th slot for a block in the hash table. */
static _Atomic(void *) *place(void *block, unsigned n)
{
    return &blocks[((uintptr_t)block / 16 + n) % BLOCKS];
}

void *count_keep(void *block)
{
    for (unsigned i = 0; block != NULL && i < NEAR; i++) {
        void *none = NULL;
        if (!atomic_compare_exchange_strong(place(block, i), &none, block))
            continue;
        live++;
        break;
    }
    return block;
}

void count_forget(void *block)
{
    for (unsigned i = 0; block != NULL && i < NEAR; i++) {
        if (*place(block, i) != block)
            continue;
        *place(block, i) = NULL;
        live--;
        break;
    }
}

unsigned count_blocks(void)
{
    return live;
}

/* An eventfd is an anonymous inode without a file type. */
bool count_is_event(int fd)
{
    struct stat st;
    int error = errno;
    bool event = fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && (st.st_mode & S_IFMT) == 0;
    errno = error;
    return event;
}
