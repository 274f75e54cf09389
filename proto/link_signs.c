/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signs of tampering: what is known of them, and the words for it; see link.h. */
#include <stdio.h>
#include <string.h>

#include "proto/link.h"

/* Says the first of each kind at once: later nobody knows when it was. */
static void tell_first(const struct link *l, const struct io_signs *seen)
{
    char other[NET_ADDR_TEXT];
    if (seen->others != 0 && l->signs.others == 0)
        log_info(l->log, "%s sends to this session too: dropped",
                 net_addr_text(&seen->other, other));
    if (seen->wrong_ttl != 0 && l->signs.wrong_ttl == 0)
        log_info(l->log,
                 "a datagram came with TTL %u where no router is between: a kernel's has 255",
                 seen->ttl);
}

void link_look(struct link *l)
{
    struct io_signs seen = {0};
    if (l->io == NULL)
        return;
    io_take_signs(l->io, &seen);
    tell_first(l, &seen);
    io_add_signs(&l->signs, &seen);
    l->look_due = io_now(l->io) + LINK_LOOKS;
}

/* A list in words: "a", "a and b", "a, b and c". Each part is written where the last one ended. */
struct list {
    char *text;
    size_t used;
    unsigned left; /* parts that are still to come */
};

static void add(struct list *list, unsigned long long n, const char *what, const char *rest)
{
    if (n == 0)
        return;
    const char *before = list->used == 0 ? "" : list->left == 1 ? " and " : ", ";
    int len = snprintf(list->text + list->used, LINK_SIGNS_TEXT - list->used, "%s%llu %s%s %s",
                       before, n, what, n == 1 ? "" : "s", rest);
    if (len > 0 && (size_t)len < LINK_SIGNS_TEXT - list->used)
        list->used += (size_t)len;
    list->left--;
}

const char *link_signs_text(const struct link_counters *counters, const struct io_signs *signs,
                            char text[LINK_SIGNS_TEXT])
{
    char ttl[80], other[80], address[NET_ADDR_TEXT];
    const uint64_t n[] = {counters->stray_acks, counters->impossible, signs->wrong_ttl,
                          signs->others};
    struct list list = {.text = text};
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++)
        list.left += n[i] != 0;
    (void)snprintf(ttl, sizeof ttl,
                   "with a TTL that is not 255, and no router is between (the first: %u)",
                   signs->ttl);
    (void)snprintf(other, sizeof other, "from another source (the first: %s)",
                   net_addr_text(&signs->other, address));
    text[0] = '\0';
    add(&list, n[0], "ack", "of what was never sent");
    add(&list, n[1], "datagram", "that no kernel sends");
    add(&list, n[2], "datagram", ttl);
    add(&list, n[3], "datagram", other);
    return text;
}

void link_tell_tampering(const struct link *l, const struct log *log)
{
    char text[LINK_SIGNS_TEXT];
    if (link_signs_text(&l->counters, &l->signs, text)[0] != '\0')
        log_warn(log, "this session got %s: a broken network, or somebody interferes", text);
}
