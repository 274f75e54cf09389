/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The GDB of the simulated world; see gdb.h. */
#include "tests/sim/gdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rsp/rsp.h"
#include "tests/sim/private.h"

enum { RBX = 1, PACKET_MAX = 8400, CONNECT_STEPS = 5, STREAM_READ = 2048, STREAM_MAX = 60 };

struct sim_gdb {
    struct sim_world *w;
    struct io *io;
    struct rsp_parser parser;
    unsigned exchanges, asked;
    unsigned leave_at; /* closes the connection after this request; 0: detaches at the end */
    uint64_t next;     /* the event that sends the next request; 0: none */
    bool waiting, finished;
    enum sim_gdb_asks asks;
    bool long_list; /* of threads: more than one reply */
    bool streams;
    uint64_t think;  /* maximum pause before each request, ns */
    unsigned stream; /* remaining reads of a stream */
    uint64_t stream_at;

    /* the model */
    uint8_t window[SIM_GDB_WINDOW];
    uint64_t counter;
    uint64_t regs[MACHINE_THREADS][MACHINE_REGS];
    unsigned thread; /* index of the selected thread */

    /* the outstanding request, and the expected reply */
    struct buf request, expected;
    bool prefix; /* the reply begins with `expected` */
    bool resume;

    unsigned resumes, wrong;
    char complaint[300];
};

/* The program writes its own memory whenever it runs. */
static void count_run(struct machine *m, void *context)
{
    uint64_t count = 0;
    (void)context;
    (void)machine_read(m, MACHINE_DATA + SIM_GDB_COUNTER, &count, sizeof count);
    count++;
    (void)machine_write(m, MACHINE_DATA + SIM_GDB_COUNTER, &count, sizeof count);
}

/* ---- requests and their expected replies ---- */

static void expect(struct sim_gdb *g, const char *text, bool prefix)
{
    buf_sets(&g->expected, text);
    g->prefix = prefix;
}

static void request_read(struct sim_gdb *g, uint64_t address, uint64_t len)
{
    buf_printf(&g->request, "m%llx,%llx", (unsigned long long)address, (unsigned long long)len);
    expect(g, "", false);
}

static void read_window(struct sim_gdb *g)
{
    uint64_t at = sim_below(g->w, SIM_GDB_WINDOW), len = 1 + sim_below(g->w, SIM_GDB_WINDOW - at);
    if (len > 64 && sim_chance(g->w, 0.7))
        len = 64;
    request_read(g, MACHINE_DATA + at, len);
    buf_addhex(&g->expected, g->window + at, (size_t)len);
}

static void read_text_at(struct sim_gdb *g, uint64_t at, uint64_t len)
{
    request_read(g, at, len);
    for (uint64_t i = 0; i < len; i++) {
        uint8_t byte = machine_text_byte(at + i);
        buf_addhex(&g->expected, &byte, 1);
    }
}

static void read_text(struct sim_gdb *g)
{
    uint64_t at = MACHINE_TEXT + sim_below(g->w, MACHINE_TEXT_SIZE - 128);
    read_text_at(g, at, 1 + sim_below(g->w, 128));
}

/* Reads the next block of a stream, which starts at a random address. */
static void read_stream(struct sim_gdb *g)
{
    if (g->stream == 0) {
        g->stream = 2 + (unsigned)sim_below(g->w, STREAM_MAX);
        g->stream_at =
            MACHINE_TEXT + sim_below(g->w, MACHINE_TEXT_SIZE - (g->stream + 1) * STREAM_READ);
    }
    read_text_at(g, g->stream_at, STREAM_READ);
    g->stream_at += STREAM_READ;
    g->stream--;
}

static void read_hole(struct sim_gdb *g)
{
    request_read(g, 0x1000, 8);
    expect(g, "E", true);
}

static void read_counter(struct sim_gdb *g)
{
    request_read(g, MACHINE_DATA + SIM_GDB_COUNTER, sizeof g->counter);
    buf_addhex(&g->expected, &g->counter, sizeof g->counter);
}

static void write_window(struct sim_gdb *g)
{
    uint64_t at = sim_below(g->w, SIM_GDB_WINDOW - 16), len = 1 + sim_below(g->w, 16);
    for (uint64_t i = 0; i < len; i++)
        g->window[at + i] = (uint8_t)sim_random(g->w);
    buf_printf(&g->request, "M%llx,%llx:", (unsigned long long)(MACHINE_DATA + at),
               (unsigned long long)len);
    buf_addhex(&g->request, g->window + at, (size_t)len);
    expect(g, "OK", false);
}

static void read_register(struct sim_gdb *g, unsigned reg)
{
    buf_printf(&g->request, "p%x", reg);
    expect(g, "", false);
    buf_addhex(&g->expected, &g->regs[g->thread][reg], 8);
}

static void write_register(struct sim_gdb *g)
{
    uint64_t value = sim_random(g->w);
    g->regs[g->thread][RBX] = value;
    buf_printf(&g->request, "P%x=", RBX);
    buf_addhex(&g->request, &value, sizeof value);
    expect(g, "OK", false);
}

static void choose_thread(struct sim_gdb *g)
{
    g->thread = (unsigned)sim_below(g->w, MACHINE_THREADS);
    buf_printf(&g->request, "Hg%x", MACHINE_TID + g->thread);
    expect(g, "OK", false);
}

static void resume(struct sim_gdb *g, char how)
{
    buf_addc(&g->request, (uint8_t)how);
    expect(g, "T", true);
    g->resume = true;
    g->thread = 0;
    if (how == 's')
        g->regs[0][MACHINE_PC] += 4;
    else
        g->counter++;
}

static void list_threads(struct sim_gdb *g)
{
    buf_adds(&g->request, "qXfer:threads:read::0,1000");
    expect(g, g->long_list ? "m<threads><thread id=" : "l<threads><thread id=", true);
}

/* gdb 13's requests after a stepi: the thread list, the registers and memory around the pc. */
static void stepi(struct sim_gdb *g)
{
    switch (g->asked % 5) {
    case 0:
        resume(g, 's');
        break;
    case 1:
        list_threads(g);
        break;
    case 2:
        read_register(g, MACHINE_PC);
        break;
    default:
        read_text(g);
        break;
    }
}

/* Sends a request of the selected kind. False if all kinds are allowed. */
static bool chosen_request(struct sim_gdb *g)
{
    switch (g->asks) {
    case SIM_GDB_READS:
        read_text(g);
        return true;
    case SIM_GDB_WRITES:
        write_window(g);
        return true;
    case SIM_GDB_STEPS:
    case SIM_GDB_CONTINUES:
        resume(g, g->asks == SIM_GDB_STEPS ? 's' : 'c');
        return true;
    case SIM_GDB_STEPI:
        stepi(g);
        return true;
    default:
        return false;
    }
}

static void any_request(struct sim_gdb *g)
{
    static void (*const simple[])(struct sim_gdb *) = {
        read_window,  read_window,   read_text,    read_counter, write_window,  write_window,
        write_window, choose_thread, list_threads, read_hole,    write_register};
    const unsigned n = sizeof simple / sizeof simple[0];
    if (g->stream != 0 || (g->streams && sim_chance(g->w, 0.1))) {
        read_stream(g);
        return;
    }
    unsigned which = (unsigned)sim_below(g->w, n + 5);
    if (which == n - 1 && g->thread != 0)
        which = n; /* only the first thread's registers are written */
    if (which < n)
        simple[which](g);
    else if (which < n + 2)
        read_register(g, which == n ? MACHINE_PC : RBX);
    else
        resume(g, which == n + 2 ? 'c' : 's');
}

static void connect_request(struct sim_gdb *g, unsigned step)
{
    static const struct {
        const char *request, *reply;
        bool prefix;
    } steps[CONNECT_STEPS] = {
        {"qSupported:multiprocess+;swbreak+;hwbreak+;xmlRegisters=i386", "PacketSize=", true},
        {"vMustReplyEmpty", "", false},
        {"QStartNoAckMode", "OK", false},
        {"?", "T05", true},
        {"Hg186a1", "OK", false},
    };
    buf_adds(&g->request, steps[step].request);
    expect(g, steps[step].reply, steps[step].prefix);
}

static void ask(void *context)
{
    struct sim_gdb *g = context;
    struct buf packet;
    g->next = 0;
    buf_reset(&g->request);
    g->resume = false;
    if (g->asked < CONNECT_STEPS) {
        connect_request(g, g->asked);
    } else if (g->asked < CONNECT_STEPS + g->exchanges) {
        if (!chosen_request(g))
            any_request(g);
    } else {
        buf_adds(&g->request, "D");
        expect(g, "OK", false);
    }
    buf_init(&packet, PACKET_MAX);
    rsp_frame(&packet, g->request.data, g->request.len);
    g->waiting = true;
    sim_client_push(g->io, packet.data, packet.len);
    buf_free(&packet);
    if (g->leave_at != 0 && g->asked == g->leave_at)
        sim_client_close(g->io);
}

/* ---- replies ---- */

static bool is_expected(const struct sim_gdb *g)
{
    const struct buf *reply = &g->parser.content, *e = &g->expected;
    if (g->prefix ? reply->len < e->len : reply->len != e->len)
        return false;
    return e->len == 0 || memcmp(reply->data, e->data, e->len) == 0;
}

static int shown(const struct buf *b)
{
    return b->len < 60 ? (int)b->len : 60;
}

static void complain(struct sim_gdb *g, const char *what)
{
    const struct buf *reply = &g->parser.content;
    if (g->wrong++ == 0)
        snprintf(g->complaint, sizeof g->complaint, "%s: %.*s answered by %.*s, not by %.*s", what,
                 shown(&g->request), (const char *)g->request.data, shown(reply),
                 (const char *)reply->data, shown(&g->expected), (const char *)g->expected.data);
}

static void take_reply(struct sim_gdb *g)
{
    if (!g->waiting) {
        complain(g, "an unexpected reply");
        return;
    }
    g->waiting = false;
    if (!is_expected(g))
        complain(g, "a wrong reply");
    g->resumes += g->resume;
    g->asked += g->stream == 0; /* a stream is one exchange */
    if (g->asked > CONNECT_STEPS + g->exchanges) {
        g->finished = true;
        sim_client_close(g->io);
        return;
    }
    g->next = sim_after(g->w, sim_below(g->w, g->think), ask, g);
}

static void on_output(void *context)
{
    struct sim_gdb *g = context;
    struct buf *out = sim_client_output(g->io);
    const uint8_t *data = out->data;
    size_t left = out->len;
    enum rsp_event event;
    while ((event = rsp_parse(&g->parser, &data, &left)) != RSP_MORE) {
        if (event == RSP_PACKET)
            take_reply(g);
        else if (event != RSP_ACK)
            complain(g, "bytes that are not a reply");
    }
    buf_reset(out);
}

void sim_gdb_reload(struct sim_gdb *g, const struct machine *m, uint32_t tid)
{
    for (unsigned i = 0; i < MACHINE_THREADS; i++)
        memcpy(g->regs[i], m->threads[i].regs, sizeof g->regs[i]);
    (void)machine_read(m, MACHINE_DATA, g->window, sizeof g->window);
    (void)machine_read(m, MACHINE_DATA + SIM_GDB_COUNTER, &g->counter, sizeof g->counter);
    g->thread = tid - MACHINE_TID;
}

void sim_gdb_think(struct sim_gdb *g, uint64_t think)
{
    g->think = think;
}

void sim_gdb_only(struct sim_gdb *g, enum sim_gdb_asks asks)
{
    g->asks = asks;
}

void sim_gdb_long_list(struct sim_gdb *g)
{
    g->long_list = true;
}

void sim_gdb_stream(struct sim_gdb *g)
{
    g->streams = true;
}

void sim_gdb_leave_at(struct sim_gdb *g, unsigned request)
{
    g->leave_at = request;
}

bool sim_gdb_detaching(const struct sim_gdb *g)
{
    return g->waiting && g->asked >= CONNECT_STEPS + g->exchanges;
}

bool sim_gdb_interrupted(const struct sim_gdb *g)
{
    return g->waiting && g->resume;
}

struct sim_gdb *sim_gdb_start(struct sim_world *w, struct io *io, struct machine *m,
                              unsigned exchanges)
{
    struct sim_gdb *g = sim_alloc(sizeof *g);
    g->w = w;
    g->io = io;
    g->exchanges = exchanges;
    g->think = 3 * SIM_MS;
    sim_gdb_reload(g, m, MACHINE_TID);
    m->on_run = count_run;
    rsp_parser_init(&g->parser, RSP_FROM_STUB, 1 << 20);
    buf_init(&g->request, PACKET_MAX);
    buf_init(&g->expected, PACKET_MAX);
    sim_client_on_output(io, on_output, g);
    g->next = sim_after(w, 0, ask, g);
    return g;
}

void sim_gdb_free(struct sim_gdb *g)
{
    sim_cancel(g->w, g->next);
    rsp_parser_free(&g->parser);
    buf_free(&g->request);
    buf_free(&g->expected);
    free(g);
}

unsigned sim_gdb_resumes(const struct sim_gdb *g)
{
    return g->resumes;
}

unsigned sim_gdb_wrong(const struct sim_gdb *g)
{
    return g->wrong;
}

bool sim_gdb_finished(const struct sim_gdb *g)
{
    return g->finished;
}

const char *sim_gdb_complaint(const struct sim_gdb *g)
{
    return g->complaint;
}
