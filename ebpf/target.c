/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub as a target: requests by their first letters, running, stop replies; see target.h. */
#include "ebpf/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/names.h"
#include "ebpf/stub.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

enum { CONSOLE_CHUNK = 2048 /* bytes in one O packet */ };

bool stub_take_number(struct stub_args *a, uint64_t *value)
{
    size_t n = rsp_hex_number(a->at, a->len, value);
    a->at += n;
    a->len -= n;
    return n != 0;
}

bool stub_take(struct stub_args *a, char c)
{
    if (a->len == 0 || *a->at != (uint8_t)c)
        return false;
    a->at++;
    a->len--;
    return true;
}

bool stub_take_text(struct stub_args *a, const char *text)
{
    size_t n = strlen(text);
    if (a->len < n || memcmp(a->at, text, n) != 0)
        return false;
    a->at += n;
    a->len -= n;
    return true;
}

void stub_error(struct stub *s, unsigned number)
{
    buf_reset(&s->reply);
    (void)buf_printf(&s->reply, "E%02x", number);
}

void stub_text(struct stub *s, const char *text)
{
    (void)buf_adds(&s->reply, text);
}

const struct ebpf_image *stub_image(const struct stub *s)
{
    return s->o.images[s->program];
}

/* --- stops ------------------------------------------------------------------------------- */

static void add_stop_register(struct stub *s, unsigned number)
{
    const struct ebpf_register *r = &s->arch->reg[number];
    uint64_t value = ebpf_register_read(s->m, r);
    (void)buf_printf(&s->reply, "%02x:", number);
    (void)buf_addhex(&s->reply, &value, r->bytes);
    stub_text(s, ";");
}

static void add_watch(struct stub *s)
{
    static const char *const names[] = {
        [EBPF_WATCH_WRITE] = "watch", [EBPF_WATCH_READ] = "rwatch", [EBPF_WATCH_ACCESS] = "awatch"};
    if (s->m->memory.hit != NULL)
        (void)buf_printf(&s->reply, "%s:%" PRIx64 ";", names[s->m->memory.hit->kind],
                         s->m->memory.hit_address);
}

/* True unless the client has a software breakpoint at pc. */
static bool stopped_at_hardware(const struct stub *s)
{
    for (unsigned i = 0; i < s->points; i++)
        if (s->point[i].address == s->m->pc && s->point[i].type == '0')
            return false;
    return true;
}

static void add_reason(struct stub *s)
{
    bool hardware = s->stop == EBPF_BREAKPOINT && stopped_at_hardware(s);
    if (s->stop == EBPF_WATCHPOINT)
        add_watch(s);
    else if (s->stop == EBPF_BREAKPOINT && !s->by_interrupt && (hardware ? s->hwbreak : s->swbreak))
        stub_text(s, hardware ? "hwbreak:;" : "swbreak:;");
    if (!s->lldb || s->by_interrupt)
        return;
    stub_text(s, s->stop == EBPF_BREAKPOINT   ? "reason:breakpoint;"
                 : s->stop == EBPF_STEPPED    ? "reason:trace;"
                 : s->stop == EBPF_WATCHPOINT ? "reason:watchpoint;"
                                              : "reason:exception;description:");
    if (ebpf_stop_signal(s->stop) == 5)
        return;
    (void)buf_addhex(&s->reply, s->m->fault.text, strlen(s->m->fault.text));
    stub_text(s, ";");
}

/* GDB shows the low half of r0; LLDB, and clients of sbpf read two digits. */
static void add_exit(struct stub *s)
{
    uint64_t r0 = s->m->reg[0];
    if (s->lldb || s->arch->kind == EBPF_ARCH_SBPF)
        (void)buf_printf(&s->reply, "W%02x", (unsigned)(r0 & 0xff));
    else
        (void)buf_printf(&s->reply, "W%02" PRIx32, (uint32_t)r0);
}

void stub_stop_reply(struct stub *s)
{
    if (s->stop == EBPF_EXITED) {
        add_exit(s);
        return;
    }
    (void)buf_printf(&s->reply, "T%02xthread:1;", s->by_interrupt ? 2 : ebpf_stop_signal(s->stop));
    for (unsigned i = 0; i < s->arch->expedited_count; i++)
        add_stop_register(s, s->arch->expedited[i]);
    add_reason(s);
}

/* --- starting ---------------------------------------------------------------------------- */

static void set_points(struct stub *s)
{
    for (unsigned i = 0; i < s->points; i++)
        (void)ebpf_break_add(s->m, s->point[i].address);
}

/*
 * Starts the program with this index; it is then STUB_STOPPED. Watchpoints stay if it is the same
 * one. Returns 0, or an error of ebpf_machine_new(): the previous program is still there.
 */
static int start_stub(struct stub *s, unsigned program)
{
    struct ebpf_machine *m;
    int rc = ebpf_machine_new(&m, s->o.images[program], &s->o.machine);
    if (rc != 0)
        return rc;
    if (s->m != NULL && program == s->program)
        ebpf_memory_keep_watches(&m->memory, &s->m->memory);
    ebpf_machine_free(s->m);
    s->m = m;
    s->program = program;
    set_points(s);
    s->state = STUB_STOPPED;
    s->stop = EBPF_STEPPED;
    s->interrupted = s->by_interrupt = s->again = false;
    (void)ebpf_machine_shadow(s->m);
    return 0;
}

/* Starts a program for a new connection, or the next one that fits the machine. */
static void start_or_skip(struct stub *s, unsigned program)
{
    for (unsigned i = 0; i < s->o.count && start_stub(s, program) != 0; i++) {
        log_warn(s->o.log, "%s: does not fit the machine; the next program starts",
                 s->o.images[program]->name);
        program = (program + 1) % s->o.count;
    }
}

static void stub_clear_points(struct stub *s)
{
    for (unsigned i = 0; i < s->points; i++)
        (void)ebpf_break_remove(s->m, s->point[i].address);
    s->points = 0;
    s->m->memory.watches = 0;
    s->m->memory.hit = NULL;
}

void stub_connected(struct stub *s)
{
    if (s->m == NULL)
        return;
    stub_clear_points(s);
    s->lldb = s->swbreak = s->hwbreak = s->extended = s->file_open = false;
    if (s->state == STUB_ENDED)
        start_or_skip(s, s->again ? s->program : (s->program + 1) % s->o.count);
    if (s->state == STUB_FREE) {
        s->by_interrupt = true;
        s->stop = EBPF_STEPPED;
    }
    s->state = STUB_STOPPED;
    (void)ebpf_machine_shadow(s->m);
}

/* --- resuming ---------------------------------------------------------------------------- */

static void resume(struct stub *s, bool step, uint64_t low, uint64_t high)
{
    if (s->state == STUB_ENDED) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    s->state = STUB_RUNS;
    s->stepping = step;
    s->low = low;
    s->high = high;
    s->by_interrupt = false;
}

/* c and s, with an optional address; C and S, with a signal and an optional address. The signal is
 * ignored: programs have no handlers, and a faulting instruction faults again. */
static void resume_by_letter(struct stub *s, char how, struct stub_args a)
{
    uint64_t signal, address;
    bool with_signal = how == 'C' || how == 'S';
    if (with_signal && !stub_take_number(&a, &signal)) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    if (with_signal ? stub_take(&a, ';') : a.len != 0) {
        if (!stub_take_number(&a, &address)) {
            stub_error(s, STUB_EINVAL);
            return;
        }
        s->m->pc = address;
    }
    resume(s, how == 's' || how == 'S', 0, 0);
}

/* vCont: only the first action is used, since there is one thread. */
static void resume_vcont(struct stub *s, struct stub_args a)
{
    uint64_t low = 0, high = 0, signal;
    char how = a.len == 0 ? 0 : (char)*a.at;
    bool ok = how != 0 && strchr("cCsSr", how) != NULL && stub_take(&a, how);
    if (ok && (how == 'C' || how == 'S'))
        ok = stub_take_number(&a, &signal);
    if (ok && how == 'r')
        ok = stub_take_number(&a, &low) && stub_take(&a, ',') && stub_take_number(&a, &high);
    if (!ok || (a.len != 0 && *a.at != ':' && *a.at != ';')) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    resume(s, how != 'c' && how != 'C', low, high);
}

/* vRun;FILE;…: restarts, with the program of the list that has the base name of FILE. */
static void rerun(struct stub *s, struct stub_args a)
{
    unsigned program = s->program;
    struct buf name;
    size_t hex = 0;
    buf_init(&name, 4096);
    while (hex < a.len && a.at[hex] != ';')
        hex++;
    if (rsp_unhex(&name, a.at, hex) == 0 && name.len != 0) {
        (void)buf_addc(&name, 0);
        const char *base = strrchr((char *)name.data, '/');
        for (unsigned i = 0; name.error == 0 && i < s->o.count; i++)
            if (strcmp(s->o.images[i]->name, base != NULL ? base + 1 : (char *)name.data) == 0)
                program = i;
    }
    buf_free(&name);
    if (start_stub(s, program) != 0)
        stub_error(s, STUB_EIO);
    else
        stub_stop_reply(s);
}

static void restart(struct stub *s)
{
    (void)start_stub(s, s->program);
}

static void kill_program(struct stub *s)
{
    s->state = STUB_ENDED;
    s->again = true;
}

/* --- requests ---------------------------------------------------------------------------- */

static void choose_thread(struct stub *s, struct stub_args a)
{
    uint64_t id = 0;
    if (a.len != 0) /* g or c */
        (void)stub_take(&a, (char)*a.at);
    bool any = stub_take_text(&a, "-1");
    if (any || (stub_take_number(&a, &id) && id <= 1))
        stub_text(s, "OK");
    else
        stub_error(s, STUB_EINVAL);
}

static void thread_alive(struct stub *s, struct stub_args a)
{
    uint64_t id = 0;
    if (stub_take_number(&a, &id) && id == 1 && s->state != STUB_ENDED)
        stub_text(s, "OK");
    else
        stub_error(s, STUB_EINVAL);
}

static void take_v(struct stub *s, struct stub_args a)
{
    if (stub_take_text(&a, "Cont?"))
        stub_text(s, "vCont;c;C;s;S;r");
    else if (stub_take_text(&a, "Cont;"))
        resume_vcont(s, a);
    else if (stub_take_text(&a, "File:"))
        stub_file(s, a);
    else if (stub_take_text(&a, "Run;"))
        rerun(s, a);
    else if (stub_take_text(&a, "Kill;")) {
        kill_program(s);
        stub_text(s, "OK");
    }
}

static void dispatch(struct stub *s, char c, struct stub_args a)
{
    switch (c) {
    case '!':
        s->extended = true;
        stub_text(s, "OK");
        break;
    case '?':
        stub_stop_reply(s);
        break;
    case 'c':
    case 'C':
    case 's':
    case 'S':
        resume_by_letter(s, c, a);
        break;
    case 'g':
        stub_read_registers(s);
        break;
    case 'G':
        stub_write_registers(s, a);
        break;
    case 'p':
        stub_read_register(s, a);
        break;
    case 'P':
        stub_write_register(s, a);
        break;
    case 'm':
        stub_read_memory(s, a);
        break;
    case 'M':
    case 'X':
        stub_write_memory(s, a, c == 'X');
        break;
    case 'z':
    case 'Z':
        stub_add_point(s, a, c == 'Z');
        break;
    case 'H':
        choose_thread(s, a);
        break;
    case 'T':
        thread_alive(s, a);
        break;
    case 'q':
        stub_query(s, a);
        break;
    case 'Q':
        stub_set(s, a);
        break;
    case 'v':
        take_v(s, a);
        break;
    case 'k':
        kill_program(s);
        break;
    case 'R':
        restart(s);
        break;
    default: /* an empty reply: not supported */
        break;
    }
}

/* --- the target -------------------------------------------------------------------------- */

static struct stub *to_stub(struct target *t)
{
    return (struct stub *)t;
}

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = to_stub(t);
    if (r->len > TARGET_REPLY_MAX)
        return NETGDB_TOO_LONG;
    buf_reset(&s->reply);
    if (s->m == NULL)
        return NETGDB_CLOSED;
    s->interrupted = false;
    if (r->len != 0)
        dispatch(s, (char)r->data[0], (struct stub_args){r->data + 1, r->len - 1});
    return s->m == NULL ? NETGDB_CLOSED : 0;
}

/* Moves output of the program to an O packet; false: there is none. */
static bool take_output(struct stub *s, struct buf *reply)
{
    struct buf *out = &s->m->output, visible;
    size_t n = out->len < CONSOLE_CHUNK ? out->len : CONSOLE_CHUNK;
    if (n == 0)
        return false;
    buf_init(&visible, VISIBLE_MAX * CONSOLE_CHUNK);
    (void)visible_add(&visible, out->data, n);
    buf_reset(reply);
    (void)buf_addc(reply, 'O');
    (void)buf_addhex(reply, visible.data, visible.len);
    buf_free(&visible);
    buf_drop(out, n);
    return true;
}

void stub_result(const struct stub *s, struct buf *out)
{
    uint64_t r0 = s->m->reg[0];
    const char *name = ebpf_result_name(s->o.machine.context, r0);
    (void)buf_printf(out,
                     "%s: r0 = 0x%" PRIx64 " (%" PRId64 "%s%s) after %" PRIu64 " instruction%s\n",
                     stub_image(s)->name, r0, (int64_t)r0, name != NULL ? ", " : "",
                     name != NULL ? name : "", s->m->executed, s->m->executed == 1 ? "" : "s");
}

/* Prints an exit or a fault, for which the stop reply has only a signal. */
static void print_stop(struct stub *s)
{
    struct buf *out = &s->m->output;
    unsigned signal = ebpf_stop_signal(s->stop);
    if (s->stop == EBPF_EXITED)
        stub_result(s, out);
    else if (signal != 0 && signal != 5 && !s->by_interrupt)
        (void)buf_printf(out, "%s: %s\n", stub_image(s)->name, s->m->fault.text);
}

static void on_stop(struct stub *s, enum ebpf_stop stop)
{
    s->stop = stop;
    s->state = stop == EBPF_EXITED ? STUB_ENDED : STUB_STOPPED;
    (void)ebpf_machine_shadow(s->m);
    print_stop(s);
    log_debug(s->o.log, "stopped at 0x%" PRIx64 " after %" PRIu64 " instructions", s->m->pc,
              s->m->executed);
}

/* Runs until a stop or output (0), or an event in `watch` (NETGDB_AGAIN). */
static int run_program(struct stub *s, unsigned watch)
{
    while (s->state == STUB_RUNS || s->state == STUB_FREE) {
        enum ebpf_stop stop = EBPF_RUNNING;
        if (s->interrupted) {
            s->by_interrupt = true;
            on_stop(s, EBPF_STEPPED);
            break;
        }
        if (s->state == STUB_RUNS && s->stepping)
            stop = ebpf_step(s->m, s->low, s->high, EBPF_SLICE);
        else
            stop = ebpf_run(s->m, EBPF_SLICE);
        if (stop != EBPF_RUNNING)
            on_stop(s, stop);
        else if (s->m->output.len != 0)
            return 0;
        else if (watch != 0 && io_wait(s->o.io, 0, watch) != 0)
            return NETGDB_AGAIN;
    }
    if (s->state != STUB_RUNS) {
        buf_reset(&s->reply);
        stub_stop_reply(s);
    }
    return 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct stub *s = to_stub(t);
    *final = false;
    if (s->state == STUB_RUNS) {
        int rc = run_program(s, watch);
        if (rc != 0)
            return rc;
    }
    if (take_output(s, reply))
        return 0;
    *final = true;
    return s->reply.error != 0 ? s->reply.error : buf_set(reply, s->reply.data, s->reply.len);
}

static int stub_interrupt(struct target *t)
{
    to_stub(t)->interrupted = to_stub(t)->state == STUB_RUNS;
    return 0;
}

static int stub_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct stub *s = to_stub(t);
    (void)r;
    stub_clear_points(s);
    if (s->state != STUB_ENDED)
        s->state = STUB_FREE;
    return buf_sets(reply, "OK");
}

static void stub_free(struct target *t)
{
    struct stub *s = to_stub(t);
    ebpf_machine_free(s->m);
    buf_free(&s->reply);
    free(s);
}

static const struct target_ops ops = {.send = stub_send,
                                      .recv = stub_recv,
                                      .interrupt = stub_interrupt,
                                      .leave = stub_leave,
                                      .free = stub_free};

int ebpf_target_new(struct target **out, const struct ebpf_target_options *options)
{
    struct stub *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NETGDB_NOMEM;
    s->base.ops = &ops;
    s->o = *options;
    s->arch = ebpf_arch(options->arch);
    buf_init(&s->reply, TARGET_REPLY_MAX);
    int rc = start_stub(s, 0);
    if (rc != 0) {
        stub_free(&s->base);
        return rc;
    }
    *out = &s->base;
    return 0;
}

int ebpf_target_run_on(struct target *t, unsigned watch,
                       void (*print)(void *context, const uint8_t *text, size_t len), void *context)
{
    struct stub *s = to_stub(t);
    int rc = 0;
    while (s->state == STUB_FREE && rc == 0) {
        s->interrupted = false;
        rc = run_program(s, watch);
        struct buf *out = &s->m->output;
        if (print != NULL && out->len != 0)
            print(context, out->data, out->len);
        buf_reset(out);
        /* A program that always prints returns before run_program() waits. */
        if (rc == 0 && watch != 0 && s->state == STUB_FREE && io_wait(s->o.io, 0, watch) != 0)
            rc = NETGDB_AGAIN;
    }
    return rc;
}

struct ebpf_machine *ebpf_target_machine(struct target *t)
{
    return to_stub(t)->m;
}
