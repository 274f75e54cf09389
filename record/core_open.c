/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and creating cores; see core_file.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/core_file.h"

#define TEMPORARY_SUFFIX ".new"

enum { FIRST_NOTE_MAX = 64 };

static const char not_ours[] = "it exists and is not a core of netgdb: it is not overwritten";
static const char another_session[] = "another session writes to it";

int core_file_bare(struct core_file *f)
{
    *f = (struct core_file){.fd = memfd_create("netgdb recording", MFD_CLOEXEC), .bare = true};
    return f->fd >= 0 ? 0 : -1;
}

/* ---- existing files ---- */

/* Whether the first entry is notes that begin with ours. */
static bool begins_with_our_note(const struct core_file *f)
{
    uint8_t bytes[ELF_CORE_ENTRY], notes[FIRST_NOTE_MAX] = {0};
    const uint8_t *at = notes;
    struct core_entry e;
    struct core_note note;
    size_t len = sizeof notes;
    if (f->entries == 0 || !core_file_read(f, f->table, bytes, core_entry_size(f->machine.is64)) ||
        !core_entry_decode(&f->machine, bytes, &e) || e.type != PT_NOTE)
        return false;
    if (e.size < len)
        len = (size_t)e.size;
    return core_file_read(f, e.offset, notes, len) &&
           core_note_next(&f->machine, &at, &len, &note) && note.type == CORE_NOTE_RECORDING &&
           note.name_len == sizeof CORE_NOTE_NAME - 1 &&
           memcmp(note.name, CORE_NOTE_NAME, note.name_len) == 0 && note.len == 4 &&
           core_number_get(note.data, 4, f->machine.big) == CORE_NOTE_VERSION;
}

/* Reads the headers of f->fd. Returns whether it is a core of ours. */
static bool read_headers(struct core_file *f, uint64_t size)
{
    uint8_t bytes[ELF_CORE_HEADER] = {0};
    struct core_header h;
    size_t len = size < sizeof bytes ? (size_t)size : sizeof bytes;
    if (!core_file_read(f, 0, bytes, len) || !core_header_decode(bytes, len, &h))
        return false;
    f->machine = h.machine;
    f->table = h.table;
    f->entries = f->capacity = h.entries;
    f->end = size;
    uint64_t table = (uint64_t)h.entries * core_entry_size(h.machine.is64);
    return h.entries <= ELF_CORE_ENTRIES_MAX && table <= size && h.table <= size - table &&
           begins_with_our_note(f);
}

/* Opens and locks a regular file. */
static int open_locked(struct core_file *f, const char *path, bool write, struct stat *st,
                       const char **why)
{
    int flags = (write ? O_RDWR | O_NOFOLLOW : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    *f = (struct core_file){.fd = open(path, flags)};
    /* O_NOFOLLOW: ELOOP by POSIX, EMLINK on FreeBSD */
    *why = errno == ELOOP || errno == EMLINK ? "it is a symbolic link" : NULL;
    if (f->fd < 0)
        return -1;
    *why = NULL;
    if (fstat(f->fd, st) != 0)
        return -1;
    errno = EINVAL;
    *why = "it is not a regular file";
    if (!S_ISREG(st->st_mode))
        return -1;
    *why = another_session;
    return !write || flock(f->fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -1;
}

static bool is_same_file(const struct core_file *f, const struct stat *st)
{
    struct stat own;
    return f != NULL && f->fd >= 0 && fstat(f->fd, &own) == 0 && own.st_dev == st->st_dev &&
           own.st_ino == st->st_ino;
}

/* Whether the open file has this name. */
static bool has_name(const struct core_file *f, const char *name)
{
    struct stat st;
    return lstat(name, &st) == 0 && is_same_file(f, &st);
}

/* Whether another session is about to give its new file this name: it has locked that. It looks for
 * our lock afterwards. */
static bool is_being_replaced(const char *path)
{
    char *temporary;
    if (asprintf(&temporary, "%s" TEMPORARY_SUFFIX, path) < 0)
        return true;
    int fd = open(temporary, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (fd >= 0)
        close(fd);
    free(temporary);
    return locked;
}

int core_file_open(struct core_file *f, const char *path, bool write, const char **why)
{
    struct stat st;
    int rc = open_locked(f, path, write, &st, why);
    if (rc == 0 && write && (!has_name(f, path) || is_being_replaced(path))) {
        *why = another_session; /* what we would write has no name, or will have none */
        errno = EWOULDBLOCK;
        rc = -1;
    }
    if (rc == 0 && (st.st_size < 0 || !read_headers(f, (uint64_t)st.st_size))) {
        *why = "it is not a core of netgdb";
        errno = EINVAL;
        rc = -1;
    }
    if (rc == 0 && write)
        rc = (f->path = strdup(path)) != NULL ? 0 : -1;
    if (rc != 0) {
        int error = errno;
        core_file_close(f);
        errno = error;
    }
    return rc;
}

/* Whether a file may take this name. Sets *exists. Else errno and *why. */
static bool may_replace(const char *path, const struct core_file *previous, bool *exists,
                        const char **why)
{
    struct core_file old;
    struct stat st;
    bool good;
    *exists = lstat(path, &st) == 0;
    if (!*exists)
        return errno == ENOENT;
    if (is_same_file(previous, &st))
        return true;
    if (open_locked(&old, path, true, &st, why) != 0) {
        good = false;
    } else if (st.st_uid != geteuid()) {
        *why = "it belongs to another user";
        good = false;
    } else {
        good = st.st_size == 0 || read_headers(&old, (uint64_t)st.st_size);
        *why = not_ours;
    }
    core_file_close(&old);
    if (!good)
        errno = EEXIST;
    return good;
}

/* ---- new files ---- */

/* Whether it is a core without an entry: all that could be written of a new one. */
static bool is_bare_header(const struct core_file *f)
{
    return f->end != 0 && f->entries == 0;
}

/* Removes what a session left that was killed before it could give a file its name. */
static void remove_left_over(const char *temporary)
{
    struct core_file left = {.fd = open(temporary, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat st;
    if (left.fd >= 0 && fstat(left.fd, &st) == 0 && S_ISREG(st.st_mode) &&
        flock(left.fd, LOCK_EX | LOCK_NB) == 0 && has_name(&left, temporary) &&
        (st.st_size == 0 || read_headers(&left, (uint64_t)st.st_size) || is_bare_header(&left)))
        (void)unlink(temporary);
    core_file_close(&left);
}

static int open_temporary(struct core_file *f, const char *path)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    char *temporary;
    f->path = strdup(path);
    if (f->path == NULL || asprintf(&temporary, "%s" TEMPORARY_SUFFIX, path) < 0)
        return -1;
    f->fd = open(temporary, flags, 0600);
    if (f->fd < 0 && errno == EEXIST) {
        remove_left_over(temporary);
        f->fd = open(temporary, flags, 0600);
    }
    /* Before the lock, another session may take it for a left-over. */
    bool ours = f->fd >= 0 && flock(f->fd, LOCK_EX | LOCK_NB) == 0;
    if (ours && !has_name(f, temporary)) {
        errno = EWOULDBLOCK;
        ours = false;
    }
    int error = errno;
    if (f->fd >= 0 && !ours && error != EWOULDBLOCK)
        (void)unlink(temporary); /* there are no locks here */
    if (ours)
        f->temporary = temporary; /* it is ours to remove */
    else
        free(temporary);
    errno = error;
    return ours ? 0 : -1;
}

/* The header, and the first note, which says that the file is ours. */
static int begin_core(struct core_file *f)
{
    const struct core_header empty = {f->machine, 0, 0};
    uint8_t version[4], header[ELF_CORE_HEADER];
    struct buf note;
    core_number_put(version, sizeof version, f->machine.big, CORE_NOTE_VERSION);
    buf_init(&note, FIRST_NOTE_MAX);
    f->end = ELF_CORE_HEADER;
    core_header_encode(&empty, header);
    if (core_file_write(f, 0, header, core_header_size(f->machine.is64)) != 0)
        return -1;
    int rc = core_note_add(&note, &f->machine, CORE_NOTE_NAME, CORE_NOTE_RECORDING, version,
                           sizeof version);
    if (rc != 0)
        errno = ENOMEM;
    if (rc == 0)
        rc = core_file_add_note(f, note.data, note.len);
    buf_free(&note);
    return rc == 0 ? 0 : -1;
}

int core_file_create(struct core_file *f, const char *path, const struct core_machine *machine,
                     const struct core_file *previous, const char **why)
{
    bool exists;
    *f = (struct core_file){.fd = -1, .machine = *machine};
    *why = NULL;
    if (!may_replace(path, previous, &exists, why))
        return -1;
    *why = NULL;
    /* Until now, another session may have given a file the name. */
    if (open_temporary(f, path) == 0 && may_replace(path, previous, &exists, why)) {
        *why = NULL;
        if (begin_core(f) == 0)
            return 0;
    }
    int error = errno;
    if (error == EWOULDBLOCK && *why == NULL)
        *why = another_session;
    core_file_close(f);
    errno = error;
    return -1;
}

int core_file_commit(struct core_file *f)
{
    if (rename(f->temporary, f->path) != 0)
        return -1;
    free(f->temporary);
    f->temporary = NULL;
    return 0;
}
