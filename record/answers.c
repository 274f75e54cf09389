/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded exchanges; see answers.h. */
#include "record/answers.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

struct answer_node {
    struct answer is; /* first: what the tree compares */
    TAILQ_ENTRY(answer_node) entries;
    uint8_t contents[];
};

void answers_init(struct answers *a)
{
    *a = (struct answers){.n = 0};
    TAILQ_INIT(&a->list);
}

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len != 0 ? memcmp(a.data, b.data, a.len) : 0;
}

static int compare_keys(const void *a, const void *b)
{
    const struct answer *x = a, *y = b;
    int order = compare_bytes(x->request, y->request);
    return order != 0 ? order : compare_bytes(x->thread, y->thread);
}

void answers_free(struct answers *a)
{
    while (a->tree != NULL) {
        struct answer_node *node = *(struct answer_node **)a->tree;
        (void)tdelete(node, &a->tree, compare_keys);
        free(node);
    }
    answers_init(a);
}

static struct answer_node *find_node(const struct answers *a, struct bytes thread,
                                     struct bytes request)
{
    const struct answer key = {.thread = thread, .request = request};
    struct answer_node *const *at = tfind(&key, &a->tree, compare_keys);
    return at != NULL ? *at : NULL;
}

bool answers_find(const struct answers *a, struct bytes thread, struct bytes request,
                  struct answer *answer)
{
    const struct answer_node *node = find_node(a, thread, request);
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
    node->is.of_stop = a->of_stop;
    node->is.thread = copy_bytes(&at, a->thread);
    node->is.request = copy_bytes(&at, a->request);
    node->is.output = copy_bytes(&at, a->output);
    node->is.reply = copy_bytes(&at, a->reply);
    return node;
}

/* Takes a node out of the list and frees it. Its place in the tree is the caller's. */
static void drop_node(struct answers *a, struct answer_node *node)
{
    CHECK(a->n != 0 && a->bytes >= size_of_answer(&node->is));
    TAILQ_REMOVE(&a->list, node, entries);
    a->n--;
    a->bytes -= size_of_answer(&node->is);
    free(node);
}

/* Whether an answer fits in place of the one that it replaces (NULL: none). */
static bool fits(const struct answers *a, const struct answer *answer,
                 const struct answer_node *replaced)
{
    size_t size = size_of_answer(answer);
    size_t n = a->n - (replaced != NULL);
    size_t bytes = a->bytes - (replaced != NULL ? size_of_answer(&replaced->is) : 0);
    return answer->thread.len <= ANSWER_KEY_MAX && answer->request.len <= ANSWER_KEY_MAX &&
           size <= ANSWER_BYTES_MAX && n < ANSWERS_MAX && bytes + size <= ANSWERS_BYTES_MAX;
}

int answers_put(struct answers *a, const struct answer *answer)
{
    struct answer_node *known = find_node(a, answer->thread, answer->request), *node, **at;
    if (known != NULL && compare_bytes(known->is.output, answer->output) == 0 &&
        compare_bytes(known->is.reply, answer->reply) == 0)
        return ANSWER_SAME;
    if (!fits(a, answer, known))
        return NETGDB_TOO_LONG;
    if ((node = new_node(answer)) == NULL)
        return NETGDB_NOMEM;
    if ((at = tsearch(node, &a->tree, compare_keys)) == NULL) {
        free(node);
        return NETGDB_NOMEM;
    }
    CHECK(*at == (known != NULL ? known : node)); /* one answer to each key */
    *at = node;
    if (known != NULL)
        drop_node(a, known);
    TAILQ_INSERT_TAIL(&a->list, node, entries);
    a->n++;
    a->bytes += size_of_answer(&node->is);
    CHECK(a->n <= ANSWERS_MAX && a->bytes <= ANSWERS_BYTES_MAX);
    return known != NULL ? ANSWER_CHANGED : ANSWER_NEW;
}

void answers_forget(struct answers *a, bool (*goes)(const struct answer *answer))
{
    struct answer_node *node, *next;
    for (node = TAILQ_FIRST(&a->list); node != NULL; node = next) {
        next = TAILQ_NEXT(node, entries);
        if (!goes(&node->is))
            continue;
        (void)tdelete(node, &a->tree, compare_keys);
        drop_node(a, node);
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
