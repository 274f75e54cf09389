/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers in a core; see registers.h. */
#include "record/registers.h"

#include <elf.h>

#include "proto/rsp/rsp.h"

/* A register: its number in the list, the offset and size of its field. */
struct field {
    uint16_t number, offset, size;
};

/* One form of NT_PRSTATUS: what precedes the registers, and these. */
struct form {
    uint16_t machine;
    bool freebsd;
    const uint8_t *sizes;    /* of the registers in `g`, in their order; ends in 0 */
    uint16_t head, len;      /* bytes in front of the registers, and of the whole */
    uint16_t thread;         /* offset of the thread's id, 4 bytes */
    const struct field *at;  /* ends in size 0 */
    uint16_t registers_size; /* FreeBSD: bytes of struct reg */
};

/* rax rbx rcx rdx rsi rdi rbp rsp r8-r15 rip, eflags cs ss ds es fs gs */
static const uint8_t amd64_sizes[] = {8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
                                      8, 8, 8, 8, 4, 4, 4, 4, 4, 4, 4, 0};

/* x0-x30 sp pc cpsr */
static const uint8_t arm64_sizes[] = {8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
                                      8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 4, 0};

static const struct field amd64_freebsd[] = {
    {15, 0, 8},   {14, 8, 8},   {13, 16, 8},  {12, 24, 8},  {11, 32, 8},
    {10, 40, 8},  {9, 48, 8},   {8, 56, 8},   {5, 64, 8},   {4, 72, 8},
    {6, 80, 8},   {1, 88, 8},   {3, 96, 8},   {2, 104, 8},  {0, 112, 8},
    {22, 124, 2}, {23, 126, 2}, {21, 132, 2}, {20, 134, 2}, {16, 136, 8},
    {18, 144, 8}, {17, 152, 8}, {7, 160, 8},  {19, 168, 8}, {0, 0, 0}};

static const struct field amd64_linux[] = {
    {15, 0, 8},   {14, 8, 8},   {13, 16, 8},  {12, 24, 8},  {6, 32, 8},  {1, 40, 8},   {11, 48, 8},
    {10, 56, 8},  {9, 64, 8},   {8, 72, 8},   {0, 80, 8},   {2, 88, 8},  {3, 96, 8},   {4, 104, 8},
    {5, 112, 8},  {16, 128, 8}, {18, 136, 8}, {17, 144, 8}, {7, 152, 8}, {19, 160, 8}, {20, 184, 8},
    {21, 192, 8}, {22, 200, 8}, {23, 208, 8}, {0, 0, 0}};

static const struct field arm64_freebsd[] = {
    {0, 0, 8},    {1, 8, 8},    {2, 16, 8},   {3, 24, 8},   {4, 32, 8},   {5, 40, 8},
    {6, 48, 8},   {7, 56, 8},   {8, 64, 8},   {9, 72, 8},   {10, 80, 8},  {11, 88, 8},
    {12, 96, 8},  {13, 104, 8}, {14, 112, 8}, {15, 120, 8}, {16, 128, 8}, {17, 136, 8},
    {18, 144, 8}, {19, 152, 8}, {20, 160, 8}, {21, 168, 8}, {22, 176, 8}, {23, 184, 8},
    {24, 192, 8}, {25, 200, 8}, {26, 208, 8}, {27, 216, 8}, {28, 224, 8}, {29, 232, 8},
    {30, 240, 8}, {31, 248, 8}, {32, 256, 8}, {33, 264, 4}, {0, 0, 0}};

/* FreeBSD: pr_version, padding, pr_statussz, pr_gregsetsz, pr_fpregsetsz (8 bytes each),
 * pr_osreldate, pr_cursig, pr_pid, padding. Linux: pr_pid is at 32, pr_reg at 112. */
static const struct form forms[] = {
    {EM_X86_64, true, amd64_sizes, 48, 224, 40, amd64_freebsd, 176},
    {EM_X86_64, false, amd64_sizes, 112, 336, 32, amd64_linux, 0},
    {EM_AARCH64, true, arm64_sizes, 48, 320, 40, arm64_freebsd, 272},
};

static const struct form *find_form(const struct core_machine *m)
{
    bool freebsd = m->osabi == ELFOSABI_FREEBSD;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].machine == m->machine && forms[i].freebsd == freebsd && m->is64 && !m->big)
            return &forms[i];
    }
    return NULL;
}

/* Copies `size` bytes that are digits at g; those without a value ("xx") are 0. */
static void copy_register(const uint8_t *g, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int byte = rsp_hex_byte(g + 2 * i);
        out[i] = byte >= 0 ? (uint8_t)byte : 0;
    }
}

/* The offset of a register in `g`, in bytes. */
static size_t offset_in_g(const uint8_t *sizes, unsigned number)
{
    size_t offset = 0;
    for (unsigned i = 0; i < number; i++)
        offset += sizes[i];
    return offset;
}

static size_t bytes_in_g(const uint8_t *sizes)
{
    unsigned n = 0;
    while (sizes[n] != 0)
        n++;
    return offset_in_g(sizes, n);
}

bool registers_note(const struct core_machine *m, uint32_t thread, const uint8_t *g, size_t len,
                    struct buf *note, const char **name, size_t *head)
{
    const struct form *f = find_form(m);
    if (f == NULL || len < 2 * bytes_in_g(f->sizes))
        return false;
    buf_reset(note);
    if (buf_resize(note, f->len) != 0)
        return false;
    *name = f->freebsd ? "FreeBSD" : "CORE";
    *head = f->head;
    core_number_put(note->data + f->thread, 4, false, thread);
    if (f->freebsd) {
        core_number_put(note->data, 4, false, 1);
        core_number_put(note->data + 8, 8, false, f->len);
        core_number_put(note->data + 16, 8, false, f->registers_size);
    }
    for (const struct field *at = f->at; at->size != 0; at++) {
        unsigned sent = f->sizes[at->number], n = at->size < sent ? at->size : sent;
        copy_register(g + 2 * offset_in_g(f->sizes, at->number), note->data + f->head + at->offset,
                      n);
    }
    return true;
}
