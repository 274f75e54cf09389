/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trace of a simulated world; see trace.h. */
#include "tests/sim/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"

enum { KEPT = 64, KEPT_BYTES = 96, HEADER = 24 };

struct kept {
    struct sim_trace entry;
    uint8_t data[KEPT_BYTES];
};

struct trace {
    uint64_t hash, entries;
    struct kept ring[KEPT];
    void (*call)(void *context, const struct sim_trace *entry);
    void *context;
};

/* Hashes eight bytes at a time, with the final mix of MurmurHash3. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 32;
}

uint64_t sim_hash(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t word;
    for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = mix(hash, word);
    }
    word = len; /* so that zeros at the end count */
    for (; len > 0; len--)
        word = word << 8 | *p++;
    return mix(hash, word);
}

struct trace *trace_new(void)
{
    struct trace *t = sim_alloc(sizeof *t);
    t->hash = SIM_HASH;
    return t;
}

void trace_free(struct trace *t)
{
    free(t);
}

void trace_call(struct trace *t, void (*call)(void *context, const struct sim_trace *entry),
                void *context)
{
    t->call = call;
    t->context = context;
}

void trace_add(struct trace *t, const struct sim_trace *entry)
{
    const uint64_t numbers[] = {entry->time, entry->datagram,  entry->copy,    entry->from,
                                entry->to,   entry->from_port, entry->to_port, entry->len};
    struct kept *kept = &t->ring[t->entries++ % KEPT];
    size_t n = entry->len < KEPT_BYTES ? entry->len : KEPT_BYTES;

    t->hash = sim_hash(t->hash, numbers, sizeof numbers);
    t->hash = sim_hash(t->hash, entry->what, strlen(entry->what));
    if (entry->data != NULL) {
        t->hash = sim_hash(t->hash, entry->data, entry->len);
        memcpy(kept->data, entry->data, n);
    }
    kept->entry = *entry;
    if (t->call != NULL)
        t->call(t->context, entry);
}

uint64_t trace_hash(const struct trace *t)
{
    return t->hash;
}

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void print_text(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] >= ' ' && p[i] < 127)
            fputc(p[i], stderr);
        else
            fprintf(stderr, "\\x%02x", p[i]);
    }
}

static void print_payload(const struct kept *k)
{
    size_t shown = k->entry.len < KEPT_BYTES ? k->entry.len : KEPT_BYTES;
    if (k->entry.datagram == 0 || k->entry.len < 4) {
        print_text(k->data, shown);
    } else if (k->entry.len == 4) {
        fprintf(stderr, "ack %u", word(k->data));
    } else if (k->entry.len >= HEADER) {
        fprintf(stderr, "type %u seqno %u offset %u of %u: ", word(k->data), word(k->data + 4),
                word(k->data + 12), word(k->data + 20));
        print_text(k->data + HEADER, shown - HEADER);
    }
    fprintf(stderr, shown < k->entry.len ? "... (%zu bytes)\n" : "\n", k->entry.len);
}

void trace_print(const struct trace *t)
{
    uint64_t first = t->entries > KEPT ? t->entries - KEPT : 0;
    for (uint64_t i = first; i < t->entries; i++) {
        const struct kept *k = &t->ring[i % KEPT];
        fprintf(stderr, "%13.6f %s", (double)(k->entry.time - SIM_START) / 1e9, k->entry.what);
        if (k->entry.datagram != 0)
            fprintf(stderr, " %llu%s %u:%u > %u:%u", (unsigned long long)k->entry.datagram,
                    k->entry.copy != 0 ? " (copy)" : "", k->entry.from & 0xff, k->entry.from_port,
                    k->entry.to & 0xff, k->entry.to_port);
        fputs(": ", stderr);
        print_payload(k);
    }
}
