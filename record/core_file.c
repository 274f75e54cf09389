/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A core that grows; see core_file.h. core_open.c has the functions that open it. */
#include "record/core_file.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/check.h"

enum {
    FIRST_CAPACITY = 64,      /* entries of the first table */
    MEMORY_AREA = 256 * 1024, /* bytes of room for memory, and for notes */
    NOTES_AREA = 16 * 1024,
    WRITE_PAGE = 4096, /* a write within it is not divided */
};

bool core_file_read(const struct core_file *f, uint64_t offset, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    while (len != 0) {
        ssize_t n = pread(f->fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

int core_file_write(struct core_file *f, uint64_t offset, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len != 0) {
        ssize_t n = pwrite(f->fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

/* ---- headers ---- */

static int write_header(struct core_file *f, uint64_t table, uint32_t entries)
{
    const struct core_header h = {f->machine, table, entries};
    uint8_t bytes[ELF_CORE_HEADER];
    core_header_encode(&h, bytes);
    if (core_file_write(f, 0, bytes, core_header_size(f->machine.is64)) != 0)
        return -1;
    f->table = table;
    f->entries = entries;
    return 0;
}

/* Whether the file may have this length: the offsets of the smaller class have 32 bits. */
static bool core_may_end_at(const struct core_file *f, uint64_t end)
{
    uint64_t most = f->bare || f->machine.is64 ? CORE_FILE_MAX : UINT32_MAX;
    if (end > most)
        errno = EFBIG;
    return end <= most;
}

/* Sets room aside at the end. Returns its offset. */
static uint64_t take_room(struct core_file *f, uint64_t len)
{
    uint64_t at = (f->end + 7) & ~UINT64_C(7);
    f->end = at + len;
    return at;
}

static uint64_t offset_of_entry(const struct core_file *f, uint32_t i)
{
    return f->table + (uint64_t)i * core_entry_size(f->machine.is64);
}

/* Moves the table to where there is room for twice the entries. */
static int grow_table(struct core_file *f)
{
    size_t size = core_entry_size(f->machine.is64), used = f->entries * size;
    uint32_t capacity = f->entries < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * f->entries;
    uint8_t *copy = malloc(used + 1);
    uint64_t table = take_room(f, capacity * size);
    bool fits = core_may_end_at(f, table + capacity * size);
    int rc = copy != NULL && fits && core_file_read(f, f->table, copy, used)
                 ? core_file_write(f, table, copy, used)
                 : -1;
    if (rc == 0)
        rc = write_header(f, table, f->entries);
    if (rc == 0)
        f->capacity = capacity;
    free(copy);
    return rc;
}

static int add_entry(struct core_file *f, const struct core_entry *e)
{
    uint8_t bytes[ELF_CORE_ENTRY];
    if (f->entries == ELF_CORE_ENTRIES_MAX) {
        errno = EMLINK;
        return -1;
    }
    if (f->entries == f->capacity && grow_table(f) != 0)
        return -1;
    CHECK(f->entries < f->capacity); /* the entry is written where none leads yet */
    core_entry_encode(&f->machine, e, bytes);
    if (core_file_write(f, offset_of_entry(f, f->entries), bytes,
                        core_entry_size(f->machine.is64)) != 0)
        return -1;
    return write_header(f, f->table, f->entries + 1);
}

/* Writes the new size of an entry. Returns 1 if that would not be one write within a page. */
static int resize_entry(struct core_file *f, uint32_t i, const struct core_entry *e)
{
    uint8_t bytes[16];
    size_t offset, n = core_entry_sizes(&f->machine, e, &offset, bytes);
    uint64_t at = offset_of_entry(f, i) + offset;
    if (at / WRITE_PAGE != (at + n - 1) / WRITE_PAGE)
        return 1;
    return core_file_write(f, at, bytes, n);
}

/* ---- data ---- */

/* Whether `len` bytes fit behind an area's last; the area at the end of the file grows. */
static bool has_room_behind(struct core_file *f, struct core_area *area, size_t len, size_t room)
{
    if (area->end == f->end && area->end - area->at < len) {
        area->end += len > room ? len : room;
        f->end = area->end;
    }
    return area->end - area->at >= len;
}

/* Writes bytes where no entry leads yet: after the area's last ones, or in new room. *behind says
 * which. */
static int write_data(struct core_file *f, struct core_area *area, size_t room, const void *bytes,
                      size_t len, bool *behind)
{
    *behind = area->end != 0 && has_room_behind(f, area, len, room);
    if (!*behind) {
        size_t n = len > room ? len : room;
        area->at = take_room(f, n);
        area->end = area->at + n;
    }
    return core_may_end_at(f, area->at + len) ? core_file_write(f, area->at, bytes, len) : -1;
}

int core_file_add_memory(struct core_file *f, uint64_t address, const void *bytes, size_t len,
                         struct range *last, struct range *added)
{
    bool behind;
    struct core_entry e = {PT_LOAD, 0, address, len};
    added->len = 0;
    CHECK(len != 0 && address <= address + (len - 1));
    CHECK(last == NULL || f->bare || last->entry < f->entries);
    if (!f->bare && !f->machine.is64 && address + (len - 1) > UINT32_MAX) {
        errno = EOVERFLOW;
        return -1;
    }
    if (write_data(f, &f->memory, MEMORY_AREA, bytes, len, &behind) != 0)
        return -1;
    e.offset = f->memory.at;
    bool extends = behind && last != NULL && last->offset + last->len == e.offset &&
                   last->address + last->len == address;
    if (extends) {
        struct core_entry whole = {PT_LOAD, last->offset, last->address, last->len + len};
        int rc = f->bare ? 0 : resize_entry(f, last->entry, &whole);
        if (rc < 0)
            return -1;
        extends = rc == 0;
    }
    if (!extends && !f->bare && add_entry(f, &e) != 0)
        return -1;
    if (extends)
        last->len += len;
    else
        *added = (struct range){address, len, e.offset, f->entries - 1};
    f->memory.at += len;
    CHECK(f->memory.at <= f->memory.end && f->memory.end <= f->end);
    return 0;
}

int core_file_add_note(struct core_file *f, const void *note, size_t len)
{
    bool behind;
    if (f->bare)
        return 0;
    if (write_data(f, &f->notes, NOTES_AREA, note, len, &behind) != 0)
        return -1;
    int rc = 1;
    if (behind) {
        f->last_notes.size += len;
        rc = resize_entry(f, f->last_notes_entry, &f->last_notes);
        if (rc != 0)
            f->last_notes.size -= len;
    }
    if (rc == 1) {
        const struct core_entry e = {PT_NOTE, f->notes.at, 0, len};
        if ((rc = add_entry(f, &e)) == 0) {
            f->last_notes = e;
            f->last_notes_entry = f->entries - 1;
        }
    }
    if (rc == 0)
        f->notes.at += len;
    CHECK(f->notes.at <= f->notes.end && f->notes.end <= f->end);
    return rc;
}

/* ---- life ---- */

void core_file_close(struct core_file *f)
{
    if (f->temporary != NULL)
        (void)unlink(f->temporary);
    if (f->fd >= 0)
        close(f->fd);
    free(f->temporary);
    free(f->path);
    *f = (struct core_file){.fd = -1};
}
