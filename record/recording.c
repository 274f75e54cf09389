/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session has read; see recording.h. */
#include "record/recording.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "record/recording_private.h"

enum { COPY = 64 * 1024, NOTE_ID_MAX = 64 };

void recording_clear(struct recording *r)
{
    *r = (struct recording){.file = {.fd = -1}, .last = SIZE_MAX, .limit = RECORDING_BARE_MAX};
    answers_init(&r->answers);
    buf_init(&r->note, ANSWER_BYTES_MAX + 2 * ANSWER_KEY_MAX);
    buf_init(&r->old, COPY);
}

int recording_init(struct recording *r)
{
    recording_clear(r);
    return core_file_bare(&r->file) == 0 ? 0 : NETGDB_IO;
}

void recording_free(struct recording *r)
{
    core_file_close(&r->file);
    ranges_free(&r->memory);
    answers_free(&r->answers);
    buf_free(&r->note);
    buf_free(&r->old);
}

bool recording_is_saved(const struct recording *r)
{
    return r->file.path != NULL;
}

int recording_fail(struct recording *r, const char *why)
{
    (void)snprintf(r->why, sizeof r->why, "%s", why != NULL ? why : strerror(errno));
    return NETGDB_IO;
}

static const char *why_not_written(void)
{
    return errno == EMLINK      ? "it has more separate pieces of memory than a core can have"
           : errno == EOVERFLOW ? "an address does not fit into a core of this machine"
                                : NULL;
}

/* ---- memory ---- */

static void forget_memory(struct recording *r)
{
    ranges_free(&r->memory);
    r->last = SIZE_MAX;
    r->bytes = 0;
}

/* Drops all memory that is held without a file. */
static int drop_memory(struct recording *r)
{
    forget_memory(r);
    core_file_close(&r->file);
    return core_file_bare(&r->file) == 0 ? 0 : recording_fail(r, NULL);
}

static int record_memory(struct recording *r, uint64_t address, const uint8_t *bytes, size_t len)
{
    struct range added, *last = r->last < r->memory.n ? &r->memory.list[r->last] : NULL;
    CHECK(r->last == SIZE_MAX || r->last < r->memory.n);
    if (r->file.bare && r->bytes + len > r->limit) {
        int rc = drop_memory(r);
        if (rc != 0)
            return rc;
        last = NULL;
    }
    if (core_file_add_memory(&r->file, address, bytes, len, last, &added) != 0)
        return recording_fail(r, why_not_written());
    if (added.len != 0)
        r->last = ranges_insert(&r->memory, &added);
    r->bytes += len;
    return added.len == 0 || r->last != SIZE_MAX ? 0
                                                 : recording_fail(r, netgdb_strerror(NETGDB_NOMEM));
}

/* Overwrites recorded bytes if they differ. */
static int renew_memory(struct recording *r, uint64_t offset, const uint8_t *bytes, size_t len)
{
    uint8_t old[4096];
    for (size_t done = 0; done < len;) {
        size_t n = len - done < sizeof old ? len - done : sizeof old;
        if ((!core_file_read(&r->file, offset + done, old, n) ||
             memcmp(old, bytes + done, n) != 0) &&
            core_file_write(&r->file, offset + done, bytes + done, n) != 0)
            return recording_fail(r, NULL);
        done += n;
    }
    return 0;
}

int recording_put_memory(struct recording *r, uint64_t address, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    int rc = 0;
    uint64_t top = r->file.bare || r->file.machine.is64 ? UINT64_MAX : UINT32_MAX;
    if (len != 0 && address <= top && len - 1 > top - address)
        len = (size_t)(top - address) + 1; /* it does not wrap */
    while (rc == 0 && len != 0) {
        size_t i = ranges_find(&r->memory, address), n = len;
        const struct range *next = i < r->memory.n ? &r->memory.list[i] : NULL;
        bool known = next != NULL && next->address <= address;
        uint64_t up_to = next == NULL ? n
                         : known      ? next->len - (address - next->address)
                                      : next->address - address;
        if (up_to < n)
            n = (size_t)up_to;
        rc = known ? renew_memory(r, next->offset + (address - next->address), at, n)
                   : record_memory(r, address, at, n);
        address += n;
        at += n;
        len -= n;
    }
    return rc;
}

uint64_t recording_known(const struct recording *r, uint64_t address, uint64_t len, uint64_t *gap)
{
    uint64_t known = 0;
    size_t i = ranges_find(&r->memory, address);
    *gap = 0;
    if (!ranges_has(&r->memory, i, address)) {
        *gap = i < r->memory.n && r->memory.list[i].address - address < len
                   ? r->memory.list[i].address - address
                   : len;
        return 0;
    }
    while (known < len && ranges_has(&r->memory, i, address + known)) {
        const struct range *range = &r->memory.list[i++];
        known += range->len - (address + known - range->address);
        if (address + known == 0)
            break; /* the end of the address space */
    }
    return known < len ? known : len;
}

size_t recording_read(const struct recording *r, uint64_t address, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    size_t i = ranges_find(&r->memory, address), done = 0;
    while (done < len && ranges_has(&r->memory, i, address + done)) {
        const struct range *range = &r->memory.list[i++];
        uint64_t skip = address + done - range->address;
        size_t n = range->len - skip < len - done ? (size_t)(range->len - skip) : len - done;
        if (!core_file_read(&r->file, range->offset + skip, at + done, n))
            break;
        done += n;
        if (address + done == 0)
            break;
    }
    return done;
}

/* ---- exchanges ---- */

static int add_note(struct recording *r, const char *name, uint32_t type, const void *data,
                    size_t len)
{
    buf_reset(&r->note);
    int rc = core_note_add(&r->note, &r->file.machine, name, type, data, len);
    if (rc != 0)
        return recording_fail(r, netgdb_strerror(rc));
    if (r->note.len > RECORDING_NOTES_MAX - r->notes)
        return recording_fail(r, "it has as many notes as can be read again");
    if (core_file_add_note(&r->file, r->note.data, r->note.len) != 0)
        return recording_fail(r, why_not_written());
    r->notes += r->note.len;
    CHECK(r->notes <= RECORDING_NOTES_MAX);
    return 0;
}

/* A build-id is also the note that other readers know. */
static int write_build_id(struct recording *r, struct bytes hex)
{
    struct buf id;
    buf_init(&id, NOTE_ID_MAX);
    int rc = rsp_unhex(&id, hex.data, hex.len);
    if (rc == 0)
        rc = add_note(r, "GNU", NT_GNU_BUILD_ID, id.data, id.len);
    buf_free(&id);
    return rc;
}

static bool is_build_id(const struct answer *a)
{
    const struct bytes name = bytes_of(RECORDING_BUILD_ID);
    return a->request.len == name.len && memcmp(a->request.data, name.data, name.len) == 0;
}

static int write_exchange(void *context, const struct answer *a)
{
    struct recording *r = context;
    const struct bytes *parts[] = {&a->thread, &a->request, &a->output, &a->reply};
    const bool big = r->file.machine.big;
    uint8_t numbers[EXCHANGE_NUMBERS * 4];
    struct buf data;
    buf_init(&data, r->note.max);
    core_number_put(numbers, 4, big, a->of_stop ? EXCHANGE_OF_STOP : 0);
    for (unsigned i = 0; i < 4; i++)
        core_number_put(numbers + 4 + 4 * (size_t)i, 4, big, parts[i]->len);
    (void)buf_add(&data, numbers, sizeof numbers);
    for (unsigned i = 0; i < 4; i++)
        (void)buf_add(&data, parts[i]->data, parts[i]->len);
    int rc = data.error != 0 ? recording_fail(r, netgdb_strerror(data.error))
                             : add_note(r, CORE_NOTE_NAME, CORE_NOTE_EXCHANGE, data.data, data.len);
    buf_free(&data);
    return rc == 0 && is_build_id(a) ? write_build_id(r, a->reply) : rc;
}

int recording_put(struct recording *r, const struct answer *answer)
{
    int change = answers_put(&r->answers, answer);
    if (change < 0)
        return recording_fail(r, change == NETGDB_TOO_LONG
                                     ? "there are more answers than the limits allow"
                                     : netgdb_strerror(change));
    if (change == ANSWER_SAME || !recording_is_saved(r))
        return change;
    int rc = write_exchange(r, answer);
    return rc == 0 ? change : rc;
}

int recording_put_note(struct recording *r, const char *name, uint32_t type, const void *data,
                       size_t len)
{
    return recording_is_saved(r) ? add_note(r, name, type, data, len) : 0;
}

int recording_renew_note(struct recording *r, const char *name, uint32_t type, const void *data,
                         size_t len, size_t head)
{
    const struct core_note note = {name, strlen(name), type, data, len};
    uint64_t offset;
    CHECK_OR_RETURN(head <= len);
    if (!recording_is_saved(r))
        return 0;
    int rc = recording_find_note(r, &note, head, &offset);
    if (rc == 1)
        return core_file_write(&r->file, offset, data, len) == 0 ? 0 : recording_fail(r, NULL);
    return rc == 0 ? recording_put_note(r, name, type, data, len) : rc;
}

bool recording_find(const struct recording *r, struct bytes thread, const char *request,
                    struct answer *answer)
{
    return answers_find(&r->answers, thread, bytes_of(request), answer);
}

/* ---- the file ---- */

/* Copies the recorded memory into another file, whose ranges go to *copy. */
static int copy_memory(struct recording *r, struct recording *copy)
{
    for (size_t i = 0; i < r->memory.n; i++) {
        const struct range *range = &r->memory.list[i];
        for (uint64_t done = 0; done < range->len;) {
            size_t n = range->len - done < COPY ? (size_t)(range->len - done) : COPY;
            (void)buf_resize(&r->old, n);
            if (r->old.error != 0 ||
                !core_file_read(&r->file, range->offset + done, r->old.data, n))
                return recording_fail(r, NULL);
            int rc = recording_put_memory(copy, range->address + done, r->old.data, n);
            if (rc != 0)
                return recording_fail(r, copy->why);
            done += n;
        }
    }
    return 0;
}

/* Makes the file of `to` the one of `r`. */
static void recording_take_file(struct recording *r, struct recording *to)
{
    struct core_file old = r->file;
    struct ranges memory = r->memory;
    r->file = to->file;
    r->memory = to->memory;
    r->last = to->last;
    r->bytes = to->bytes;
    r->notes = to->notes;
    to->file = old;
    to->memory = memory;
}

/* Writes all that is recorded into the file of `to`. */
static int copy_all(struct recording *r, struct recording *to)
{
    int rc = answers_each(&r->answers, write_exchange, to);
    if (rc != 0)
        (void)recording_fail(r, to->why);
    return rc == 0 ? copy_memory(r, to) : rc;
}

int recording_save(struct recording *r, const char *path, const struct core_machine *machine)
{
    struct recording to;
    const char *why;
    recording_clear(&to);
    if (core_file_create(&to.file, path, machine, &r->file, &why) != 0)
        return recording_fail(r, why);
    to.notes = to.file.last_notes.size;
    int rc = copy_all(r, &to);
    if (rc == 0 && core_file_commit(&to.file) != 0)
        rc = recording_fail(r, NULL);
    if (rc == 0)
        recording_take_file(r, &to);
    recording_free(&to);
    return rc;
}

static int put_again(void *context, const struct answer *a)
{
    int rc = recording_put(context, a);
    return rc < 0 ? rc : 0;
}

int recording_continue(struct recording *r, const char *path)
{
    struct recording to;
    int rc = recording_open(&to, path, true);
    if (rc != 0)
        return recording_fail(r, to.why);
    rc = answers_each(&r->answers, put_again, &to);
    if (rc == 0)
        rc = copy_memory(r, &to);
    if (rc == 0) {
        recording_take_file(r, &to);
        answers_swap(&r->answers, &to.answers);
    } else if (to.why[0] != '\0') {
        (void)recording_fail(r, to.why);
    }
    recording_free(&to);
    return rc;
}

static bool is_of_stop(const struct answer *a)
{
    return a->of_stop;
}

int recording_new_stop(struct recording *r)
{
    answers_forget(&r->answers, is_of_stop);
    if (!recording_is_saved(r))
        return r->bytes != 0 ? drop_memory(r) : 0;
    forget_memory(r);
    const struct core_machine machine = r->file.machine;
    char *path = strdup(r->file.path);
    int rc = path != NULL ? recording_save(r, path, &machine) : recording_fail(r, NULL);
    free(path);
    return rc;
}

void recording_stop_saving(struct recording *r)
{
    (void)drop_memory(r);
}
