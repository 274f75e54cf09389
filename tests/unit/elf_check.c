/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are refused before libbfd reads them; no file may crash the program. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/err.h"
#include "symbols/elf_check.h"
#include "symbols/elf_file.h"
#include "symbols/symtab.h"
#include "tests/unit/symbols_world.h"

/* A valid file in memory, which a test damages. */
struct image {
    uint8_t bytes[65536];
    size_t len;
    int fd;
    char path[64];
};

static void image_read(struct image *m, const char *name)
{
    FILE *f = fopen(need_elf(name), "rb");
    assert_non_null(f);
    m->len = fread(m->bytes, 1, sizeof m->bytes, f);
    fclose(f);
    m->fd = memfd_create("elf", MFD_CLOEXEC);
    assert_true(m->fd >= 0);
    snprintf(m->path, sizeof m->path, "/proc/self/fd/%d", m->fd);
}

static void image_write(struct image *m)
{
    assert_int_equal(ftruncate(m->fd, 0), 0);
    assert_int_equal(pwrite(m->fd, m->bytes, m->len, 0), m->len);
}

static int check(struct image *m, const char **why)
{
    struct elf_ident ident;
    image_write(m);
    return elf_check(m->fd, m->len, false, &ident, why);
}

static Elf64_Ehdr *header(struct image *m)
{
    return (Elf64_Ehdr *)(void *)m->bytes;
}

static Elf64_Shdr *section(struct image *m, uint32_t type)
{
    Elf64_Shdr *s = (Elf64_Shdr *)(void *)(m->bytes + header(m)->e_shoff);
    for (int i = 0; i < header(m)->e_shnum; i++) {
        if (s[i].sh_type == type)
            return &s[i];
    }
    fail_msg("no section of type %u", type);
    return NULL;
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    static struct image m;
    const char *why;
    (void)state;
    image_read(&m, "x86");
    size_t whole = m.len;
    assert_int_equal(check(&m, &why), 0);
    for (m.len = 0; m.len < whole; m.len += 13) {
        assert_int_equal(check(&m, &why), NETGDB_PROTO);
        assert_non_null(why);
    }
    close(m.fd);
}

/* Damages a fresh copy each time; the reason must be reported. */
static void refused(void (*damage)(struct image *m), int error, const char *says)
{
    static struct image m;
    const char *why = NULL;
    image_read(&m, "x86-shared");
    damage(&m);
    assert_int_equal(check(&m, &why), error);
    assert_string_equal(why, says);
    close(m.fd);
}

static void wrong_magic(struct image *m)
{
    m->bytes[1] = 'X';
}
static void wrong_class(struct image *m)
{
    m->bytes[EI_CLASS] = 3;
}
static void an_object(struct image *m)
{
    header(m)->e_type = ET_REL;
}
static void a_core(struct image *m)
{
    header(m)->e_type = ET_CORE;
}
static void not_even_a_magic(struct image *m)
{
    m->len = (size_t)snprintf((char *)m->bytes, sizeof m->bytes, "a");
}

static void nothing(struct image *m)
{
    m->len = 0;
}

static void no_sections(struct image *m)
{
    header(m)->e_shoff = 0;
}
static void sections_beyond(struct image *m)
{
    header(m)->e_shoff = UINT64_MAX - 8;
}
static void segments_beyond(struct image *m)
{
    header(m)->e_phoff = UINT64_MAX - 8;
}
static void no_names(struct image *m)
{
    header(m)->e_shstrndx = 5000;
}
static void many_sections(struct image *m)
{
    Elf64_Shdr *first = (Elf64_Shdr *)(void *)(m->bytes + header(m)->e_shoff);
    header(m)->e_shnum = 0;
    first->sh_size = UINT64_C(1) << 60;
}
static void odd_symbols(struct image *m)
{
    section(m, SHT_SYMTAB)->sh_entsize = 0;
}
static void symbols_without_names(struct image *m)
{
    section(m, SHT_SYMTAB)->sh_link = 1;
}
static void linked_to_nowhere(struct image *m)
{
    section(m, SHT_DYNAMIC)->sh_link = 77;
}
static void beyond(struct image *m)
{
    section(m, SHT_HASH)->sh_size = UINT64_MAX;
}
static void open_strings(struct image *m)
{
    Elf64_Shdr *s = section(m, SHT_STRTAB);
    m->bytes[s->sh_offset + s->sh_size - 1] = 'x';
}
static void two_tables(struct image *m)
{
    section(m, SHT_DYNSYM)->sh_type = SHT_SYMTAB;
}

static void damaged_headers_are_refused_with_the_reason(void **state)
{
    (void)state;
    refused(wrong_magic, NETGDB_PROTO, "not an ELF file");
    refused(not_even_a_magic, NETGDB_PROTO, "not an ELF file");
    refused(nothing, NETGDB_PROTO, "empty");
    refused(wrong_class, NETGDB_PROTO, "an ELF file of an unknown class, byte order or version");
    refused(an_object, NETGDB_PROTO, "not linked: an object file has no final addresses");
    refused(a_core, NETGDB_PROTO, "not a program");
    refused(no_sections, NETGDB_PROTO, "no section headers");
    refused(sections_beyond, NETGDB_PROTO, "truncated");
    refused(segments_beyond, NETGDB_PROTO, "program headers outside the file");
    refused(no_names, NETGDB_PROTO, "no section names");
    refused(many_sections, NETGDB_TOO_LONG, "too many sections or segments");
    refused(odd_symbols, NETGDB_PROTO, "symbol table with odd entries");
    refused(symbols_without_names, NETGDB_PROTO, "symbol table without names");
    refused(linked_to_nowhere, NETGDB_PROTO, "section linked to one that does not exist");
    refused(beyond, NETGDB_PROTO, "truncated");
    refused(open_strings, NETGDB_PROTO, "string table without an end");
    refused(two_tables, NETGDB_PROTO, "more than one symbol table");
}

/* A sparse file of 1 TB whose table claims all of it: no memory may be allocated. */
static void a_huge_table_is_refused_by_its_header(void **state)
{
    static struct image m;
    struct elf_ident ident;
    const char *why = NULL;
    (void)state;
    image_read(&m, "x86");
    Elf64_Shdr *s = section(&m, SHT_SYMTAB);
    s->sh_offset = 1 << 20;
    s->sh_size = UINT64_C(24) << 35;
    image_write(&m);
    assert_int_equal(ftruncate(m.fd, (off_t)1 << 40), 0);
    assert_int_equal(elf_check(m.fd, UINT64_C(1) << 40, false, &ident, &why), NETGDB_TOO_LONG);
    assert_string_equal(why, "too many symbols");
    close(m.fd);
}

/* Makes two sections, which have the same bytes, sections of notes. */
static void note_sections_have_one_limit(void **state)
{
    static struct image m;
    struct elf_ident ident;
    const char *why = NULL;
    (void)state;
    image_read(&m, "x86");
    for (unsigned i = 0; i < 2; i++) {
        Elf64_Shdr *s = section(&m, SHT_PROGBITS);
        s->sh_type = SHT_NOTE;
        s->sh_offset = 0;
        s->sh_size = ELF_NOTES_MAX / 4 * 3;
        image_write(&m);
        assert_int_equal(ftruncate(m.fd, ELF_NOTES_MAX), 0);
        int rc = elf_check(m.fd, ELF_NOTES_MAX, false, &ident, &why);
        assert_int_equal(rc, i == 0 ? 0 : NETGDB_TOO_LONG);
    }
    assert_string_equal(why, "notes too long");
    close(m.fd);
}

static void a_loader_that_is_cut_is_none(void **state)
{
    enum { AT = 1024 };
    static struct image m;
    struct elf_file f;
    const char *why;
    char path[64];
    (void)state;
    image_read(&m, "x86");
    Elf64_Phdr *p = (Elf64_Phdr *)(void *)(m.bytes + AT);
    *p = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = AT + sizeof *p, .p_filesz = 8};
    memcpy(p + 1, "/ld.so.1", 8);
    header(&m)->e_phoff = AT;
    header(&m)->e_phnum = 1;
    header(&m)->e_phentsize = sizeof *p;
    image_write(&m);
    assert_int_equal(elf_file_open(&f, m.path, &why), 0);
    elf_file_loader(&f, path, sizeof path);
    assert_string_equal(path, "/ld.so.1");
    elf_file_close(&f);
    memcpy(m.bytes + m.len, "/lib", 4);
    p->p_offset = m.len;
    m.len += 4;
    image_write(&m);
    assert_int_equal(elf_file_open(&f, m.path, &why), 0);
    elf_file_loader(&f, path, sizeof path);
    assert_string_equal(path, "");
    elf_file_close(&f);
    close(m.fd);
}

static void compressed_sections_have_a_limit(void **state)
{
    static struct image m;
    const char *why = NULL;
    (void)state;
    image_read(&m, "x86");
    Elf64_Shdr *s = section(&m, SHT_PROGBITS);
    Elf64_Chdr *c = (Elf64_Chdr *)(void *)(m.bytes + 1024);
    *c = (Elf64_Chdr){.ch_type = ELFCOMPRESS_ZLIB, .ch_size = 1 << 20};
    s->sh_flags = SHF_COMPRESSED;
    s->sh_offset = 1024;
    s->sh_size = sizeof *c;
    assert_int_equal(check(&m, &why), 0);
    c->ch_size = UINT64_C(1) << 40;
    assert_int_equal(check(&m, &why), NETGDB_TOO_LONG);
    assert_string_equal(why, "a section that is compressed too much");
    s->sh_size = 8;
    assert_int_equal(check(&m, &why), NETGDB_PROTO);
    s->sh_flags = 0;
    section(&m, SHT_SYMTAB)->sh_flags = SHF_COMPRESSED;
    assert_int_equal(check(&m, &why), NETGDB_PROTO);
    assert_string_equal(why, "a compressed table");
    close(m.fd);
}

static void write_at(const struct image *m, const void *bytes, size_t len, uint64_t at)
{
    assert_int_equal(pwrite(m->fd, bytes, len, (off_t)at), len);
}

/* 200000 symbols with the same name of 16 MiB. */
static void long_names_of_many_symbols_are_refused_at_once(void **state)
{
    enum { SYMBOLS = 200000, NAME = 16 << 20, AT = 1 << 20, NAMES_AT = 16 << 20, SECONDS = 60 };
    static struct image m;
    static char names[NAME];
    static Elf64_Sym symbols[SYMBOLS];
    struct kept_log k;
    (void)state;
    image_read(&m, "x86");
    Elf64_Shdr *s = section(&m, SHT_SYMTAB);
    Elf64_Shdr *strings = (Elf64_Shdr *)(void *)(m.bytes + header(&m)->e_shoff) + s->sh_link;
    *s = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                      .sh_offset = AT,
                      .sh_size = sizeof symbols,
                      .sh_link = s->sh_link,
                      .sh_entsize = sizeof symbols[0]};
    strings->sh_offset = NAMES_AT;
    strings->sh_size = sizeof names;
    memset(names + 1, 'n', sizeof names - 2);
    for (unsigned i = 1; i < SYMBOLS; i++)
        symbols[i] = (Elf64_Sym){.st_name = 1, .st_info = STT_FUNC, .st_shndx = 1};
    image_write(&m);
    write_at(&m, symbols, sizeof symbols, AT);
    write_at(&m, names, sizeof names, NAMES_AT);
    kept_log_init(&k);
    alarm(SECONDS);
    assert_null(symtab_open(m.path, &k.log));
    alarm(0);
    assert_int_equal(logged(&k, "names too long: continuing without its symbols"), 1);
    close(m.fd);
}

/* With one wrong byte the result is a table or one line in the log; never a crash or a second line.
 */
static void sweep(const char *name, size_t stride)
{
    static struct image m;
    image_read(&m, name);
    for (size_t at = 0; at < m.len; at += stride) {
        uint8_t byte = m.bytes[at];
        struct kept_log k;
        kept_log_init(&k);
        m.bytes[at] = (uint8_t)(byte ^ 0xff);
        image_write(&m);
        struct symtab *t = symtab_open(m.path, &k.log);
        assert_int_equal(logged(&k, "continuing without its symbols"), t == NULL);
        assert_int_equal(logged(&k, ""), 1);
        symtab_free(t);
        m.bytes[at] = byte;
    }
    close(m.fd);
}

static void one_wrong_byte_causes_no_crash(void **state)
{
    (void)state;
    sweep("x86-shared", 3);
    sweep("arm", 3);
    sweep("x86-dynamic", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(damaged_headers_are_refused_with_the_reason),
        cmocka_unit_test(a_huge_table_is_refused_by_its_header),
        cmocka_unit_test(a_loader_that_is_cut_is_none),
        cmocka_unit_test(compressed_sections_have_a_limit),
        cmocka_unit_test(note_sections_have_one_limit),
        cmocka_unit_test(long_names_of_many_symbols_are_refused_at_once),
        cmocka_unit_test(one_wrong_byte_causes_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
