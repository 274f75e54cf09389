/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub's monitor commands. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/disasm.h"
#include "ebpf/events.h"
#include "ebpf/maps.h"
#include "ebpf/names.h"
#include "ebpf/stub.h"
#include "proto/visible.h"

enum { LINES = 10, LINES_MAX = 500, EVENTS = 100, WORD_MAX = 128, ENTRIES_SHOWN = 16 };

/* Parses a number in C's notation or a symbol's name; false: neither. */
static bool number_or_name(const struct stub *s, const char *word, uint64_t *value)
{
    char *end;
    *value = strtoull(word, &end, 0);
    if (end != word && *end == 0)
        return true;
    const struct ebpf_symbol *symbol = ebpf_image_symbol(stub_image(s), word);
    if (symbol == NULL)
        return false;
    *value = symbol->address;
    return true;
}

/* Copies the next word of *text to `word`; false: there is none. */
static bool copy_word(const char **text, char word[WORD_MAX])
{
    size_t n = 0;
    while (isspace((unsigned char)**text))
        (*text)++;
    for (; **text != 0 && !isspace((unsigned char)**text); (*text)++)
        if (n + 1 < WORD_MAX)
            word[n++] = **text;
    word[n] = 0;
    return n != 0;
}

static void disassemble(struct stub *s, const char *args, struct buf *out)
{
    char word[WORD_MAX];
    uint64_t address = s->m->pc, lines = LINES, count;
    if (copy_word(&args, word) && !number_or_name(s, word, &address)) {
        (void)buf_printf(out, "no address and no symbol: %s\n", word);
        return;
    }
    if (copy_word(&args, word) && number_or_name(s, word, &count))
        lines = count < LINES_MAX ? count : LINES_MAX;
    for (; lines > 0; lines--) {
        uint8_t bytes[16];
        const struct ebpf_symbol *f = ebpf_image_function(stub_image(s), address);
        size_t n = ebpf_op_at(s->m, address) == NULL
                       ? 0
                       : ebpf_memory_peek(&s->m->memory, address, bytes, sizeof bytes);
        if (n == 0) {
            (void)buf_printf(out, "   0x%" PRIx64 ": no code\n", address);
            return;
        }
        (void)buf_printf(out, "%s 0x%" PRIx64, address == s->m->pc ? "=>" : "  ", address);
        if (f != NULL)
            (void)buf_printf(out, " <%s+%" PRIu64 ">", f->name, address - f->address);
        (void)buf_adds(out, ":\t");
        address += ebpf_disassemble(out, bytes, n, address, stub_image(s));
        (void)buf_adds(out, "\n");
    }
}

static void show_regions(const struct ebpf_memory *m, struct buf *out)
{
    (void)buf_adds(out, "from        to          bytes      may  what\n");
    for (unsigned i = 0; i < m->regions; i++) {
        const struct ebpf_region *r = &m->region[i];
        (void)buf_printf(out, "0x%08" PRIx64 "  0x%08" PRIx64 "  %-9" PRIu64 "  %c%c%c  %s\n",
                         r->base, r->base + r->size, r->used, r->flags & EBPF_READ ? 'r' : '-',
                         r->flags & EBPF_WRITE ? 'w' : '-', r->flags & EBPF_EXEC ? 'x' : '-',
                         r->name);
    }
}

static const char *map_kind(const struct ebpf_map *map)
{
    return map->kind == EBPF_KIND_NONE ? ", not supported" : "";
}

static void show_map(struct ebpf_machine *m, const struct ebpf_map *map, struct buf *out)
{
    const struct ebpf_map_definition *d = map->definition;
    uint32_t shown = 0;
    (void)buf_printf(out,
                     "map %s: %s%s, key %u, value %u bytes, %u of %u entries, at 0x%" PRIx64 "\n",
                     d->name, ebpf_map_type_name(d->type), map_kind(map), d->key_size,
                     d->value_size, map->count, d->max_entries, map->host == NULL ? 0 : map->base);
    for (uint32_t b = 0; b < map->buckets && shown < ENTRIES_SHOWN; b++)
        for (uint32_t e = map->head[b]; e != 0 && shown < ENTRIES_SHOWN; e = map->next[e - 1]) {
            uint8_t key[EBPF_KEY_MAX];
            uint64_t at = map->base + (uint64_t)(e - 1) * map->stride;
            (void)ebpf_memory_peek(&m->memory, at + (d->value_size + 7) / 8 * 8, key, d->key_size);
            (void)buf_adds(out, "  key ");
            (void)buf_addhex(out, key, d->key_size < 32 ? d->key_size : 32);
            (void)buf_printf(out, ": value at 0x%" PRIx64 "\n", at);
            shown++;
        }
}

static void maps(struct stub *s, const char *args, struct buf *out)
{
    (void)args;
    show_regions(&s->m->memory, out);
    for (unsigned i = 0; i < s->m->map_count; i++)
        show_map(s->m, &s->m->maps[i], out);
}

static void events(struct stub *s, const char *args, struct buf *out)
{
    char word[WORD_MAX];
    uint64_t count = EVENTS;
    if (copy_word(&args, word) && !number_or_name(s, word, &count)) {
        (void)buf_printf(out, "not a number of events: %s\n", word);
        return;
    }
    (void)buf_printf(out, "%u event%s\n", s->m->event_count, s->m->event_count == 1 ? "" : "s");
    ebpf_events_print(s->m, count < EVENTS ? (unsigned)count : EVENTS, out);
}

static void budget(struct stub *s, const char *args, struct buf *out)
{
    char word[WORD_MAX];
    uint64_t n;
    if (copy_word(&args, word)) {
        char *end;
        bool off = strcmp(word, "off") == 0;
        n = off ? EBPF_NO_BUDGET : strtoull(word, &end, 0);
        if (!off && (!isdigit((unsigned char)word[0]) || *end != 0)) {
            (void)buf_printf(out, "not a number of instructions: %s\n", word);
            return;
        }
        ebpf_machine_budget(s->m, n);
    }
    (void)buf_printf(out, "%" PRIu64 " instruction%s run, ", s->m->executed,
                     s->m->executed == 1 ? "" : "s");
    if (s->m->budget == EBPF_NO_BUDGET)
        (void)buf_adds(out, "no budget\n");
    else
        (void)buf_printf(out, "%" PRIu64 " of %" PRIu64 " left\n", s->m->budget - s->m->executed,
                         s->m->budget);
}

static void status(struct stub *s, const char *args, struct buf *out)
{
    const struct ebpf_symbol *f = ebpf_image_function(stub_image(s), s->m->pc);
    unsigned signal = ebpf_stop_signal(s->stop);
    (void)args;
    (void)buf_printf(out, "program %s (%u of %u), pc 0x%" PRIx64 "%s%s, %u calls deep\n",
                     stub_image(s)->name, s->program + 1, s->o.count, s->m->pc,
                     f == NULL ? "" : " in ", f == NULL ? "" : f->name, s->m->depth);
    if (s->stop == EBPF_EXITED)
        stub_result(s, out);
    else if (signal != 5 && !s->by_interrupt)
        (void)buf_printf(out, "stopped: %s\n", s->m->fault.text);
    budget(s, "", out);
}

static void monitor_help(struct stub *s, const char *args, struct buf *out);

static const struct {
    const char *name, *arguments, *explanation;
    void (*run)(struct stub *s, const char *args, struct buf *out);
} commands[] = {
    {"help", "", "this list", monitor_help},
    {"disassemble", "[ADDRESS|FUNCTION [COUNT]]", "instructions from there on, or from pc",
     disassemble},
    {"maps", "", "memory, and the program's maps with their keys", maps},
    {"events", "[COUNT]", "the last events of ring buffers and perf event arrays", events},
    {"budget", "[COUNT|off]", "instructions run and left; lets COUNT more run", budget},
    {"status", "", "which program, where, and why it stopped", status},
};

static void monitor_help(struct stub *s, const char *args, struct buf *out)
{
    (void)s;
    (void)args;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        (void)buf_printf(out, "monitor %s %s%s- %s\n", commands[i].name, commands[i].arguments,
                         commands[i].arguments[0] != 0 ? " " : "", commands[i].explanation);
}

void stub_monitor(struct stub *s, const char *command)
{
    char word[WORD_MAX];
    struct buf out, visible;
    size_t i = 0, count = sizeof commands / sizeof commands[0];
    const char *args = command;
    bool any = copy_word(&args, word);
    buf_init(&out, TARGET_REPLY_MAX / 2 - 16);
    while (any && i < count && strncmp(commands[i].name, word, strlen(word)) != 0)
        i++;
    if (!any)
        monitor_help(s, args, &out);
    else if (i == count)
        (void)buf_printf(&out, "unknown command %s; try monitor help\n", word);
    else
        commands[i].run(s, args, &out);
    buf_init(&visible, TARGET_REPLY_MAX / 2 - 16);
    (void)visible_add(&visible, out.data, out.len);
    (void)buf_addhex(&s->reply, visible.data, visible.len);
    buf_free(&visible);
    buf_free(&out);
}
