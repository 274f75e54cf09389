/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any bytes as an ELF file, for everything that symbols/ reads. The result is a table
 * in which every symbol is found, or an error with a reason.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/debugfile.h"
#include "symbols/symtab.h"
#include "tests/fuzz/fuzz.h"

/* Every symbol is found by name; the symbol found by its address begins at or before that. */
static void look_up(const struct symtab *t)
{
    for (size_t i = 0; i < symtab_count(t); i++) {
        struct symbol s, found;
        symtab_nth(t, i, &s);
        MUST(symtab_find(t, s.name, &found) != 0);
        if (symtab_at(t, s.address, &found))
            MUST(found.address <= s.address);
        regions_kind(symtab_regions(t), s.address, s.size);
    }
}

static void read_rest(const char *path)
{
    static const char *const roots[] = {"/nonexistent", NULL};
    struct elf_file f, debug;
    struct build_id id;
    const char *why = NULL;
    uint8_t bytes[64];
    uint32_t crc;
    if (elf_file_open(&f, path, &why) != 0) {
        MUST(why != NULL);
        return;
    }
    elf_file_build_id(&f, &id);
    elf_file_debuglink(&f, &crc);
    elf_file_contents(&f, elf_file_base(&f), bytes, sizeof bytes);
    char *found = debugfile_open(&f, path, roots, &debug);
    if (found != NULL)
        elf_file_close(&debug);
    free(found);
    elf_file_close(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("elf", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct symtab *t = symtab_open(path, NULL);
    if (t != NULL)
        look_up(t);
    symtab_free(t);
    read_rest(path);
    close(fd);
    return 0;
}
