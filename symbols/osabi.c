/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FreeBSD's OS ABI in gdb; see osabi.h. */
#include "symbols/osabi.h"

#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/find_elf.h"

#define COMMAND "set osabi none"
#define ANY_CHOICE                                                                                 \
    "set osabi" /* set by the user, or already added before gdb executed itself again */

/* gdb/osabi.c: the warning that a handler is missing. Every gdb has it, and no other program. */
#define IS_GDB "is not built into this configuration"

enum { SCAN_BLOCK = 256 * 1024, SCAN_OVERLAP = 64 };

_Static_assert(sizeof IS_GDB <= SCAN_OVERLAP && sizeof OSABI_FREEBSD_TEXT <= SCAN_OVERLAP,
               "a string on the edge of two blocks is found");

bool osabi_is_x86_freebsd(const char *path)
{
    unsigned char header[EI_NIDENT + 2 * sizeof(Elf64_Half)];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd >= 0 ? read(fd, header, sizeof header) : -1;
    if (fd >= 0)
        close(fd);
    if (got != sizeof header || memcmp(header, ELFMAG, SELFMAG) != 0 ||
        header[EI_OSABI] != ELFOSABI_FREEBSD || header[EI_DATA] != ELFDATA2LSB)
        return false;
    const unsigned char *e_machine = header + offsetof(Elf64_Ehdr, e_machine);
    unsigned machine = e_machine[0] | (unsigned)e_machine[1] << 8;
    return machine == EM_X86_64 || machine == EM_386;
}

static bool osabi_contains(const char *bytes, size_t len, const char *text)
{
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

/* Searches the whole file for both strings. */
static void osabi_scan(int fd, char *block, bool *is_gdb, bool *has_freebsd)
{
    size_t kept = 0;
    ssize_t got;
    while ((got = read(fd, block + kept, SCAN_BLOCK)) > 0) {
        size_t len = kept + (size_t)got;
        *is_gdb = *is_gdb || osabi_contains(block, len, IS_GDB);
        *has_freebsd = *has_freebsd || osabi_contains(block, len, OSABI_FREEBSD_TEXT);
        kept = len < SCAN_OVERLAP ? len : SCAN_OVERLAP;
        memmove(block, block + len - kept, kept);
    }
}

static void osabi_scan_file(const char *path, bool *is_gdb, bool *has_freebsd)
{
    *is_gdb = *has_freebsd = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *block = fd >= 0 ? malloc(SCAN_BLOCK + SCAN_OVERLAP) : NULL;
    if (block != NULL)
        osabi_scan(fd, block, is_gdb, has_freebsd);
    free(block);
    if (fd >= 0)
        close(fd);
}

bool osabi_is_gdb(const char *path)
{
    bool is_gdb, has_freebsd;
    osabi_scan_file(path, &is_gdb, &has_freebsd);
    return is_gdb;
}

bool osabi_is_missing(const char *path)
{
    bool is_gdb, has_freebsd;
    osabi_scan_file(path, &is_gdb, &has_freebsd);
    return is_gdb && !has_freebsd;
}

/* True if gdb's command line names an x86 FreeBSD file as executable or symbol file. */
static bool names_x86_freebsd(int argc, char **argv)
{
    bool found = false;
    for (unsigned i = 0; i < 2 && !found; i++) {
        enum find_elf which = i == 0 ? FIND_ELF_SYMBOLS : FIND_ELF_EXEC;
        char *file = find_elf_argv(argc, (const char *const *)argv, which);
        found = file != NULL && osabi_is_x86_freebsd(file);
        free(file);
    }
    return found;
}

static bool has_choice(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(argv[i], ANY_CHOICE) != NULL)
            return true;
    }
    return false;
}

char **osabi_arguments(const char *path, int argc, char **argv)
{
    static char option[] = "-iex", command[] = COMMAND;
    if (argc == 0 || has_choice(argc, argv) || !names_x86_freebsd(argc, argv) ||
        !osabi_is_missing(path))
        return NULL;
    char **longer = calloc((size_t)argc + 3, sizeof *longer);
    if (longer == NULL)
        return NULL;
    longer[0] = argv[0];
    longer[1] = option;
    longer[2] = command;
    memcpy(longer + 3, argv + 1, (size_t)(argc - 1) * sizeof *argv);
    return longer;
}
