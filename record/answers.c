/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded exchanges; see answers.h. */
#include "record/answers.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

enum { BUCKETS = 4096 };

struct answer_node {
    TAILQ_ENTRY(answer_node) entries;
    struct answer_node *next; /* in its bucket */
    struct answer is;
    uint8_t contents[];
};

void answers_init(struct answers *a)
{
    *a = (struct answers){.n = 0};
    TAILQ_INIT(&a->list);
}

void answers_free(struct answers *a)
{
    struct answer_node *node;
    while ((node = TAILQ_FIRST(&a->list)) != NULL) {
        TAILQ_REMOVE(&a->list, node, entries);
        free(node);
    }
    free(a->buckets);
    answers_init(a);
}

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static bool is_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* FNV-1a. */
static uint32_t hash_bytes(uint32_t hash, struct bytes b)
{
    const uint8_t *data = b.data;
    for (size_t i = 0; i < b.len; i++)
        hash = (hash ^ data[i]) * 16777619U;
    return hash * 16777619U;
}

/* Where the pointer to the node of a key is, or would be: in its bucket. */
static struct answer_node **find_node(const struct answers *a, struct bytes thread,
                                      struct bytes request)
{
    uint32_t hash = hash_bytes(hash_bytes(2166136261U, thread), request);
    struct answer_node **at = &a->buckets[hash % BUCKETS];
    while (*at != NULL &&
           !(is_equal((*at)->is.request, request) && is_equal((*at)->is.thread, thread)))
        at = &(*at)->next;
    return at;
}

bool answers_find(const struct answers *a, struct bytes thread, struct bytes request,
                  struct answer *answer)
{
    const struct answer_node *node = a->buckets != NULL ? *find_node(a, thread, request) : NULL;
    if (node != NULL)
        *answer = node->is;
    return node != NULL;
}

static size_t size_of_answer(const struct answer *a)
{
    return sizeof(struct answer_node) + a->thread.len + a->request.len + a->output.len +
           a->reply.len;
}

/* Copies a piece to *at, and advances that. */
static struct bytes copy_bytes(uint8_t **at, struct bytes b)
{
    struct bytes copy = {*at, b.len};
    if (b.len != 0)
        memcpy(*at, b.data, b.len);
    *at += b.len;
    return copy;
}

static struct answer_node *new_node(const struct answer *a)
{
    struct answer_node *node = malloc(size_of_answer(a));
    if (node == NULL)
        return NULL;
    uint8_t *at = node->contents;
    node->next = NULL;
    node->is.of_stop = a->of_stop;
    node->is.thread = copy_bytes(&at, a->thread);
    node->is.request = copy_bytes(&at, a->request);
    node->is.output = copy_bytes(&at, a->output);
    node->is.reply = copy_bytes(&at, a->reply);
    return node;
}

static void remove_at(struct answers *a, struct answer_node **at)
{
    struct answer_node *node = *at;
    if (!CHECK(node != NULL))
        return;
    *at = node->next;
    TAILQ_REMOVE(&a->list, node, entries);
    a->n--;
    a->bytes -= size_of_answer(&node->is);
    free(node);
}

static bool fits(const struct answers *a, const struct answer *answer)
{
    size_t size = size_of_answer(answer);
    return answer->thread.len <= ANSWER_KEY_MAX && answer->request.len <= ANSWER_KEY_MAX &&
           size <= ANSWER_BYTES_MAX && a->n < ANSWERS_MAX && a->bytes + size <= ANSWERS_BYTES_MAX;
}

int answers_put(struct answers *a, const struct answer *answer)
{
    if (a->buckets == NULL)
        a->buckets = calloc(BUCKETS, sizeof(struct answer_node *));
    if (a->buckets == NULL)
        return NETGDB_NOMEM;
    struct answer_node **at = find_node(a, answer->thread, answer->request), *node;
    bool known = *at != NULL;
    if (known && is_equal((*at)->is.output, answer->output) &&
        is_equal((*at)->is.reply, answer->reply))
        return ANSWER_SAME;
    if (!fits(a, answer))
        return NETGDB_TOO_LONG;
    if ((node = new_node(answer)) == NULL)
        return NETGDB_NOMEM;
    if (known)
        remove_at(a, at);
    node->next = *at;
    *at = node;
    TAILQ_INSERT_TAIL(&a->list, node, entries);
    a->n++;
    a->bytes += size_of_answer(answer);
    return known ? ANSWER_CHANGED : ANSWER_NEW;
}

void answers_forget_stop(struct answers *a)
{
    struct answer_node *node, *next;
    for (node = TAILQ_FIRST(&a->list); node != NULL; node = next) {
        next = TAILQ_NEXT(node, entries);
        if (node->is.of_stop)
            remove_at(a, find_node(a, node->is.thread, node->is.request));
    }
}

int answers_each(const struct answers *a, int (*take)(void *context, const struct answer *answer),
                 void *context)
{
    const struct answer_node *node;
    int rc = 0;
    TAILQ_FOREACH (node, &a->list, entries) {
        if ((rc = take(context, &node->is)) != 0)
            break;
    }
    return rc;
}

/* After a copy of the whole: the list's first element, or its end, points to the head. */
static void adopt_list(struct answers *a)
{
    struct answer_node *first = TAILQ_FIRST(&a->list);
    if (first != NULL)
        first->entries.tqe_prev = &a->list.tqh_first;
    else
        TAILQ_INIT(&a->list);
}

void answers_swap(struct answers *a, struct answers *b)
{
    struct answers old = *a;
    *a = *b;
    *b = old;
    adopt_list(a);
    adopt_list(b);
}
