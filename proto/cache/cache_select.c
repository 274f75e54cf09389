/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads selected by the client and at the stub; see cache.h. */
#include <stdio.h>
#include <string.h>

#include "proto/cache/cache_private.h"
#include "proto/check.h"
#include "proto/rsp/rsp.h"
#include "proto/stop.h"

/* ---- ids ---- */

/* Returns the length of the thread id at the start of text (GDB manual, "thread-id syntax"), or 0
 * if there is none. */
static size_t id_length(const uint8_t *text, size_t len)
{
    uint64_t value;
    size_t at = 0, n;
    if (len > 0 && text[0] == 'p') {
        n = rsp_hex_number(text + 1, len - 1, &value);
        at = 1 + n;
        if (n == 0 || at >= len || text[at] != '.')
            return 0;
        at++;
    }
    n = rsp_hex_number(text + at, len - at, &value);
    return n == 0 ? 0 : at + n;
}

/* Whether text[len] is the id of a single thread: neither 0 (any) nor -1 (all). */
static bool is_single_thread(const uint8_t *text, size_t len)
{
    const uint8_t *dot = memchr(text, '.', len);
    size_t at = dot != NULL ? (size_t)(dot - text) + 1 : 0;
    uint64_t value;
    if (len == 0 || len >= CACHE_THREAD_TEXT || id_length(text, len) != len)
        return false;
    return rsp_hex_number(text + at, len - at, &value) != 0 && value != 0;
}

static void set_thread(struct cache_thread *choice, const uint8_t *text, size_t len)
{
    if (!CHECK(len < sizeof choice->id))
        return;
    memcpy(choice->id, text, len);
    choice->id[len] = '\0';
}

static bool same_thread(const struct cache_thread *a, const struct cache_thread *b)
{
    return strcmp(a->id, b->id) == 0;
}

void cache_select_unknown(struct cache *c)
{
    (void)snprintf(c->client_thread.id, sizeof c->client_thread.id, "#%llu",
                   (unsigned long long)c->next_unknown_id++);
    c->stub_thread = c->client_thread;
    CHECK(c->client_thread.id[0] == '#' && cache_is_sound(c));
}

/* Records the process of the first id that contains one. */
static void note_process(struct cache *c, const uint8_t *id, size_t len)
{
    const uint8_t *dot = memchr(id, '.', len);
    uint64_t pid = 0; /* 0: any */
    if (len == 0 || id[0] != 'p' || dot == NULL || dot - id >= CACHE_THREAD_TEXT ||
        rsp_hex_number(id + 1, len - 1, &pid) == 0 || pid == 0)
        return;
    size_t n = (size_t)(dot - id);
    if (c->process[0] == '\0')
        memcpy(c->process, id, n); /* c->process is zeroed, so it stays terminated */
}

/* Records a live thread as a cached reply to "H". */
static void note_live_thread(struct cache *c, const uint8_t *id, size_t len)
{
    CHECK(cache_is_sound(c));
    note_process(c, id, len);
    if (is_single_thread(id, len))
        cache_replies_store(&c->replies, "H", id, len, "OK", 2);
}

static bool is_live_thread(struct cache *c, const uint8_t *id, size_t len)
{
    return cache_replies_find(&c->replies, "H", id, len, &c->own_reply);
}

/* ---- ids in replies ---- */

/*
 * The thread named in a stop reply is the selected one; GDB relies on that too (gdb/remote.c,
 * record_currthread). All "pPID.TID" ids in the reply are searched for a process.
 */
void cache_learn_stop(struct cache *c, const struct buf *reply)
{
    cache_select_unknown(c);
    if (!buf_starts(reply, "T"))
        return;
    const uint8_t *end = reply->data + reply->len;
    for (const uint8_t *p = reply->data; (p = memmem(p, (size_t)(end - p), ":p", 2)) != NULL; p++)
        note_process(c, p + 1, id_length(p + 1, (size_t)(end - p) - 1));
    size_t n;
    const uint8_t *at = stop_thread(reply->data, reply->len, &n);
    if (at == NULL || !is_single_thread(at, n))
        return;
    note_live_thread(c, at, n);
    set_thread(&c->client_thread, at, n);
    c->stub_thread = c->client_thread;
    /* Not a reply for the client: cache_window.c reads the stack pointer from it. */
    cache_replies_store(&c->replies, c->client_thread.id, "?", 1, reply->data, reply->len);
}

void cache_learn_ids(struct cache *c, const struct buf *reply)
{
    size_t at = 1;
    while (buf_starts(reply, "m") && at < reply->len) {
        size_t n = id_length(reply->data + at, reply->len - at);
        if (n == 0)
            return;
        note_live_thread(c, reply->data + at, n);
        at += n + 1;
    }
}

void cache_learn_document(struct cache *c)
{
    /* A name cannot contain this: quotes are &quot; there. */
    static const char mark[] = " id=\"";
    if (c->threads.data.len == 0)
        return;
    const uint8_t *at = c->threads.data.data, *end = at + c->threads.data.len;
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) != NULL) {
        at += sizeof mark - 1;
        note_live_thread(c, at, id_length(at, (size_t)(end - at)));
    }
}

/* ---- selecting ---- */

/* Handles the reply to an Hg that was sent to the stub. */
static void learn_thread(struct cache *c, const struct buf *reply)
{
    if (!buf_is(reply, "OK"))
        return;
    CHECK(c->request.packet->id == PACKET_H && c->request.len > 2);
    set_thread(&c->client_thread, c->request.data + 2, c->request.len - 2);
    c->stub_thread = c->client_thread;
    note_live_thread(c, c->request.data + 2, c->request.len - 2);
}

/* Handles the reply to H0, H-1 or a malformed H: any thread may be selected now. */
static void learn_unknown_thread(struct cache *c, const struct buf *reply)
{
    (void)reply;
    cache_select_unknown(c);
}

/* Whether this is Hc0 or Hc-1, which does not change the thread of g, m and p. */
static bool is_none(const uint8_t *request, size_t len)
{
    return request[1] == 'c' && ((len == 3 && request[2] == '0') ||
                                 (len == 4 && request[2] == '-' && request[3] == '1'));
}

/*
 * `H op thread-id`. FreeBSD's stub has one selected thread for Hg and Hc, so after an Hc of a
 * thread the thread of g is unknown.
 */
int cache_select_thread(struct cache *c, const struct request *r)
{
    const uint8_t *id = r->data + 2;
    CHECK_OR_RETURN(r->packet->id == PACKET_H && r->len != 0);
    size_t n = r->len > 2 ? r->len - 2 : 0;
    note_process(c, id, n);
    if (r->len < 2 || r->data[1] != 'g' || !is_single_thread(id, n)) {
        if (r->len < 2 || !is_none(r->data, r->len))
            c->learn = learn_unknown_thread;
        return cache_pass_after(cache_sync_thread(c));
    }
    if (is_live_thread(c, id, n)) {
        c->stats.hits++;
        set_thread(&c->client_thread, id, n);
        return buf_sets(&c->d.reply, "OK");
    }
    c->stats.misses++;
    c->learn = learn_thread;
    return DECORATOR_PASS;
}

/* `T thread-id`. A thread of the list is alive as long as the target is stopped. */
int cache_thread_alive(struct cache *c, const struct request *r)
{
    CHECK_OR_RETURN(r->packet->id == PACKET_T && r->len != 0);
    if (!is_live_thread(c, r->data + 1, r->len - 1))
        return cache_global_reply(c, r);
    c->stats.hits++;
    return buf_sets(&c->d.reply, "OK");
}

int cache_sync_thread(struct cache *c)
{
    if (same_thread(&c->client_thread, &c->stub_thread))
        return 0;
    CHECK_OR_RETURN(c->client_thread.id[0] != '#'); /* an unknown one is unknown at both */
    buf_reset(&c->d.request);
    (void)buf_printf(&c->d.request, "Hg%s", c->client_thread.id);
    int rc = cache_ask(c);
    if (rc != 0)
        return rc;
    if (buf_is(&c->own_reply, "OK")) {
        c->stub_thread = c->client_thread;
        return 0;
    }
    /* The thread is gone: cached thread ids may be wrong. */
    cache_replies_clear(&c->replies);
    c->client_thread = c->stub_thread;
    rc = buf_set(&c->d.reply, c->own_reply.data, c->own_reply.len);
    return rc == 0 ? CACHE_THREAD_REJECTED : rc;
}

/* ---- address spaces ---- */

/*
 * Returns the address space of a thread: its process if all threads of a process share memory. A
 * stub of a bare machine has one thread for each CPU, each with its own page tables; there every
 * thread counts as an address space.
 */
static struct cache_thread address_space_of(const struct cache *c,
                                            const struct cache_thread *choice)
{
    struct cache_thread space = *choice;
    char *dot = strchr(space.id, '.');
    if (!c->shared_memory)
        return space;
    if (dot != NULL)
        *dot = '\0';
    else if (c->process[0] == '\0')
        space.id[0] = '\0'; /* the stub does not use process ids */
    return space;
}

/* Returns whether c->memory is of the client's thread. */
static bool is_in_address_space(const struct cache *c)
{
    struct cache_thread space = address_space_of(c, &c->client_thread);
    return same_thread(&space, &c->address_space);
}

void cache_enter_address_space(struct cache *c)
{
    if (!is_in_address_space(c))
        cache_clear_memory(c);
    c->address_space = address_space_of(c, &c->client_thread);
    CHECK(is_in_address_space(c));
}

int cache_sync_address_space(struct cache *c)
{
    struct cache_thread wished = address_space_of(c, &c->client_thread),
                        stub = address_space_of(c, &c->stub_thread);
    return same_thread(&wished, &stub) ? 0 : cache_sync_thread(c);
}
