/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a recording from a core, whose every number may be wrong; see recording.h. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "record/recording_private.h"

/* The state of one load. */
struct load {
    struct recording *r;
    const struct core_file *file;
    struct buf notes; /* of one segment */
    uint64_t notes_read;
};

static int refuse_core(struct recording *r, const char *why)
{
    (void)recording_fail(r, why);
    return NETGDB_PROTO;
}

/* ---- notes ---- */

/* Takes the parts of an exchange. Returns false if their lengths do not add up. */
static bool parse_exchange(const struct core_note *note, bool big, struct answer *a)
{
    struct bytes *parts[] = {&a->thread, &a->request, &a->output, &a->reply};
    size_t at = (size_t)EXCHANGE_NUMBERS * 4;
    if (note->len < at)
        return false;
    a->of_stop = core_number_get(note->data, 4, big) == EXCHANGE_OF_STOP;
    for (unsigned i = 0; i < 4; i++) {
        size_t len = (size_t)core_number_get(note->data + 4 + 4 * (size_t)i, 4, big);
        if (len > note->len - at)
            return false;
        *parts[i] = (struct bytes){note->data + at, len};
        at += len;
    }
    return at == note->len;
}

static int take_note(struct load *l, const struct core_note *note)
{
    struct answer a;
    if (note->type != CORE_NOTE_EXCHANGE || note->name_len != strlen(CORE_NOTE_NAME) ||
        memcmp(note->name, CORE_NOTE_NAME, note->name_len) != 0)
        return 0; /* for other readers */
    if (!parse_exchange(note, l->file->machine.big, &a))
        return refuse_core(l->r, "an exchange in it is damaged");
    int rc = answers_put(&l->r->answers, &a);
    if (rc == NETGDB_TOO_LONG)
        return refuse_core(l->r, "it has more exchanges than the limits allow");
    return rc < 0 ? rc : 0;
}

static int load_notes(struct load *l, const struct core_entry *e)
{
    struct core_note note;
    if (e->size > RECORDING_NOTES_MAX - l->notes_read)
        return refuse_core(l->r, "it has more notes than the limits allow");
    l->notes_read += e->size;
    if (buf_resize(&l->notes, (size_t)e->size) != 0)
        return l->notes.error;
    if (!core_file_read(l->file, e->offset, l->notes.data, l->notes.len))
        return refuse_core(l->r, "it cannot be read");
    const uint8_t *at = l->notes.data;
    size_t left = l->notes.len;
    int rc = 0;
    while (rc == 0 && core_note_next(&l->file->machine, &at, &left, &note))
        rc = take_note(l, &note);
    return rc == 0 && left != 0 ? refuse_core(l->r, "a note in it is damaged") : rc;
}

/* ---- segments ---- */

static int load_entry(struct load *l, const uint8_t *bytes, uint32_t i)
{
    struct core_entry e;
    bool good = core_entry_decode(&l->file->machine, bytes, &e);
    if (e.type != PT_LOAD && e.type != PT_NOTE)
        return 0;
    if (e.size > l->file->end || e.offset > l->file->end - e.size)
        return refuse_core(l->r, "it is truncated");
    if (!good || e.size == 0 || (e.type == PT_LOAD && e.address + (e.size - 1) < e.address))
        return refuse_core(l->r, "the size of a segment in it is wrong");
    if (e.type == PT_NOTE)
        return load_notes(l, &e);
    const struct range range = {e.address, e.size, e.offset, i};
    l->r->bytes += e.size;
    return ranges_append(&l->r->memory, &range) ? 0 : NETGDB_NOMEM;
}

static int load_headers(struct load *l)
{
    size_t size = core_entry_size(l->file->machine.is64), len = l->file->entries * size;
    uint8_t *table = malloc(len + 1);
    int rc = table == NULL ? NETGDB_NOMEM
             : core_file_read(l->file, l->file->table, table, len)
                 ? 0
                 : refuse_core(l->r, "it is truncated");
    for (uint32_t i = 0; rc == 0 && i < l->file->entries; i++)
        rc = load_entry(l, table + i * size, i);
    free(table);
    if (rc == 0 && !ranges_sort(&l->r->memory))
        rc = refuse_core(l->r, "segments of it overlap");
    return rc;
}

/* ---- a note that is in the file ---- */

static bool is_like(const struct core_note *a, const struct core_note *b, size_t head)
{
    return a->type == b->type && a->len == b->len && a->name_len == b->name_len &&
           memcmp(a->name, b->name, a->name_len) == 0 && memcmp(a->data, b->data, head) == 0;
}

/* Searches the notes of a segment. Returns as recording_find_note. */
static int search_notes(struct recording *r, const struct core_entry *e,
                        const struct core_note *wanted, size_t head, uint64_t *offset)
{
    struct core_note note;
    struct buf notes;
    int rc = 0;
    buf_init(&notes, RECORDING_NOTES_MAX);
    if (buf_resize(&notes, (size_t)e->size) != 0 ||
        !core_file_read(&r->file, e->offset, notes.data, notes.len))
        rc = recording_fail(r, "its notes cannot be read again");
    const uint8_t *at = notes.data;
    size_t left = rc == 0 ? notes.len : 0;
    while (rc == 0 && core_note_next(&r->file.machine, &at, &left, &note)) {
        rc = is_like(&note, wanted, head);
        *offset = e->offset + (size_t)(note.data - notes.data);
    }
    buf_free(&notes);
    return rc;
}

int recording_find_note(struct recording *r, const struct core_note *wanted, size_t head,
                        uint64_t *offset)
{
    const struct core_file *f = &r->file;
    size_t size = core_entry_size(f->machine.is64);
    uint8_t bytes[ELF_CORE_ENTRY];
    struct core_entry e;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < f->entries; i++) {
        if (!core_file_read(f, f->table + i * size, bytes, size))
            return recording_fail(r, "its headers cannot be read again");
        if (core_entry_decode(&f->machine, bytes, &e) && e.type == PT_NOTE)
            rc = search_notes(r, &e, wanted, head, offset);
    }
    return rc;
}

int recording_open(struct recording *r, const char *path, bool write)
{
    const char *why;
    recording_clear(r);
    if (core_file_open(&r->file, path, write, &why) != 0) {
        int error = errno;
        (void)recording_fail(r, why);
        recording_free(r);
        errno = error;
        return why != NULL ? NETGDB_PROTO : NETGDB_IO;
    }
    struct load l = {.r = r, .file = &r->file};
    buf_init(&l.notes, RECORDING_NOTES_MAX);
    int rc = load_headers(&l);
    buf_free(&l.notes);
    r->notes = l.notes_read;
    if (rc == NETGDB_NOMEM)
        (void)recording_fail(r, netgdb_strerror(rc));
    if (rc != 0)
        recording_free(r);
    return rc;
}
