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

/* The OS ABI of kgdb, and of a gdb built with it: it loads modules, and unwinds trap frames. */
#define KERNEL_ABI "FreeBSD/kernel"

/* gdb/osabi.c: the warning that a handler is missing. Every gdb has it, and no other program. */
#define IS_GDB "is not built into this configuration"

enum { SCAN_BLOCK = 256 * 1024, SCAN_OVERLAP = 64 };

_Static_assert(sizeof IS_GDB <= SCAN_OVERLAP && sizeof KERNEL_ABI <= SCAN_OVERLAP &&
                   sizeof OSABI_FREEBSD_TEXT <= SCAN_OVERLAP,
               "a string on the edge of two blocks is found");

/* The start of an ELF file, as long as a 64-bit header; of a 32-bit file that is more than its
 * header. */
struct osabi_header {
    unsigned char bytes[sizeof(Elf64_Ehdr)];
    unsigned machine;
};

/* Reads a little-endian file with FreeBSD's OS ABI. */
static bool osabi_read_header(const char *path, struct osabi_header *h)
{
    const unsigned char *machine = h->bytes + offsetof(Elf64_Ehdr, e_machine);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd >= 0 ? read(fd, h->bytes, sizeof h->bytes) : -1;
    if (fd >= 0)
        close(fd);
    if (got != sizeof h->bytes || memcmp(h->bytes, ELFMAG, SELFMAG) != 0)
        return false;
    h->machine = machine[0] | (unsigned)machine[1] << 8;
    return h->bytes[EI_OSABI] == ELFOSABI_FREEBSD && h->bytes[EI_DATA] == ELFDATA2LSB;
}

bool osabi_is_x86_freebsd(const char *path)
{
    struct osabi_header h;
    return osabi_read_header(path, &h) && (h.machine == EM_X86_64 || h.machine == EM_386);
}

/* A kernel starts in the upper half of the addresses. */
static bool is_amd64_kernel(const char *path)
{
    struct osabi_header h;
    return osabi_read_header(path, &h) && h.machine == EM_X86_64 &&
           h.bytes[EI_CLASS] == ELFCLASS64 &&
           (h.bytes[offsetof(Elf64_Ehdr, e_entry) + sizeof(Elf64_Addr) - 1] & 0x80) != 0;
}

static bool osabi_contains(const char *bytes, size_t len, const char *text)
{
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

/* What a program's file contains. */
struct osabi_texts {
    bool is_gdb, freebsd, freebsd_kernel;
};

static void osabi_scan(int fd, char *block, struct osabi_texts *found)
{
    size_t kept = 0;
    ssize_t got;
    while ((got = read(fd, block + kept, SCAN_BLOCK)) > 0) {
        size_t len = kept + (size_t)got;
        found->is_gdb = found->is_gdb || osabi_contains(block, len, IS_GDB);
        found->freebsd = found->freebsd || osabi_contains(block, len, OSABI_FREEBSD_TEXT);
        found->freebsd_kernel = found->freebsd_kernel || osabi_contains(block, len, KERNEL_ABI);
        kept = len < SCAN_OVERLAP ? len : SCAN_OVERLAP;
        memmove(block, block + len - kept, kept);
    }
}

static struct osabi_texts osabi_scan_file(const char *path)
{
    struct osabi_texts found = {false, false, false};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *block = fd >= 0 ? malloc(SCAN_BLOCK + SCAN_OVERLAP) : NULL;
    if (block != NULL)
        osabi_scan(fd, block, &found);
    free(block);
    if (fd >= 0)
        close(fd);
    return found;
}

bool osabi_is_gdb(const char *path)
{
    return osabi_scan_file(path).is_gdb;
}

bool osabi_is_missing(const char *path)
{
    struct osabi_texts found = osabi_scan_file(path);
    return found.is_gdb && !found.freebsd;
}

/* True if gdb's command line names such a file as executable or symbol file. */
static bool names_file(int argc, char **argv, bool (*is_such)(const char *path))
{
    bool found = false;
    for (unsigned i = 0; i < 2 && !found; i++) {
        enum find_elf which = i == 0 ? FIND_ELF_SYMBOLS : FIND_ELF_EXEC;
        char *file = find_elf_argv(argc, (const char *const *)argv, which);
        found = file != NULL && is_such(file);
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

/* See osabi.h: gdb misreads the file, or loads no modules. */
static bool needs_none(const char *path, int argc, char **argv)
{
    if (!names_file(argc, argv, osabi_is_x86_freebsd))
        return false;
    struct osabi_texts gdb = osabi_scan_file(path);
    return gdb.is_gdb &&
           (!gdb.freebsd || (!gdb.freebsd_kernel && names_file(argc, argv, is_amd64_kernel)));
}

char **osabi_arguments(const char *path, int argc, char **argv)
{
    static char option[] = "-iex", command[] = COMMAND;
    if (argc == 0 || has_choice(argc, argv) || !needs_none(path, argc, argv))
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
