/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records a session; see recorder.h. */
#include "record/recorder.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decorator.h"
#include "proto/err.h"
#include "proto/rsp/features.h"
#include "proto/rsp/rsp.h"
#include "record/exchange.h"
#include "record/registers.h"
#include "record/written.h"

enum {
    OBJECT_MAX = 16 << 20, /* bytes of an object, and of the list of threads */
    THREAD_MAX = 64,       /* bytes of a thread's id */
    DATA_MAX = TARGET_REPLY_MAX,
};

struct recorder {
    struct recording recording;
    struct core_machine machine;
    const struct log *log;
    bool new_session;           /* the kernel has rebooted: the next stop is another kernel's */
    char thread[THREAD_MAX];    /* that Hg selected, or that stopped; "": not known */
    struct buf key_thread, key; /* of the request that is outstanding */
    bool suffixed;              /* LLDB's suffix names its thread */
    bool stale;                 /* registers of this thread were written and not read again: */
    bool stale_suffixed;
    bool has_old; /* some `g` has the value from before a write */
    struct buf stale_thread;
    enum exchange_kind kind;
    char selects[THREAD_MAX]; /* by this request, if the stub agrees; "": none */
    uint64_t offset;          /* of the part of an object */
    struct buf object, object_key, list, output, data;
};

struct tap {
    struct decorator d; /* first */
    struct recorder *recorder;
    uint64_t address; /* memory: of the request that is outstanding … */
    uint64_t len;     /* … and bytes; 0: neither a read nor a write */
    bool binary;      /* x is GDB's: the stub offered binary-upload */
    struct buf bytes;
};

/* ---- the recorder ---- */

struct recorder *recorder_new(const struct log *log)
{
    struct recorder *r = calloc(1, sizeof *r);
    if (r == NULL || recording_init(&r->recording) != 0) {
        if (r != NULL)
            recording_free(&r->recording);
        free(r);
        return NULL;
    }
    r->log = log;
    r->machine = (struct core_machine){.machine = EM_NONE, .is64 = true};
    buf_init(&r->key_thread, ANSWER_KEY_MAX);
    buf_init(&r->key, ANSWER_KEY_MAX);
    buf_init(&r->stale_thread, ANSWER_KEY_MAX);
    buf_init(&r->object, OBJECT_MAX);
    buf_init(&r->object_key, ANSWER_KEY_MAX);
    buf_init(&r->list, OBJECT_MAX);
    buf_init(&r->output, OBJECT_MAX);
    buf_init(&r->data, DATA_MAX);
    return r;
}

void recorder_free(struct recorder *r)
{
    if (r == NULL)
        return;
    recording_free(&r->recording);
    buf_free(&r->key_thread);
    buf_free(&r->key);
    buf_free(&r->stale_thread);
    buf_free(&r->object);
    buf_free(&r->object_key);
    buf_free(&r->list);
    buf_free(&r->output);
    buf_free(&r->data);
    free(r);
}

/* Everything moves but the lists, which have their own addresses in them: their contents move. */
struct recording *recorder_take(struct recorder *r)
{
    struct recording *taken = malloc(sizeof *taken);
    if (taken == NULL || recording_init(taken) != 0) {
        free(taken);
        return NULL;
    }
    answers_swap(&taken->answers, &r->recording.answers);
    const struct answers full = taken->answers, empty = r->recording.answers;
    const struct recording before = *taken;
    *taken = r->recording;
    r->recording = before;
    taken->answers = full;
    r->recording.answers = empty;
    return taken;
}

struct recording *recorder_recording(struct recorder *r)
{
    return &r->recording;
}

void recorder_set_machine(struct recorder *r, const struct core_machine *machine)
{
    r->machine = *machine;
}

/* Takes the result of a call that records. */
static void take_result(struct recorder *r, int rc)
{
    if (rc >= 0 || !recording_is_saved(&r->recording))
        return;
    log_error(r->log,
              "cannot save to %s: %s: it keeps what was read before, and the session goes on "
              "without it",
              r->recording.file.path, r->recording.why);
    recording_stop_saving(&r->recording);
}

static struct bytes bytes_in(const struct buf *b)
{
    return (struct bytes){b->data, b->len};
}

int recorder_answer(struct recorder *r, const struct answer *a)
{
    int rc = recording_put(&r->recording, a);
    take_result(r, rc);
    return rc;
}

static int recorder_put(struct recorder *r, struct bytes thread, struct bytes request,
                        struct bytes output, struct bytes reply, bool of_stop)
{
    const struct answer a = {of_stop, thread, request, output, reply};
    return recorder_answer(r, &a);
}

void recorder_fact(struct recorder *r, const char *fact, const char *value)
{
    const struct bytes none = {"", 0};
    (void)recorder_put(r, none, bytes_of(fact), none, bytes_of(value), false);
}

/* ---- registers ---- */

/* The thread's id as a number of 32 bits: FreeBSD's are. */
static uint32_t number_of_thread(struct bytes thread)
{
    if (thread.len == 0)
        return 0;
    const char *text = thread.data, *dot = memchr(text, '.', thread.len);
    size_t skip = dot != NULL ? (size_t)(dot + 1 - text) : 0;
    uint64_t id = 0;
    (void)rsp_hex_number((const uint8_t *)text + skip, thread.len - skip, &id);
    return (uint32_t)id;
}

static int put_registers_note(struct recorder *r, struct bytes thread, struct bytes g, bool again)
{
    const char *name;
    size_t head;
    if (!registers_note(&r->recording.file.machine, number_of_thread(thread), g.data, g.len,
                        &r->data, &name, &head))
        return 0;
    if (!again)
        return recording_put_note(&r->recording, name, NT_PRSTATUS, r->data.data, r->data.len);
    return recording_renew_note(&r->recording, name, NT_PRSTATUS, r->data.data, r->data.len, head);
}

/* Records a reply to `g`; other readers of the core see the same registers. */
static void record_registers(struct recorder *r, struct bytes thread, struct bytes output,
                             struct bytes g)
{
    int rc = recorder_put(r, thread, bytes_of("g"), output, g, true);
    if (rc == ANSWER_NEW || rc == ANSWER_CHANGED)
        take_result(r, put_registers_note(r, thread, g, rc == ANSWER_CHANGED));
}

/* A reply to `g`, from now. */
static void take_registers(struct recorder *r, struct bytes thread, struct bytes output,
                           struct bytes g)
{
    r->has_old = false;
    record_registers(r, thread, output, g);
}

bool recorder_has_old_registers(const struct recorder *r)
{
    return r->has_old;
}

/* A core that begins has the registers that are recorded already. */
static int put_recorded_registers(void *context, const struct answer *a)
{
    if (a->request.len == 1 && memcmp(a->request.data, "g", 1) == 0)
        return put_registers_note(context, a->thread, a->reply, false);
    return 0;
}

int recorder_save(struct recorder *r, const char *path, char *text, size_t size)
{
    int rc = recording_save(&r->recording, path, &r->machine);
    if (rc == 0 && (rc = answers_each(&r->recording.answers, put_recorded_registers, r)) != 0)
        recording_stop_saving(&r->recording);
    if (rc != 0)
        (void)snprintf(text, size, "cannot save to %s: %s", path, r->recording.why);
    return rc;
}

int recorder_continue(struct recorder *r, const char *path, char *text, size_t size)
{
    int rc = recording_continue(&r->recording, path);
    if (rc != 0)
        (void)snprintf(text, size, "cannot continue %s: %s", path, r->recording.why);
    return rc;
}

/* ---- memory ---- */

static int memory_request(struct decorator *d, const struct request *r)
{
    struct tap *t = (struct tap *)d;
    bool reads = r->packet->id == PACKET_m || r->packet->id == PACKET_x;
    bool writes = r->packet->id == PACKET_M || r->packet->id == PACKET_X;
    t->address = r->address;
    t->len = (reads || writes) && r->numbers == 2 && r->length <= DATA_MAX ? r->length : 0;
    buf_reset(&t->bytes);
    if (writes && t->len != 0 && r->rest_len != 0) {
        int rc = r->packet->id == PACKET_M ? rsp_unhex(&t->bytes, r->rest + 1, r->rest_len - 1)
                                           : rsp_unescape(&t->bytes, r->rest + 1, r->rest_len - 1);
        if (rc != 0 || t->bytes.len != t->len)
            t->len = 0;
    }
    return DECORATOR_PASS;
}

/* GDB's form of the reply to `x` is "b" and the bytes; LLDB's is the bytes, where an error is known
 * by its length, unless 3 bytes were read. */
static bool take_binary(struct tap *t, const struct buf *reply)
{
    size_t skip = t->binary ? 1 : 0;
    if (t->binary ? reply->data[0] != 'b' : t->len == 3 || buf_starts(reply, "E."))
        return false;
    return rsp_unescape(&t->bytes, reply->data + skip, reply->len - skip) == 0 &&
           (t->binary ? t->bytes.len <= t->len : t->bytes.len == t->len);
}

/* Decodes what was read or, after OK, what was written. Returns whether there is something. */
static bool take_memory(struct tap *t, const struct buf *reply)
{
    const struct packet *p = t->d.packet;
    if (p->id == PACKET_M || p->id == PACKET_X)
        return buf_is(reply, "OK");
    buf_reset(&t->bytes);
    if (reply->len == 0)
        return false;
    if (p->id == PACKET_x)
        return take_binary(t, reply);
    return rsp_unhex(&t->bytes, reply->data, reply->len) == 0 && t->bytes.len <= t->len;
}

static int memory_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct tap *t = (struct tap *)d;
    if (final && d->packet->id == PACKET_qSupported)
        t->binary = features_has(reply->data, reply->len, "binary-upload");
    if (final && t->len != 0 && take_memory(t, reply))
        take_result(t->recorder, recording_put_memory(&t->recorder->recording, t->address,
                                                      t->bytes.data, t->bytes.len));
    return DECORATOR_DONE;
}

static void free_tap(struct decorator *d)
{
    buf_free(&((struct tap *)d)->bytes);
}

struct target *recorder_memory_new(struct target *next, struct recorder *r)
{
    static const struct decorator_ops ops = {
        .on_request = memory_request, .on_reply = memory_reply, .free = free_tap};
    struct tap *t = decorator_new(sizeof *t, next, &ops, 0, 0);
    if (t == NULL)
        return NULL;
    t->recorder = r;
    buf_init(&t->bytes, DATA_MAX);
    return &t->d.base;
}

/* ---- exchanges ---- */

static void select_thread(char thread[THREAD_MAX], struct bytes id)
{
    size_t n = id.len < THREAD_MAX ? id.len : 0;
    memcpy(thread, id.data, n);
    thread[n] = '\0';
}

static void recorder_take_stop(struct recorder *r, const struct buf *reply, bool resumed)
{
    const struct bytes none = {"", 0}, stop = bytes_in(reply);
    bool stopped = reply->len != 0 && (reply->data[0] == 'T' || reply->data[0] == 'S');
    if (!stopped)
        return;
    r->stale = r->stale && !resumed && !r->new_session;
    r->has_old = r->has_old && !resumed && !r->new_session;
    if (r->new_session)
        answers_forget(&r->recording.answers, exchange_is_of_boot);
    if (resumed || r->new_session)
        take_result(r, recording_new_stop(&r->recording));
    if (resumed || r->new_session || r->thread[0] == '\0')
        select_thread(r->thread, exchange_stop_thread(stop));
    r->new_session = false;
    (void)recorder_put(r, none, bytes_of("?"), none, stop, true);
}

/* A part of an object that follows the one before it; the last part completes it. */
static void take_part(struct recorder *r, const struct packet *packet, const struct buf *reply)
{
    const struct bytes none = {"", 0};
    bool follows = r->offset == r->object.len && r->object_key.len == r->key.len &&
                   memcmp(r->object_key.data, r->key.data, r->key.len) == 0;
    if (reply->len == 0 || (reply->data[0] != 'm' && reply->data[0] != 'l'))
        return;
    if (r->offset == 0) {
        buf_reset(&r->object);
        (void)buf_set(&r->object_key, r->key.data, r->key.len);
    } else if (!follows) {
        return;
    }
    if (rsp_unescape(&r->object, reply->data + 1, reply->len - 1) != 0 || reply->data[0] == 'm')
        return;
    (void)recorder_put(r, none, bytes_in(&r->key), none, bytes_in(&r->object),
                       exchange_is_of_stop(packet));
}

static void take_list(struct recorder *r, const struct packet *packet, const struct buf *reply)
{
    const struct bytes none = {"", 0};
    if (packet->id == PACKET_qfThreadInfo)
        buf_reset(&r->list);
    else if (r->list.len == 0)
        return; /* its beginning was not seen */
    (void)buf_add(&r->list, reply->data, reply->len);
    (void)buf_addc(&r->list, '\n');
    if (r->list.error == 0 && (reply->len == 0 || reply->data[0] != 'm')) {
        (void)recorder_put(r, none, bytes_in(&r->key), none, bytes_in(&r->list), false);
        buf_reset(&r->list);
    }
}

static void take_plain_reply(struct recorder *r, const struct packet *packet,
                             const struct buf *reply)
{
    if (reply->len == 0 && r->output.len == 0)
        return; /* not supported, as every request that is not recorded */
    if (r->output.error != 0)
        return; /* a part of it is missing */
    if (packet->id == PACKET_g)
        take_registers(r, bytes_in(&r->key_thread), bytes_in(&r->output), bytes_in(reply));
    else
        (void)recorder_put(r, bytes_in(&r->key_thread), bytes_in(&r->key), bytes_in(&r->output),
                           bytes_in(reply), exchange_is_of_stop(packet));
}

/* Reads the registers of the thread again of which some were written. */
static int reread_registers(struct recorder *r, struct target *next)
{
    struct buf reply, request;
    const struct bytes none = {"", 0}, thread = bytes_in(&r->stale_thread);
    r->stale = false;
    buf_init(&reply, TARGET_REPLY_MAX);
    buf_init(&request, ANSWER_KEY_MAX);
    (void)buf_adds(&request, "g");
    if (r->stale_suffixed)
        (void)buf_printf(&request, ";thread:%.*s;", (int)thread.len, (const char *)thread.data);
    int rc = request.error != 0 ? request.error : target_ask_bytes(next, &request, &reply);
    if (rc == 0 && reply.len != 0 && !buf_starts(&reply, "E"))
        take_registers(r, thread, none, bytes_in(&reply));
    buf_free(&reply);
    buf_free(&request);
    return rc;
}

/* The register that was written, in the stop reply of its thread. */
static void change_stop(struct recorder *r, const struct written *w, struct bytes stop)
{
    const struct bytes none = {"", 0}, thread = bytes_in(&r->key_thread);
    struct bytes stopped = exchange_stop_thread(stop);
    if (thread.len != stopped.len ||
        (thread.len != 0 && memcmp(thread.data, stopped.data, thread.len) != 0) ||
        buf_set(&r->data, stop.data, stop.len) != 0)
        return;
    written_into_stop(w, &r->data);
    (void)recorder_put(r, none, bytes_of("?"), none, bytes_in(&r->data), true);
}

/* The same in `g`. */
static void change_registers(struct recorder *r, const struct written *w, struct bytes stop)
{
    const struct bytes none = {"", 0}, thread = bytes_in(&r->key_thread);
    struct answer stopped = {.reply = none}, g;
    struct buf text;
    if (!recording_find(&r->recording, thread, "g", &g))
        return;
    buf_init(&text, ANSWER_BYTES_MAX);
    (void)recording_find(&r->recording, exchange_stop_thread(stop), "g", &stopped);
    if (buf_set(&text, g.reply.data, g.reply.len) == 0 &&
        written_into_registers(w, stop, stopped.reply, &text))
        record_registers(r, thread, none, bytes_in(&text));
    else
        r->has_old = true;
    buf_free(&text);
}

/* A register that was written: PN=VALUE. Replies that were recorded before get it: a capture cannot
 * be asked again. */
static void put_written_register(struct recorder *r)
{
    const struct bytes none = {"", 0}, thread = bytes_in(&r->key_thread);
    struct answer old, stop = {.reply = none};
    struct written w;
    char request[32];
    if (!written_parse(bytes_in(&r->key), &w))
        return;
    (void)snprintf(request, sizeof request, "p%" PRIx64, w.reg);
    if (recording_find(&r->recording, thread, request, &old))
        (void)recorder_put(r, thread, bytes_of(request), none, w.value, true);
    (void)recording_find(&r->recording, none, "?", &stop);
    change_registers(r, &w, stop.reply);
    change_stop(r, &w, stop.reply);
}

/* Registers were written. They are read again at once if a file is written, which is to be complete
 * at any moment; else once others follow, or a command that may save. */
static int take_written_registers(struct recorder *r, const struct packet *packet,
                                  struct target *next)
{
    if (packet->id == PACKET_P)
        put_written_register(r);
    r->has_old |= packet->id == PACKET_G;
    r->stale = buf_set(&r->stale_thread, r->key_thread.data, r->key_thread.len) == 0;
    r->stale_suffixed = r->suffixed;
    return r->stale && recording_is_saved(&r->recording) ? reread_registers(r, next) : 0;
}

/* Whether the thread may be another one after this request, or its registers be saved by it. */
static bool must_reread(const struct recorder *r, const struct request *request)
{
    bool writes = request->packet->id == PACKET_P || request->packet->id == PACKET_G;
    size_t len = r->key_thread.len;
    bool other =
        writes && (len != r->stale_thread.len ||
                   (len != 0 && memcmp(r->key_thread.data, r->stale_thread.data, len) != 0));
    return r->stale &&
           (other || request->packet->id == PACKET_H || request->packet->id == PACKET_qRcmd);
}

static int exchange_request(struct decorator *d, const struct request *r)
{
    struct recorder *rec = ((struct tap *)d)->recorder;
    struct bytes thread, request;
    rec->kind = exchange_kind_of(r);
    rec->offset = r->address;
    rec->selects[0] = '\0';
    exchange_key(r, bytes_of(rec->thread), &thread, &request);
    rec->suffixed = thread.data != rec->thread && thread.len != 0;
    if (buf_set(&rec->key_thread, thread.data, thread.len) != 0 ||
        buf_set(&rec->key, request.data, request.len) != 0)
        rec->kind = EXCHANGE_NONE;
    if (r->packet->id == PACKET_H && r->len > 2 && r->data[1] == 'g')
        select_thread(rec->selects, (struct bytes){r->data + 2, r->len - 2});
    buf_reset(&rec->output);
    int rc = must_reread(rec, r) ? reread_registers(rec, d->base.next) : 0;
    return rc == 0 ? DECORATOR_PASS : rc;
}

static void recorder_take_output(struct recorder *r, const struct buf *reply)
{
    if (reply->len > 1 && reply->data[0] == 'O')
        (void)rsp_unhex(&r->output, reply->data + 1, reply->len - 1);
}

static int exchange_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct recorder *r = ((struct tap *)d)->recorder;
    const struct packet *packet = d->packet;
    if (!final) {
        recorder_take_output(r, reply);
        return DECORATOR_DONE;
    }
    bool ok = buf_is(reply, "OK");
    if (ok && r->selects[0] != '\0' && exchange_names_thread(bytes_of(r->selects)))
        strcpy(r->thread, r->selects);
    if (ok && (packet->id == PACKET_P || packet->id == PACKET_G))
        return take_written_registers(r, packet, d->base.next);
    switch (r->kind) {
    case EXCHANGE_RUNS:
    case EXCHANGE_STOP:
        recorder_take_stop(r, reply, r->kind == EXCHANGE_RUNS);
        break;
    case EXCHANGE_OBJECT:
        take_part(r, packet, reply);
        break;
    case EXCHANGE_LIST:
        take_list(r, packet, reply);
        break;
    case EXCHANGE_PLAIN:
        take_plain_reply(r, packet, reply);
        break;
    case EXCHANGE_NONE:
        break;
    }
    return DECORATOR_DONE;
}

static void exchange_new_session(struct decorator *d)
{
    struct recorder *r = ((struct tap *)d)->recorder;
    r->new_session = true;
    r->kind = EXCHANGE_STOP;
}

struct target *recorder_exchanges_new(struct target *next, struct recorder *r)
{
    static const struct decorator_ops ops = {.on_request = exchange_request,
                                             .on_reply = exchange_reply,
                                             .on_new_session = exchange_new_session,
                                             .free = free_tap};
    struct tap *t = decorator_new(sizeof *t, next, &ops, 0, 0);
    if (t == NULL)
        return NULL;
    t->recorder = r;
    return &t->d.base;
}
