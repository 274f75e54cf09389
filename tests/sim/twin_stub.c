/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The twin's RSP: reading packets, sending replies with their acks, and stops
 * (sys/gdb/gdb_packet.c, gdb_trap of gdb_main.c).
 */
#include <string.h>

#include "proto/rsp/rsp.h"
#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

enum { RUN_BIAS = 29, RUN_MAX = 97 };

/* The value of a checksum or data digit as the kernel computes it, without checks. */
static unsigned digit(uint8_t c)
{
    int value = (int8_t)c < 'A' ? (int8_t)c - '0' : (c < 'a' ? c - 'A' : c - 'a') + 10;
    return (unsigned)value & 0xf;
}

static void send_reply(struct twin *t);

static void reply_sent(struct twin *t)
{
    if (!t->stub.ack_mode) {
        t->stub.after(t);
        return;
    }
    t->stub.state = STUB_ACK;
    net_wait(t);
}

/* Writes `more` repetitions of the last character, like gdb_tx_end: also a run of 2; only $ # + -
 * are avoided as a length. */
static void encode_more(struct buf *out, uint8_t c, size_t more)
{
    for (; more >= RUN_MAX; more -= more > RUN_MAX ? RUN_MAX + 1 : RUN_MAX) {
        (void)buf_addc(out, '*');
        (void)buf_addc(out, RUN_MAX + RUN_BIAS);
        if (more > RUN_MAX)
            (void)buf_addc(out, c);
    }
    while (more == 1 || (more > 1 && strchr("$#+-", (int)more + RUN_BIAS) != NULL)) {
        (void)buf_addc(out, c);
        more--;
    }
    if (more > 0) {
        (void)buf_addc(out, '*');
        (void)buf_addc(out, (uint8_t)(more + RUN_BIAS));
    }
}

static void encode_runs(struct buf *out, const struct buf *content)
{
    size_t i = 0;
    while (i < content->len) {
        size_t n = 1;
        while (i + n < content->len && content->data[i + n] == content->data[i])
            n++;
        (void)buf_addc(out, content->data[i]);
        encode_more(out, content->data[i], n - 1);
        i += n;
    }
}

static void send_reply(struct twin *t)
{
    struct buf packet, encoded;
    buf_init(&packet, TWIN_REPLY_MAX);
    buf_init(&encoded, TWIN_REPLY_MAX);
    const struct buf *content = &t->stub.reply;
    if (t->config.run_lengths) {
        encode_runs(&encoded, content);
        content = &encoded;
    }
    if (content->error != 0 || rsp_frame(&packet, content->data, content->len) != 0)
        sim_fail(t->w, "the twin has too long a reply");
    net_send(t, packet.data, packet.len, reply_sent);
    buf_free(&packet);
    buf_free(&encoded);
}

static void next_request(struct twin *t)
{
    t->stub.state = STUB_SEEK;
    net_wait(t);
}

void stub_reply_then(struct twin *t, twin_step *after)
{
    t->stub.after = after;
    send_reply(t);
}

void stub_reply(struct twin *t)
{
    stub_reply_then(t, next_request);
}

void stub_reply_text(struct twin *t, const char *text)
{
    (void)buf_sets(&t->stub.reply, text);
    stub_reply(t);
}

void stub_reply_error(struct twin *t, unsigned error)
{
    buf_reset(&t->stub.reply);
    (void)buf_printf(&t->stub.reply, "E%02x", error);
    stub_reply(t);
}

/* gdb_trap: returns to ack mode and sends the stop of kdb_thread. */
void stub_enter(struct twin *t)
{
    const struct machine *m = t->machine;
    struct buf *reply = &t->stub.reply;
    machine_enter_handler(t->machine);
    t->stub.ack_mode = true;
    t->list = LIST_NONE;
    buf_reset(reply);
    unsigned pc = m->registers->pc;
    uint8_t bytes[8];
    machine_reg_bytes(m, t->thread, pc, bytes);
    (void)buf_printf(reply, "T%02x%x:", (unsigned)m->signal, pc);
    (void)buf_addhex(reply, bytes, machine_reg_size(m, pc));
    if (m->trap == MACHINE_WATCH && m->registers->arch != MACHINE_RISCV64)
        (void)buf_printf(reply, ";watch:%llx", (unsigned long long)m->watched);
    (void)buf_printf(reply, ";thread:%x;", t->thread->tid);
    stub_reply(t);
}

/* kdb_trap: a trap selects the thread that ran. */
void stub_stop(struct twin *t)
{
    t->thread = &t->machine->threads[0];
    t->thread_changed = ++t->machine->change;
    stub_enter(t);
}

static void stepped(struct twin *t)
{
    machine_step(t->machine);
    stub_stop(t);
}

void stub_resume(struct twin *t, bool step)
{
    struct machine *m = t->machine;
    if (step && m->registers->arch != MACHINE_RISCV64) { /* riscv64 cannot step: it runs */
        t->counts.steps++;
        twin_enter(t, TWIN_RUNNING, m->step_time, stepped);
        return;
    }
    t->counts.continues++;
    if (machine_run(m))
        twin_enter(t, TWIN_RUNNING, m->step_time, stub_stop);
    else
        twin_enter(t, TWIN_RUNNING, m->run_time, m->run_time != SIM_NEVER ? stub_stop : NULL);
}

static void execute(struct twin *t)
{
    t->stub.content[t->stub.len] = 0;
    twin_enter(t, TWIN_COMMAND, t->config.command, request_execute);
}

static void panic_again(struct twin *t)
{
    t->counts.panics++;
    twin_gone(t, "twin: a request of 4095 bytes, it panicked");
}

static void too_long(struct twin *t)
{
    if (t->stub.ack_mode)
        net_send(t, "-", 1, panic_again);
    else
        panic_again(t);
}

static void checked(struct twin *t, bool good)
{
    t->counts.bad_sums += !good;
    net_send(t, good ? "+" : "-", 1, good ? execute : next_request);
}

static void body_byte(struct twin *t, uint8_t c)
{
    struct twin_stub *s = &t->stub;
    if (c == '#') {
        s->state = STUB_SUM1;
        if (!s->ack_mode)
            execute(t);
        return;
    }
    s->content[s->len++] = c;
    s->sum = (uint8_t)(s->sum + c);
    if (s->len == TWIN_CONTENT)
        too_long(t);
}

void stub_byte(struct twin *t, uint8_t c, const struct twin_origin *origin, size_t place)
{
    struct twin_stub *s = &t->stub;
    switch (s->state) {
    case STUB_SEEK:
        if (c == '$') {
            s->state = STUB_BODY;
            s->len = s->sum = 0;
            s->origin = *origin;
            s->place = place;
        }
        break;
    case STUB_BODY:
        body_byte(t, c);
        break;
    case STUB_SUM1:
        s->claimed = (uint8_t)(digit(c) << 4);
        s->state = STUB_SUM2;
        break;
    case STUB_SUM2:
        checked(t, s->sum == (s->claimed | digit(c)));
        break;
    case STUB_ACK:
        if (c == '+') {
            s->after(t);
        } else {
            t->counts.resent_replies++;
            t->link.resending = true;
            send_reply(t);
        }
        break;
    }
}
