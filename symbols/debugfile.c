/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Separate debug files; see debugfile.h. */
#include "symbols/debugfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/bfd_syms.h"

const char *const debugfile_roots[] = {"/usr/lib/debug", "/usr/local/lib/debug", NULL};

struct search {
    const char *const *roots;
    struct build_id id; /* the program's */
    const char *link;   /* name in .gnu_debuglink; NULL: none */
    uint32_t crc;
    char *dir; /* canonical, without a final '/' */
};

static bool has_crc(const struct elf_file *f, uint32_t wanted)
{
    uint8_t bytes[65536];
    uint32_t crc = 0;
    ssize_t got;
    for (uint64_t at = 0; (got = pread(f->fd, bytes, sizeof bytes, (off_t)at)) > 0;
         at += (uint64_t)got)
        crc = bfd_syms_crc32(crc, bytes, (size_t)got);
    return got == 0 && crc == wanted;
}

static bool is_debug_file_of(const struct search *s, const struct elf_file *f, bool linked)
{
    struct build_id id;
    elf_file_build_id(f, &id);
    if (id.len != 0 && s->id.len != 0)
        return id.len == s->id.len && memcmp(id.bytes, s->id.bytes, id.len) == 0;
    return linked && has_crc(f, s->crc);
}

/* Opens `path` if it is the debug file, and returns it. Takes ownership: frees it otherwise. */
static char *take_debugfile(const struct search *s, char *path, bool linked, struct elf_file *debug)
{
    const char *why;
    if (path == NULL)
        return NULL;
    if (elf_file_open(debug, path, &why) == 0) {
        if (is_debug_file_of(s, debug, linked))
            return path;
        elf_file_close(debug);
    }
    free(path);
    return NULL;
}

__attribute__((format(printf, 1, 2))) static char *format(const char *text, ...)
{
    char *path;
    va_list args;
    va_start(args, text);
    if (vasprintf(&path, text, args) < 0)
        path = NULL;
    va_end(args);
    return path;
}

static char *by_build_id(const struct search *s, struct elf_file *debug)
{
    char hex[2 * BUILD_ID_MAX + 1] = "";
    char *found = NULL;
    if (s->id.len < 2)
        return NULL;
    for (size_t i = 0; i < s->id.len; i++)
        snprintf(hex + 2 * i, 3, "%02x", s->id.bytes[i]);
    for (const char *const *root = s->roots; *root != NULL && found == NULL; root++)
        found = take_debugfile(s, format("%s/.build-id/%.2s/%s.debug", *root, hex, hex + 2), false,
                               debug);
    return found;
}

static char *by_link(const struct search *s, struct elf_file *debug)
{
    if (s->link == NULL || s->dir == NULL)
        return NULL;
    char *found = take_debugfile(s, format("%s/%s", s->dir, s->link), true, debug);
    if (found == NULL)
        found = take_debugfile(s, format("%s/.debug/%s", s->dir, s->link), true, debug);
    for (const char *const *root = s->roots; *root != NULL && found == NULL; root++)
        found = take_debugfile(s, format("%s%s/%s", *root, s->dir, s->link), true, debug);
    return found;
}

char *debugfile_open(const struct elf_file *program, const char *path, const char *const *roots,
                     struct elf_file *debug)
{
    struct search s = {.roots = roots, .dir = realpath(path, NULL)};
    if (s.dir != NULL)
        *strrchr(s.dir, '/') = '\0';
    elf_file_build_id(program, &s.id);
    s.link = elf_file_debuglink(program, &s.crc);
    char *found = by_build_id(&s, debug);
    if (found == NULL)
        found = by_link(&s, debug);
    free(s.dir);
    return found;
}
