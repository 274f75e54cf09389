/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's message buffer: text that ends at msg_wseq and, once the buffer has wrapped, begins
 * right after that. Source: sys/kern/subr_msgbuf.c, sys/sys/msgbuf.h.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freebsd/queries.h"
#include "proto/json.h"
#include "proto/visible.h"

enum {
    MSGBUF_MAGIC_VALUE = 0x063062,
    MSGBUF_WRAP = 2,             /* bit 1 of msg_flags: the buffer has wrapped */
    UNREADABLE_MAX = 4,          /* pieces of the text */
    MSGBUF_BYTES_MAX = 16 << 20, /* kern.msgbufsize is some 100 KiB */
};

static const uint8_t empty[] = "";

static const enum image_field fields[] = {MSGBUF_TEXT, MSGBUF_MAGIC, MSGBUF_SIZE, MSGBUF_WRITTEN,
                                          MSGBUF_FLAGS};

struct message_buffer {
    uint64_t text, size; /* address, bytes */
    uint64_t end;        /* offset after the youngest byte */
    bool wrapped;        /* older text follows `end` */
};

/* Reads the structure. Returns IMAGE_UNREADABLE if it is not plausible. */
static int read_header(struct image *im, struct message_buffer *b)
{
    struct image_object o;
    uint64_t address, magic = 0, written = 0, flags = 0;
    int rc = image_pointer(im, "msgbufp", &address);
    if (rc == 0)
        rc = object_read(im, &o, address, fields, sizeof fields / sizeof fields[0]);
    if (rc == 0)
        rc = object_get(im, &o, MSGBUF_MAGIC, &magic);
    if (rc == 0)
        rc = object_get(im, &o, MSGBUF_TEXT, &b->text);
    if (rc == 0)
        rc = object_get(im, &o, MSGBUF_SIZE, &b->size);
    if (rc == 0)
        rc = object_get(im, &o, MSGBUF_WRITTEN, &written);
    if (rc == 0)
        rc = object_get(im, &o, MSGBUF_FLAGS, &flags);
    if (rc != 0)
        return rc;
    if (magic != MSGBUF_MAGIC_VALUE || b->size == 0 || b->size > MSGBUF_BYTES_MAX)
        return IMAGE_UNREADABLE;
    /* The kernel counts modulo a multiple of the size. */
    b->wrapped = (flags & MSGBUF_WRAP) != 0 || written >= b->size;
    b->end = written % b->size;
    return 0;
}

/* Appends `len` bytes of text. An unreadable piece becomes one line; after a few of them the rest
 * is left out, because each failed read costs the kernel some lines on its console. */
static int add_piece(struct image *im, struct buf *text, uint64_t address, uint64_t len)
{
    unsigned unreadable = 0;
    for (uint64_t done = 0; done < len;) {
        /* One request: an unreadable page loses no more. */
        uint8_t bytes[MEMORY_READ_MAX];
        size_t n = len - done < im->memory.read_max ? (size_t)(len - done) : im->memory.read_max;
        int rc = memory_read(&im->memory, address + done, bytes, n);
        if (rc == IMAGE_UNREADABLE && ++unreadable == UNREADABLE_MAX)
            return buf_printf(text, "\n[%" PRIu64 " bytes cannot be read]\n", len - done);
        if (rc == IMAGE_UNREADABLE)
            rc = buf_printf(text, "\n[%zu bytes cannot be read]\n", n);
        else if (rc == 0)
            rc = buf_add(text, bytes, n);
        if (rc != 0)
            return rc;
        memory_forget(&im->memory); /* they are not read twice */
        done += n;
    }
    return 0;
}

/* Removes NULs, which are holes, and the priority "<N>" at the start of a line. */
static void clean(struct buf *text)
{
    size_t kept = 0;
    bool start = true;
    for (size_t i = 0; i < text->len; i++) {
        if (start && text->data[i] == '<') {
            size_t digits = 0;
            while (i + 1 + digits < text->len && digits < 4 && text->data[i + 1 + digits] >= '0' &&
                   text->data[i + 1 + digits] <= '9')
                digits++;
            if (digits != 0 && i + 1 + digits < text->len && text->data[i + 1 + digits] == '>') {
                i += digits + 1;
                continue;
            }
        }
        if (text->data[i] == '\0')
            continue;
        start = text->data[i] == '\n';
        text->data[kept++] = text->data[i];
    }
    text->len = kept;
}

/* The start of the last `lines` lines; a buffer that wrapped begins in the middle of one. */
static size_t find_start(const struct buf *text, bool wrapped, unsigned long lines)
{
    const uint8_t *end = wrapped && text->len != 0 ? memchr(text->data, '\n', text->len) : NULL;
    size_t first = end != NULL ? (size_t)(end - text->data) + 1 : 0;
    size_t at = text->len;
    for (; lines != 0 && at > first; lines--) {
        do {
            at--;
        } while (at > first && text->data[at - 1] != '\n');
    }
    return at;
}

static void print_lines(struct output *out, const uint8_t *text, size_t len)
{
    if (!out->json) {
        (void)visible_add(out->text, text, len);
        if (len != 0 && text[len - 1] != '\n')
            (void)buf_addc(out->text, '\n');
        return;
    }
    (void)buf_adds(out->text, "[");
    for (size_t at = 0; at < len;) {
        const uint8_t *end = memchr(text + at, '\n', len - at);
        size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
        char *line = strndup((const char *)text + at, n);
        (void)buf_adds(out->text, at != 0 ? ",\n" : "\n");
        if (line == NULL)
            out->text->error = NETGDB_NOMEM;
        else
            (void)json_add_text(out->text, line);
        free(line);
        at += n + 1;
    }
    (void)buf_adds(out->text, "]\n");
}

int query_dmesg(struct image *im, const char *argument, struct output *out)
{
    struct message_buffer b = {0};
    struct buf text;
    unsigned long lines = argument[0] != '\0' ? strtoul(argument, NULL, 10) : ULONG_MAX;
    int rc = read_header(im, &b);
    if (rc == IMAGE_UNREADABLE) {
        output_note(out, "the message buffer cannot be read");
        print_lines(out, empty, 0);
        return 0;
    }
    buf_init(&text, 2 * MSGBUF_BYTES_MAX);
    if (rc == 0 && b.wrapped)
        rc = add_piece(im, &text, b.text + b.end, b.size - b.end);
    if (rc == 0)
        rc = add_piece(im, &text, b.text, b.end);
    clean(&text);
    size_t start = find_start(&text, b.wrapped, lines);
    if (rc == 0)
        print_lines(out, start < text.len ? text.data + start : empty, text.len - start);
    buf_free(&text);
    return rc;
}
