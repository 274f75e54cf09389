/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which thread the client has chosen, and which the stub has; see cache.h. */
#include <stdio.h>
#include <string.h>

#include "proto/cache_parts.h"
#include "proto/rsp.h"

/* ---- ids ---- */

/* A thread id (GDB manual, "thread-id syntax"): how many bytes it has, 0: it is none. */
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

/* Whether all of it is the id of one thread: not 0 (any) nor -1 (all). */
static bool is_thread(const uint8_t *text, size_t len)
{
    const uint8_t *dot = memchr(text, '.', len);
    size_t at = dot != NULL ? (size_t)(dot - text) + 1 : 0;
    uint64_t value;
    if (len == 0 || len >= CACHE_THREAD_TEXT || id_length(text, len) != len)
        return false;
    return rsp_hex_number(text + at, len - at, &value) != 0 && value != 0;
}

static void set_choice(struct cache_choice *choice, const uint8_t *text, size_t len)
{
    memcpy(choice->id, text, len);
    choice->id[len] = '\0';
}

static bool same(const struct cache_choice *a, const struct cache_choice *b)
{
    return strcmp(a->id, b->id) == 0;
}

void cache_choose_unknown(struct cache *c)
{
    (void)snprintf(c->wished.id, sizeof c->wished.id, "#%llu", (unsigned long long)++c->anonymous);
    c->stub = c->wished;
}

/* Remembers the process of the first id that names one. */
static void note_process(struct cache *c, const uint8_t *id, size_t len)
{
    const uint8_t *dot = memchr(id, '.', len);
    uint64_t pid = 0; /* 0: any */
    if (len == 0 || id[0] != 'p' || dot == NULL || dot - id >= CACHE_THREAD_TEXT ||
        rsp_hex_number(id + 1, len - 1, &pid) == 0 || pid == 0)
        return;
    size_t n = (size_t)(dot - id);
    if (c->process[0] == '\0')
        memcpy(c->process, id, n); /* its NUL is there already */
}

/* That a thread lives is kept as a reply to "Hg". */
static void note_alive(struct cache *c, const uint8_t *id, size_t len)
{
    note_process(c, id, len);
    if (is_thread(id, len))
        cache_replies_keep(&c->replies, "H", id, len, "OK", 2);
}

static bool is_alive(struct cache *c, const uint8_t *id, size_t len)
{
    return cache_replies_find(&c->replies, "H", id, len, &c->part);
}

/* ---- what the stub tells ---- */

/*
 * The thread that a stop names is the chosen one: GDB counts on that (gdb/remote.c,
 * record_currthread). A stub that tells of a second process is found by its ids.
 */
void cache_learn_stop(struct cache *c, const struct buf *reply)
{
    static const char field[] = "thread:";
    cache_choose_unknown(c);
    if (!buf_starts(reply, "T"))
        return;
    const uint8_t *end = reply->data + reply->len;
    for (const uint8_t *p = reply->data; (p = memmem(p, (size_t)(end - p), ":p", 2)) != NULL; p++)
        note_process(c, p + 1, id_length(p + 1, (size_t)(end - p) - 1));
    const uint8_t *at = memmem(reply->data, reply->len, field, sizeof field - 1);
    if (at == NULL)
        return;
    at += sizeof field - 1;
    size_t n = id_length(at, (size_t)(end - at));
    if (!is_thread(at, n) || (at + n < end && at[n] != ';'))
        return;
    note_alive(c, at, n);
    set_choice(&c->wished, at, n);
    c->stub = c->wished;
    /* Never given to the client; some of its registers may be in it. */
    cache_replies_keep(&c->replies, c->wished.id, "?", 1, reply->data, reply->len);
}

void cache_learn_ids(struct cache *c, const struct buf *reply)
{
    size_t at = 1;
    while (buf_starts(reply, "m") && at < reply->len) {
        size_t n = id_length(reply->data + at, reply->len - at);
        if (n == 0)
            return;
        note_alive(c, reply->data + at, n);
        at += n + 1;
    }
}

void cache_learn_document(struct cache *c)
{
    static const char mark[] = " id=\""; /* a quote inside a name would be &quot; */
    if (c->threads.data.len == 0)
        return;
    const uint8_t *at = c->threads.data.data, *end = at + c->threads.data.len;
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) != NULL) {
        at += sizeof mark - 1;
        note_alive(c, at, id_length(at, (size_t)(end - at)));
    }
}

/* ---- choosing ---- */

/* The reply to an Hg that went to the stub. */
static void learn_choice(struct cache *c, const struct buf *reply)
{
    if (!buf_is(reply, "OK"))
        return;
    set_choice(&c->wished, c->request.data + 2, c->request.len - 2);
    c->stub = c->wished;
    note_alive(c, c->request.data + 2, c->request.len - 2);
}

/* To H0, H-1 and what cannot be read: some thread is chosen, or another. */
static void learn_some(struct cache *c, const struct buf *reply)
{
    (void)reply;
    cache_choose_unknown(c);
}

/* Whether Hc chooses no thread: then it changes nothing of what g, m and p are about. */
static bool is_none(const uint8_t *request, size_t len)
{
    return request[1] == 'c' && ((len == 3 && request[2] == '0') ||
                                 (len == 4 && request[2] == '-' && request[3] == '1'));
}

/*
 * `H op thread-id`. FreeBSD's stub has one choice for Hg and Hc, so Hc of a thread may change
 * what g means, or not.
 */
int cache_choose(struct cache *c, const struct request *r)
{
    const uint8_t *id = r->data + 2;
    size_t n = r->len > 2 ? r->len - 2 : 0;
    note_process(c, id, n);
    if (r->len < 2 || r->data[1] != 'g' || !is_thread(id, n)) {
        if (r->len < 2 || !is_none(r->data, r->len))
            c->learn = learn_some;
        return cache_then_hand_on(cache_sync_thread(c));
    }
    if (is_alive(c, id, n)) {
        c->stats.hits++;
        set_choice(&c->wished, id, n);
        return buf_sets(&c->reply, "OK");
    }
    c->stats.misses++;
    c->learn = learn_choice;
    return CACHE_HAND_ON;
}

int cache_sync_thread(struct cache *c)
{
    if (same(&c->wished, &c->stub))
        return 0;
    buf_reset(&c->own);
    (void)buf_printf(&c->own, "Hg%s", c->wished.id);
    int rc = cache_ask(c);
    if (rc != 0)
        return rc;
    if (buf_is(&c->part, "OK")) {
        c->stub = c->wished;
        return 0;
    }
    cache_replies_forget(&c->replies); /* it lives no more */
    c->wished = c->stub;
    rc = buf_set(&c->reply, c->part.data, c->part.len);
    return rc == 0 ? CACHE_REFUSED : rc;
}

/* ---- whose memory ---- */

/*
 * The threads of a process have one memory. A stub of a machine has a thread for each CPU, and
 * each CPU its own page tables: there a choice has a memory of its own.
 */
static struct cache_choice space_of(const struct cache *c, const struct cache_choice *choice)
{
    struct cache_choice space = *choice;
    char *dot = strchr(space.id, '.');
    if (!c->shared)
        return space;
    if (dot != NULL)
        *dot = '\0';
    else if (c->process[0] == '\0')
        space.id[0] = '\0'; /* this stub knows no processes */
    return space;
}

bool cache_is_in_space(const struct cache *c)
{
    struct cache_choice space = space_of(c, &c->wished);
    return same(&space, &c->space);
}

void cache_enter_space(struct cache *c)
{
    if (!cache_is_in_space(c))
        cache_forget_memory(c);
    c->space = space_of(c, &c->wished);
}

int cache_sync_space(struct cache *c)
{
    struct cache_choice wished = space_of(c, &c->wished), stub = space_of(c, &c->stub);
    return same(&wished, &stub) ? 0 : cache_sync_thread(c);
}
