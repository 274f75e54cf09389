/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Registers (GDB manual, g, G, p, P). For a running thread the stub reads and writes them. Those of
 * a waiting thread are in its saved context; writes change the context and never the CPU.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "threads/threads_private.h"

int registers_live(struct threads *t)
{
    if (t->live.len != 0)
        return 0;
    int rc = threads_ask(t, "g");
    if (rc != 0)
        return rc;
    if (t->stub_reply.len < 2 || t->stub_reply.data[0] == 'E' || t->stub_reply.len % 2 != 0 ||
        t->stub_reply.len > 2 * REGMAP_G_MAX)
        return 0;
    t->g_len = t->stub_reply.len / 2;
    return buf_set(&t->live, t->stub_reply.data, t->stub_reply.len);
}

/*
 * A stub may change its `g` when its target description is read (QEMU does, for ARM). Therefore
 * this reads the description only if the client did, or if the length of `g` matches no known
 * layout.
 */
int registers_map(struct threads *t)
{
    const struct arch *by_length;
    int rc = t->map_known ? 0 : registers_live(t);
    if (rc != 0 || t->map_known || t->g_len == 0)
        return rc;
    by_length = arch_of_g(t->g_len);
    const struct arch *a = t->active ? t->engine.arch : by_length;
    rc = NETGDB_UNSUPPORTED;
    if (t->client_reads_xml || by_length == NULL || (a != NULL && by_length != a))
        rc = regmap_ask(&t->map, t->d.base.next, a);
    if (rc == NETGDB_UNSUPPORTED) {
        if (a == NULL)
            return 0;
        regmap_builtin(&t->map, a, t->g_len);
        rc = 0;
    }
    regmap_place(&t->map, t->g_len);
    t->map_known = rc == 0;
    return rc;
}

/* Copies a register from the live g; false if the stub sent x. */
static bool live_bytes(const struct threads *t, const struct regmap_register *r, uint8_t *bytes)
{
    if (r->offset < 0 || t->live.len < 2 * ((size_t)r->offset + r->size))
        return false;
    for (unsigned i = 0; i < r->size; i++) {
        int byte = rsp_hex_byte(t->live.data + 2 * ((size_t)r->offset + i));
        if (byte < 0)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

int registers_pc(struct threads *t, uint64_t *pc)
{
    uint8_t bytes[REGMAP_REGISTER_MAX];
    CHECK_OR_RETURN(t->active);
    int rc = registers_live(t);
    if (rc == 0)
        rc = registers_map(t);
    *pc = 0;
    for (size_t i = 0; rc == 0 && i < t->map.n; i++) {
        const struct regmap_register *r = &t->map.list[i];
        if (r->saved && r->is.reg == t->engine.arch->pc && r->size <= 8 && live_bytes(t, r, bytes))
            *pc = memory_decode(&t->memory, bytes, r->size);
    }
    return rc;
}

/* True for a register that contexts do not save, as it is the same for all tasks. */
static bool is_live(const struct threads *t, const struct regmap_register *r)
{
    const uint8_t *live = t->engine.arch->live;
    return r->saved && r->is.reg != 0 && (r->is.reg == live[0] || r->is.reg == live[1]);
}

/* A saved register's value in the stub's size. A narrower floating-point register of RISC-V is
 * NaN-boxed; all other registers have the same size in both. */
static bool saved_value(const struct threads *t, const struct regmap_register *r,
                        const struct context *c, uint64_t *value)
{
    const struct saved_register *s = &c->reg[r->is.reg];
    unsigned machine = t->engine.arch->machine;
    bool riscv = machine == MACHINE_RISCV32 || machine == MACHINE_RISCV64;
    if (s->size == 0 || (r->is.words == 2 && s[1].size == 0))
        return false;
    *value = s->value;
    if (r->is.words == 2)
        *value |= s[1].value << 32;
    if (riscv && r->is.reg >= RISCV_F0 && s->size == 4 && r->size > 4)
        *value |= UINT64_C(0xffffffff00000000);
    if (r->is.bits != 0)
        *value = *value >> r->is.shift & ((1u << r->is.bits) - 1);
    return true;
}

/* Appends a register of a waiting thread in hexadecimal, as x if it is unknown. */
static void add_context_register(struct threads *t, struct buf *b, const struct regmap_register *r,
                                 const struct context *c)
{
    uint8_t bytes[REGMAP_REGISTER_MAX] = {0};
    uint64_t value;
    bool known = false;
    if (!CHECK(r->size <= sizeof bytes))
        return;
    if (is_live(t, r)) {
        known = live_bytes(t, r, bytes);
    } else if (r->saved && c->frame != NULL && saved_value(t, r, c, &value)) {
        unsigned n = r->size < 8 ? r->size : 8;
        memory_encode(&t->memory, value, t->memory.big ? bytes + r->size - n : bytes, n);
        known = true;
    }
    if (known)
        (void)buf_addhex(b, bytes, r->size);
    for (unsigned i = 0; !known && i < 2u * r->size; i++)
        (void)buf_addc(b, 'x');
}

/* The thread of a request: a running one (c is not read), or a waiting one and its context. */
struct subject {
    struct thread *thread; /* NULL: unknown id, or the running thread of the only core */
    bool runs;
    struct context c;
};

static int find_subject(struct threads *t, struct subject *s)
{
    unsigned id = t->selected;
    int rc = threads_detect(t);
    *s = (struct subject){.runs = true};
    if (rc != 0 || !t->active)
        return rc;
    if (id == 0 && t->engine.cores == 1)
        return 0; /* the running thread; no list is needed */
    rc = threads_find(t, id, &s->thread);
    s->runs = rc == 0 && s->thread != NULL && threads_runs(t, s->thread);
    if (rc == 0 && s->runs)
        return threads_choose_core(t, s->thread);
    if (rc == 0 && s->thread != NULL)
        rc = engine_context(&t->engine, s->thread, &s->c);
    if (rc == 0)
        rc = registers_live(t);
    return rc == 0 ? registers_map(t) : rc;
}

int answer_g(struct threads *t, const struct request *r)
{
    struct subject s;
    (void)r;
    int rc = find_subject(t, &s);
    if (rc != 0)
        return rc;
    if (s.runs)
        return DECORATOR_PASS;
    if (s.thread == NULL || t->g_len == 0)
        return threads_reply(t, "E01");
    for (size_t i = 0; i < t->map.n && t->map.list[i].offset >= 0; i++)
        add_context_register(t, &t->d.reply, &t->map.list[i], &s.c);
    while (t->d.reply.error == 0 && t->d.reply.len < 2 * t->g_len)
        (void)buf_addc(&t->d.reply, 'x');
    return t->d.reply.error;
}

/* Finds out once whether the stub supports p, and so P. */
static int probe_p(struct threads *t)
{
    int rc = t->p_known ? 0 : threads_ask(t, "p0");
    if (rc == 0 && !t->p_known) {
        t->p_works = t->stub_reply.len != 0;
        t->p_known = true;
    }
    return rc;
}

int answer_p(struct threads *t, const struct request *r)
{
    struct subject s;
    int rc = find_subject(t, &s);
    if (rc != 0)
        return rc;
    if (s.runs)
        return DECORATOR_PASS;
    rc = probe_p(t);
    if (rc != 0 || !t->p_works)
        return rc;
    const struct regmap_register *reg = r->numbers != 0 ? regmap_find(&t->map, r->address) : NULL;
    if (reg == NULL || reg->size == 0 || s.thread == NULL)
        return threads_reply(t, "E01");
    if (is_live(t, reg) && reg->offset < 0)
        return DECORATOR_PASS; /* any thread has it */
    add_context_register(t, &t->d.reply, reg, &s.c);
    return t->d.reply.error;
}

/* ---- writes ---- */

/* Writes a saved register. A pc on ARM keeps its Thumb bit. */
static int write_saved(struct threads *t, const struct saved_register *s, uint64_t value, bool pc)
{
    uint8_t bytes[8];
    uint64_t old;
    int rc = 0;
    CHECK_OR_RETURN(s->size != 0 && s->size <= sizeof bytes && s->address != 0);
    value += s->ahead;
    if (pc && t->engine.arch->machine == MACHINE_ARM) {
        rc = memory_number(&t->memory, s->address, s->size, &old);
        value = (value & ~UINT64_C(1)) | (old & 1);
    }
    memory_encode(&t->memory, value, bytes, s->size);
    return rc == 0 ? memory_write(&t->memory, s->address, bytes, s->size) : rc;
}

/* Parses `size` bytes in hexadecimal; false for x and for other characters. */
static bool parse_bytes(const uint8_t *digits, unsigned size, uint8_t *bytes)
{
    for (unsigned i = 0; i < size; i++) {
        int byte = rsp_hex_byte(digits + 2 * i);
        if (byte < 0)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

/* The effect of a write to a register. */
enum effect { SAME, WRITE, REFUSE };

static enum effect effect_of(struct threads *t, const struct regmap_register *r,
                             const struct context *c, const uint8_t *bytes, uint64_t *value)
{
    uint8_t live[REGMAP_REGISTER_MAX];
    uint64_t old;
    unsigned n = r->size < 8 ? r->size : 8;
    *value = memory_decode(&t->memory, t->memory.big ? bytes + r->size - n : bytes, n);
    if (is_live(t, r))
        return live_bytes(t, r, live) && memcmp(live, bytes, r->size) == 0 ? SAME : REFUSE;
    if (!r->saved || c->frame == NULL || !saved_value(t, r, c, &old))
        return REFUSE;
    const struct saved_register *s = &c->reg[r->is.reg];
    if (old == *value)
        return SAME;
    if (r->is.reg == t->engine.arch->sp || s->address == 0)
        return REFUSE;
    return r->is.words == 1 || s[1].address != 0 ? WRITE : REFUSE;
}

static int write_register(struct threads *t, const struct regmap_register *r,
                          const struct context *c, uint64_t value)
{
    const struct saved_register *s = &c->reg[r->is.reg];
    if (r->is.bits != 0) {
        uint64_t mask = ((1u << r->is.bits) - 1) << r->is.shift;
        value = (s->value & ~mask) | (value << r->is.shift & mask);
    }
    int rc = write_saved(t, s, value, r->is.reg == t->engine.arch->pc);
    if (rc == 0 && r->is.words == 2)
        rc = write_saved(t, s + 1, value >> 32, false);
    return rc;
}

static int reply_written(struct threads *t, int rc)
{
    if (rc != 0 && rc != MEMORY_REFUSED)
        return rc;
    return threads_reply(t, rc == 0 ? "OK" : "E01");
}

int answer_P(struct threads *t, const struct request *r)
{
    struct subject s;
    uint8_t bytes[REGMAP_REGISTER_MAX];
    uint64_t value;
    int rc = find_subject(t, &s);
    if (rc != 0)
        return rc;
    if (s.runs) {
        buf_reset(&t->live);
        return DECORATOR_PASS;
    }
    rc = probe_p(t);
    if (rc != 0 || !t->p_works)
        return rc; /* the empty reply: GDB uses G */
    const struct regmap_register *reg = r->numbers != 0 ? regmap_find(&t->map, r->address) : NULL;
    if (reg == NULL || reg->size == 0 || s.thread == NULL || r->rest_len != 1 + 2u * reg->size ||
        r->rest[0] != '=' || !parse_bytes(r->rest + 1, reg->size, bytes))
        return threads_reply(t, "E01");
    enum effect effect = effect_of(t, reg, &s.c, bytes, &value);
    if (effect == REFUSE)
        return threads_reply(t, "E01");
    return reply_written(t, effect == WRITE ? write_register(t, reg, &s.c, value) : 0);
}

/* Writes a g; skips unchanged registers and x. `check`: only tests whether all can be written. */
static int write_g(struct threads *t, const struct context *c, const uint8_t *digits, size_t len,
                   bool check)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->map.n; i++) {
        const struct regmap_register *r = &t->map.list[i];
        uint8_t bytes[REGMAP_REGISTER_MAX];
        uint64_t value;
        if (r->offset < 0 || 2 * ((size_t)r->offset + r->size) > len)
            break;
        if (!parse_bytes(digits + 2 * (size_t)r->offset, r->size, bytes))
            continue;
        enum effect effect = effect_of(t, r, c, bytes, &value);
        if (effect == REFUSE && (r->saved || !check))
            rc = r->saved ? MEMORY_REFUSED : 0;
        else if (effect == WRITE && !check)
            rc = write_register(t, r, c, value);
    }
    return rc;
}

int answer_G(struct threads *t, const struct request *r)
{
    struct subject s;
    int rc = find_subject(t, &s);
    if (rc != 0)
        return rc;
    if (s.runs) {
        buf_reset(&t->live);
        return DECORATOR_PASS;
    }
    if (s.thread == NULL || r->len - 1 != 2 * t->g_len || s.c.frame == NULL)
        return threads_reply(t, "E01");
    rc = write_g(t, &s.c, r->data + 1, r->len - 1, true);
    if (rc == 0)
        rc = write_g(t, &s.c, r->data + 1, r->len - 1, false);
    return reply_written(t, rc);
}
