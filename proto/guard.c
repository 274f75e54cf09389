/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps a target from acting on this machine through gdb; see guard.h. */
#include "proto/guard.h"

#include <string.h>

#include "proto/decorator.h"
#include "proto/err.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

static const char refused[] = "F-1,1"; /* EPERM: GDB manual, "The F Reply Packet", "errno Values" */
static const char entity[] = "<!ENTITY";

enum {
    TAIL = sizeof entity - 2,               /* of a part that may begin what the next one ends */
    SHOWN_MAX = (TARGET_REPLY_MAX - 1) / 2, /* of text that is hexadecimal */
};

struct guard {
    struct decorator d; /* first */
    const struct log *log;
    bool fileio;
    bool told_file, told_document;
    bool document;     /* it asks for a part of an object that is text */
    bool json;         /* it begins with j, known or not: LLDB reads JSON */
    uint64_t offset;   /* of that part */
    uint64_t expected; /* where the part before it ended */
    char tail[TAIL];   /* how it ended */
    struct buf text, data;
};

static struct guard *guard_of(struct decorator *d)
{
    return (struct guard *)d;
}

/* ---- requests ---- */

/* A read of an object that gdb parses as XML, or opens as a file. */
static bool is_document(const struct request *r)
{
    return packet_is_object(r->packet) && r->packet->id != PACKET_qXfer &&
           r->packet->id != PACKET_qXfer_auxv && r->numbers != 0;
}

static int guard_request(struct decorator *d, const struct request *r)
{
    struct guard *g = guard_of(d);
    g->document = is_document(r);
    g->json = r->len != 0 && r->data[0] == 'j' && r->packet->id != PACKET_jLLDBTraceGetBinaryData;
    g->offset = r->address;
    return DECORATOR_PASS;
}

/* ---- replies ---- */

static int refuse(const struct guard *g, struct buf *reply, bool *told, const char *what)
{
    if (!*told)
        log_warn(g->log, "%s", what);
    *told = true;
    return buf_sets(reply, "E01");
}

/* The target wants gdb to do something with files. While it runs it waits for the answer. */
static int refuse_file(struct guard *g, struct buf *reply)
{
    int rc = refuse(g, reply, &g->told_file,
                    "the target asks for files of this machine (File-I/O): refused; fileio=on in "
                    "the name allows it");
    if (rc != 0 || (g->d.packet->effects & PKT_RESUMES) == 0)
        return rc;
    (void)buf_sets(&g->d.request, refused);
    return DECORATOR_REPLACE;
}

/* Text in hexadecimal behind `skip` bytes. What is none is an error: gdb would print it, too. */
static int show_hex(struct guard *g, struct buf *reply, size_t skip)
{
    char letter = reply->len != 0 ? (char)reply->data[0] : 0;
    buf_reset(&g->data);
    buf_reset(&g->text);
    if (rsp_unhex(&g->data, reply->data + skip, reply->len - skip) != 0)
        return buf_sets(reply, "E01");
    int rc = visible_add(&g->text, g->data.data, g->data.len);
    if (g->text.len > SHOWN_MAX)
        g->text.len = SHOWN_MAX;
    buf_reset(reply);
    if (rc == 0 && skip != 0)
        rc = buf_addc(reply, (uint8_t)letter);
    return rc == 0 ? buf_addhex(reply, g->text.data, g->text.len) : rc;
}

/* LLDB decodes the escape '}' of binary data in every packet. */
static void show_line(struct buf *reply)
{
    for (size_t i = 0; i < reply->len; i++) {
        if (!visible_ascii(reply->data[i]) || reply->data[i] == '}')
            reply->data[i] = '?';
    }
}

/* Whether an entity is declared in this part, or by the end of the last and the begin of this. */
static bool has_entity(struct guard *g, const struct buf *part)
{
    size_t before = g->offset == g->expected && g->offset != 0 ? TAIL : 0;
    buf_reset(&g->text);
    (void)buf_add(&g->text, g->tail, before);
    if (buf_add(&g->text, part->data, part->len) != 0)
        return true;
    g->expected = g->offset + part->len;
    size_t kept = g->text.len < TAIL ? g->text.len : TAIL;
    memset(g->tail, 0, TAIL);
    if (kept != 0)
        memcpy(g->tail + TAIL - kept, g->text.data + g->text.len - kept, kept);
    return g->text.len != 0 && memmem(g->text.data, g->text.len, entity, sizeof entity - 1) != NULL;
}

/* Whether the part begins like an XML declaration, perhaps after a byte order mark of UTF-8. */
static bool may_be_declaration(const struct buf *part)
{
    static const char *const begins[] = {"<?xml", "\xef\xbb\xbf<?xml"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        size_t n = strlen(begins[i]);
        if (memcmp(part->data, begins[i], part->len < n ? part->len : n) == 0)
            return true;
    }
    return false;
}

static uint8_t *find_text(const struct buf *part, const char *text)
{
    return memmem(part->data, part->len, text, strlen(text));
}

/* The length of a reference (`&#x9b;`), or of its beginning at the end of the part. */
static size_t reference_length(const struct buf *part, size_t at, bool *whole)
{
    static const char valid[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#";
    size_t i = at + 1;
    while (i < part->len && memchr(valid, part->data[i], sizeof valid - 1) != NULL)
        i++;
    *whole = i < part->len;
    return i - at + (*whole && part->data[i] == ';');
}

/* Returns how many bytes at the end of the part are a character, a reference or a declaration that
 * is not whole. */
static size_t incomplete(const struct guard *g, const struct buf *part)
{
    bool whole;
    if (part->len == 0)
        return 0;
    if (g->offset == 0 && may_be_declaration(part) && find_text(part, "?>") == NULL)
        return part->len;
    if (part->data[part->len - 1] == 0xc2) /* of a control character, perhaps */
        return 1;
    const uint8_t *last = memrchr(part->data, '&', part->len);
    size_t n = last != NULL ? reference_length(part, (size_t)(last - part->data), &whole) : 0;
    return n != 0 && !whole ? n : 0;
}

/* Whether `&#DIGITS;` or `&#xDIGITS;` is a control character that XML permits: CR, DEL or C1. */
static bool is_control_reference(const uint8_t *text, size_t len)
{
    bool hex = len > 3 && text[2] == 'x';
    unsigned value = 0;
    if (len < 4 || text[1] != '#' || text[len - 1] != ';')
        return false;
    for (size_t i = hex ? 3 : 2; i < len - 1; i++) {
        uint64_t digit;
        if (rsp_hex_number(text + i, 1, &digit) != 1 || (!hex && digit > 9))
            return false;
        value = value * (hex ? 16 : 10) + (unsigned)digit;
        if (value > 0xa0)
            return false;
    }
    return value == '\r' || (value >= 0x7f && value < 0xa0);
}

/* gdb gets UTF-8: in another encoding the bytes would be other characters. */
static void remove_encoding(const struct guard *g, struct buf *part)
{
    if (g->offset != 0 || part->len == 0 || !may_be_declaration(part))
        return;
    uint8_t *end = find_text(part, "?>"), *at = find_text(part, "encoding");
    if (at != NULL && at < end)
        memset(at, ' ', (size_t)(end - at));
}

/* In XML a control character is an error anyway; C1 is not (XML 1.0, 2.2). */
static void show_document(struct buf *part)
{
    uint8_t *d = part->data;
    for (size_t i = 0; i < part->len; i++) {
        bool space = d[i] == '\n' || d[i] == '\t' || d[i] == '\r', whole;
        size_t n = d[i] == '&' ? reference_length(part, i, &whole) : 0;
        if ((d[i] < 0x20 && !space) || d[i] == 0x7f)
            d[i] = '?';
        else if (i > 0 && d[i - 1] == 0xc2 && d[i] >= 0x80 && d[i] < 0xa0)
            d[i - 1] = d[i] = '?';
        else if (is_control_reference(d + i, n))
            memset(d + i, '?', n);
    }
}

/* 'm' or 'l' and a part of the object, in binary. */
static int check_document(struct guard *g, struct buf *reply)
{
    uint8_t more = reply->data[0];
    buf_reset(&g->data);
    if (rsp_unescape(&g->data, reply->data + 1, reply->len - 1) != 0)
        return buf_sets(reply, "E01");
    if (g->offset + g->data.len > GUARD_DOCUMENT_MAX)
        return refuse(g, reply, &g->told_document,
                      "the target describes itself at a length that cannot be: refused");
    /* gdb reads the rest again, with what follows. */
    size_t all = g->data.len, rest;
    while (more == 'm' && (rest = incomplete(g, &g->data)) != 0)
        g->data.len -= rest;
    if (g->data.len == 0 && all != 0)
        return refuse(g, reply, &g->told_document,
                      "the target describes itself in parts that are too short: refused");
    if (has_entity(g, &g->data))
        return refuse(g, reply, &g->told_document,
                      "the target describes itself with XML entities: refused");
    remove_encoding(g, &g->data);
    show_document(&g->data);
    buf_reset(reply);
    (void)buf_addc(reply, more);
    return rsp_escape(reply, g->data.data, g->data.len);
}

static bool is_file_packet(const struct packet *packet)
{
    return packet->id == PACKET_vFile || packet->id == PACKET_vFile_pread;
}

static bool is_binary(const struct packet *packet)
{
    return packet->name[0] == 'x' || packet->id == PACKET_jLLDBTraceGetBinaryData ||
           is_file_packet(packet) || packet_is_object(packet);
}

/* ---- what LLDB decodes and prints ---- */

/* '?' for control characters, of one byte or C1 in UTF-8. */
static void show_characters(uint8_t *d, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool space = d[i] == '\n' || d[i] == '\t';
        if ((d[i] < 0x20 && !space) || d[i] == 0x7f)
            d[i] = '?';
        else if (i > 0 && d[i - 1] == 0xc2 && d[i] >= 0x80 && d[i] < 0xa0)
            d[i - 1] = d[i] = '?';
    }
}

/* The length of an escape of JSON if it is a control character, else of what to skip. */
static size_t json_escape_length(const uint8_t *d, size_t len, bool *control)
{
    uint64_t code = 0;
    *control = len > 1 && (d[1] == 'b' || d[1] == 'f' || d[1] == 'r');
    if (len < 6 || d[1] != 'u' || rsp_hex_number(d + 2, 4, &code) != 4)
        return len < 2 ? len : 2;
    *control = (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0);
    return 6;
}

static void show_json_text(uint8_t *d, size_t len)
{
    bool control;
    show_characters(d, len);
    for (size_t i = 0, n; i < len; i += n) {
        n = d[i] == '\\' ? json_escape_length(d + i, len - i, &control) : 1;
        if (d[i] == '\\' && control)
            memset(d + i, '?', n);
    }
}

/* JSON, in which '}' is escaped like binary data. */
static int show_json(struct guard *g, struct buf *reply)
{
    buf_reset(&g->data);
    if (rsp_unescape(&g->data, reply->data, reply->len) != 0)
        return buf_sets(reply, "E01");
    show_json_text(g->data.data, g->data.len);
    buf_reset(reply);
    return rsp_escape(reply, g->data.data, g->data.len);
}

/* The next byte in hexadecimal at *at, after blanks, as LLDB reads it; -1: there is none. */
static int next_byte(const uint8_t *text, size_t len, size_t *at)
{
    while (*at < len && text[*at] == ' ')
        ++*at;
    return len - *at >= 2 ? rsp_hex_byte(text + *at) : -1;
}

/* Text in hexadecimal, which ends before the first byte that is not. */
static int show_hex_field(struct guard *g, uint8_t *text, size_t len, bool json)
{
    static const char digits[] = "0123456789abcdef";
    int byte;
    buf_reset(&g->data);
    for (size_t at = 0; (byte = next_byte(text, len, &at)) >= 0; at += 2)
        (void)buf_addc(&g->data, (uint8_t)byte);
    if (g->data.error != 0)
        return g->data.error;
    if (json)
        show_json_text(g->data.data, g->data.len);
    else
        show_characters(g->data.data, g->data.len);
    for (size_t at = 0, i = 0; next_byte(text, len, &at) >= 0 && i < g->data.len; at += 2, i++) {
        text[at] = (uint8_t)digits[g->data.data[i] >> 4];
        text[at + 1] = (uint8_t)digits[g->data.data[i] & 15];
    }
    return 0;
}

/* Fields that LLDB, and of a trace gdb, decodes as text in hexadecimal. */
static bool is_hex_field(const uint8_t *key, size_t len, bool stop)
{
    static const char *const fields[] = {
        "hexname", "description",     "jstopinfo", "qname", /* of a stop */
        "name",    "error",           "file_path", "hostname", "os_build", "os_kernel",
        "triple",  "distribution_id", "tstop",     "terror",   "username", "notes"};
    for (size_t i = 0; i < (stop ? 4 : sizeof fields / sizeof fields[0]); i++) {
        if (strlen(fields[i]) == len && memcmp(fields[i], key, len) == 0)
            return true;
    }
    return false;
}

/* Whether a reply says why the target stopped or ended (GDB manual, "Stop Reply Packets"). */
static bool is_stop(const struct guard *g, const struct buf *reply)
{
    const struct packet *p = g->d.packet;
    return memchr("TWX", reply->data[0], 3) != NULL &&
           (p->name[0] != 'q' || p->id == PACKET_qThreadStopInfo);
}

/* KEY:VALUE;…, in a stop reply after its signal or the status of its end. */
static int show_fields(struct guard *g, struct buf *reply)
{
    bool stop = is_stop(g, reply);
    size_t begin = !stop ? 0 : reply->data[0] == 'T' ? 3 : 1;
    int rc = 0;
    for (size_t at = begin, end; rc == 0 && at < reply->len; at = end + 1) {
        uint8_t *key = reply->data + at;
        const uint8_t *semicolon = memchr(key, ';', reply->len - at);
        end = semicolon != NULL ? (size_t)(semicolon - reply->data) : reply->len;
        const uint8_t *colon = memchr(key, ':', end - at);
        size_t n = colon != NULL ? (size_t)(colon - key) : 0;
        if (n != 0 && is_hex_field(key, n, stop))
            rc = show_hex_field(g, key + n + 1, end - at - n - 1, key[0] == 'j');
    }
    return rc;
}

/* Text that is read as it is, or has fields. After an error's number LLDB reads its text. */
static int show_text(struct guard *g, struct buf *reply)
{
    show_line(reply);
    if (reply->len > 4 && reply->data[0] == 'E' && reply->data[3] == ';')
        return show_hex_field(g, reply->data + 4, reply->len - 4, false);
    return is_stop(g, reply) || g->d.packet->name[0] == 'q' ? show_fields(g, reply) : 0;
}

static int show_reply(struct guard *g, struct buf *reply)
{
    bool plain = reply->data[0] == 'E' || buf_is(reply, "OK");
    if (g->document && (reply->data[0] == 'm' || reply->data[0] == 'l'))
        return check_document(g, reply);
    if (!plain && (g->d.packet->id == PACKET_qRcmd || g->d.packet->id == PACKET_qThreadExtraInfo))
        return show_hex(g, reply, 0);
    if (g->json && !buf_starts(reply, "E."))
        return show_json(g, reply);
    return !is_binary(g->d.packet) || buf_starts(reply, "E.") ? show_text(g, reply) : 0;
}

static int guard_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct guard *g = guard_of(d);
    if (reply->len == 0)
        return DECORATOR_DONE;
    if (!final)
        return show_hex(g, reply, 1);
    if (reply->data[0] == 'F' && !g->fileio && !is_file_packet(d->packet))
        return refuse_file(g, reply);
    return show_reply(g, reply);
}

static void guard_free(struct decorator *d)
{
    buf_free(&guard_of(d)->text);
    buf_free(&guard_of(d)->data);
}

struct target *guard_new(struct target *next, bool fileio, const struct log *log)
{
    static const struct decorator_ops ops = {
        .on_request = guard_request, .on_reply = guard_reply, .free = guard_free};
    struct guard *g = decorator_new(sizeof *g, next, &ops, 0, sizeof refused);
    if (g == NULL)
        return NULL;
    g->fileio = fileio;
    g->log = log;
    buf_init(&g->text, VISIBLE_MAX * TARGET_REPLY_MAX + TAIL);
    buf_init(&g->data, TARGET_REPLY_MAX);
    return &g->d.base;
}
