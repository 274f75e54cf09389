/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objects, types and programs that are made to harm the machine. */
#include "tests/unit/ebpf_object.h"

#include <stddef.h>

/* A program with one map that the older definition describes. */
static int make_with_map(const uint32_t definition[5], char error[EBPF_ERROR_TEXT])
{
    begin(false);
    (void)CODE(".text", MOV_K(0, 0), EXIT);
    unsigned in = section("maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, definition, 20);
    (void)symbol("table", STT_OBJECT, in, 0, 20);
    struct ebpf_image *image = load_with(NULL);
    const struct ebpf_options options = {.budget = 10, .error = error};
    struct ebpf_machine *m = NULL;
    int rc = ebpf_machine_new(&m, image, &options);
    ebpf_machine_free(rc == 0 ? m : NULL);
    ebpf_image_free(image);
    return rc;
}

static void an_array_of_programs_needs_no_sizes(void **state)
{
    const uint32_t small[5] = {EBPF_MAP_PROG_ARRAY, 0, 0, 2, 0};
    const uint32_t large[5] = {EBPF_MAP_PROG_ARRAY, 0, 0, UINT32_MAX, 0};
    const uint32_t narrow[5] = {EBPF_MAP_PROG_ARRAY, 1, 0, EBPF_MAP_BYTES_MAX / 8 + 1, 0};
    char error[EBPF_ERROR_TEXT] = "";
    (void)state;
    assert_int_equal(make_with_map(small, error), 0);
    assert_int_equal(make_with_map(large, error), NETGDB_TOO_LONG);
    assert_non_null(strstr(error, "map table: 4294967295 entries"));
    assert_int_equal(make_with_map(narrow, error), NETGDB_TOO_LONG);
}

/* ---- names ---- */

enum { NAME_BYTES = 64 * 1024, NAMES = 4096 };

/* An object with NAMES functions whose names are the ends of one name of NAME_BYTES. */
struct named {
    Elf64_Ehdr e;
    Elf64_Shdr section[4];
    uint64_t code[2];
    Elf64_Sym symbol[NAMES];
    char strings[NAME_BYTES];
};

static void long_names_take_little_memory(void **state)
{
    char error[EBPF_ERROR_TEXT];
    struct named *n = calloc(1, sizeof *n);
    struct ebpf_image *image;
    (void)state;
    assert_non_null(n);
    n->e = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = EM_EBPF,
        .e_version = EV_CURRENT,
        .e_shoff = offsetof(struct named, section),
        .e_ehsize = sizeof n->e,
        .e_shentsize = sizeof n->section[0],
        .e_shnum = 4,
        .e_shstrndx = 3};
    n->section[1] = (Elf64_Shdr){.sh_type = SHT_PROGBITS,
                                 .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                 .sh_offset = offsetof(struct named, code),
                                 .sh_size = sizeof n->code};
    n->section[2] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                                 .sh_offset = offsetof(struct named, symbol),
                                 .sh_size = sizeof n->symbol,
                                 .sh_link = 3,
                                 .sh_entsize = sizeof n->symbol[0]};
    n->section[3] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
                                 .sh_offset = offsetof(struct named, strings),
                                 .sh_size = sizeof n->strings};
    memset(n->strings + 1, 'n', sizeof n->strings - 2);
    for (unsigned i = 1; i < NAMES; i++)
        n->symbol[i] = (Elf64_Sym){.st_name = i, .st_info = STT_FUNC, .st_shndx = 1};
    assert_int_equal(ebpf_load(&image, (uint8_t *)n, sizeof *n, "names.o", NULL, error),
                     NETGDB_PROTO);
    assert_non_null(strstr(error, "the names of its symbols have more than 64 MiB"));
    free(n);
}

/* A program for Solana without a .symtab, and with too many symbols for its loader, all 0. */
static void symbols_for_a_loader_have_the_same_limit(void **state)
{
    enum { SOLANA = 263, HEADERS = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Shdr), CODE_BYTES = 8 };
    const uint64_t code[] = {EXIT};
    const size_t symbols = EBPF_SYMBOLS_MAX + 1, table = HEADERS + CODE_BYTES,
                 names = table + symbols * sizeof(Elf64_Sym);
    static const char strings[] = "\0.text";
    char error[EBPF_ERROR_TEXT];
    uint8_t *bytes = calloc(1, names + sizeof strings);
    struct ebpf_image *image;
    const Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = SOLANA,
        .e_version = EV_CURRENT,
        .e_entry = HEADERS,
        .e_shoff = sizeof e,
        .e_ehsize = sizeof e,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 4,
        .e_shstrndx = 3};
    const Elf64_Shdr section[4] = {
        [1] = {.sh_name = 1,
               .sh_type = SHT_PROGBITS,
               .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
               .sh_addr = HEADERS,
               .sh_offset = HEADERS,
               .sh_size = CODE_BYTES},
        [2] = {.sh_type = SHT_DYNSYM,
               .sh_flags = SHF_ALLOC,
               .sh_offset = table,
               .sh_size = names - table,
               .sh_link = 3,
               .sh_entsize = sizeof(Elf64_Sym)},
        [3] = {.sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = sizeof strings}};
    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, &e, sizeof e);
    memcpy(bytes + sizeof e, section, sizeof section);
    memcpy(bytes + HEADERS, code, sizeof code);
    memcpy(bytes + names, strings, sizeof strings);
    assert_int_equal(ebpf_load(&image, bytes, names + sizeof strings, "many.so", NULL, error),
                     NETGDB_PROTO);
    assert_string_equal(error, "1048577 symbols are too many");
    free(bytes);
}

static void an_undefined_symbol_has_a_short_name(void **state)
{
    static char long_name[EBPF_IMPORT_NAME + 2];
    struct ebpf_image *image;
    const uint64_t code[] = {EXIT};
    (void)state;
    memset(long_name, 'n', sizeof long_name - 1);
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, sizeof code), 0);
    assert_int_equal(ebpf_image_import(image, long_name), -1);
    assert_int_equal(ebpf_image_import(image, long_name + 1), 0);
    assert_int_equal(ebpf_image_import(image, long_name + 1), 0);
    ebpf_image_free(image);
}

/* A linked file of 8 MiB, whose 40 segments are the whole file. */
static void segments_take_little_memory(void **state)
{
    enum { SEGMENTS = 40, BYTES = 8 << 20 };
    char error[EBPF_ERROR_TEXT];
    uint8_t *bytes = calloc(1, BYTES);
    struct ebpf_image *image;
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_EBPF,
        .e_version = EV_CURRENT,
        .e_phoff = 4096,
        .e_shoff = 64,
        .e_ehsize = sizeof e,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = SEGMENTS,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 1};
    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, &e, sizeof e);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        Elf64_Phdr h = {.p_type = PT_LOAD,
                        .p_flags = i == 0 ? PF_X : PF_W,
                        .p_vaddr = 0x10000000 + 0x1000000 * (uint64_t)i,
                        .p_filesz = BYTES,
                        .p_memsz = BYTES};
        memcpy(bytes + 4096 + i * sizeof h, &h, sizeof h);
    }
    assert_int_equal(ebpf_load(&image, bytes, BYTES, "segments", NULL, error), NETGDB_PROTO);
    assert_non_null(strstr(error, "its segments have more than 192 MiB"));
    free(bytes);
}

/*
 * An object of 8 MiB, whose `count` sections are the same bytes: code, and sections like `other`.
 * Returns the message.
 */
static const char *load_shared(unsigned count, Elf64_Shdr other)
{
    enum { BYTES = 8 << 20, AT = 64 };
    static char error[EBPF_ERROR_TEXT];
    uint8_t *bytes = calloc(1, BYTES);
    struct ebpf_image *image;
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = EM_EBPF,
        .e_version = EV_CURRENT,
        .e_shoff = AT,
        .e_ehsize = sizeof e,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (Elf64_Half)(count + 3)};
    Elf64_Shdr text = {.sh_type = SHT_PROGBITS,
                       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                       .sh_offset = BYTES / 2,
                       .sh_size = 64};
    Elf64_Shdr symbols = {
        .sh_type = SHT_SYMTAB, .sh_offset = BYTES / 2, .sh_size = 48, .sh_entsize = 24};
    assert_non_null(bytes);
    memcpy(bytes, &e, sizeof e);
    memcpy(bytes + AT + sizeof text, &text, sizeof text);
    memcpy(bytes + AT + 2 * sizeof text, &symbols, sizeof symbols);
    other.sh_offset = BYTES / 2;
    other.sh_size = BYTES / 2;
    for (unsigned i = 0; i < count; i++)
        memcpy(bytes + AT + (3 + i) * sizeof other, &other, sizeof other);
    assert_int_equal(ebpf_load(&image, bytes, BYTES, "shared.o", NULL, error), NETGDB_PROTO);
    free(bytes);
    return error;
}

static void sections_of_the_same_bytes_take_little_memory_and_time(void **state)
{
    (void)state;
    const char *error = load_shared(60, (Elf64_Shdr){.sh_type = SHT_PROGBITS});
    assert_non_null(strstr(error, "its sections have more than 192 MiB"));
    error = load_shared(
        20, (Elf64_Shdr){
                .sh_type = SHT_REL, .sh_info = 1, .sh_link = 2, .sh_entsize = sizeof(Elf64_Rel)});
    assert_non_null(strstr(error, "more than 4194304 relocations"));
}

/* ---- keys with the same hash ---- */

enum { BLOCK = 8, BLOCKS = 11, KEY = BLOCK * BLOCKS, SAME = 1 << BLOCKS };

static uint32_t fnv(uint32_t hash, uint64_t block)
{
    for (int i = 0; i < BLOCK; i++)
        hash = (hash ^ (uint8_t)(block >> 8 * i)) * 16777619U;
    return hash;
}

/* Two blocks after which FNV-1a is the same; returns the hash then. */
static uint32_t collide(uint32_t hash, uint64_t block[2])
{
    enum { TABLE = 1 << 20 };
    uint64_t *seen = calloc(TABLE, sizeof *seen); /* by part of the hash */
    uint32_t next = 0;
    assert_non_null(seen);
    for (uint64_t b = UINT64_C(0x9e3779b97f4a7c15);; b *= UINT64_C(0x5851f42d4c957f2d)) {
        next = fnv(hash, b);
        uint64_t *place = &seen[next % TABLE];
        if (*place != 0 && fnv(hash, *place) == next) {
            block[0] = *place;
            block[1] = b;
            break;
        }
        *place = b;
    }
    free(seen);
    return next;
}

/* 2^11 keys: each of 11 blocks is one of two. */
static void keys_with_the_same_hash_are_bounded(void **state)
{
    uint64_t block[BLOCKS][2];
    uint32_t hash = 2166136261U;
    uint8_t key[KEY], value[8] = {0};
    const uint64_t code[] = {EXIT};
    struct ebpf_image *image;
    struct ebpf_machine *m;
    const struct ebpf_options options = {.budget = 10};
    unsigned stored = 0;
    (void)state;
    for (int i = 0; i < BLOCKS; i++)
        hash = collide(hash, block[i]);
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, sizeof code), 0);
    image->map[0] = (struct ebpf_map_definition){.name = "same",
                                                 .type = EBPF_MAP_HASH,
                                                 .key_size = KEY,
                                                 .value_size = 8,
                                                 .max_entries = 65536};
    image->maps = 1;
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    for (unsigned k = 0; k < SAME; k++) {
        for (unsigned i = 0; i < BLOCKS; i++)
            memcpy(key + BLOCK * i, &block[i][k >> i & 1], BLOCK);
        int rc = ebpf_map_update(&m->maps[0], key, value, EBPF_ANY);
        assert_true(rc == 0 || rc == EBPF_E2BIG);
        stored += rc == 0;
    }
    assert_int_equal(stored, EBPF_BUCKET_MAX);
    memset(key, 1, sizeof key);
    assert_int_equal(ebpf_map_update(&m->maps[0], key, value, EBPF_ANY), 0); /* another bucket */
    ebpf_machine_free(m);
    ebpf_image_free(image);
}

/* A machine with a program and one map of keys of `key_size` bytes. */
static struct ebpf_machine *machine_with_map(struct ebpf_image **image, const uint64_t *code,
                                             size_t bytes, uint32_t type, uint32_t key_size)
{
    static const uint8_t input[1024] = {8 * 128 % 256, 8 * 128 / 256};
    const struct ebpf_options options = {
        .budget = 100, .input = input, .input_size = sizeof input, .context = EBPF_CONTEXT_RAW};
    struct ebpf_machine *m;
    assert_int_equal(ebpf_image_from_code(image, (const uint8_t *)code, bytes), 0);
    (*image)->map[0] = (struct ebpf_map_definition){.name = "map",
                                                    .address = EBPF_MAPS_BASE,
                                                    .type = type,
                                                    .key_size = key_size,
                                                    .value_size = 8,
                                                    .max_entries = 4096};
    (*image)->maps = 1;
    assert_int_equal(ebpf_machine_new(&m, *image, &options), 0);
    return m;
}

/* So that Ctrl-C works: a look-up in a trie is a search for each length of a prefix. */
static void a_long_search_of_a_trie_ends_the_slice(void **state)
{
    const uint64_t code[] = {MOV_X(2, 1), LDDW(1, EBPF_MAPS_BASE), CALL_HELPER(1), EXIT};
    const uint8_t value[8] = {0};
    (void)state;
    for (uint32_t size = 20; size <= 132; size += 112) {
        uint8_t key[132] = {8, 0, 0, 0, 99};
        struct ebpf_image *image;
        struct ebpf_machine *m =
            machine_with_map(&image, code, sizeof code, EBPF_MAP_LPM_TRIE, size);
        assert_int_equal(ebpf_map_update(&m->maps[0], key, value, EBPF_ANY), 0);
        if (size == 20) /* 128 bits: an address of IPv6 */
            assert_int_equal(ebpf_memory_poke(&m->memory, EBPF_INPUT_BASE, "\x80\0", 2), 2);
        assert_int_equal(ebpf_run(m, 50), size == 20 ? EBPF_EXITED : EBPF_RUNNING);
        ebpf_machine_free(m);
        ebpf_image_free(image);
    }
}

/* Nor does a walk search the bucket of each entry that is free. */
static void a_walk_passes_free_entries_without_a_search(void **state)
{
    const uint64_t code[] = {EXIT};
    const uint8_t value[8] = {0};
    const uint8_t *key;
    uint32_t number, index, seen = 0;
    uint64_t at;
    struct ebpf_image *image;
    struct ebpf_machine *m = machine_with_map(&image, code, sizeof code, EBPF_MAP_HASH, 4);
    struct ebpf_map *map = &m->maps[0];
    (void)state;
    for (uint32_t i = 0; i < 4096; i++)
        assert_int_equal(ebpf_map_update(map, (uint8_t *)&i, value, EBPF_ANY), 0);
    for (uint32_t i = 0; i < 4096; i += 2)
        assert_int_equal(ebpf_map_delete(map, (uint8_t *)&i), 0);
    for (uint32_t i = 4096; i < 4100; i++) /* entries that were free */
        assert_int_equal(ebpf_map_update(map, (uint8_t *)&i, value, EBPF_ANY), 0);
    map->walked = UINT32_MAX;
    for (uint32_t from = 0; ebpf_map_next(map, from, &number, &index, &key, &at); seen++) {
        uint32_t found;
        memcpy(&found, key, sizeof found);
        assert_true(found >= 4096 || found % 2 == 1);
        from = number + 1;
    }
    assert_int_equal(seen, 2048 + 4);
    assert_int_equal(map->walked, UINT32_MAX); /* no bucket was searched */
    ebpf_machine_free(m);
    ebpf_image_free(image);
}

/* ---- types ---- */

enum { MEMBERS = 200 };

/* BTF with u32 (1) and a struct s (2) of `members` members. */
struct types {
    uint8_t magic[4];
    uint32_t header, at, size, strings_at, strings_size;
    uint32_t number[4], structure[3], member[3 * MEMBERS];
    char strings[16]; /* 1: s, 3: x, 5: 0:0, 9: text */
};

static struct types make_types(uint32_t members)
{
    const uint32_t used = 28 + 12 * members;
    struct types t = {.magic = {0x9f, 0xeb, 1, 0},
                      .header = 24,
                      .size = used,
                      .strings_at = offsetof(struct types, strings) - 24,
                      .strings_size = sizeof t.strings,
                      .number = {0, 1U << 24, 4, 32},
                      .structure = {1, 4U << 24 | members, 4},
                      .strings = "\0s\0x\0"
                                 "0:0\0"
                                 "text"};
    return t;
}

/* An object that loads s.x, with a relocation for the offset of that field. */
static void make_loader(void)
{
    static const uint32_t record[] = {16, 9, 1, 0, 2, 5, 0};
    struct types t = make_types(1);
    uint8_t bytes[offsetof(struct types, member) + 12 + sizeof t.strings];
    uint32_t ext[8 + 7] = {0x0001eb9f, 32, 0, 0, 0, 0, 0, sizeof record};
    t.member[0] = 3;
    t.member[1] = 1;
    t.strings_at = 28 + 12;
    memcpy(bytes, &t, sizeof bytes);
    memcpy(bytes + sizeof bytes - sizeof t.strings, t.strings, sizeof t.strings);
    memcpy(ext + 8, record, sizeof record);
    begin(false);
    (void)CODE("text", LDX(BPF_W, 0, 1, 0), EXIT);
    (void)section(".BTF", SHT_PROGBITS, 0, bytes, sizeof bytes);
    (void)section(".BTF.ext", SHT_PROGBITS, 0, ext, sizeof ext);
}

static void types_inside_each_other_end(void **state)
{
    struct types kernel = make_types(MEMBERS);
    const struct ebpf_load_options options = {.btf = (const uint8_t *)&kernel,
                                              .btf_size = sizeof kernel};
    (void)state;
    for (unsigned i = 0; i < MEMBERS; i++)
        kernel.member[3 * i + 1] = 2; /* without a name: a struct s again */
    make_loader();
    expect_error(&options, "its CO-RE relocations take too many steps");
}

/* The result of a program that loads the 32-bit number at `offset`, in bytes, of 64 KiB. */
static enum ebpf_stop run_loader(uint32_t offset, char text[EBPF_FAULT_TEXT])
{
    static uint8_t input[65536];
    struct types kernel = make_types(1);
    const struct ebpf_load_options load = {.btf = (const uint8_t *)&kernel,
                                           .btf_size = sizeof kernel};
    const struct ebpf_options options = {.budget = 10, .input = input, .input_size = sizeof input};
    struct ebpf_machine *m;
    kernel.member[0] = 3;
    kernel.member[1] = 1;
    kernel.member[2] = 8 * offset;
    make_loader();
    struct ebpf_image *image = load_with(&load);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    enum ebpf_stop stop = ebpf_run(m, 10);
    snprintf(text, EBPF_FAULT_TEXT, "%s", m->fault.text);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return stop;
}

static void a_field_out_of_reach_of_an_instruction_stops(void **state)
{
    char text[EBPF_FAULT_TEXT];
    (void)state;
    assert_int_equal(run_loader(32764, text), EBPF_EXITED);
    assert_int_equal(run_loader(32768, text), EBPF_ILLEGAL);
    assert_non_null(strstr(text, "or has it out of its reach"));
    assert_int_equal(run_loader(65536, text), EBPF_ILLEGAL); /* not offset 0 */
}

/* ---- helpers ---- */

/* Runs code with two equal strings of `size` bytes at EBPF_INPUT_BASE; returns the first reason. */
static enum ebpf_stop run_strings(const uint64_t *code, size_t bytes, size_t size)
{
    uint8_t *strings = calloc(2, size);
    const struct ebpf_options options = {
        .budget = 100, .input = strings, .input_size = 2 * size, .context = EBPF_CONTEXT_RAW};
    struct ebpf_image *image;
    struct ebpf_machine *m;
    assert_non_null(strings);
    memset(strings, 'x', size - 1);
    memset(strings + size, 'x', size - 1);
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, bytes), 0);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    enum ebpf_stop stop = ebpf_run(m, 50);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    free(strings);
    return stop;
}

static void a_long_string_ends_the_slice(void **state)
{
    enum { SHORT = 1000, LONG = 100000 };
    const uint64_t length[] = {CALL_HELPER(1130), EXIT};
    const uint64_t compare_short[] = {MOV_X(2, 1), ALU_K(BPF_ADD, 2, SHORT), CALL_HELPER(1131),
                                      EXIT};
    const uint64_t compare_long[] = {MOV_X(2, 1), ALU_K(BPF_ADD, 2, LONG), CALL_HELPER(1131), EXIT};
    const uint64_t bounded[] = {MOV_X(3, 1), ALU_K(BPF_ADD, 3, LONG), MOV_K(2, LONG),
                                CALL_HELPER(182), EXIT};
    (void)state;
    assert_int_equal(run_strings(length, sizeof length, SHORT), EBPF_EXITED);
    assert_int_equal(run_strings(length, sizeof length, LONG), EBPF_RUNNING);
    assert_int_equal(run_strings(compare_short, sizeof compare_short, SHORT), EBPF_EXITED);
    assert_int_equal(run_strings(compare_long, sizeof compare_long, LONG), EBPF_RUNNING);
    assert_int_equal(run_strings(bounded, sizeof bounded, LONG), EBPF_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_of_programs_needs_no_sizes),
        cmocka_unit_test(long_names_take_little_memory),
        cmocka_unit_test(symbols_for_a_loader_have_the_same_limit),
        cmocka_unit_test(an_undefined_symbol_has_a_short_name),
        cmocka_unit_test(segments_take_little_memory),
        cmocka_unit_test(sections_of_the_same_bytes_take_little_memory_and_time),
        cmocka_unit_test(keys_with_the_same_hash_are_bounded),
        cmocka_unit_test(a_long_search_of_a_trie_ends_the_slice),
        cmocka_unit_test(a_walk_passes_free_entries_without_a_search),
        cmocka_unit_test(types_inside_each_other_end),
        cmocka_unit_test(a_field_out_of_reach_of_an_instruction_stops),
        cmocka_unit_test(a_long_string_ends_the_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
