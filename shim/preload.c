/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LD_PRELOAD: the debugger's children start without our entry. */
#include "shim/shim.h"

#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"
#include "session/report.h"
#include "symbols/osabi.h"

static const char our_name[] = "libnetgdb.so";

static const char *base_of(const char *path, size_t len, size_t *base_len)
{
    size_t at = len;
    while (at > 0 && path[at - 1] != '/')
        at--;
    *base_len = len - at;
    return path + at;
}

/* Copies `value` (of LD_PRELOAD) without our entries to out[size]. False: it has none. */
static bool remove_us(const char *value, char *out, size_t size)
{
    bool found = false;
    size_t used = 0;
    out[0] = '\0';
    while (*value != '\0') {
        size_t len = strcspn(value, ": "), base_len;
        const char *base = base_of(value, len, &base_len);
        bool ours = base_len == sizeof our_name - 1 && memcmp(base, our_name, base_len) == 0;
        found |= ours;
        if (!ours && len != 0) {
            int n =
                snprintf(out + used, size - used, "%s%.*s", used != 0 ? ":" : "", (int)len, value);
            if (n < 0 || (size_t)n >= size - used)
                return false; /* too long: keep the variable */
            used += (size_t)n;
        }
        value += len + (value[len] != '\0');
    }
    return found;
}

/* gdb/main.c, print_gdb_help: the first words of `gdb --help`, since gdb 4. */
static const char gdb_text[] = "This is the GNU debugger.";

/* What the program is, by its texts: searched once, for that takes a few ms. */
static struct program {
    bool gdb;
    bool freebsd; /* it has FreeBSD's OS ABI */
} searched;

static bool segment_has(const void *start, size_t len, const char *text)
{
    return memmem(start, len, text, strlen(text)) != NULL;
}

/* dl_iterate_phdr(3) begins with the program: searches its read-only segments, then stops. */
static int search_program(struct dl_phdr_info *program, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (size_t i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &program->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & (PF_R | PF_W)) != PF_R)
            continue;
        const void *start = (const void *)(uintptr_t)(program->dlpi_addr + segment->p_vaddr);
        searched.gdb |= segment_has(start, segment->p_filesz, gdb_text);
        searched.freebsd |= segment_has(start, segment->p_filesz, OSABI_FREEBSD_TEXT);
    }
    return 1;
}

static void search_this_program(void)
{
    (void)dl_iterate_phdr(search_program, NULL);
}

static const struct program *this_program(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, search_this_program);
    return &searched;
}

/* lldb, lldb-14; not lldb-server. */
static bool is_lldb(const char *base)
{
    return strncmp(base, "lldb", 4) == 0 && base[4 + strspn(base + 4, "-.0123456789")] == '\0';
}

/*
 * gdb is recognized by its text, because front ends have any name: cgdb, a wrapper called my-gdb or
 * even gdb. LLDB's program is small, and its name is fixed.
 */
static bool is_gdb(const char *path)
{
    size_t len;
    return strstr(base_of(path, strlen(path), &len), "gdb") != NULL && this_program()->gdb;
}

static bool is_debugger(const char *path)
{
    size_t len;
    return is_lldb(base_of(path, strlen(path), &len)) || is_gdb(path);
}

bool preload_osabi_missing(void)
{
    char path[PATH_MAX];
    return os_program_path(path) && is_gdb(path) && !this_program()->freebsd;
}

void preload_osabi(int argc, char **argv)
{
    char path[PATH_MAX];
    if (!os_program_path(path) || !is_gdb(path))
        return;
    char **arguments = osabi_arguments(os_program(), argc, argv);
    if (arguments == NULL)
        return;
    (void)execv(path, arguments);
    (void)execv(os_program(), arguments); /* its file was removed or replaced */
    free(arguments);
}

void preload_clean(void)
{
    char path[PATH_MAX];
    const char *value = getenv("LD_PRELOAD");
    if (value == NULL || !os_program_path(path))
        return;
    size_t size = strlen(value) + 1;
    char *rest = malloc(size);
    if (rest == NULL)
        return;
    if (is_debugger(path) && remove_us(value, rest, size)) {
        (void)unsetenv(REPORT_VARIABLE);
        if (rest[0] != '\0')
            (void)setenv("LD_PRELOAD", rest, 1);
        else
            (void)unsetenv("LD_PRELOAD");
    }
    free(rest);
}
