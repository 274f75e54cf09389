/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps debug exceptions masked in arm64's stub; see debug_mask.h. */
#include "proto/quirks/debug_mask.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/buf.h"
#include "proto/rsp/rsp.h"

enum { INSTRUCTION = 4, FUNCTION_MAX = 512 }; /* bytes; the instruction is near the start */

static const uint8_t unmask[INSTRUCTION] = {0xff, 0x48, 0x03, 0xd5}; /* msr daifclr, #8 */
#define NOP "1f2003d5"

/* Returns the offset of the instruction that unmasks, or `len` if there is none. */
static size_t find_unmask(const uint8_t *code, size_t len)
{
    size_t at = 0;
    while (at + INSTRUCTION <= len && memcmp(code + at, unmask, INSTRUCTION) != 0)
        at += INSTRUCTION;
    return at + INSTRUCTION <= len ? at : len;
}

/* Has the nop written at `address`. */
static int write_nop(struct target *t, uint64_t address, struct buf *reply, const struct log *log)
{
    char request[64];
    (void)snprintf(request, sizeof request, "M%" PRIx64 ",%x:" NOP, address, INSTRUCTION);
    int rc = target_ask(t, request, reply);
    if (rc == 0 && !buf_is(reply, "OK"))
        log_warn(log, "the kernel's text cannot be written: after a read of unmapped memory, a "
                      "step or detach may make it panic again");
    return rc;
}

int debug_mask_keep(struct target *t, uint64_t function, const struct log *log)
{
    char request[64];
    struct buf reply, code;
    buf_init(&reply, TARGET_REPLY_MAX);
    buf_init(&code, FUNCTION_MAX);
    (void)snprintf(request, sizeof request, "m%" PRIx64 ",%x", function, FUNCTION_MAX);
    int rc = target_ask(t, request, &reply);
    if (rc == 0 && rsp_unhex(&code, reply.data, reply.len) == 0) {
        size_t at = find_unmask(code.data, code.len);
        if (at < code.len)
            rc = write_nop(t, function + at, &reply, log);
    }
    buf_free(&code);
    buf_free(&reply);
    return rc;
}
