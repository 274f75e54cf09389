/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture that makes eBPF objects section by section, loads and runs them. */
#ifndef NETGDB_TESTS_EBPF_OBJECT_H
#define NETGDB_TESTS_EBPF_OBJECT_H

#include "tests/unit/unit.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "ebpf/load.h"
#include "ebpf/maps.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"

enum { SECTIONS_MAX = 16, SYMBOLS_MAX = 16, BYTES_MAX = 1024, EM_EBPF = 247 };

/* An object under construction. */
struct object {
    Elf64_Shdr section[SECTIONS_MAX];
    uint8_t bytes[SECTIONS_MAX][BYTES_MAX];
    unsigned sections;
    Elf64_Sym symbol[SYMBOLS_MAX];
    unsigned symbols;
    char names[512];
    size_t names_len;
};

static struct object o;
static uint8_t file[64 * 1024];
static size_t file_size;

static inline uint32_t name(const char *text)
{
    uint32_t at = (uint32_t)o.names_len;
    strcpy(o.names + at, text);
    o.names_len += strlen(text) + 1;
    return at;
}

static inline unsigned section(const char *text, uint32_t type, uint64_t flags, const void *bytes,
                               size_t size)
{
    unsigned i = o.sections++;
    o.section[i] = (Elf64_Shdr){.sh_name = name(text),
                                .sh_type = type,
                                .sh_flags = flags,
                                .sh_size = size,
                                .sh_addralign = 8};
    if (bytes != NULL)
        memcpy(o.bytes[i], bytes, size);
    return i;
}

static inline unsigned symbol(const char *text, unsigned type, unsigned in, uint64_t value,
                              uint64_t size)
{
    unsigned i = o.symbols++;
    o.symbol[i] =
        (Elf64_Sym){.st_name = name(text),
                    .st_info = (uint8_t)ELF64_ST_INFO(type == STT_SECTION ? 0U : 1U, type),
                    .st_shndx = (Elf64_Half)in,
                    .st_value = value,
                    .st_size = size};
    return i;
}

static inline void relocation(unsigned in, uint64_t offset, unsigned type, unsigned to)
{
    unsigned i = section(".rel", SHT_REL, SHF_INFO_LINK, NULL, sizeof(Elf64_Rel));
    Elf64_Rel r = {offset, ELF64_R_INFO((uint64_t)to, type)};
    memcpy(o.bytes[i], &r, sizeof r);
    o.section[i].sh_info = in;
    o.section[i].sh_entsize = sizeof r;
}

static inline void rela(unsigned in, uint64_t offset, unsigned type, unsigned to, int64_t addend)
{
    unsigned i = section(".rela", SHT_RELA, SHF_INFO_LINK, NULL, sizeof(Elf64_Rela));
    Elf64_Rela r = {offset, ELF64_R_INFO((uint64_t)to, type), addend};
    memcpy(o.bytes[i], &r, sizeof r);
    o.section[i].sh_info = in;
    o.section[i].sh_entsize = sizeof r;
}

/* An object without a .comment, or of that version of gcc. */
static inline void begin_of(const char *gcc)
{
    memset(&o, 0, sizeof o);
    o.sections = o.symbols = 1;
    o.names_len = 1;
    if (gcc != NULL)
        section(".comment", SHT_PROGBITS, 0, gcc, strlen(gcc) + 1);
}

static inline void begin(bool gnu)
{
    begin_of(gnu ? "GCC: (12.2.0) 12.2.0" : NULL);
}

static inline unsigned code(const char *text, const uint64_t *insns, size_t size)
{
    return section(text, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, insns, size);
}

#define CODE(text, ...)                                                                            \
    code(text, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}))

/* Writes the object into file. */
static inline void finish(void)
{
    unsigned table = section(".symtab", SHT_SYMTAB, 0, o.symbol, o.symbols * sizeof o.symbol[0]);
    o.section[table].sh_entsize = sizeof o.symbol[0];
    o.section[table].sh_link = o.sections;
    o.section[table].sh_info = 1;
    unsigned strings = section(".strtab", SHT_STRTAB, 0, NULL, 0);
    o.section[strings].sh_size = o.names_len;
    memcpy(o.bytes[strings], o.names, o.names_len);
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = EM_EBPF,
        .e_version = EV_CURRENT,
        .e_shoff = sizeof e,
        .e_ehsize = sizeof e,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (Elf64_Half)o.sections,
        .e_shstrndx = (Elf64_Half)strings};
    size_t at = sizeof e + o.sections * sizeof(Elf64_Shdr);
    memset(file, 0, sizeof file);
    for (unsigned i = 1; i < o.sections; i++) {
        Elf64_Shdr *h = &o.section[i];
        h->sh_offset = at;
        if (h->sh_type == SHT_REL || h->sh_type == SHT_RELA)
            h->sh_link = table;
        if (h->sh_type == SHT_NOBITS)
            continue;
        memcpy(file + at, o.bytes[i], (size_t)h->sh_size);
        at += (size_t)(h->sh_size + 7) / 8 * 8;
    }
    memcpy(file, &e, sizeof e);
    memcpy(file + sizeof e, o.section, o.sections * sizeof(Elf64_Shdr));
    file_size = at;
}

static inline struct ebpf_image *load_with(const struct ebpf_load_options *options)
{
    char error[EBPF_ERROR_TEXT];
    struct ebpf_image *image = NULL;
    finish();
    if (ebpf_load(&image, file, file_size, "dir/object.o", options, error) != 0)
        fail_msg("not loaded: %s", error);
    return image;
}

static inline void expect_error(const struct ebpf_load_options *options, const char *part)
{
    char error[EBPF_ERROR_TEXT];
    struct ebpf_image *image;
    finish();
    assert_int_equal(ebpf_load(&image, file, file_size, "object.o", options, error), NETGDB_PROTO);
    if (strstr(error, part) == NULL)
        fail_msg("'%s' does not say '%s'", error, part);
}

/* Loads, runs, and returns r0. */
static inline uint64_t result(void)
{
    struct ebpf_image *image = load_with(NULL);
    const struct ebpf_options options = {.budget = 10000};
    struct ebpf_machine *m;
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    if (ebpf_run(m, 10000) != EBPF_EXITED)
        fail_msg("stopped: %s", m->fault.text);
    uint64_t r0 = m->reg[0];
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return r0;
}

/* Runs until a stop and compares its reason. */
static inline void expect_stop(const char *reason)
{
    struct ebpf_image *image = load_with(NULL);
    const struct ebpf_options options = {.budget = 10000};
    struct ebpf_machine *m;
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    enum ebpf_stop stop = ebpf_run(m, 10000);
    if (reason == NULL)
        assert_int_equal(stop, EBPF_EXITED);
    else if (stop == EBPF_EXITED || strstr(m->fault.text, reason) == NULL)
        fail_msg("stop %d: %s, not %s", (int)stop, m->fault.text, reason);
    ebpf_machine_free(m);
    ebpf_image_free(image);
}

#endif
