/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See symbols_world.h. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/err.h"
#include "tests/unit/symbols_world.h"

const char *elf_path(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    const char *top = getenv("top_builddir");
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[0], "%s/tests/unit/elfs.d/%s", top != NULL ? top : ".",
             name);
    return paths[turn];
}

const char *need_elf(const char *name)
{
    const char *path = elf_path(name);
    if (access(path, R_OK) != 0)
        fail_msg("%s was not created: the assembler of that machine is missing, see check_packages "
                 "in bootstrap",
                 path);
    return path;
}

static void keep(void *context, enum log_level level, const char *line)
{
    struct kept_log *k = context;
    size_t len = strlen(k->text);
    (void)level;
    snprintf(k->text + len, sizeof k->text - len, "%s\n", line);
}

void kept_log_init(struct kept_log *k)
{
    memset(k, 0, sizeof *k);
    k->log = (struct log){.level = LOG_DEBUG, .sink = keep, .context = k};
}

unsigned logged(const struct kept_log *k, const char *text)
{
    unsigned n = 0;
    const char *end;
    for (const char *line = k->text; (end = strchr(line, '\n')) != NULL; line = end + 1)
        n += memmem(line, (size_t)(end - line), text, strlen(text)) != NULL;
    return n;
}

static int stub_send(struct target *t, const struct request *r)
{
    struct played_stub *s = (struct played_stub *)t;
    s->read = r->len > 1 && r->data[0] == 'm' && r->len < sizeof s->reading &&
              !(s->next->request != NULL && s->next->request[0] == 'm');
    if (s->read) {
        memcpy(s->reading, r->data, r->len);
        s->reading[r->len] = '\0';
        s->reads++;
        return 0;
    }
    if (s->next->request == NULL || strlen(s->next->request) != r->len ||
        memcmp(s->next->request, r->data, r->len) != 0)
        fail_msg("the stub got %.*s instead of %s", (int)r->len, (const char *)r->data,
                 s->next->request != NULL ? s->next->request : "nothing");
    return 0;
}

static void read_memory(const struct played_stub *s, struct buf *reply)
{
    uint64_t address;
    size_t len;
    if (sscanf(s->reading, "m%" SCNx64 ",%zx", &address, &len) != 2)
        fail_msg("not a read: %s", s->reading);
    uint64_t at = address - s->memory_at;
    size_t rest = address < s->memory_at || at >= s->memory_len ? 0 : s->memory_len - (size_t)at;
    if (rest == 0)
        buf_sets(reply, "E01");
    else if (len > rest && !s->partial)
        buf_sets(reply, "E02");
    else
        buf_addhex(reply, (const uint8_t *)s->memory + at, len < rest ? len : rest);
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct played_stub *s = (struct played_stub *)t;
    int error = s->error;
    (void)watch;
    s->error = 0;
    if (error != 0)
        return error;
    buf_reset(reply);
    *final = true;
    if (s->read)
        read_memory(s, reply);
    else
        buf_sets(reply, s->next++->reply);
    return 0;
}

static size_t stub_max_request(struct target *t)
{
    (void)t;
    return 1400;
}

static void stub_free(struct target *t)
{
    (void)t;
}

static const struct target_ops stub_ops = {
    .send = stub_send, .recv = stub_recv, .max_request = stub_max_request, .free = stub_free};

void played_stub_init(struct played_stub *s, const struct exchange *script)
{
    static const struct exchange nothing[] = {{NULL, NULL}};
    memset(s, 0, sizeof *s);
    s->target.ops = &stub_ops;
    s->script = s->next = script != NULL ? script : nothing;
}

void played_out(const struct played_stub *s)
{
    if (s->next->request != NULL)
        fail_msg("the stub never got %s", s->next->request);
}

void ask(struct target *t, const char *request, const char *expected)
{
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    assert_int_equal(target_ask(t, request, &reply), 0);
    buf_addc(&reply, '\0');
    assert_string_equal((const char *)reply.data, expected);
    buf_free(&reply);
}
