/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The system calls of Solana's virtual machine that need no chain; see sbpf.h. Their source: Agave,
 * syscalls/src (lib.rs, logging.rs, mem_ops.rs). A call costs one instruction.
 */
#include "ebpf/sbpf.h"

#include <inttypes.h>
#include <string.h>

#include "ebpf/print.h"

enum {
    LOG_MAX = 10000 /* bytes of a log line */,
    KEY_BYTES = 32,
    SLICE_BYTES = 16,
    SLICES_MAX = 512
};

/* Appends a line of output; one that is full ends early. */
static void log_line(struct ebpf_machine *m, struct buf *line)
{
    if (buf_addc(line, '\n') != 0 && line->len != 0)
        line->data[line->len - 1] = '\n';
    (void)ebpf_output_text(m, line);
    buf_free(line);
}

/* Starts a line of output. */
static void begin_line(struct buf *line, const char *text)
{
    buf_init(line, 2 * LOG_MAX);
    (void)buf_adds(line, text);
}

/* sol_log_: text, length. */
static EBPF_HELPER_FUNCTION(sbpf_log)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct buf line;
    const uint8_t *text = ebpf_reach(m, arg[0], arg[1], false, &stop);
    if (text == NULL)
        return stop;
    begin_line(&line, "Program log: ");
    (void)buf_add(&line, text, arg[1] < LOG_MAX ? (size_t)arg[1] : LOG_MAX);
    log_line(m, &line);
    *result = 0;
    return stop;
}

/* sol_log_64_: five numbers. */
static EBPF_HELPER_FUNCTION(sbpf_log_numbers)
{
    struct buf line;
    begin_line(&line, "Program log:");
    for (int i = 0; i < 5; i++)
        (void)buf_printf(&line, "%s 0x%" PRIx64, i == 0 ? "" : ",", arg[i]);
    log_line(m, &line);
    *result = 0;
    return EBPF_RUNNING;
}

/* What the budget leaves after this call. */
static uint64_t instructions_left(const struct ebpf_machine *m)
{
    uint64_t used = ebpf_executed(m) + 1;
    return m->budget == EBPF_NO_BUDGET ? EBPF_NO_BUDGET : m->budget - used;
}

/* sol_log_compute_units_, sol_remaining_compute_units (value 1). */
static EBPF_HELPER_FUNCTION(sbpf_units)
{
    struct buf line;
    uint64_t left = instructions_left(m);
    *result = self->value != 0 ? left : 0;
    if (self->value != 0)
        return EBPF_RUNNING;
    begin_line(&line, "Program consumption: ");
    if (m->budget == EBPF_NO_BUDGET)
        (void)buf_adds(&line, "no budget");
    else
        (void)buf_printf(&line, "%" PRIu64 " units remaining", left);
    log_line(m, &line);
    return EBPF_RUNNING;
}

/* Base 58, as Bitcoin defines it: big-endian, one '1' for each leading byte 0. */
static void add_base58(struct buf *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t value[2 * KEY_BYTES] = {0}; /* base 58, the lowest digit first */
    size_t used = 0, zeros = 0;
    while (zeros < len && bytes[zeros] == 0)
        zeros++;
    for (size_t i = zeros; i < len; i++) {
        unsigned carry = bytes[i];
        for (size_t k = 0; k < used || carry != 0; k++) {
            carry += 256U * value[k];
            value[k] = (uint8_t)(carry % 58);
            carry /= 58;
            used = k >= used ? k + 1 : used;
        }
    }
    for (size_t i = 0; i < zeros; i++)
        (void)buf_addc(out, '1');
    while (used > 0)
        (void)buf_addc(out, (uint8_t)digits[value[--used]]);
}

/* sol_log_pubkey: address of 32 bytes. */
static EBPF_HELPER_FUNCTION(sbpf_log_key)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct buf line;
    const uint8_t *key = ebpf_reach(m, arg[0], KEY_BYTES, false, &stop);
    if (key == NULL)
        return stop;
    begin_line(&line, "Program log: ");
    add_base58(&line, key, KEY_BYTES);
    log_line(m, &line);
    *result = 0;
    return stop;
}

/* Base 64 of RFC 4648. */
static void add_base64(struct buf *out, const uint8_t *p, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t rest = len - i < 3 ? (uint32_t)(len - i) : 3, group = (uint32_t)p[i] << 16;
        group |= (rest > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (rest > 2 ? p[i + 2] : 0U);
        for (uint32_t k = 0; k < 4; k++)
            (void)buf_addc(out, k > rest ? '=' : (uint8_t)digits[group >> (18 - 6 * k) & 63]);
    }
}

/* sol_log_data: an array of slices (address, length), their number. */
static EBPF_HELPER_FUNCTION(sbpf_log_data)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct buf line;
    uint64_t count = arg[1] < SLICES_MAX ? arg[1] : SLICES_MAX, slice[2];
    const uint8_t *slices = ebpf_reach(m, arg[0], count * SLICE_BYTES, false, &stop);
    begin_line(&line, "Program data:");
    for (uint64_t i = 0; i < count && stop == EBPF_RUNNING; i++) {
        memcpy(slice, slices + i * SLICE_BYTES, sizeof slice);
        const uint8_t *bytes = ebpf_reach(m, slice[0], slice[1], false, &stop);
        (void)buf_addc(&line, ' ');
        if (bytes != NULL)
            add_base64(&line, bytes, slice[1] < LOG_MAX ? (size_t)slice[1] : LOG_MAX);
    }
    if (stop == EBPF_RUNNING)
        log_line(m, &line);
    buf_free(&line);
    *result = 0;
    return stop;
}

/* abort. */
static EBPF_HELPER_FUNCTION(sbpf_abort)
{
    return ebpf_fault_at(m, EBPF_ABORTED, 0, "the program called abort");
}

/* sol_panic_: file name, its length, line, column. */
static EBPF_HELPER_FUNCTION(sbpf_panic)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *name = ebpf_reach(m, arg[0], arg[1], false, &stop);
    if (name == NULL)
        return stop;
    return ebpf_fault_at(m, EBPF_ABORTED, 0, "the program panicked at %.*s:%" PRIu64 ":%" PRIu64,
                         arg[1] < 96 ? (int)arg[1] : 96, (const char *)name, arg[2], arg[3]);
}

/* sol_memcpy_ (value 1: the ranges must not overlap) and sol_memmove_: to, from, size. */
static EBPF_HELPER_FUNCTION(sbpf_copy)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint64_t apart = arg[0] > arg[1] ? arg[0] - arg[1] : arg[1] - arg[0];
    if (self->value != 0 && apart < arg[2])
        return ebpf_fault_at(m, EBPF_ACCESS, arg[0],
                             "%s: the ranges at 0x%" PRIx64 " and 0x%" PRIx64 " overlap",
                             self->name, arg[0], arg[1]);
    uint8_t *to = ebpf_reach(m, arg[0], arg[2], true, &stop);
    const uint8_t *from = to == NULL ? NULL : ebpf_reach(m, arg[1], arg[2], false, &stop);
    if (from != NULL)
        memmove(to, from, (size_t)arg[2]);
    *result = 0;
    return stop;
}

/* sol_memset_: address, byte, size. */
static EBPF_HELPER_FUNCTION(sbpf_set)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *at = ebpf_reach(m, arg[0], arg[2], true, &stop);
    if (at != NULL)
        memset(at, (int)(arg[1] & 0xff), (size_t)arg[2]);
    *result = 0;
    return stop;
}

/* sol_memcmp_: a, b, size, address of the result: the difference of the first unequal bytes. */
static EBPF_HELPER_FUNCTION(sbpf_compare)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *a = ebpf_reach(m, arg[0], arg[2], false, &stop);
    const uint8_t *b = a == NULL ? NULL : ebpf_reach(m, arg[1], arg[2], false, &stop);
    uint8_t *out = b == NULL ? NULL : ebpf_reach(m, arg[3], sizeof(int32_t), true, &stop);
    int32_t difference = 0;
    if (out == NULL)
        return stop;
    for (uint64_t i = 0; i < arg[2] && difference == 0; i++)
        difference = a[i] - b[i];
    memcpy(out, &difference, sizeof difference);
    *result = 0;
    return stop;
}

/* sol_alloc_free_: size, address to free (ignored). 0: the heap is full. */
static EBPF_HELPER_FUNCTION(sbpf_alloc)
{
    *result = 0;
    if (arg[1] != 0 || arg[0] > SBPF_HEAP_SIZE - m->heap_used)
        return EBPF_RUNNING;
    *result = SBPF_HEAP + m->heap_used;
    m->heap_used += arg[0] + (-arg[0] & 7);
    return EBPF_RUNNING;
}

/* sol_set_return_data: address, length. */
static EBPF_HELPER_FUNCTION(sbpf_set_return)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    if (arg[1] > SBPF_RETURN_MAX)
        return ebpf_fault_at(m, EBPF_ACCESS, arg[0], "%s: more than %d bytes", self->name,
                             SBPF_RETURN_MAX);
    const uint8_t *data = ebpf_reach(m, arg[0], arg[1], false, &stop);
    if (data != NULL)
        (void)buf_set(&m->return_data, data, (size_t)arg[1]);
    *result = 0;
    return stop;
}

/* sol_get_return_data: address, size, address of the id (zeros) of the program that has set it. */
static EBPF_HELPER_FUNCTION(sbpf_get_return)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint64_t size = arg[1] < m->return_data.len ? arg[1] : m->return_data.len;
    *result = m->return_data.len;
    if (size == 0)
        return EBPF_RUNNING;
    uint8_t *to = ebpf_reach(m, arg[0], size, true, &stop);
    uint8_t *id = to == NULL ? NULL : ebpf_reach(m, arg[2], KEY_BYTES, true, &stop);
    if (id == NULL)
        return stop;
    memcpy(to, m->return_data.data, (size_t)size);
    memset(id, 0, KEY_BYTES);
    return stop;
}

const struct ebpf_helper sbpf_syscalls[] = {
    {0xb6fc1a11, "abort", "", sbpf_abort, 0},
    {0x686093bb, "sol_panic_", "file, length, line, column", sbpf_panic, 0},
    {0x207559bd, "sol_log_", "text, length", sbpf_log, 0},
    {0x6bf5c3fe, "log", "text, length", sbpf_log, 0},
    {0x5c2a3178, "sol_log_64_", "a, b, c, d, e", sbpf_log_numbers, 0},
    {0x70442b49, "log_64", "a, b, c, d, e", sbpf_log_numbers, 0},
    {0x7ef088ca, "sol_log_pubkey", "key", sbpf_log_key, 0},
    {0x52ba5096, "sol_log_compute_units_", "", sbpf_units, 0},
    {0xedef5aee, "sol_remaining_compute_units", "", sbpf_units, 1},
    {0x7317b434, "sol_log_data", "slices, count", sbpf_log_data, 0},
    {0x717cc4a3, "sol_memcpy_", "to, from, size", sbpf_copy, 1},
    {0x434371f8, "sol_memmove_", "to, from, size", sbpf_copy, 0},
    {0x3770fb22, "sol_memset_", "to, byte, size", sbpf_set, 0},
    {0x5fdcde31, "sol_memcmp_", "a, b, size, result", sbpf_compare, 0},
    {0x83f00e8f, "sol_alloc_free_", "size, address", sbpf_alloc, 0},
    {0x11f49d86, "sol_sha256", "slices, count, result", sbpf_digest, 0},
    {0xd7793abb, "sol_keccak256", "slices, count, result", sbpf_digest, 1},
    {0x174c5122, "sol_blake3", "slices, count, result", sbpf_digest, 2},
    {0xa226d3eb, "sol_set_return_data", "from, size", sbpf_set_return, 0},
    {0x5d2245e4, "sol_get_return_data", "to, size, program id", sbpf_get_return, 0},
    {0x85532d94, "sol_get_stack_height", "", ebpf_constant, 1},
};
const size_t sbpf_syscall_count = sizeof sbpf_syscalls / sizeof sbpf_syscalls[0];

/* They need a chain, other programs, or cryptography that is not built in. */
static const char *const unavailable[] = {
    "sol_alt_bn128_compression",
    "sol_alt_bn128_group_op",
    "sol_big_mod_exp",
    "sol_create_program_address",
    "sol_curve_group_op",
    "sol_curve_multiscalar_mul",
    "sol_curve_validate_point",
    "sol_get_clock_sysvar",
    "sol_get_epoch_rewards_sysvar",
    "sol_get_epoch_schedule_sysvar",
    "sol_get_epoch_stake",
    "sol_get_fees_sysvar",
    "sol_get_last_restart_slot",
    "sol_get_processed_sibling_instruction",
    "sol_get_rent_sysvar",
    "sol_get_sysvar",
    "sol_invoke_signed_c",
    "sol_invoke_signed_rust",
    "sol_poseidon",
    "sol_secp256k1_recover",
    "sol_try_find_program_address",
};

static bool names_hash(const char *name, uint32_t hash)
{
    size_t len = strnlen(name, SBPF_SYSCALL_NAME + 1);
    return len <= SBPF_SYSCALL_NAME && sbpf_hash(name, len) == hash;
}

const char *sbpf_name(const struct ebpf_image *image, uint32_t hash)
{
    const struct ebpf_helper *h = ebpf_helper_by_id(sbpf_syscalls, sbpf_syscall_count, hash);
    if (h != NULL)
        return h->name;
    for (size_t i = 0; i < sizeof unavailable / sizeof unavailable[0]; i++)
        if (names_hash(unavailable[i], hash))
            return unavailable[i];
    for (unsigned i = 0; i < image->imports; i++)
        if (names_hash(image->import[i], hash))
            return image->import[i];
    return NULL;
}

const struct ebpf_helper *sbpf_stub(const struct ebpf_helper *stubs, size_t count, uint32_t hash)
{
    for (size_t i = 0; i < count; i++)
        if (stubs[i].id == 0 && stubs[i].name != NULL && names_hash(stubs[i].name, hash))
            return &stubs[i];
    return NULL;
}

enum ebpf_stop sbpf_fault_syscall(struct ebpf_machine *m, uint32_t hash, uint64_t pc)
{
    const char *name = sbpf_name(m->image, hash);
    if (name != NULL)
        return ebpf_fault_at(m, EBPF_ILLEGAL, pc,
                             "system call %.48s is not available: --helper %.48s=VALUE makes it "
                             "return VALUE",
                             name, name);
    return ebpf_fault_at(m, EBPF_ILLEGAL, pc,
                         "system call 0x%08" PRIx32 " is unknown: --helper 0x%08" PRIx32
                         "=VALUE makes it return VALUE",
                         hash, hash);
}
