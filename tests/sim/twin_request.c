/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The twin's handling of each request, with the stub's bugs (gdb_trap of
 * sys/gdb/gdb_main.c, sys/amd64/amd64/gdb_machdep.c). Queries are in twin_query.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

int cursor_char(struct twin_cursor *c)
{
    if (c->len == 0)
        return -1;
    c->len--;
    return *c->p++;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number of any length with an optional '-'; without one the cursor does not move. */
bool cursor_hex(struct twin_cursor *c, uint64_t *value)
{
    size_t sign = c->len > 0 && c->p[0] == '-', i = sign;
    uint64_t v = 0;
    for (; i < c->len && hex_value(c->p[i]) >= 0; i++)
        v = v << 4 | (uint64_t)hex_value(c->p[i]);
    if (i == sign)
        return false;
    c->p += i;
    c->len -= i;
    *value = sign != 0 ? -v : v;
    return true;
}

bool cursor_equal(struct twin_cursor *c, const char *text)
{
    size_t n = strlen(text);
    if (c->len < n || memcmp(c->p, text, n) != 0)
        return false;
    c->p += n;
    c->len -= n;
    return true;
}

/* Reads `ADDR,LENGTH`. */
static bool cursor_range(struct twin_cursor *c, uint64_t *addr, uint64_t *len)
{
    return cursor_hex(c, addr) && cursor_char(c) == ',' && cursor_hex(c, len);
}

/* Decodes digits without checks; other characters become some nibble. */
static void decode(const uint8_t *digits, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(digits[2 * i]), low = hex_value(digits[2 * i + 1]);
        out[i] = (uint8_t)((high & 0xf) << 4 | (low & 0xf));
    }
}

static void append_reg(struct twin *t, uint64_t reg)
{
    struct buf *reply = &t->stub.reply;
    size_t size = machine_reg_size(t->machine, reg);
    uint8_t bytes[8];
    if (machine_reg_readable(t->machine, t->thread, reg)) {
        reg = machine_reg_slot(t->machine, t->thread, reg);
        machine_reg_bytes(t->machine, t->thread, reg, bytes);
        (void)buf_addhex(reply, bytes, size);
        return;
    }
    for (size_t i = 0; i < 2 * size; i++)
        (void)buf_addc(reply, 'x');
}

static void read_regs(struct twin *t)
{
    buf_reset(&t->stub.reply);
    for (unsigned r = 0; r < t->machine->registers->count; r++)
        append_reg(t, r);
    stub_reply(t);
}

static void read_reg(struct twin *t, struct twin_cursor *c)
{
    uint64_t reg;
    if (!cursor_hex(c, &reg)) {
        stub_reply_error(t, E_INVAL);
        return;
    }
    buf_reset(&t->stub.reply);
    append_reg(t, reg);
    stub_reply(t);
}

/* Sets a register from 8 bytes of memory without checks. */
static void set_reg(struct twin *t, uint64_t reg, const uint8_t bytes[8])
{
    uint64_t value;
    if (!machine_reg_writable(t->machine, t->thread, reg))
        return;
    memcpy(&value, bytes, sizeof value);
    reg = machine_reg_slot(t->machine, t->thread, reg);
    if (t->thread->regs[reg] != value && log_undoes(t, t->thread->changed[reg]))
        t->counts.undone_registers++;
    machine_set_reg(t->machine, t->thread, (unsigned)reg, value);
}

/*
 * Parses the value of a register: decoded if the rest of the request is exactly its digits,
 * otherwise the stub uses the text itself, from `raw` on. Returns whether it was decoded.
 */
static bool reg_value(struct twin_cursor *c, size_t size, const uint8_t *raw, uint8_t bytes[8])
{
    memcpy(bytes, raw, 8);
    if (c->len != 2 * size)
        return false;
    decode(c->p, bytes, size < 8 ? size : 8); /* longer registers cannot be set */
    c->p += c->len;
    c->len = 0;
    return true;
}

static void write_reg(struct twin *t, struct twin_cursor *c)
{
    uint64_t reg;
    const uint8_t *raw = c->p;
    uint8_t bytes[8];
    if (!cursor_hex(c, &reg) || cursor_char(c) != '=') {
        stub_reply_error(t, E_INVAL);
        return;
    }
    if (!reg_value(c, machine_reg_size(t->machine, reg), raw, bytes))
        t->counts.corrupted_registers += machine_reg_writable(t->machine, t->thread, reg);
    t->counts.register_writes += machine_reg_writable(t->machine, t->thread, reg);
    set_reg(t, reg, bytes);
    stub_reply_text(t, "OK");
}

/* `G` compares each register's size with the whole rest, so every register gets the text. */
static void write_regs(struct twin *t, struct twin_cursor *c)
{
    uint8_t bytes[8];
    bool good = true;
    for (unsigned r = 0; r < t->machine->registers->count; r++) {
        good = reg_value(c, machine_reg_size(t->machine, r), c->p, bytes) && good;
        set_reg(t, r, bytes);
    }
    t->counts.corrupted_registers += !good;
    stub_reply_text(t, "OK");
}

/* A failed access returns by longjmp(): a breakpoint there traps inside the stub. */
static void memory_fault(struct twin *t)
{
    uint64_t longjmp = t->machine->registers->text + MACHINE_LONGJMP;
    unsigned past;
    for (uint64_t at = 0; at < MACHINE_INSTRUCTION; at++) {
        if (machine_breakpoint_at(t->machine, longjmp + at, &past)) {
            t->counts.died_in_longjmp++;
            twin_gone(t, "twin: a breakpoint in longjmp, it is silent");
            return;
        }
    }
    t->unmasked |= machine_fault_unmasks(t->machine);
    stub_reply_error(t, E_IO);
}

/*
 * kdb_cpu_set_singlestep and kdb_cpu_clear_singlestep (sys/arm64/arm64/debug_monitor.c): with
 * INVARIANTS they panic if debug exceptions are not masked; without, a step traps in the stub
 * itself, without end.
 */
static bool dies_unmasked(struct twin *t, bool step)
{
    if (!t->unmasked || (!t->config.invariants && !step))
        return false;
    t->counts.died_unmasked++;
    twin_gone(t, "twin: debug exceptions are not masked, it is gone");
    return true;
}

static void read_memory(struct twin *t, struct twin_cursor *c)
{
    uint8_t bytes[TWIN_READ_FATAL];
    uint64_t addr, len;
    if (!cursor_range(c, &addr, &len)) {
        stub_reply_error(t, E_INVAL);
        return;
    }
    t->counts.overflows += len > (t->config.buffer - TWIN_SLACK) / 2;
    if (len > TWIN_READ_FATAL) {
        twin_gone(t, "twin: a read far past its buffer");
        return;
    }
    if (machine_read(t->machine, addr, bytes, (size_t)len) < len) {
        memory_fault(t);
        return;
    }
    buf_reset(&t->stub.reply);
    (void)buf_addhex(&t->stub.reply, bytes, (size_t)len);
    stub_reply(t);
}

/* Whether writing these bytes undoes a change made after this request was first executed. */
static bool write_undoes(const struct twin *t, uint64_t addr, const uint8_t *bytes, size_t len)
{
    uint8_t now;
    for (size_t i = 0; t->repeat && i < len; i++) {
        if (machine_read(t->machine, addr + i, &now, 1) == 1 && now != bytes[i] &&
            log_undoes(t, machine_changed(t->machine, addr + i)))
            return true;
    }
    return false;
}

static void write_memory(struct twin *t, struct twin_cursor *c)
{
    uint8_t bytes[TWIN_CONTENT / 2 + 1];
    uint64_t addr, len;
    if (!cursor_range(c, &addr, &len) || cursor_char(c) != ':') {
        stub_reply_error(t, E_INVAL);
        return;
    }
    if (c->len % 2 != 0 || len != c->len / 2) {
        stub_reply_text(t, "OK"); /* although nothing was written */
        return;
    }
    decode(c->p, bytes, c->len / 2);
    t->counts.undone += write_undoes(t, addr, bytes, c->len / 2);
    t->counts.writes += len > 0;
    bool locked = t->machine->locked && addr - t->machine->registers->text < MACHINE_TEXT_SIZE;
    if (locked || machine_write(t->machine, addr, bytes, c->len / 2) < len)
        memory_fault(t);
    else
        stub_reply_text(t, "OK");
}

static void choose_thread(struct twin *t, struct twin_cursor *c)
{
    uint64_t tid;
    (void)cursor_char(c); /* g or c: ignored */
    if (!cursor_hex(c, &tid)) {
        stub_reply_error(t, E_INVAL);
        return;
    }
    if ((int64_t)tid > 0) {
        struct machine_thread *thread = machine_thread(t->machine, tid);
        if (thread == NULL) {
            stub_reply_error(t, E_NOENT);
            return;
        }
        t->counts.undone_threads += thread != t->thread && log_undoes(t, t->thread_changed);
        t->thread_changed = ++t->machine->change;
        t->thread = thread;
    }
    stub_reply_text(t, "OK");
}

static void thread_alive(struct twin *t, struct twin_cursor *c)
{
    uint64_t tid;
    if (!cursor_hex(c, &tid))
        stub_reply_error(t, E_INVAL);
    else if (machine_thread(t->machine, tid) == NULL)
        stub_reply_error(t, E_NOENT);
    else
        stub_reply_text(t, "OK");
}

static void resume(struct twin *t, struct twin_cursor *c, bool step, bool with_signal)
{
    uint64_t signal, pc;
    bool jump = with_signal ? cursor_hex(c, &signal) && cursor_char(c) == ';' && cursor_hex(c, &pc)
                            : cursor_hex(c, &pc);
    t->counts.repeated_resumes += t->repeat;
    if (jump)
        machine_set_reg(t->machine, t->thread, t->machine->registers->pc, pc);
    if (!dies_unmasked(t, step))
        stub_resume(t, step);
}

static void detached(struct twin *t)
{
    t->counts.detaches++;
    if (!dies_unmasked(t, false))
        ddb_enter(t, "twin: detached", &t->counts.lost);
}

static void detach(struct twin *t, bool answers)
{
    t->counts.repeated_resumes += t->repeat;
    if (!answers) {
        detached(t);
        return;
    }
    (void)buf_sets(&t->stub.reply, "OK");
    stub_reply_then(t, detached);
}

static void why_stopped(struct twin *t)
{
    buf_reset(&t->stub.reply);
    (void)buf_printf(&t->stub.reply, "T%02xthread:%x;", (unsigned)t->machine->signal,
                     t->thread->tid);
    stub_reply(t);
}

static void set_point(struct twin *t, char type, uint64_t addr, uint64_t size, bool set)
{
    struct machine_point *p = machine_point(t->machine, type, addr, size);
    if (p == NULL || (!set && !p->set)) {
        stub_reply_error(t, E_INVAL);
        return;
    }
    bool undoes = p->set != set && log_undoes(t, p->changed);
    if (!machine_set_point(t->machine, p, set)) {
        stub_reply_error(t, E_BUSY);
        return;
    }
    t->counts.undone_points += undoes;
    stub_reply_text(t, "OK");
}

/* Z and z: watchpoints. */
static void watch(struct twin *t, struct twin_cursor *c, bool set)
{
    uint64_t addr, size;
    if (t->config.watch == TWIN_NO_WATCH) {
        stub_reply_text(t, "");
        return;
    }
    int type = cursor_char(c);
    bool good = cursor_char(c) == ',' && cursor_range(c, &addr, &size);
    if (good && (type == '0' || type == '1'))
        stub_reply_text(t, "");
    else if (good && set && t->config.watch == TWIN_WATCH_FAILS)
        stub_reply_error(t, E_NXIO);
    else if (good && type >= '2' && type <= '4')
        set_point(t, (char)type, addr, size, set);
    else
        stub_reply_error(t, E_INVAL);
}

static void dispatch(struct twin *t, int letter, struct twin_cursor *c)
{
    switch (letter) {
    case '?':
        why_stopped(t);
        break;
    case 'c':
    case 'C':
    case 's':
    case 'S':
        resume(t, c, (letter | 0x20) == 's', letter < 'a');
        break;
    case 'D':
    case 'k':
        detach(t, letter == 'D');
        break;
    case 'g':
        read_regs(t);
        break;
    case 'G':
        write_regs(t, c);
        break;
    case 'H':
        choose_thread(t, c);
        break;
    case 'm':
        read_memory(t, c);
        break;
    case 'M':
        write_memory(t, c);
        break;
    case 'p':
        read_reg(t, c);
        break;
    case 'P':
        write_reg(t, c);
        break;
    case 'q':
        query_execute(t, c);
        break;
    case 'Q':
        query_set(t, c);
        break;
    case 'T':
        thread_alive(t, c);
        break;
    case 'z':
    case 'Z':
        watch(t, c, letter == 'Z');
        break;
    default:
        stub_reply_text(t, "");
        break;
    }
}

void request_execute(struct twin *t)
{
    struct twin_cursor c = {t->stub.content, t->stub.len};
    log_request(t);
    dispatch(t, cursor_char(&c), &c);
    log_executed(t);
}
