/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps debug exceptions masked in arm64's stub; see debug_mask.h. */
#include "proto/quirks/debug_mask.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/buf.h"
#include "proto/rsp/rsp.h"

enum {
    WORD = 8,
    INSTRUCTION = 4,
    STACK = 1024,   /* bytes below sp: the trap frame, and the first frames of the stub */
    ELR = 2 * WORD, /* offset in a trap frame, which begins with {sp, lr, elr} */
    TRAP_FRAME_MIN = 256,
    TRAP_FRAME_MAX = 512, /* bytes: 272 in 13.2, 288 in 14.0 */
    FUNCTION_MAX = 512,   /* bytes; the instruction is near the start */
};

#define UNMASK UINT32_C(0xd50348ff) /* msr daifclr, #8 */
#define NOP "1f2003d5"
#define KERNEL UINT64_C(0xffff000000000000) /* a return address may be signed in these bits */

static uint64_t little_endian(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    while (len-- > 0)
        value = value << 8 | bytes[len];
    return value;
}

/* Reads memory; `bytes` is shorter than `len` if that is impossible. */
static int read_kernel(struct target *t, uint64_t address, size_t len, struct buf *bytes)
{
    char request[64];
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    buf_reset(bytes);
    (void)snprintf(request, sizeof request, "m%" PRIx64 ",%zx", address, len);
    int rc = target_ask(t, request, &reply);
    if (rc == 0 && rsp_unhex(bytes, reply.data, reply.len) != 0)
        buf_reset(bytes);
    buf_free(&reply);
    return rc;
}

/* Sets *function if the instruction before a return address is a call (bl). */
static int find_callee(struct target *t, uint64_t return_address, struct buf *code,
                       uint64_t *function)
{
    uint64_t call = (return_address | KERNEL) - INSTRUCTION;
    if (return_address % INSTRUCTION != 0 || return_address == 0)
        return 0;
    int rc = read_kernel(t, call, INSTRUCTION, code);
    if (rc != 0 || code->len != INSTRUCTION)
        return rc;
    uint32_t bl = (uint32_t)little_endian(code->data, INSTRUCTION);
    if (bl >> 26 == 0x25) /* a signed distance of 26 bits, in instructions */
        *function = call + (uint64_t)((int64_t)((uint64_t)bl << 38) >> 36);
    return 0;
}

/* Whether these bytes below sp are the trap frame of the thread that stopped. */
static bool is_trap_frame(const uint8_t *bytes, uint64_t sp, uint64_t pc)
{
    return little_endian(bytes, WORD) == sp && little_endian(bytes + ELR, WORD) == pc;
}

/* Whether a frame record {x29, x30} is of the handler's callee: the handler sets x29 to the end of
 * the trap frame at `frame`. */
static bool is_callees_record(const uint8_t *record, uint64_t frame)
{
    uint64_t size = little_endian(record, WORD) - frame;
    return size >= TRAP_FRAME_MIN && size <= TRAP_FRAME_MAX && size % 16 == 0;
}

/* Finds the function that the exception's handler called. */
static int find_handlers_callee(struct target *t, uint64_t sp, uint64_t pc, struct buf *bytes,
                                uint64_t *function)
{
    uint8_t stack[STACK];
    int rc = read_kernel(t, sp - STACK, STACK, bytes);
    if (rc != 0 || bytes->len != STACK)
        return rc;
    memcpy(stack, bytes->data, STACK);
    size_t frame = STACK - ELR - WORD;
    while (frame > 0 && !is_trap_frame(stack + frame, sp, pc))
        frame -= WORD;
    size_t record = frame > 0 ? frame - WORD : 0;
    while (record > 0 && !is_callees_record(stack + record, sp - STACK + frame))
        record -= WORD;
    return record > 0 ? find_callee(t, little_endian(stack + record + WORD, WORD), bytes, function)
                      : 0;
}

/* Replaces the instruction in the function. */
static int replace_unmask(struct target *t, uint64_t function, struct buf *bytes,
                          const struct log *log)
{
    char request[64];
    int rc = read_kernel(t, function, FUNCTION_MAX, bytes);
    size_t at = 0;
    while (at + INSTRUCTION <= bytes->len && little_endian(bytes->data + at, INSTRUCTION) != UNMASK)
        at += INSTRUCTION;
    if (rc != 0 || at + INSTRUCTION > bytes->len)
        return rc;
    (void)snprintf(request, sizeof request, "M%" PRIx64 ",%x:" NOP, function + at, INSTRUCTION);
    rc = target_ask(t, request, bytes);
    if (rc == 0 && !buf_is(bytes, "OK"))
        log_warn(log, "the kernel's text cannot be written: after a read of unmapped memory, a "
                      "step or detach may make it panic again");
    return rc;
}

int debug_mask_keep(struct target *t, uint64_t sp, uint64_t pc, const struct log *log)
{
    struct buf bytes;
    uint64_t function = 0;
    buf_init(&bytes, TARGET_REPLY_MAX);
    int rc = find_handlers_callee(t, sp, pc, &bytes, &function);
    if (rc == 0 && function != 0)
        rc = replace_unmask(t, function, &bytes, log);
    else if (rc == 0)
        log_warn(log, "the kernel's exception handler was not found: after a read of unmapped "
                      "memory, a step or detach may make it panic again");
    buf_free(&bytes);
    return rc;
}
