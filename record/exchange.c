/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The form of recorded exchanges; see exchange.h. */
#include "record/exchange.h"

#include <string.h>

#include "proto/stop.h"

enum { IDS_A_REPLY = 64 };

static bool is_read_of_object(const struct request *r)
{
    return packet_is_object(r->packet) && r->numbers == 2;
}

/* Memory is recorded as such; a file's contents are the stub's machine's. */
static bool is_left_out(const struct packet *packet)
{
    return packet->id == PACKET_m || packet->id == PACKET_x || packet->id == PACKET_vFile_pread ||
           packet->id == PACKET_UNKNOWN;
}

enum exchange_kind exchange_kind_of(const struct request *r)
{
    const struct packet *p = r->packet;
    if ((p->effects & PKT_RESUMES) != 0)
        return p->id != PACKET_F && p->id != PACKET_R ? EXCHANGE_RUNS : EXCHANGE_NONE;
    if (is_left_out(p))
        return EXCHANGE_NONE;
    if (p->id == PACKET_stop_reason)
        return EXCHANGE_STOP;
    if (packet_lists_threads(p))
        return EXCHANGE_LIST;
    if (packet_is_object(p))
        return is_read_of_object(r) ? EXCHANGE_OBJECT : EXCHANGE_NONE;
    bool setting = p->name[0] == 'Q' && p->id != PACKET_QStartNoAckMode;
    bool reads = p->effects == PKT_READS || p->id == PACKET_qSupported || p->id == PACKET_qRcmd;
    return reads || setting ? EXCHANGE_PLAIN : EXCHANGE_NONE;
}

bool exchange_is_of_stop(const struct packet *packet)
{
    switch (packet->id) {
    case PACKET_stop_reason:
    case PACKET_g:
    case PACKET_p:
    case PACKET_q:
    case PACKET_qC:
    case PACKET_qCRC:
    case PACKET_qGetTLSAddr:
    case PACKET_qMemoryRegionInfo:
    case PACKET_qRcmd:
    case PACKET_qSearch:
    case PACKET_qThreadStopInfo:
    case PACKET_qXfer: /* siginfo, and objects that are not known */
    case PACKET_jThreadExtendedInfo:
    case PACKET_jThreadsInfo:
        return true;
    default:
        return false;
    }
}

static bool is_fact(const struct answer *a, const char *fact)
{
    return a->request.len == strlen(fact) && memcmp(a->request.data, fact, a->request.len) == 0;
}

bool exchange_is_of_boot(const struct answer *a)
{
    switch (packet_find(a->request.data, a->request.len)->id) {
    case PACKET_T:
    case PACKET_jGetLoadedDynamicLibrariesInfos:
    case PACKET_qOffsets:
    case PACKET_qP:
    case PACKET_qThreadExtraInfo:
    case PACKET_qXfer_libraries:
    case PACKET_qXfer_libraries_svr4:
    case PACKET_qXfer_threads:
    case PACKET_qfThreadInfo:
    case PACKET_qsThreadInfo:
        return true;
    default:
        return is_fact(a, EXCHANGE_BUILD_ID) || is_fact(a, EXCHANGE_KERNEL);
    }
}

/* LLDB's `;thread:ID;` behind a request. Returns where it begins; len: there is none. */
static size_t find_suffix(const struct request *r, struct bytes *thread)
{
    static const char key[] = ";thread:";
    const uint8_t *at = memmem(r->data, r->len, key, sizeof key - 1);
    if (at == NULL)
        return r->len;
    size_t begin = (size_t)(at - r->data), id = begin + sizeof key - 1;
    const uint8_t *end = memchr(r->data + id, ';', r->len - id);
    *thread =
        (struct bytes){r->data + id, end != NULL ? (size_t)(end - r->data) - id : r->len - id};
    return begin;
}

static bool is_of_registers(const struct packet *packet)
{
    return packet->id == PACKET_g || packet->id == PACKET_p || packet->id == PACKET_G ||
           packet->id == PACKET_P;
}

void exchange_key(const struct request *r, struct bytes selected, struct bytes *thread,
                  struct bytes *request)
{
    *thread = (struct bytes){"", 0};
    *request = (struct bytes){r->data, r->len};
    if (is_of_registers(r->packet)) {
        *thread = selected;
        request->len = find_suffix(r, thread);
    } else if (r->packet->id == PACKET_qSupported) {
        *request = bytes_of("qSupported");
    } else if (packet_lists_threads(r->packet)) {
        *request = bytes_of("qfThreadInfo");
    } else if (is_read_of_object(r)) { /* OFFSET,LENGTH follow the last ':' */
        const uint8_t *colon = memrchr(r->data, ':', r->len);
        if (colon != NULL)
            request->len = (size_t)(colon - r->data) + 1;
    }
}

struct bytes exchange_stop_thread(struct bytes reply)
{
    size_t n;
    const uint8_t *id = stop_thread(reply.data, reply.len, &n);
    return id != NULL ? (struct bytes){id, n} : (struct bytes){"", 0};
}

bool exchange_names_thread(struct bytes id)
{
    const char *text = id.data;
    return id.len != 0 && !(id.len == 1 && text[0] == '0') && memchr(text, '-', id.len) == NULL;
}

/* The bytes of an id that are those of a thread id (GDB manual, "thread-id syntax"). */
static bool is_id_of_thread(const char *id, size_t len)
{
    static const char valid[] = "0123456789abcdefABCDEFp.";
    size_t n = 0;
    while (n < len && memchr(valid, id[n], sizeof valid - 1) != NULL)
        n++;
    return len != 0 && len < EXCHANGE_ID_MAX && n == len;
}

void exchange_list_threads(struct bytes object, struct buf *list)
{
    static const char key[] = " id=\"";
    const char *at = object.data, *end = at + object.len, *quote;
    for (unsigned n = 0; (at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL;
         at = quote) {
        at += sizeof key - 1;
        quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL)
            break;
        if (!is_id_of_thread(at, (size_t)(quote - at)))
            continue;
        (void)buf_adds(list, n == 0 ? "m" : n % IDS_A_REPLY == 0 ? "\nm" : ",");
        (void)buf_add(list, at, (size_t)(quote - at));
        n++;
    }
    (void)buf_adds(list, list->len != 0 ? "\nl\n" : "l\n");
}
