/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps breakpoints out of what a kernel's own debugger runs; see keepout.h. */
#include "proto/quirks/keepout.h"

#include <stdio.h>
#include <string.h>

#include "proto/decorator.h"
#include "proto/err.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"
#include "proto/stop.h"

struct keepout {
    struct decorator d; /* first */
    keepout_function *function;
    void *context;
    const struct log *log;
    char said[KEEPOUT_NAME_MAX];
    struct buf data;
};

/* As GDB writes them (its *-tdep.c), for the machines that have a stub. */
static const struct instruction {
    uint8_t len, bytes[STOP_TEXT_MAX];
} instructions[] = {
    {1, {0xcc}},                   /* amd64, i386: int3 */
    {4, {0x00, 0x00, 0x20, 0xd4}}, /* arm64: brk #0 */
    {2, {0x02, 0x90}},             /* riscv64: c.ebreak */
    {4, {0x73, 0x00, 0x10, 0x00}}, /* riscv64: ebreak */
    {4, {0x7d, 0x82, 0x10, 0x08}}, /* powerpc: tw */
    {4, {0x08, 0x10, 0x82, 0x7d}}, /* powerpc64le */
};

/*
 * What runs while the stub has the kernel: its own code and that of its network, what chooses and
 * enters it, and the way back from an access that fails (trap, kdb_reenter, a backtrace by ddb,
 * longjmp). A breakpoint there traps where nothing handles it: the machine is silent, or reboots.
 * Source: sys/gdb, sys/kern/subr_kdb.c, sys/net/debugnet*.c, sys/ddb/db_main.c, setjmp.S.
 */
static const char *const runs[] = {
    "data_abort",         "db_*",   "debugnet_*", "dn_*",     "do_el1h_sync",
    "do_trap_supervisor", "gdb_*",  "kdb_*",      "longjmp",  "makectx",
    "netgdb_*",           "setjmp", "trap",       "_longjmp", "_setjmp",
};

/* Of those that begin so: what enters the debugger, and is not run by it. */
static const char *const runs_not[] = {"kdb_alt_break*", "kdb_break",  "kdb_enter*",  "kdb_init",
                                       "kdb_panic",      "kdb_reboot", "kdb_sysctl_*"};

/* `*` at the end of a pattern is anything. */
static bool is_among(const char *name, const char *const *patterns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(patterns[i]);
        bool open = patterns[i][len - 1] == '*';
        if (open ? strncmp(name, patterns[i], len - 1) == 0 : strcmp(name, patterns[i]) == 0)
            return true;
    }
    return false;
}

#define IS_AMONG(name, patterns) is_among(name, patterns, sizeof(patterns) / sizeof((patterns)[0]))

bool keepout_is_breakpoint(const struct buf *data)
{
    for (size_t i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        if (data->len == instructions[i].len &&
            memcmp(data->data, instructions[i].bytes, data->len) == 0)
            return true;
    }
    return false;
}

bool keepout_is_stubs_own(const char *name)
{
    return IS_AMONG(name, runs) && !IS_AMONG(name, runs_not);
}

/* GDB plants one in longjmp by itself, where it knows the ABI, and would not step over a call if
 * that were refused. */
const char *keepout_answer(char said[KEEPOUT_NAME_MAX], const char *name, const struct log *log)
{
    if (strcmp(said, name) != 0)
        log_warn(log,
                 "no breakpoint was set in %s: the kernel's own debugger runs it, and would hang",
                 name);
    (void)snprintf(said, KEEPOUT_NAME_MAX, "%s", name);
    return strstr(name, "longjmp") != NULL ? "OK" : "E01";
}

/* ---- the decorator ---- */

/* Takes the data of an M or X, when they are few. */
static bool take_write(struct keepout *k, const struct request *r)
{
    buf_reset(&k->data);
    if (r->numbers == 0 || r->rest_len < 2 || r->rest_len - 1 > (size_t)2 * STOP_TEXT_MAX ||
        r->rest[0] != ':')
        return false;
    if (r->packet->id == PACKET_M)
        return rsp_unhex(&k->data, r->rest + 1, r->rest_len - 1) == 0;
    return r->packet->id == PACKET_X && rsp_unescape(&k->data, r->rest + 1, r->rest_len - 1) == 0;
}

static int keepout_request(struct decorator *d, const struct request *r)
{
    struct keepout *k = (struct keepout *)d;
    char name[KEEPOUT_NAME_MAX];
    if (!take_write(k, r) || !keepout_is_breakpoint(&k->data) ||
        !k->function(k->context, r->address, name, sizeof name) || !keepout_is_stubs_own(name))
        return DECORATOR_PASS;
    (void)buf_sets(&d->reply, keepout_answer(k->said, name, k->log));
    return DECORATOR_DONE;
}

static void keepout_free(struct decorator *d)
{
    buf_free(&((struct keepout *)d)->data);
}

struct target *keepout_new(struct target *next, keepout_function *function, void *context,
                           const struct log *log)
{
    static const struct decorator_ops ops = {.on_request = keepout_request, .free = keepout_free};
    struct keepout *k = decorator_new(sizeof *k, next, &ops, 16, 0);
    if (k == NULL)
        return NULL;
    k->function = function;
    k->context = context;
    k->log = log;
    buf_init(&k->data, (size_t)2 * STOP_TEXT_MAX);
    return &k->d.base;
}
