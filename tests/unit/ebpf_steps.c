/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects that would take a quadratic or exponential number of steps to load. */
#include "config.h"

#include "tests/unit/unit.h"

#include <elf.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ebpf/load.h"
#include "ebpf/sbpf.h"
#include "proto/buf.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"

enum { EM_EBPF = 247, PARTS_MAX = 8, TEXT = 1, SYMTAB, STRTAB, SHSTRTAB, FIRST_FREE, SECONDS = 60 };
enum { ZEROS = 256 << 20 /* bytes of a section that is compressed */ };

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

static bool is_compressed(const struct part *p)
{
    const Elf64_Chdr *h = (const Elf64_Chdr *)p->bytes.data;
    return p->name[0] == '.' && p->bytes.len > sizeof *h && h->ch_type == ELFCOMPRESS_ZLIB &&
           h->ch_size == ZEROS;
}

static Elf64_Shdr make_header(unsigned i, uint64_t at)
{
    static const uint32_t types[FIRST_FREE] = {SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB,
                                               SHT_STRTAB};
    Elf64_Shdr h = {.sh_type = i < FIRST_FREE ? types[i] : SHT_PROGBITS,
                    .sh_flags = i == TEXT                  ? SHF_ALLOC | SHF_EXECINSTR
                                : is_compressed(&parts[i]) ? SHF_COMPRESSED
                                                           : 0U,
                    .sh_offset = at,
                    .sh_size = parts[i].bytes.len,
                    .sh_link = i == SYMTAB ? STRTAB : 0U,
                    .sh_entsize = i == SYMTAB ? sizeof(Elf64_Sym) : 0U,
                    .sh_name = (Elf64_Word)parts[SHSTRTAB].bytes.len};
    if (strcmp(parts[i].name, ".rel") == 0) {
        h.sh_type = SHT_REL;
        h.sh_link = SYMTAB;
        h.sh_info = TEXT;
        h.sh_entsize = sizeof(Elf64_Rel);
    }
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

/* ---- compressed sections ---- */

/* Appends the lowest bits of a number, as deflate has them. */
static void add_bits(struct buf *out, uint64_t *bits, unsigned *used, uint64_t value, unsigned n)
{
    *bits |= value << *used;
    for (*used += n; *used >= 8; *used -= 8, *bits >>= 8)
        (void)buf_addc(out, (uint8_t)*bits);
}

/* ZEROS bytes of 0 (RFC 1950, 1951): one block with fixed codes, a literal 0, and the 258 bytes
 * before, which are codes 11000101 and 00000, as often as they are needed. */
static void add_zeros(struct buf *out)
{
    enum { LONGEST = 258, MATCHES = (ZEROS - 1) / LONGEST, REST = (ZEROS - 1) % LONGEST };
    uint64_t bits = 0;
    unsigned used = 0;
    (void)buf_add(out, "\x78\x9c", 2);
    add_bits(out, &bits, &used, 3, 3);
    for (unsigned i = 0; i < 1 + REST; i++)
        add_bits(out, &bits, &used, 0x0c, 8); /* 00110000 */
    for (unsigned i = 0; i < MATCHES; i++)
        add_bits(out, &bits, &used, 0xa3, 13);
    add_bits(out, &bits, &used, 0, 7);
    add_bits(out, &bits, &used, 0, 7); /* up to a whole byte */
    const uint32_t sum = ZEROS % 65521;
    assert_int_equal(buf_add(out, (uint8_t[]){sum >> 8, sum & 0xff, 0, 1}, 4), 0);
}

static long used_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void compressed_sections_take_little_memory(void **state)
{
    const Elf64_Chdr header = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = ZEROS, .ch_addralign = 1};
    long before = used_kib();
    (void)state;
    begin(two, sizeof two);
    struct buf *bytes = add_part(".debug_str");
    (void)buf_add(bytes, &header, sizeof header);
    add_zeros(bytes);
    assert_string_equal(load(NULL), "section .debug_str: cannot be decompressed to at most 64 MiB");
    assert_true(used_kib() - before < ZEROS / 2 / 1024);
}

static void sections_of_old_binutils_are_not_decompressed(void **state)
{
    static const uint8_t header[12] = {'Z', 'L', 'I', 'B', [8] = ZEROS >> 24};
    long before = used_kib();
    (void)state;
    begin(two, sizeof two);
    struct buf *bytes = add_part(".zdebug_str");
    (void)buf_add(bytes, header, sizeof header);
    add_zeros(bytes);
    assert_string_equal(load(NULL), "");
    assert_true(used_kib() - before < ZEROS / 2 / 1024);
}

/* ---- names ---- */

/* Of each symbol, whose names have no end. */
static void names_without_an_end_are_refused_at_once(void **state)
{
    enum { BYTES = 8 << 20 };
    (void)state;
    begin(two, sizeof two);
    add_symbols(100000, 16);
    struct buf *names = &parts[STRTAB].bytes;
    assert_int_equal(buf_resize(names, BYTES), 0);
    memset(names->data + 1, 'n', BYTES - 1);
    assert_string_equal(load(NULL), "section 3: its last name has no end");
}

/* ---- undefined symbols ---- */

/* Undefined functions with names that all have the same place in the table of imports; each is
 * called again and again. */
static void undefined_symbols_take_a_limited_number_of_steps(void **state)
{
    enum { RELOCATIONS = 60000, R_CALL = 10, PLACES = 2 * EBPF_IMPORTS_MAX };
    const uint64_t call[] = {CALL_LOCAL(-1), EXIT};
    (void)state;
    begin(call, sizeof call);
    struct buf *relocations = add_part(".rel");
    unsigned found = 0;
    for (uint32_t i = 0; found < EBPF_IMPORTS_MAX; i++) {
        char name[12];
        int length = snprintf(name, sizeof name, "%x", i);
        if (sbpf_hash(name, (size_t)length) % PLACES != 0)
            continue;
        const Elf64_Sym s = {.st_name = (Elf64_Word)parts[STRTAB].bytes.len,
                             .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE)};
        (void)buf_add(&parts[SYMTAB].bytes, &s, sizeof s);
        (void)buf_add(&parts[STRTAB].bytes, name, (size_t)length + 1);
        found++;
    }
    for (uint64_t i = 0; i < RELOCATIONS; i++) {
        const Elf64_Rel r = {.r_info = ELF64_R_INFO(1 + i % EBPF_IMPORTS_MAX, R_CALL)};
        assert_int_equal(buf_add(relocations, &r, sizeof r), 0);
    }
    assert_string_equal(load(NULL), "its undefined symbols take too many steps");
}

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

/* ---- debug information ---- */

#ifdef HAVE_LIBDW

/* Abbreviations: 1 unit; 2 function with low_pc and frame base; 3 variable with an expression; 4
 * block with a sibling; 5 block; 6 variable with a list of locations. */
static const uint8_t abbreviations[] = {1, 0x11, 1, 0,    0,                      /* */
                                        2, 0x2e, 1, 0x11, 0x01, 0x40, 0x18, 0, 0, /* */
                                        3, 0x34, 0, 0x02, 0x18, 0,    0,          /* */
                                        4, 0x0b, 1, 0x01, 0x13, 0,    0,          /* */
                                        5, 0x0b, 0, 0,    0,                      /* */
                                        6, 0x34, 0, 0x02, 0x17, 0,    0,          /* */
                                        0};

enum { UNIT_BYTES = 12 /* header of a unit of DWARF 4, and its entry */ };

/* Begins .debug_info; end_info() sets its length. */
static struct buf *begin_info(void)
{
    const uint8_t header[UNIT_BYTES] = {0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1};
    (void)buf_add(add_part(".debug_abbrev"), abbreviations, sizeof abbreviations);
    struct buf *info = add_part(".debug_info");
    (void)buf_add(info, header, sizeof header);
    return info;
}

static void end_info(struct buf *info)
{
    assert_int_equal(buf_addc(info, 0), 0);
    uint32_t length = (uint32_t)info->len - 4;
    memcpy(info->data, &length, sizeof length);
}

/* The function at the start of the code, without its end, by r10. */
static void add_function(struct buf *info)
{
    const uint64_t low = EBPF_TEXT_BASE;
    (void)buf_addc(info, 2);
    (void)buf_add(info, &low, sizeof low);
    (void)buf_add(info, "\1\x5a", 2);
}

/* A variable `distance` bytes from the frame base. */
static void add_variable(struct buf *info, unsigned distance)
{
    const uint8_t entry[] = {3,
                             4,
                             0x91,
                             (uint8_t)(distance & 0x7f) | 0x80,
                             (uint8_t)(distance >> 7 & 0x7f) | 0x80,
                             (uint8_t)(distance >> 14)};
    (void)buf_add(info, entry, sizeof entry);
}

static void frame_sizes_are_found_in_little_time(void **state)
{
    enum { OFFSETS = 128, FUNCTIONS = 2000 };
    uint64_t code[OFFSETS + 1];
    (void)state;
    for (int i = 0; i < OFFSETS; i++)
        code[i] = STX(BPF_DW, 10, (uint16_t)(-8 * (i + 1)), 0);
    code[OFFSETS] = EXIT;
    begin(code, sizeof code);
    add_symbols(1, sizeof code);
    struct buf *info = begin_info();
    for (unsigned f = 0; f < FUNCTIONS; f++) {
        add_function(info);
        for (unsigned i = 0; i < OFFSETS; i++)
            add_variable(info, 8 * i);
        (void)buf_addc(info, 0);
    }
    end_info(info);
    assert_string_equal(load(NULL), "");
}

/* Blocks in each other, whose siblings are their first entries: 2^60 paths. */
static void siblings_inside_each_other_are_visited_once(void **state)
{
    enum { DEPTH = 60 };
    (void)state;
    begin(two, sizeof two);
    add_symbols(1, sizeof two);
    struct buf *info = begin_info();
    add_function(info);
    for (unsigned i = 0; i < DEPTH; i++) {
        uint32_t sibling = (uint32_t)info->len + 5;
        (void)buf_addc(info, 4);
        (void)buf_add(info, &sibling, sizeof sibling);
    }
    (void)buf_addc(info, 5);
    for (unsigned i = 0; i < DEPTH + 2; i++)
        (void)buf_addc(info, 0);
    end_info(info);
    assert_string_equal(load(NULL), "");
}

/* Each entry of a function scans all code. */
static void functions_at_the_same_code_take_a_limited_number_of_steps(void **state)
{
    enum { INSNS = 200000, FUNCTIONS = 20000 };
    uint64_t *code = malloc(INSNS * sizeof *code);
    (void)state;
    assert_non_null(code);
    for (unsigned i = 0; i < INSNS; i++)
        code[i] = EXIT;
    begin(code, INSNS * sizeof *code);
    free(code);
    add_symbols(1, INSNS * sizeof *code);
    struct buf *info = begin_info();
    for (unsigned f = 0; f < FUNCTIONS; f++) {
        add_function(info);
        add_variable(info, 8);
        (void)buf_addc(info, 0);
    }
    end_info(info);
    assert_string_equal(load(NULL), "its debug information takes too many steps");
}

/* Many variables with the same long list of locations. */
static void lists_of_locations_take_a_limited_number_of_steps(void **state)
{
    enum { ENTRIES = 100000, VARIABLES = 20000 };
    const uint8_t entry[20] = {[8] = 8, [16] = 2, [18] = 0x91, [19] = 8}, end[16] = {0};
    (void)state;
    begin(two, sizeof two);
    add_symbols(1, sizeof two);
    struct buf *info = begin_info(), *list = add_part(".debug_loc");
    for (unsigned i = 0; i < ENTRIES; i++)
        (void)buf_add(list, entry, sizeof entry);
    assert_int_equal(buf_add(list, end, sizeof end), 0);
    add_function(info);
    for (unsigned i = 0; i < VARIABLES; i++)
        (void)buf_add(info, "\6\0\0\0\0", 5);
    (void)buf_addc(info, 0);
    end_info(info);
    assert_string_equal(load(NULL), "its debug information takes too many steps");
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed_sections_take_little_memory),
        cmocka_unit_test(sections_of_old_binutils_are_not_decompressed),
        cmocka_unit_test(names_without_an_end_are_refused_at_once),
        cmocka_unit_test(undefined_symbols_take_a_limited_number_of_steps),
        cmocka_unit_test(variables_of_maps_take_a_limited_number_of_steps),
        cmocka_unit_test(relocations_by_wrong_types_are_refused),
#ifdef HAVE_LIBDW
        cmocka_unit_test(frame_sizes_are_found_in_little_time),
        cmocka_unit_test(siblings_inside_each_other_are_visited_once),
        cmocka_unit_test(functions_at_the_same_code_take_a_limited_number_of_steps),
        cmocka_unit_test(lists_of_locations_take_a_limited_number_of_steps),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
