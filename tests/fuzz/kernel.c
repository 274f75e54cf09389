/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: a kernel whose data structures are damaged. Every query and the list of modules end,
 * with an answer; memory stays bounded, and what is printed has no control characters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freebsd/freebsd.h"
#include "freebsd/queries.h"
#include "proto/err.h"
#include "tests/fuzz/fuzz.h"
#include "tests/kernel/stub.h"

/* The variables that an input changes, and whose addresses it may write. */
static const char *const names[] = {
    "linker_files",  "hello_file", "gone_file", "hello_sections", "shared_ops",     "relocatable",
    "allproc",       "dead",       "shell",     "init",           "idle",           "panicked",
    "waiting",       "blocked",    "swi",       "msgbufp",        "message_buffer", "message_text",
    "cpuid_to_pcpu", "cpu0",       "mp_maxid",  "kdb_thread",     "panicstr",       "prison0",
    "hello_path",    "version",
};

enum { NAMES = sizeof names / sizeof names[0], TEXT_MAX = 4 << 20, READS_MAX = 20000 };

static struct symbols *symbols;
static char kernel[600], modules[600];
static uint64_t addresses[NAMES];

static void prepare(void)
{
    const char *top = getenv("top_builddir");
    (void)snprintf(modules, sizeof modules, "%.500s/tests/kernel.d/amd64",
                   top != NULL ? top : "build");
    (void)snprintf(kernel, sizeof kernel, "%.560s/kernel.debug", modules);
    const struct symbols_options options = {.file = kernel, .freebsd = true, .have_slide = true};
    symbols = symbols_new(&options);
    MUST(symbols != NULL);
    for (unsigned i = 0; i < NAMES; i++)
        MUST(symbols_address(symbols, names[i], true, &addresses[i]));
}

/* Writes bytes of the input, or an address of the table, into a variable: 4 or 12 bytes. */
static size_t damage(struct kernel_stub *stub, const uint8_t *data, size_t size)
{
    uint64_t value = addresses[data[2] % NAMES] + data[3] % 64;
    bool pointer = (data[0] & 0x80) != 0;
    uint8_t *to = kernel_stub_bytes(stub, addresses[data[0] % NAMES] + data[1], 8);
    size_t used = pointer || size < 12 ? 4 : 12;
    if (to != NULL)
        memcpy(to, used == 12 ? (const void *)(data + 4) : (const void *)&value,
               used == 12 ? 1 + data[2] % 8 : 8);
    return used;
}

static void ask_all(struct target *t)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    for (const struct query *q = queries; q->name != NULL; q++) {
        buf_reset(&text);
        int rc = freebsd_query(t, q->name, &text);
        MUST(rc == 0 || rc == NETGDB_TOO_LONG);
        for (size_t i = 0; i < text.len; i++)
            MUST(text.data[i] >= ' ' || text.data[i] == '\n' || text.data[i] == '\t');
    }
    buf_free(&text);
}

static void read_lists(struct target *t)
{
    static const char *const requests[] = {"qSupported",
                                           "qXfer:libraries:read::0,1000",
                                           "qXfer:libraries-svr4:read::0,1000",
                                           "qThreadExtraInfo,186a1",
                                           "c",
                                           "c"};
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        MUST(target_ask(t, requests[i], &reply) == 0);
    buf_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kernel_stub stub;
    if (symbols == NULL)
        prepare();
    kernel_stub_init(&stub);
    kernel_stub_load(&stub, kernel);
    while (size >= 4) {
        size_t used = damage(&stub, data, size);
        data += used;
        size -= used;
    }
    const struct freebsd_options options = {
        .symbols = symbols, .kernel = kernel, .machine = "amd64", .modules = modules};
    struct target *t = freebsd_new(&stub.target, &options);
    MUST(t != NULL);
    read_lists(t);
    ask_all(t);
    MUST(stub.reads < READS_MAX);
    target_free(t);
    kernel_stub_done(&stub);
    return 0;
}
