/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads decorator (threads.h): dispatches requests, and observes the stub's replies. */
#include "threads/threads.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"
#include "threads/threads_private.h"

enum {
    XML_MAX = 4 * 1024 * 1024,
    REFLASH_MIN = 9
}; /* bytes of a write to code that is no
          breakpoint: those have at most 8 */

int threads_reply(struct threads *t, const char *text)
{
    return buf_sets(&t->d.reply, text);
}

int threads_ask(struct threads *t, const char *format, ...)
{
    char request[128];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(request, sizeof request, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof request)
        return NETGDB_TOO_LONG;
    return target_ask(t->d.base.next, request, &t->stub_reply);
}

/* ---- detection ---- */

void threads_resumed(struct threads *t)
{
    if (t->active)
        engine_resumed(&t->engine);
    memory_forget(&t->memory);
    buf_reset(&t->live);
    buf_reset(&t->xml);
    t->xml_made = false;
    t->lists_sent = 0;
    t->listed = 0;
}

void threads_forget(struct threads *t)
{
    threads_resumed(t);
    if (t->active)
        engine_free(&t->engine);
    t->active = t->map_known = t->stub_threads_known = t->p_known = false;
    t->new_program = t->stub_id_exposed = false;
    t->selected = t->continued = 0;
    t->stub_selected = 0;
    t->n_points = 0;
    t->run.on = false;
    ids_forget(&t->ids);
}

/* Finds the architecture: by the ELF file, else by the stub's registers. */
static int find_arch(struct threads *t, const struct arch **a)
{
    uint64_t slide;
    const struct symtab *table = program_table(&t->program, &slide);
    if (table != NULL) {
        const struct elf_ident *ident = symtab_ident(table);
        *a = arch_of_elf(ident->machine, ident->is64);
        t->memory.big = ident->big;
        return 0;
    }
    int rc = registers_map(t);
    *a = !t->map_known ? NULL : t->map.arch != NULL ? t->map.arch : arch_of_g(t->g_len);
    return rc;
}

/* If the client has seen the stub's own thread id at this stop, the running thread takes it over.
 */
static int keep_exposed_id(struct threads *t)
{
    struct engine *e = &t->engine;
    unsigned id, core,
        own = t->stopped.tid > 0 && t->stopped.tid < INT32_MAX ? (unsigned)t->stopped.tid : IDS_CPU;
    if (!t->stub_id_exposed)
        return 0;
    t->stub_id_exposed = false;
    unsigned next = t->ids.next;
    int rc = threads_stopped_core(t, &core);
    if (rc == 0)
        rc = engine_current(e, core, &id);
    if (rc != 0 || core >= e->cores || e->running[core] == 0) {
        t->ids.cpu = own;
        return rc;
    }
    ids_forget(&t->ids);
    t->ids.next = next;
    ids_give(&t->ids, e->running[core], own);
    return 0;
}

static void warn_not_shown(struct threads *t, const char *name, const char *why)
{
    if (!t->warned_unknown)
        log_warn(t->log, "%s: %s: its threads are not shown", name, why);
    t->warned_unknown = true;
}

static int activate(struct threads *t, const struct rtos *r)
{
    const struct arch *a = NULL;
    int rc = find_arch(t, &a);
    if (rc != 0)
        return rc;
    if (a == NULL) {
        warn_not_shown(t, r->name, "the machine is not known");
        return 0;
    }
    t->memory.word = a->word;
    rc = engine_init(&t->engine, r, a, &t->memory, &t->program, &t->ids, t->log);
    t->active = rc == 0;
    if (rc != 0)
        return rc;
    log_info(t->log, "%s on %s", r->name, a->name);
    return keep_exposed_id(t);
}

void threads_not_detected(struct threads *t)
{
    if (t->only != NULL && !t->active)
        warn_not_shown(t, t->only->name, "the program does not have its symbols");
}

int threads_detect(struct threads *t)
{
    uint64_t slide;
    if (t->active)
        return 0;
    if (!t->prepared && t->symbols != NULL && symbols_named(t->symbols)) {
        int rc = symbols_prepare(t->symbols, t->d.base.next);
        if (rc != 0)
            return rc;
        t->prepared = true;
    }
    const struct rtos *r = engine_detect(&t->program, t->only);
    if (r != NULL)
        return activate(t, r);
    if (program_table(&t->program, &slide) != NULL)
        threads_not_detected(t);
    return 0;
}

/* ---- requests ---- */

static int reply_unsupported(struct threads *t, const struct request *r)
{
    (void)t;
    (void)r;
    return 0; /* the empty reply: unsupported */
}

/* Only LLDB sends this request, as its first one. */
static int on_lldb_client(struct threads *t, const struct request *r)
{
    t->client_wants_names = true;
    return reply_unsupported(t, r);
}

/* For requests that use the stub's own thread ids. */
static int forward_unless_active(struct threads *t, const struct request *r)
{
    (void)r;
    return t->active ? 0 : DECORATOR_PASS;
}

static int on_supported(struct threads *t, const struct request *r)
{
    t->multiprocess = r->len > 10 && features_has(r->data + 11, r->len - 11, "multiprocess");
    return DECORATOR_PASS;
}

/* A write may change the lists. A long write to code means a new program. */
static int on_memory_write(struct threads *t, const struct request *r)
{
    enum region_kind kind = program_kind(&t->program, r->address, 1);
    if (r->length >= REFLASH_MIN && (kind == REGION_CODE || kind == REGION_RODATA))
        t->new_program = true;
    threads_resumed(t);
    return DECORATOR_PASS;
}

static int on_flash_write(struct threads *t, const struct request *r)
{
    (void)r;
    t->new_program = true;
    threads_resumed(t);
    return DECORATOR_PASS;
}

/* A monitor command may reset the target or write memory. */
static int on_monitor_cmd(struct threads *t, const struct request *r)
{
    (void)r;
    threads_resumed(t);
    if (t->active)
        engine_restarted(&t->engine);
    return DECORATOR_PASS;
}

static int on_restart(struct threads *t, const struct request *r)
{
    (void)r;
    threads_forget(t);
    return DECORATOR_PASS;
}

static int on_features(struct threads *t, const struct request *r)
{
    (void)r;
    t->map_known = t->map_known && (t->client_reads_xml || t->map.described);
    t->client_reads_xml = true;
    return DECORATOR_PASS;
}

/* By packet id (packets.h). Every other request is forwarded. */
static answer_fn *const answers[PACKET_UNKNOWN] = {
    [PACKET_qSupported] = on_supported,
    [PACKET_qXfer_threads] = answer_xfer_threads,
    [PACKET_qXfer_features] = on_features,
    [PACKET_qfThreadInfo] = answer_first,
    [PACKET_qsThreadInfo] = answer_next,
    [PACKET_qThreadExtraInfo] = answer_extra,
    [PACKET_qC] = answer_current,
    [PACKET_T] = answer_alive,
    [PACKET_H] = answer_H,
    [PACKET_g] = answer_g,
    [PACKET_G] = answer_G,
    [PACKET_p] = answer_p,
    [PACKET_P] = answer_P,
    [PACKET_vCont] = answer_vcont,
    [PACKET_c] = answer_resume,
    [PACKET_s] = answer_resume,
    [PACKET_C] = answer_resume,
    [PACKET_S] = answer_resume,
    [PACKET_Z] = answer_point,
    [PACKET_z] = answer_point,
    [PACKET_M] = on_memory_write,
    [PACKET_X] = on_memory_write,
    [PACKET_qSymbol] = answer_symbol,
    [PACKET_qRcmd] = on_monitor_cmd,
    [PACKET_vFlashErase] = on_flash_write,
    [PACKET_vFlashWrite] = on_flash_write,
    [PACKET_vFlashDone] = on_flash_write,
    [PACKET_D] = on_restart,
    [PACKET_k] = on_restart,
    [PACKET_vKill] = on_restart,
    [PACKET_vRun] = on_restart,
    [PACKET_vAttach] = on_restart,
    [PACKET_R] = on_restart,
    [PACKET_r] = on_restart,
    [PACKET_qGetTLSAddr] = forward_unless_active,
    [PACKET_qThreadStopInfo] = answer_stop_info,
    [PACKET_jThreadsInfo] = forward_unless_active,
    [PACKET_jThreadExtendedInfo] = forward_unless_active,
    [PACKET_QNonStop] = forward_unless_active,
    [PACKET_QThreadSuffixSupported] = on_lldb_client,
    [PACKET_QListThreadsInStopReply] = reply_unsupported,
    [PACKET_bc] = on_restart,
    [PACKET_bs] = on_restart,
};

static int threads_request(struct decorator *d, const struct request *r)
{
    answer_fn *answer = r->packet->id < PACKET_UNKNOWN ? answers[r->packet->id] : NULL;
    return answer != NULL ? answer((struct threads *)d, r) : DECORATOR_PASS;
}

/* ---- replies ---- */

static int on_supported_reply(struct threads *t, struct buf *reply)
{
    const uint8_t *value;
    size_t len;
    uint64_t size = 0;
    if (reply->len != 0 && reply->data[0] == 'E' && reply->len == 3)
        return 0;
    if (features_find(reply->data, reply->len, "PacketSize", &value, &len) && len > 1)
        (void)rsp_hex_number(value + 1, len - 1, &size);
    memory_set_packet_size(&t->memory, size);
    t->multiprocess = t->multiprocess && features_has(reply->data, reply->len, "multiprocess");
    t->stub_lists = features_has(reply->data, reply->len, "qXfer:threads:read");
    return t->stub_lists ? 0 : features_set(reply, "qXfer:threads:read", "+");
}

/* Keeps the reply to g if it is for the running thread of the only core. */
static void keep_live(struct threads *t, const struct buf *reply)
{
    if (t->live.len != 0 || t->selected != 0 || t->engine.cores > 1 || reply->len < 2 ||
        reply->data[0] == 'E' || reply->len % 2 != 0 || reply->len > 2 * REGMAP_G_MAX)
        return;
    t->g_len = reply->len / 2;
    (void)buf_set(&t->live, reply->data, reply->len);
}

/* Ends the stub's qSymbol round with OK, also for a stub without qSymbol: GDB then offers again. */
static int end_stub_round(struct threads *t, struct buf *reply)
{
    if (!t->stub_round_open || (reply->len != 0 && !buf_is(reply, "OK")))
        return 0;
    t->stub_round_open = false;
    return buf_sets(reply, "OK");
}

static int threads_on_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct threads *t = (struct threads *)d;
    int rc = 0;
    if (!final)
        return DECORATOR_DONE;
    if (packet_replies_with_stop(t->d.packet)) {
        if (t->run.on)
            rc = run_stopped(t, reply);
        return rc == 0 ? stop_translate(t, reply) : rc;
    }
    if (t->d.packet->id == PACKET_qSupported)
        return on_supported_reply(t, reply);
    if (t->d.packet->id == PACKET_qC)
        tid_learn(t, reply);
    else if (t->d.packet->id == PACKET_g)
        keep_live(t, reply);
    else if (t->d.packet->id == PACKET_qSymbol)
        return end_stub_round(t, reply);
    else if (t->d.packet->id == PACKET_p) {
        t->p_known = true;
        t->p_works = reply->len != 0;
    }
    return 0;
}

static void threads_new_session(struct decorator *d)
{
    struct threads *t = (struct threads *)d;
    threads_forget(t);
    t->prepared = false;
    if (t->symbols != NULL)
        symbols_forget(t->symbols);
}

static int threads_leave(struct decorator *d, const struct request *r, struct buf *reply)
{
    threads_forget((struct threads *)d);
    return target_leave(d->base.next, r, reply);
}

static void threads_free(struct decorator *d)
{
    struct threads *t = (struct threads *)d;
    log_debug(t->log, "threads: %u reads of memory", t->memory.reads);
    threads_forget(t);
    program_free(&t->program);
    memory_free(&t->memory);
    ids_free(&t->ids);
    buf_free(&t->live);
    buf_free(&t->xml);
    buf_free(&t->stub_reply);
}

struct target *threads_new(struct target *next, const struct threads_options *options)
{
    static const struct decorator_ops ops = {.on_request = threads_request,
                                             .on_reply = threads_on_reply,
                                             .on_new_session = threads_new_session,
                                             .leave = threads_leave,
                                             .free = threads_free};
    struct threads *t = decorator_new(sizeof *t, next, &ops, TARGET_REPLY_MAX, REQUEST_MAX);
    if (t == NULL)
        return NULL;
    t->log = options->log;
    strcpy(t->signal, "00");
    t->symbols = options->symbols;
    t->only = options->rtos != NULL ? rtos_find(options->rtos) : NULL;
    program_init(&t->program, options->symbols);
    memory_init(&t->memory, next);
    ids_init(&t->ids);
    buf_init(&t->live, 2 * REGMAP_G_MAX);
    buf_init(&t->xml, XML_MAX);
    buf_init(&t->stub_reply, TARGET_REPLY_MAX);
    return &t->d.base;
}

unsigned threads_reads(const struct target *t)
{
    return ((const struct threads *)t)->memory.reads;
}
