/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helpers that print; see print.h. */
#include "ebpf/print.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Copies a string of the program, truncated to EBPF_PRINT_MAX; -1 after a fault. */
static int take_string(struct ebpf_machine *m, uint64_t address, uint64_t max,
                       char text[EBPF_PRINT_MAX + 1], enum ebpf_stop *stop)
{
    uint64_t n = 0;
    max = max < EBPF_PRINT_MAX ? max : EBPF_PRINT_MAX;
    for (; n < max; n++) {
        const uint8_t *p = ebpf_memory_access(&m->memory, address + n, 1, false);
        if (p == NULL) {
            *stop = ebpf_fault_at(m, EBPF_ACCESS, address + n,
                                  "helper: a string runs into 0x%" PRIx64 ", which is not mapped",
                                  address + n);
            return -1;
        }
        if (*p == 0)
            break;
        text[n] = (char)*p;
    }
    text[n] = 0;
    return (int)n;
}

uint64_t ebpf_output_text(struct ebpf_machine *m, const struct buf *text)
{
    m->attention = true;
    if (buf_add(&m->output, text->data, text->len) == 0)
        return text->len;
    m->output.error = 0; /* full: this text is dropped */
    return 0;
}

struct spec {
    char flags[8];   /* of "-+ 0#" */
    int width, size; /* size: bytes of the argument */
    char conversion; /* 0: the format ended */
};

/* Parses a conversion after '%'; returns the text after it. */
static const char *parse(const char *p, struct spec *s)
{
    size_t flags = 0;
    *s = (struct spec){.size = 4};
    for (; *p != 0 && strchr("-+ 0#", *p) != NULL; p++)
        if (flags + 1 < sizeof s->flags)
            s->flags[flags++] = *p;
    for (; isdigit((unsigned char)*p); p++)
        s->width = s->width > 100 ? 100 : s->width * 10 + (*p - '0');
    for (; *p == 'l' || *p == 'z' || *p == 'h'; p++)
        s->size = *p == 'h' ? s->size / 2 : 8;
    s->conversion = *p;
    return *p == 0 ? p : p + 1;
}

static int64_t narrow(uint64_t value, int size)
{
    unsigned shift = 64 - 8 * (unsigned)(size < 1 ? 1 : size);
    return (int64_t)(value << shift) >> shift;
}

/* Appends a number with the flags and width of its spec. */
static void format_number(struct buf *out, const struct spec *s, uint64_t value)
{
    char format[32];
    const char *as = s->conversion == 'x' ? PRIx64 : s->conversion == 'X' ? PRIX64 : PRIu64;
    bool negative = s->conversion == 'd' || s->conversion == 'i';
    snprintf(format, sizeof format, "%%%s%d%s", s->flags, s->width, negative ? PRId64 : as);
    if (s->width == 0)
        snprintf(format, sizeof format, "%%%s%s", s->flags, negative ? PRId64 : as);
    unsigned shift = 64 - 8 * (unsigned)(s->size < 1 ? 1 : s->size);
    value = negative ? (uint64_t)narrow(value, s->size) : value << shift >> shift;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)buf_printf(out, format, value); /* `format` is built above from checked pieces */
#pragma GCC diagnostic pop
}

static enum ebpf_stop format_string(struct ebpf_machine *m, struct buf *out, const struct spec *s,
                                    uint64_t address)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    char text[EBPF_PRINT_MAX + 1];
    bool left = strchr(s->flags, '-') != NULL;
    if (take_string(m, address, EBPF_PRINT_MAX, text, &stop) >= 0)
        (void)buf_printf(out, "%*s", left ? -s->width : s->width, text);
    return stop;
}

static enum ebpf_stop add_argument(struct ebpf_machine *m, struct buf *out, const struct spec *s,
                                   uint64_t value)
{
    switch (s->conversion) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
        format_number(out, s, value);
        return EBPF_RUNNING;
    case 'p':
        (void)buf_printf(out, "0x%" PRIx64, value);
        return EBPF_RUNNING;
    case 'c':
        (void)buf_addc(out, (uint8_t)value);
        return EBPF_RUNNING;
    case 's':
        return format_string(m, out, s, value);
    default:
        (void)buf_printf(out, "%%%c", s->conversion);
        return EBPF_RUNNING;
    }
}

static enum ebpf_stop format(struct ebpf_machine *m, struct buf *out, const char *p,
                             const uint64_t *arg, unsigned count)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    unsigned used = 0;
    while (*p != 0 && stop == EBPF_RUNNING) {
        struct spec s;
        if (*p != '%') {
            (void)buf_addc(out, (uint8_t)*p++);
            continue;
        }
        p = parse(p + 1, &s);
        if (s.conversion == '%')
            (void)buf_addc(out, '%');
        else if (s.conversion != 0)
            stop = add_argument(m, out, &s, used < count ? arg[used++] : 0);
    }
    return stop;
}

/* Formats with arguments that are numbers or addresses; `out` has EBPF_PRINT_MAX bytes at most. */
static enum ebpf_stop format_at(struct ebpf_machine *m, struct buf *out, uint64_t address,
                                uint64_t size, const uint64_t *arg, unsigned count)
{
    char text[EBPF_PRINT_MAX + 1];
    enum ebpf_stop stop = EBPF_RUNNING;
    buf_init(out, EBPF_PRINT_MAX);
    if (take_string(m, address, size, text, &stop) >= 0)
        stop = format(m, out, text, arg, count);
    return stop;
}

/* Copies the arguments of a formatted text from the program's memory: 8 bytes each. */
static enum ebpf_stop take_arguments(struct ebpf_machine *m, uint64_t address, uint64_t size,
                                     uint64_t arg[EBPF_PRINT_ARGUMENTS], unsigned *count)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint64_t most = 8 * EBPF_PRINT_ARGUMENTS;
    size = (size < most ? size : most) / 8 * 8;
    const uint8_t *from = ebpf_reach(m, address, size, false, &stop);
    if (from != NULL)
        memcpy(arg, from, (size_t)size);
    *count = (unsigned)(size / 8);
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_print_format)
{
    struct buf out;
    enum ebpf_stop stop = format_at(m, &out, arg[0], arg[1], arg + 2, 3);
    if (stop == EBPF_RUNNING)
        *result = ebpf_output_text(m, &out);
    buf_free(&out);
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_print_data)
{
    uint64_t values[EBPF_PRINT_ARGUMENTS] = {0};
    unsigned count;
    struct buf out;
    enum ebpf_stop stop = take_arguments(m, arg[2], (uint32_t)arg[3], values, &count);
    if (stop != EBPF_RUNNING)
        return stop;
    stop = format_at(m, &out, arg[0], arg[1], values, count);
    if (stop == EBPF_RUNNING)
        *result = ebpf_output_text(m, &out);
    buf_free(&out);
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_print_to)
{
    uint64_t values[EBPF_PRINT_ARGUMENTS] = {0};
    unsigned count;
    struct buf out;
    uint32_t size = (uint32_t)arg[1];
    enum ebpf_stop stop = take_arguments(m, arg[3], (uint32_t)arg[4], values, &count);
    if (stop != EBPF_RUNNING)
        return stop;
    stop = format_at(m, &out, arg[2], EBPF_PRINT_MAX, values, count);
    uint8_t *to = stop != EBPF_RUNNING ? NULL : ebpf_reach(m, arg[0], size, true, &stop);
    if (to != NULL && size != 0) {
        size_t n = out.len < size ? out.len : size - 1;
        memcpy(to, out.len != 0 ? out.data : (const uint8_t *)"", n);
        to[n] = 0;
    }
    *result = out.len + 1;
    buf_free(&out);
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_print_string)
{
    char text[EBPF_PRINT_MAX + 1];
    enum ebpf_stop stop = EBPF_RUNNING;
    int n = take_string(m, arg[0], EBPF_PRINT_MAX, text, &stop);
    if (n < 0)
        return stop;
    text[n] = '\n';
    struct buf line = {.data = (uint8_t *)text, .len = (size_t)n + 1};
    *result = ebpf_output_text(m, &line);
    return stop;
}
