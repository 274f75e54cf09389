/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loader with objects made by the test: every relocation of both numberings, in-place addends,
 * common symbols, entry points, maps, and malformed objects. tests/e2e/bpf-run.test uses objects of
 * real compilers.
 */
#include "tests/unit/ebpf_object.h"

static void llvm_adds_the_in_place_value_to_the_symbol(void **state)
{
    static const uint64_t data[] = {10, 20, 30, 40};
    (void)state;
    begin(false);
    unsigned text =
        CODE(".text", INSN(BPF_LDDW, 1, 0, 0, 8), LDDW_HIGH(0), LDX(BPF_DW, 0, 1, 0), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    unsigned to = symbol("object", STT_OBJECT, in, 16, 8);
    relocation(text, 0, 1, to);
    assert_int_equal(result(), 40); /* 16 and 8 */
}

static void gcc_in_place_values_include_the_symbol(void **state)
{
    static const uint64_t data[] = {10, 20, 30, 40};
    (void)state;
    begin(true);
    unsigned text =
        CODE(".text", INSN(BPF_LDDW, 1, 0, 0, 24), LDDW_HIGH(0), LDX(BPF_DW, 0, 1, 0), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    unsigned to = symbol("object", STT_OBJECT, in, 24, 8);
    relocation(text, 0, 1, to);
    assert_int_equal(result(), 40);
}

static void a_rela_addend_replaces_the_in_place_value(void **state)
{
    static const uint64_t data[] = {10, 20, 30, 40};
    (void)state;
    begin(false);
    unsigned text =
        CODE(".text", INSN(BPF_LDDW, 1, 0, 0, 99), LDDW_HIGH(0), LDX(BPF_DW, 0, 1, 0), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    unsigned to = symbol("object", STT_OBJECT, in, 8, 8);
    rela(text, 0, 1, to, 8);
    assert_int_equal(result(), 30);
}

/* Pointers in data: type and width of each numbering. The program follows one at offset 0. */
static uint64_t follow_pointer(const char *gcc, unsigned type, bool wide, uint64_t in_place)
{
    uint64_t data[] = {in_place, 11, 22, 33};
    begin_of(gcc);
    unsigned text =
        CODE(".text", LDDW(1, 0), LDX(wide ? BPF_DW : BPF_W, 2, 1, 0), LDX(BPF_DW, 0, 2, 0), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    unsigned base = symbol("", STT_SECTION, in, 0, 0), to = symbol("object", STT_OBJECT, in, 16, 8);
    relocation(text, 0, 1, base);
    relocation(in, 0, type, to);
    return result();
}

static void pointers_in_data_are_relocated_by_both_numberings(void **state)
{
    static const char gcc12[] = "GCC: (12.2.0) 12.2.0", gcc14[] = "GCC: (14.2.0-19+2) 14.2.0";
    (void)state;
    assert_int_equal(follow_pointer(NULL, 2, true, 0), 22); /* R_BPF_64_ABS64 */
    assert_int_equal(follow_pointer(NULL, 2, true, 8), 33);
    assert_int_equal(follow_pointer(NULL, 3, false, 0), 22);    /* R_BPF_64_ABS32 */
    assert_int_equal(follow_pointer(NULL, 4, false, 8), 33);    /* R_BPF_64_NODYLD32 */
    assert_int_equal(follow_pointer(gcc12, 12, true, 16), 22);  /* R_BPF_DATA_64 */
    assert_int_equal(follow_pointer(gcc12, 11, false, 24), 33); /* R_BPF_DATA_32 */
    assert_int_equal(follow_pointer(gcc14, 2, true, 0), 22);    /* as LLVM */
    assert_int_equal(follow_pointer(gcc14, 2, true, 8), 33);
    assert_int_equal(follow_pointer("GCC: (", 12, true, 16), 22); /* no version */
}

static void distances_in_data_are_relocated(void **state)
{
    uint64_t data[] = {0, 16};
    (void)state;
    begin(true);
    unsigned text = CODE(".text", LDDW(1, 0), LDX(BPF_DW, 0, 1, 8), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    unsigned base = symbol("", STT_SECTION, in, 0, 0), to = symbol("object", STT_OBJECT, in, 16, 8);
    relocation(text, 0, 1, base);
    relocation(in, 8, 13, to); /* R_BPF_DATA_64_PCREL */
    assert_int_equal(result(), 8);
}

static void calls_are_relocated_to_the_symbol(void **state)
{
    (void)state;
    begin(false); /* a function in another section: in-place value -1 */
    unsigned text = CODE("program", CALL_LOCAL(-1), EXIT);
    unsigned other = CODE(".text", MOV_K(0, 1), EXIT, MOV_K(0, 2), EXIT);
    relocation(text, 0, 10, symbol("callee", STT_FUNC, other, 16, 16));
    assert_int_equal(result(), 2);
    begin(false); /* a static function: the in-place value is its offset in the section */
    text = CODE("program", CALL_LOCAL(1), EXIT);
    other = CODE(".text", MOV_K(0, 1), EXIT, MOV_K(0, 2), EXIT);
    relocation(text, 0, 10, symbol("", STT_SECTION, other, 0, 0));
    assert_int_equal(result(), 2);
    begin(false); /* clang before 17 wrote type 2 */
    text = CODE("program", CALL_LOCAL(-1), EXIT);
    other = CODE(".text", MOV_K(0, 1), EXIT, MOV_K(0, 2), EXIT);
    relocation(text, 0, 2, symbol("callee", STT_FUNC, other, 16, 16));
    assert_int_equal(result(), 2);
    begin(true); /* gcc: the in-place value is not used */
    text = CODE("program", CALL_LOCAL(77), EXIT);
    other = CODE(".text", MOV_K(0, 1), EXIT, MOV_K(0, 2), EXIT);
    relocation(text, 0, 10, symbol("callee", STT_FUNC, other, 16, 16));
    assert_int_equal(result(), 2);
}

static void binutils_relocations_of_instruction_fields(void **state)
{
    (void)state;
    begin(true); /* R_BPF_INSN_32: an immediate */
    unsigned text = CODE(".text", MOV_K(0, 5), EXIT);
    relocation(text, 0, 2, symbol("number", STT_NOTYPE, SHN_ABS, 1000, 0));
    assert_int_equal(result(), 1005);
    begin(true); /* R_BPF_INSN_16: an offset */
    text = CODE(".text", ST(BPF_DW, 10, -16, 3), MOV_X(1, 10), LDX(BPF_DW, 0, 1, 0), EXIT);
    relocation(text, 16, 3, symbol("offset", STT_NOTYPE, SHN_ABS, (uint64_t)-16, 0));
    assert_int_equal(result(), 3);
    begin(true); /* R_BPF_INSN_DISP16: a jump */
    text = CODE(".text", JA(0), MOV_K(0, 1), EXIT, MOV_K(0, 2), EXIT);
    relocation(text, 0, 4, symbol("label", STT_NOTYPE, text, 24, 0));
    assert_int_equal(result(), 2);
}

static void common_symbols_and_bss_are_zero_and_writable(void **state)
{
    (void)state;
    begin(false);
    unsigned text = CODE(".text", LDDW(1, 0), LDDW(2, 0), LDX(BPF_DW, 0, 1, 0), ST(BPF_DW, 2, 0, 7),
                         LDX(BPF_DW, 3, 2, 0), ALU_X(BPF_ADD, 0, 3), EXIT);
    unsigned bss = section(".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL, 4096);
    relocation(text, 0, 1, symbol("zero", STT_OBJECT, bss, 4088, 8));
    relocation(text, 16, 1, symbol("shared", STT_OBJECT, SHN_COMMON, 8, 8));
    assert_int_equal(result(), 7);
}

static void helpers_are_bound_by_name_and_undefined_functions_reported(void **state)
{
    (void)state;
    begin(false);
    unsigned text = CODE(".text", MOV_X(1, 10), ALU_K(BPF_ADD, 1, -8), MOV_K(2, 1), MOV_K(3, 8),
                         CALL_LOCAL(-1), LDX(BPF_DW, 0, 10, -8), EXIT);
    relocation(text, 32, 10, symbol("memset", STT_NOTYPE, SHN_UNDEF, 0, 0));
    assert_int_equal(result(), 0x0101010101010101);
    begin(false);
    text = CODE(".text", CALL_LOCAL(-1), EXIT);
    relocation(text, 0, 10, symbol("absent", STT_NOTYPE, SHN_UNDEF, 0, 0));
    expect_stop("call of the undefined symbol absent: --helper absent=VALUE");
    begin(false);
    text = CODE(".text", LDDW(1, 0), LDX(BPF_W, 0, 1, 0), EXIT);
    relocation(text, 0, 1, symbol("missing", STT_NOTYPE, SHN_UNDEF, 0, 0));
    expect_stop("read from 0xf0000000: undefined symbol missing: --kconfig missing=VALUE");
    begin(false);
    text = CODE(".text", LDDW(0, 0), EXIT);
    unsigned weak = symbol("weak", STT_NOTYPE, SHN_UNDEF, 0, 0);
    o.symbol[weak].st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE);
    relocation(text, 0, 1, weak);
    assert_int_equal(result(), 0);
}

static void the_entry_point_is_chosen_or_must_be_given(void **state)
{
    struct ebpf_load_options options = {0};
    (void)state;
    begin(false);
    unsigned text = CODE(".text", MOV_K(0, 1), EXIT, MOV_K(0, 2), EXIT, MOV_K(0, 3), EXIT);
    (void)symbol("first", STT_FUNC, text, 0, 16);
    (void)symbol("entrypoint", STT_FUNC, text, 16, 16);
    (void)symbol("last", STT_FUNC, text, 32, 16);
    struct ebpf_image *image = load_with(NULL);
    assert_int_equal(image->entry, EBPF_TEXT_BASE + 16);
    assert_string_equal(image->name, "object.o");
    assert_string_equal(ebpf_image_function(image, EBPF_TEXT_BASE + 40)->name, "last");
    ebpf_image_free(image);
    o.sections -= 2; /* the tables are written again */
    options.entry = "last";
    image = load_with(&options);
    assert_int_equal(image->entry, EBPF_TEXT_BASE + 32);
    ebpf_image_free(image);
    o.sections -= 2;
    options.entry = "none";
    expect_error(&options, "no function named none");
    begin(false);
    (void)CODE("one", MOV_K(0, 1), EXIT);
    (void)CODE("two", MOV_K(0, 2), EXIT);
    (void)CODE(".text", EXIT);
    expect_error(NULL, "several programs, choose a section: one two .text");
}

static void a_bpf_map_def_defines_a_map(void **state)
{
    static const uint32_t definition[] = {EBPF_MAP_HASH, 4, 8, 2, 0};
    const struct ebpf_options options = {.budget = 100};
    struct ebpf_machine *m;
    uint64_t value = 0x1234;
    (void)state;
    begin(false);
    (void)CODE(".text", EXIT);
    unsigned in =
        section("maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, definition, sizeof definition);
    (void)symbol("table", STT_OBJECT, in, 0, sizeof definition);
    struct ebpf_image *image = load_with(NULL);
    assert_int_equal(image->maps, 1);
    assert_string_equal(image->map[0].name, "table");
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    struct ebpf_map *map = ebpf_map_find(m, image->map[0].address);
    const uint8_t *a = (const uint8_t *)"aaaa", *b = (const uint8_t *)"bbbb",
                  *c = (const uint8_t *)"cccc";
    assert_int_equal(ebpf_map_lookup(map, a), 0);
    assert_int_equal(ebpf_map_update(map, a, (uint8_t *)&value, EBPF_EXIST), EBPF_ENOENT);
    assert_int_equal(ebpf_map_update(map, a, (uint8_t *)&value, EBPF_ANY), 0);
    assert_int_equal(ebpf_map_update(map, a, (uint8_t *)&value, EBPF_NOEXIST), EBPF_EEXIST);
    assert_int_equal(ebpf_map_update(map, b, (uint8_t *)&value, EBPF_ANY), 0);
    assert_int_equal(ebpf_map_update(map, c, (uint8_t *)&value, EBPF_ANY), EBPF_E2BIG);
    assert_int_equal(ebpf_map_update(map, c, (uint8_t *)&value, 3), EBPF_EINVAL);
    assert_int_equal(ebpf_map_delete(map, a), 0);
    assert_int_equal(ebpf_map_delete(map, a), EBPF_ENOENT);
    assert_int_equal(ebpf_map_lookup(map, a), 0);
    assert_int_equal(ebpf_map_update(map, c, (uint8_t *)&value, EBPF_ANY), 0);
    uint64_t at = ebpf_map_lookup(map, c);
    assert_int_equal(*(uint64_t *)ebpf_memory_access(&m->memory, at, 8, true), value);
    ebpf_machine_free(m);
    ebpf_image_free(image);
}

static void the_linked_elf_suits_debuggers_and_loads_again(void **state)
{
    static const uint64_t data[] = {5};
    (void)state;
    begin(false);
    unsigned text = CODE("program", LDDW(1, 0), LDX(BPF_DW, 0, 1, 0), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    (void)symbol("start", STT_FUNC, text, 0, 32);
    relocation(text, 0, 1, symbol("object", STT_OBJECT, in, 0, 8));
    struct ebpf_image *image = load_with(NULL), *again;
    Elf64_Ehdr e;
    memcpy(&e, image->elf.data, sizeof e);
    assert_int_equal(e.e_machine, EM_AARCH64);
    assert_int_equal(e.e_type, ET_EXEC);
    assert_int_equal(e.e_entry, EBPF_TEXT_BASE);
    assert_non_null(memmem(image->elf.data, image->elf.len, ".debug_frame", 13));
    char error[EBPF_ERROR_TEXT];
    assert_int_equal(ebpf_load(&again, image->elf.data, image->elf.len, "again", NULL, error), 0);
    assert_int_equal(again->entry, image->entry);
    assert_string_equal(ebpf_image_function(again, EBPF_TEXT_BASE)->name, "start");
    assert_int_equal(again->segments, image->segments);
    for (unsigned i = 0; i < image->segments; i++) {
        assert_int_equal(again->segment[i].base, image->segment[i].base);
        assert_memory_equal(again->segment[i].data, image->segment[i].data,
                            (size_t)image->segment[i].given);
    }
    ebpf_image_free(again);
    ebpf_image_free(image);
}

static void unwind_tables_of_the_compiler_are_left_out(void **state)
{
    static const char table[] = "tables";
    (void)state;
    begin(false);
    unsigned text = CODE(".text", EXIT);
    unsigned frames = section(".eh_frame", SHT_PROGBITS, SHF_ALLOC, table, sizeof table);
    relocation(frames, 0, 2, symbol("", STT_SECTION, text, 0, 0));
    struct ebpf_image *image = load_with(NULL);
    assert_null(memmem(image->elf.data, image->elf.len, ".eh_frame", 9));
    assert_null(memmem(image->elf.data, image->elf.len, table, 6));
    ebpf_image_free(image);
}

static void malformed_objects_are_refused_with_the_reason(void **state)
{
    (void)state;
    begin(false);
    unsigned text = CODE(".text", EXIT);
    relocation(text, 4, 1, symbol("f", STT_FUNC, text, 0, 8));
    expect_error(NULL, "not inside");
    begin(false);
    text = CODE(".text", EXIT);
    relocation(text, UINT64_MAX, 10, symbol("f", STT_FUNC, text, 0, 8));
    expect_error(NULL, "not inside");
    begin(false);
    text = CODE(".text", EXIT);
    relocation(text, 0, 99, symbol("f", STT_FUNC, text, 0, 8));
    expect_error(NULL, "unknown relocation 99");
    begin(false);
    text = CODE(".text", EXIT);
    relocation(text, 0, 10, 77);
    expect_error(NULL, "has no symbol");
    begin(false);
    code(".text", (const uint64_t[]){EXIT}, 7);
    expect_error(NULL, "not a whole number of instructions");
    begin(false);
    expect_error(NULL, "no code");
    begin(false);
    (void)CODE(".text", EXIT);
    o.section[1].sh_addralign = 1 << 20;
    expect_error(NULL, "aligned");
    begin(false);
    (void)CODE(".text", EXIT);
    unsigned bss = section(".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL, 0);
    o.section[bss].sh_size = UINT64_MAX;
    expect_error(NULL, "too many");
}

static void every_truncation_is_refused_or_loads(void **state)
{
    static const uint64_t data[] = {5};
    char error[EBPF_ERROR_TEXT];
    struct ebpf_image *image;
    (void)state;
    begin(true);
    unsigned text = CODE("program", LDDW(1, 0), LDX(BPF_DW, 0, 1, 0), EXIT);
    unsigned in = section(".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data, sizeof data);
    relocation(text, 0, 1, symbol("object", STT_OBJECT, in, 0, 8));
    finish();
    for (size_t n = 0; n < file_size; n++) {
        uint8_t *cut = malloc(n + 1); /* so that tools detect reads past the end */
        memcpy(cut, file, n);
        if (ebpf_load(&image, cut, n, "cut.o", NULL, error) == 0)
            ebpf_image_free(image);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llvm_adds_the_in_place_value_to_the_symbol),
        cmocka_unit_test(gcc_in_place_values_include_the_symbol),
        cmocka_unit_test(a_rela_addend_replaces_the_in_place_value),
        cmocka_unit_test(pointers_in_data_are_relocated_by_both_numberings),
        cmocka_unit_test(distances_in_data_are_relocated),
        cmocka_unit_test(calls_are_relocated_to_the_symbol),
        cmocka_unit_test(binutils_relocations_of_instruction_fields),
        cmocka_unit_test(common_symbols_and_bss_are_zero_and_writable),
        cmocka_unit_test(helpers_are_bound_by_name_and_undefined_functions_reported),
        cmocka_unit_test(the_entry_point_is_chosen_or_must_be_given),
        cmocka_unit_test(a_bpf_map_def_defines_a_map),
        cmocka_unit_test(the_linked_elf_suits_debuggers_and_loads_again),
        cmocka_unit_test(unwind_tables_of_the_compiler_are_left_out),
        cmocka_unit_test(malformed_objects_are_refused_with_the_reason),
        cmocka_unit_test(every_truncation_is_refused_or_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
