/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The objects that qXfer reads, and the only file of vFile: the linked ELF, from which a debugger
 * gets its symbols after `target remote` alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ebpf/stub.h"
#include "proto/rsp/rsp.h"

enum {
    PATH_MAX_BYTES = 512,
    THE_FILE = 3, /* file descriptor of the linked ELF */
    STAT_BYTES = 64
};

static void path_of(const struct stub *s, char path[PATH_MAX_BYTES])
{
    snprintf(path, PATH_MAX_BYTES, "/ebpf/%s", stub_image(s)->name);
}

/* Appends a name with XML's special characters replaced. */
static void add_xml(struct buf *out, const char *text)
{
    for (; *text != 0; text++)
        if (strchr("<>&\"", *text) != NULL || (uint8_t)*text < ' ')
            (void)buf_addc(out, '_');
        else
            (void)buf_addc(out, (uint8_t)*text);
}

/* A program that has ended has no thread. */
static void list_threads(const struct stub *s, struct buf *out)
{
    (void)buf_adds(out, "<?xml version=\"1.0\"?>\n<threads>\n");
    if (s->state != STUB_ENDED) {
        (void)buf_adds(out, "<thread id=\"1\" name=\"");
        add_xml(out, stub_image(s)->name);
        (void)buf_adds(out, "\"/>\n");
    }
    (void)buf_adds(out, "</threads>\n");
}

static bool make_object(struct stub *s, struct stub_args *a, struct buf *out)
{
    char path[PATH_MAX_BYTES];
    bool aarch64 = s->arch->kind == EBPF_ARCH_AARCH64;
    if (aarch64 && stub_take_text(a, "features:read:target.xml:"))
        ebpf_arch_describe(s->arch, out);
    else if (stub_take_text(a, "memory-map:read::"))
        stub_memory_map(s, out);
    else if (stub_take_text(a, "threads:read::"))
        list_threads(s, out);
    else if (aarch64 && stub_take_text(a, "exec-file:read:")) {
        uint64_t process;
        (void)stub_take_number(a, &process);
        path_of(s, path);
        (void)buf_adds(out, path);
        return stub_image(s)->elf.len != 0 && stub_take(a, ':');
    } else
        return false;
    return true;
}

/* Replies with the requested bytes of an object: m if there are more, else l. */
static void give_part(struct stub *s, struct stub_args a, const uint8_t *data, size_t size)
{
    uint64_t offset, len;
    if (!stub_take_number(&a, &offset) || !stub_take(&a, ',') || !stub_take_number(&a, &len)) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    (void)rsp_add_piece(&s->reply, data, size, offset,
                        len < EBPF_PACKET_MAX ? len : EBPF_PACKET_MAX);
}

void stub_xfer(struct stub *s, struct stub_args a)
{
    struct buf object;
    buf_init(&object, TARGET_REPLY_MAX);
    size_t known = a.len;
    if (make_object(s, &a, &object))
        give_part(s, a, object.data, object.len);
    else if (a.len != known)
        stub_error(s, STUB_EINVAL); /* a known object, but a malformed request */
    buf_free(&object);
}

/* --- vFile (GDB manual, "Host I/O Packets") --------------------------------------------- */

static void file_error(struct stub *s, unsigned number)
{
    buf_reset(&s->reply);
    (void)buf_printf(&s->reply, "F-1,%x", number);
}

static void open_exec_file(struct stub *s, struct stub_args a)
{
    char path[PATH_MAX_BYTES];
    struct buf name;
    size_t hex = 0;
    uint64_t flags = 0;
    path_of(s, path);
    buf_init(&name, PATH_MAX_BYTES);
    while (hex < a.len && a.at[hex] != ',')
        hex++;
    bool ours = rsp_unhex(&name, a.at, hex) == 0 && buf_is(&name, path);
    buf_free(&name);
    a.at += hex;
    a.len -= hex;
    if (!ours || stub_image(s)->elf.len == 0)
        file_error(s, STUB_ENOENT);
    else if (!stub_take(&a, ',') || !stub_take_number(&a, &flags) || flags != 0)
        file_error(s, STUB_EINVAL); /* read-only */
    else {
        s->file_open = true;
        (void)buf_printf(&s->reply, "F%x", THE_FILE);
    }
}

static bool take_file(struct stub *s, struct stub_args *a)
{
    uint64_t fd;
    bool ok = stub_take_number(a, &fd) && fd == THE_FILE && s->file_open;
    if (!ok)
        file_error(s, STUB_EBADF);
    return ok;
}

static void read_exec_file(struct stub *s, struct stub_args a)
{
    const struct buf *elf = &stub_image(s)->elf;
    uint64_t count, offset;
    if (!take_file(s, &a))
        return;
    if (!stub_take(&a, ',') || !stub_take_number(&a, &count) || !stub_take(&a, ',') ||
        !stub_take_number(&a, &offset)) {
        file_error(s, STUB_EINVAL);
        return;
    }
    uint64_t rest = offset < elf->len ? elf->len - offset : 0;
    count = count < EBPF_PACKET_MAX ? count : EBPF_PACKET_MAX;
    count = count < rest ? count : rest;
    (void)buf_printf(&s->reply, "F%" PRIx64 ";", count);
    if (count != 0)
        (void)rsp_escape(&s->reply, elf->data + offset, (size_t)count);
}

static void put_be(uint8_t *p, unsigned bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

/* struct stat of the protocol: big-endian, 64 bytes ("struct stat" under "File-I/O"). */
static void stat_file(struct stub *s, struct stub_args a)
{
    uint8_t stat[STAT_BYTES] = {0};
    uint64_t size = stub_image(s)->elf.len;
    if (!take_file(s, &a))
        return;
    put_be(stat + 8, 4, 0100444); /* st_mode: a regular file, read-only */
    put_be(stat + 12, 4, 1);      /* st_nlink */
    put_be(stat + 28, 8, size);
    put_be(stat + 36, 8, 512); /* st_blksize */
    put_be(stat + 44, 8, (size + 511) / 512);
    (void)buf_printf(&s->reply, "F%x;", STAT_BYTES);
    (void)rsp_escape(&s->reply, stat, sizeof stat);
}

void stub_file(struct stub *s, struct stub_args a)
{
    if (s->arch->kind != EBPF_ARCH_AARCH64)
        return;
    if (stub_take_text(&a, "setfs:"))
        stub_text(s, "F0");
    else if (stub_take_text(&a, "open:"))
        open_exec_file(s, a);
    else if (stub_take_text(&a, "pread:"))
        read_exec_file(s, a);
    else if (stub_take_text(&a, "fstat:"))
        stat_file(s, a);
    else if (stub_take_text(&a, "close:") && take_file(s, &a)) {
        s->file_open = false;
        stub_text(s, "F0");
    }
}
