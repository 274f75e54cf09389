/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which processes a stub debugs; see processes.h. */
#include "session/processes.h"

#include <string.h>

#include "proto/check.h"
#include "proto/rsp/rsp.h"

static size_t find_process(const struct processes *p, uint64_t id)
{
    size_t i = 0;
    while (i < p->n && p->ids[i] != id)
        i++;
    return i;
}

void processes_remove(struct processes *p, uint64_t id)
{
    size_t at = find_process(p, id);
    if (at == p->n)
        return;
    CHECK(p->n <= PROCESSES_MAX);
    p->n--;
    memmove(p->ids + at, p->ids + at + 1, (p->n - at) * sizeof p->ids[0]);
}

void processes_add(struct processes *p, uint64_t id)
{
    if (id == 0)
        return;
    processes_remove(p, id);
    CHECK(p->n <= PROCESSES_MAX && find_process(p, id) == p->n); /* no id twice */
    if (p->n < PROCESSES_MAX)
        p->ids[p->n++] = id;
    else
        p->many = true;
}

bool processes_has_other(const struct processes *p, uint64_t id)
{
    return p->many || p->n > (find_process(p, id) < p->n ? 1 : 0);
}

uint64_t processes_last(const struct processes *p)
{
    return p->n != 0 ? p->ids[p->n - 1] : 0;
}

uint64_t processes_of_thread(const uint8_t *text, size_t len)
{
    uint64_t id;
    if (len < 2 || text[0] != 'p')
        return 0;
    size_t digits = rsp_hex_number(text + 1, len - 1, &id);
    return digits != 0 && digits + 1 < len && text[1 + digits] == '.' ? id : 0;
}

uint64_t processes_of_packet(const uint8_t *text, size_t len)
{
    const uint8_t *at = memchr(text, ';', len);
    uint64_t id;
    if (at == NULL)
        return 0;
    at++;
    return rsp_hex_number(at, len - (size_t)(at - text), &id) != 0 ? id : 0;
}

/* Adds the thread ids that follow this word. */
static void add_after(struct processes *p, const char *word, const uint8_t *text, size_t len)
{
    const uint8_t *at, *end = text + len;
    for (size_t n = strlen(word); (at = memmem(text, len, word, n)) != NULL;
         len = (size_t)(end - text)) {
        text = at + n;
        processes_add(p, processes_of_thread(text, (size_t)(end - text)));
    }
}

/* W00;process:PID */
static void learn_exit(struct processes *p, const uint8_t *reply, size_t len)
{
    static const char word[] = ";process:";
    const uint8_t *at = memmem(reply, len, word, sizeof word - 1);
    uint64_t id;
    if (at == NULL) {
        *p = (struct processes){.n = 0};
        return;
    }
    at += sizeof word - 1;
    if (rsp_hex_number(at, len - (size_t)(at - reply), &id) != 0)
        processes_remove(p, id);
}

void processes_stop(struct processes *p, const uint8_t *reply, size_t len)
{
    if (len == 0)
        return;
    if (reply[0] == 'W' || reply[0] == 'X')
        learn_exit(p, reply, len);
    if (reply[0] != 'T')
        return;
    add_after(p, "fork:", reply, len); /* vfork:, too */
    add_after(p, "thread:", reply, len);
}

void processes_list(struct processes *p, const uint8_t *reply, size_t len)
{
    uint64_t last = processes_last(p);
    if (len != 0 && reply[0] == 'm') {
        processes_add(p, processes_of_thread(reply + 1, len - 1));
        add_after(p, ",", reply, len);
    }
    add_after(p, "id=\"", reply, len);
    processes_add(p, last);
}
