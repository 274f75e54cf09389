/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub for tests of the cache; see cache_world.h. */
#include "tests/unit/cache_world.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"

static struct world *of(struct target *t)
{
    return (struct world *)t;
}

static uint32_t next(struct world *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 17;
    w->random ^= w->random << 5;
    return w->random;
}

/* Returns the memory of the selected thread. */
static uint8_t *memory_of(struct world *w)
{
    if (w->kind.per_thread)
        return w->memory[w->chosen - 1];
    return w->memory[w->kind.processes && w->chosen == 3 ? 2 : 0];
}

/* Changes some memory, registers and threads at random. */
static void stir(struct world *w)
{
    for (unsigned t = 0; t < WORLD_THREADS; t++) {
        for (unsigned i = 0; i < WORLD_SIZE; i += 1 + next(w) % 64)
            w->memory[t][i] = (uint8_t)next(w);
        for (unsigned i = 0; i < WORLD_REGISTERS; i++)
            w->registers[t][i] = next(w);
        w->registers[t][7] = WORLD_BASE + (WORLD_STACKS + t) * 4096 + next(w) % 4096;
    }
    w->dead[1] = next(w) % 4 == 0;
}

const char *world_id(const struct world *w, unsigned thread, char id[16])
{
    if (w->kind.processes)
        (void)snprintf(id, 16, "p%u.%u", thread == 3 ? 2 : 1, thread);
    else
        (void)snprintf(id, 16, "%u", thread);
    return id;
}

/* Returns the thread with this id; 0: there is none. */
static unsigned find_thread(const struct world *w, const uint8_t *text, size_t len)
{
    char id[16];
    for (unsigned t = 1; t <= WORLD_THREADS; t++) {
        world_id(w, t, id);
        if (!w->dead[t - 1] && strlen(id) == len && memcmp(id, text, len) == 0)
            return t;
    }
    return 0;
}

/* ---- answers ---- */

static void say(struct world *w, const char *text)
{
    (void)buf_sets(&w->reply, text);
}

static size_t readable(uint64_t address, uint64_t len)
{
    uint64_t at = address - WORLD_BASE, n = 0;
    while (n < len && at + n < WORLD_SIZE && address >= WORLD_BASE) {
        uint64_t page = (at + n) / 4096;
        if (page == WORLD_HOLE || (page == WORLD_SHORT && (at + n) % 4096 >= WORLD_SHORT_BYTES))
            break;
        n++;
    }
    return (size_t)n;
}

/* Returns a byte as a read shows it. */
static uint8_t byte_at(struct world *w, uint64_t at)
{
    uint8_t byte = memory_of(w)[at];
    if (at / 4096 == WORLD_DEVICE)
        byte = (uint8_t)(w->device_reads++ * 7 + at);
    for (unsigned i = 0; w->kind.plain_points && i < WORLD_POINTS; i++) {
        uint64_t address;
        if (w->points[i][0] == '0' &&
            rsp_hex_number((const uint8_t *)w->points[i] + 2, strlen(w->points[i]) - 2, &address) &&
            address == WORLD_BASE + at)
            byte = 0xcc;
    }
    return byte;
}

/* `maddress,length`, and the same with x. */
static void read_memory(struct world *w, const uint8_t *request, size_t len)
{
    uint64_t address, size;
    size_t max = (w->kind.packet_size != 0 ? w->kind.packet_size : 4096) / 2;
    size_t n = rsp_hex_number(request + 1, len - 1, &address) + 1;
    if (n == 1 || n == len || rsp_hex_number(request + n + 1, len - n - 1, &size) == 0) {
        say(w, "E02");
        return;
    }
    if (w->reads != NULL)
        w->reads(w->context, address, size);
    size_t good = readable(address, size < max ? size : max);
    if (good == 0) {
        say(w, "E01");
        return;
    }
    if (request[0] == 'x')
        say(w, "b");
    for (size_t i = 0; i < good; i++) {
        uint8_t byte = byte_at(w, address - WORLD_BASE + i);
        if (request[0] == 'x')
            (void)rsp_escape(&w->reply, &byte, 1);
        else
            (void)buf_addhex(&w->reply, &byte, 1);
    }
}

/* A write may change other memory too. */
static void write_memory(struct world *w, const uint8_t *request, size_t len)
{
    uint64_t address;
    if (rsp_hex_number(request + 1, len - 1, &address) == 0 || readable(address, 1) == 0) {
        say(w, "E01");
        return;
    }
    stir(w);
    say(w, "OK");
}

static void read_registers(struct world *w)
{
    buf_reset(&w->reply);
    for (unsigned i = 0; i < WORLD_REGISTERS; i++) {
        for (unsigned b = 0; b < 8; b++) {
            uint8_t byte = (uint8_t)(w->registers[w->chosen - 1][i] >> 8 * b);
            (void)buf_addhex(&w->reply, &byte, 1);
        }
    }
}

static void read_register(struct world *w, const uint8_t *request, size_t len)
{
    uint64_t n;
    if (rsp_hex_number(request + 1, len - 1, &n) == 0 || n >= WORLD_REGISTERS)
        say(w, "E03");
    else
        (void)buf_printf(&w->reply, "%016" PRIx64, w->registers[w->chosen - 1][n]);
}

static void choose(struct world *w, const uint8_t *request, size_t len)
{
    unsigned thread = len > 2 ? find_thread(w, request + 2, len - 2) : 0;
    bool some = len == 3 && request[2] == '0';
    some |= len == 4 && memcmp(request + 2, "-1", 2) == 0;
    if ((thread == 0 && !some) || (thread != 0 && thread == w->lie)) {
        say(w, "E04");
        return;
    }
    if (thread != 0 && (request[1] == 'g' || w->kind.one_choice))
        w->chosen = thread;
    say(w, "OK");
}

static void stop(struct world *w)
{
    char id[16];
    w->current = w->chosen = w->dead[1] || next(w) % 2 == 0 ? 1 : 2;
    if (w->kind.no_ids)
        say(w, "S05");
    else
        (void)buf_printf(&w->reply, "T05thread:%s;", world_id(w, w->current, id));
}

static void list(struct world *w, bool first)
{
    char id[16];
    w->listed = first ? 0 : w->listed;
    while (w->listed < WORLD_THREADS && w->dead[w->listed])
        w->listed++;
    if (w->listed == WORLD_THREADS)
        say(w, "l");
    else
        (void)buf_printf(&w->reply, "m%s", world_id(w, ++w->listed, id));
}

static void document(struct world *w, const uint8_t *request, size_t len)
{
    const size_t skip = strlen("qXfer:threads:read::");
    struct buf xml;
    uint64_t offset, size;
    char id[16];
    size_t n = rsp_hex_number(request + skip, len - skip, &offset) + skip;
    if (n == len || rsp_hex_number(request + n + 1, len - n - 1, &size) == 0) {
        say(w, "E00");
        return;
    }
    buf_init(&xml, 4096);
    (void)buf_adds(&xml, "<threads>\n");
    for (unsigned t = 1; t <= WORLD_THREADS; t++) {
        if (!w->dead[t - 1])
            (void)buf_printf(&xml, "<thread id=\"%s\" name=\"#%016" PRIx64 "\"/>\n",
                             world_id(w, t, id), w->registers[t - 1][0]);
    }
    (void)buf_adds(&xml, "</threads>\n");
    if (size > 100)
        size = 100;
    size_t at = offset < xml.len ? (size_t)offset : xml.len;
    size_t part = xml.len - at < size ? xml.len - at : (size_t)size;
    say(w, at + part == xml.len ? "l" : "m");
    (void)rsp_escape(&w->reply, xml.data + at, part);
    buf_free(&xml);
}

static void extra(struct world *w, const uint8_t *request, size_t len)
{
    const size_t skip = strlen("qThreadExtraInfo,");
    unsigned thread = len > skip ? find_thread(w, request + skip, len - skip) : 0;
    if (thread == 0)
        say(w, "E05");
    else
        (void)buf_printf(&w->reply, "%016" PRIx64, w->registers[thread - 1][1]);
}

static size_t place_of(const char *text)
{
    return strcspn(text, ";");
}

static void point(struct world *w, const uint8_t *request, size_t len)
{
    char text[64];
    unsigned at = WORLD_POINTS, empty = WORLD_POINTS, watches = 0;
    if (len - 1 >= sizeof text || len < 4) {
        say(w, "E06");
        return;
    }
    memcpy(text, request + 1, len - 1);
    text[len - 1] = '\0';
    for (unsigned i = WORLD_POINTS; i-- > 0;) {
        watches += w->points[i][0] == '2';
        if (w->points[i][0] == '\0')
            empty = i;
        else if (place_of(w->points[i]) == place_of(text) &&
                 memcmp(w->points[i], text, place_of(text)) == 0)
            at = i;
    }
    say(w, "OK");
    if (request[0] == 'z') {
        if (at == WORLD_POINTS)
            say(w, "E07");
        else
            w->points[at][0] = '\0';
        return;
    }
    at = at == WORLD_POINTS ? empty : at;
    bool full = at == empty && text[0] == '2' && watches == WORLD_WATCHES;
    if (at == WORLD_POINTS || full || text[0] > '2')
        say(w, text[0] > '2' ? "" : "E08");
    else
        memcpy(w->points[at], text, sizeof text);
}

/* A monitor command changes registers and memory; its output precedes the reply. */
static void command(struct world *w)
{
    stir(w);
    (void)buf_sets(&w->output, "O4142");
    w->chosen = 1;
    say(w, "OK");
}

static void search(struct world *w)
{
    uint32_t sum = 0;
    for (uint64_t i = 0; i < WORLD_DEVICE * 4096; i++)
        sum = sum * 31 + byte_at(w, i);
    (void)buf_printf(&w->reply, "1,%x", sum);
}

/* ---- the target ---- */

static void answer(struct world *w, const uint8_t *request, size_t len)
{
    const struct packet *p = packet_find(request, len);
    if (p->id == PACKET_m || p->id == PACKET_x) {
        read_memory(w, request, len);
    } else if (p->id == PACKET_M || p->id == PACKET_X) {
        write_memory(w, request, len);
    } else if (p->id == PACKET_g) {
        read_registers(w);
    } else if (p->id == PACKET_p) {
        read_register(w, request, len);
    } else if (p->id == PACKET_H) {
        choose(w, request, len);
    } else if (p->id == PACKET_Z || p->id == PACKET_z) {
        point(w, request, len);
    } else if (p->id == PACKET_qfThreadInfo || p->id == PACKET_qsThreadInfo) {
        list(w, request[1] == 'f');
    } else if (p->id == PACKET_qXfer_threads) {
        document(w, request, len);
    } else if (p->id == PACKET_qThreadExtraInfo) {
        extra(w, request, len);
    } else if (p->id == PACKET_T) {
        say(w, find_thread(w, request + 1, len - 1) != 0 ? "OK" : "E01");
    } else if (p->id == PACKET_qSupported) {
        (void)buf_printf(&w->reply, "PacketSize=%x;qXfer:threads:read+;binary-upload+%s",
                         w->kind.packet_size != 0 ? w->kind.packet_size : 4096,
                         w->kind.per_thread ? "" : ";QPassSignals+");
    } else if (p->id == PACKET_qSearch || p->id == PACKET_qCRC) {
        search(w);
    } else if (p->id == PACKET_stop_reason) {
        stop(w);
    } else if (p->id == PACKET_qRcmd) {
        command(w);
    } else if (p->id == PACKET_QPassSignals || p->id == PACKET_extended) {
        say(w, "OK");
    } else if ((p->effects & PKT_RESUMES) != 0) {
        stir(w);
        (void)buf_sets(&w->output, "O41");
        stop(w);
    } else if ((p->effects & PKT_CHANGES) != 0 || p->id == PACKET_q) {
        stir(w);
        say(w, "OK");
    }
}

static int world_send(struct target *t, const struct request *r)
{
    struct world *w = of(t);
    int rc = w->fail;
    w->fail = 0;
    if (rc != 0)
        return rc;
    w->requests++;
    if (w->log_len + r->len + 2 < WORLD_LOG)
        w->log_len += (size_t)snprintf(w->log + w->log_len, WORLD_LOG - w->log_len, " %.*s",
                                       (int)r->len, (const char *)r->data);
    buf_reset(&w->reply);
    buf_reset(&w->output);
    answer(w, r->data, r->len);
    return 0;
}

static int world_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct world *w = of(t);
    int rc = w->fail_recv;
    (void)watch;
    w->fail_recv = 0;
    if (rc != 0)
        return rc;
    *final = w->output.len == 0;
    rc = *final ? buf_set(reply, w->reply.data, w->reply.len)
                : buf_set(reply, w->output.data, w->output.len);
    buf_reset(&w->output);
    return rc;
}

static int world_leave(struct target *t, const struct request *r, struct buf *reply)
{
    of(t)->left = true;
    (void)r;
    return buf_sets(reply, "OK");
}

static void world_free(struct target *t)
{
    buf_free(&of(t)->reply);
    buf_free(&of(t)->output);
    free(t);
}

struct world *world_new(uint32_t seed, const struct world_kind *kind)
{
    static const struct target_ops ops = {
        .send = world_send, .recv = world_recv, .leave = world_leave, .free = world_free};
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    w->base.ops = &ops;
    if (kind != NULL)
        w->kind = *kind;
    w->random = seed * 2654435761U + 1;
    w->random = w->random != 0 ? w->random : 1;
    w->chosen = w->current = 1;
    buf_init(&w->reply, TARGET_REPLY_MAX);
    buf_init(&w->output, 256);
    stir(w);
    return w;
}

/* ---- the cache's options ---- */

static bool find_region(void *context, uint64_t address, struct region *region)
{
    (void)context;
    *region = (struct region){WORLD_BASE + WORLD_FILE * 4096 + 100,
                              WORLD_BASE + (WORLD_FILE + 2) * 4096 - 1, REGION_DATA};
    return address >= region->first && address <= region->last;
}

static bool find_machine(void *context, unsigned *machine, bool *is64, bool *big)
{
    (void)context;
    *machine = EM_X86_64;
    *is64 = true;
    *big = false;
    return true;
}

const struct cache_options *world_options(void)
{
    static const struct options_range device = {WORLD_BASE + WORLD_DEVICE * 4096,
                                                WORLD_BASE + (WORLD_DEVICE + 1) * 4096};
    static const struct cache_options options = {
        .nocache = &device, .nocaches = 1, .program = {find_region, find_machine, NULL}};
    return &options;
}
