/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects that would take a quadratic or exponential number of steps to load. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <unistd.h>

#include "ebpf/load.h"
#include "proto/buf.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"

enum { EM_EBPF = 247, PARTS_MAX = 8, TEXT = 1, SYMTAB, STRTAB, SHSTRTAB, FIRST_FREE, SECONDS = 60 };

/* The contents of the sections; each test adds its own to the fixed ones. */
static struct part {
    const char *name;
    struct buf bytes;
} parts[PARTS_MAX];
static unsigned count;

static struct buf *add_part(const char *name)
{
    struct part *p = &parts[count++];
    assert_true(count <= PARTS_MAX);
    p->name = name;
    buf_init(&p->bytes, EBPF_FILE_MAX);
    return &p->bytes;
}

static void add_symbols(unsigned n, uint64_t size)
{
    const Elf64_Sym s = {.st_name = 1,
                         .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                         .st_shndx = TEXT,
                         .st_size = size};
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(buf_add(&parts[SYMTAB].bytes, &s, sizeof s), 0);
}

/* Begins an object with code and no symbol but number 0. */
static void begin(const uint64_t *code, size_t bytes)
{
    count = 0;
    (void)add_part("");
    assert_int_equal(buf_add(add_part("text"), code, bytes), 0);
    assert_int_equal(buf_resize(add_part(".symtab"), sizeof(Elf64_Sym)), 0);
    assert_int_equal(buf_add(add_part(".strtab"), "\0f", 3), 0);
    (void)add_part(".shstrtab");
}

static Elf64_Shdr make_header(unsigned i, uint64_t at)
{
    static const uint32_t types[FIRST_FREE] = {SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB,
                                               SHT_STRTAB};
    Elf64_Shdr h = {.sh_type = i < FIRST_FREE ? types[i] : SHT_PROGBITS,
                    .sh_flags = i == TEXT ? SHF_ALLOC | SHF_EXECINSTR : 0U,
                    .sh_offset = at,
                    .sh_size = parts[i].bytes.len,
                    .sh_link = i == SYMTAB ? STRTAB : 0U,
                    .sh_entsize = i == SYMTAB ? sizeof(Elf64_Sym) : 0U,
                    .sh_name = (Elf64_Word)parts[SHSTRTAB].bytes.len};
    return h;
}

static void write_object(struct buf *file)
{
    Elf64_Shdr headers[PARTS_MAX];
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = EM_EBPF,
        .e_version = EV_CURRENT,
        .e_ehsize = sizeof e,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (Elf64_Half)count,
        .e_shstrndx = SHSTRTAB};
    buf_init(file, EBPF_FILE_MAX);
    (void)buf_add(file, &e, sizeof e);
    for (unsigned i = 0; i < count; i++) {
        (void)buf_resize(file, (file->len + 7) / 8 * 8);
        headers[i] = make_header(i, file->len);
        (void)buf_add(&parts[SHSTRTAB].bytes, parts[i].name, strlen(parts[i].name) + 1);
        if (i != SHSTRTAB)
            (void)buf_add(file, parts[i].bytes.data, parts[i].bytes.len);
    }
    headers[SHSTRTAB].sh_offset = file->len;
    headers[SHSTRTAB].sh_size = parts[SHSTRTAB].bytes.len;
    (void)buf_add(file, parts[SHSTRTAB].bytes.data, parts[SHSTRTAB].bytes.len);
    (void)buf_resize(file, (file->len + 7) / 8 * 8);
    e.e_shoff = file->len;
    assert_int_equal(buf_add(file, headers, count * sizeof headers[0]), 0);
    memcpy(file->data, &e, sizeof e);
}

/* Loads the object; the message of an error, or "". */
static const char *load(const struct ebpf_load_options *options)
{
    static char error[EBPF_ERROR_TEXT];
    struct ebpf_image *image;
    struct buf file;
    write_object(&file);
    alarm(SECONDS);
    int rc = ebpf_load(&image, file.data, file.len, "steps.o", options, error);
    alarm(0);
    if (rc == 0) {
        ebpf_image_free(image);
        error[0] = 0;
    }
    buf_free(&file);
    for (unsigned i = 0; i < count; i++)
        buf_free(&parts[i].bytes);
    return error;
}

static const uint64_t two[] = {MOV_K(0, 0), EXIT};

/* ---- types ---- */

/* A .maps of many times the same variable, for which each time all symbols are compared. */
static void variables_of_maps_take_a_limited_number_of_steps(void **state)
{
    enum { LISTS = 4, ENTRIES = 0xffff };
    const uint32_t types[] = {0, 4U << 24, 4, 1, 14U << 24, 1, 0};
    const uint32_t list[] = {3, 15U << 24 | ENTRIES, 0}, entry[] = {2, 0, 4};
    const uint32_t size = sizeof types + LISTS * (sizeof list + ENTRIES * sizeof entry);
    const uint32_t header[] = {0x0001eb9f, 24, 0, size, size, sizeof "\0x\0.maps"};
    (void)state;
    begin(two, sizeof two);
    add_symbols(100000, 16);
    struct buf *btf = add_part(".BTF");
    (void)buf_add(btf, header, sizeof header);
    (void)buf_add(btf, types, sizeof types);
    for (unsigned i = 0; i < LISTS; i++) {
        (void)buf_add(btf, list, sizeof list);
        for (unsigned k = 0; k < ENTRIES; k++)
            (void)buf_add(btf, entry, sizeof entry);
    }
    assert_int_equal(buf_add(btf, "\0x\0.maps", sizeof "\0x\0.maps"), 0);
    assert_string_equal(load(NULL), "its maps take too many steps");
}

static void relocations_by_wrong_types_are_refused(void **state)
{
    const uint32_t ext[8] = {0x0001eb9f, 32};
    const struct ebpf_load_options options = {.btf = (const uint8_t *)ext, .btf_size = sizeof ext};
    (void)state;
    begin(two, sizeof two);
    (void)buf_adds(add_part(".BTF"), "no types");
    (void)buf_add(add_part(".BTF.ext"), ext, sizeof ext);
    assert_string_equal(load(&options), ".BTF: its header is wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_of_maps_take_a_limited_number_of_steps),
        cmocka_unit_test(relocations_by_wrong_types_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
