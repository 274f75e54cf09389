/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs for Solana as files: versions, relocations, the memory map, frames, hostile files. */
#include "tests/unit/sbpf_fixture.h"

enum { R_64_64 = 1, R_RELATIVE = 8, R_CALL = 10, ALL = 5 };

static const uint8_t data[] = {42, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};

static uint64_t leave(unsigned version)
{
    return version == 4 ? INSN(0x9d, 0, 0, 0, 0) : EXIT;
}

static bool has_pqr(unsigned version)
{
    return version == 2 || version == 4;
}

/* dst = *(u64 *)(src + off) */
static uint64_t load(unsigned version, unsigned dst, unsigned src, int off)
{
    return has_pqr(version) ? INSN(0x9c, dst, src, off, 0) : LDX(BPF_DW, dst, src, off);
}

static uint64_t store(unsigned version, unsigned dst, int off, unsigned src)
{
    return has_pqr(version) ? INSN(0x9f, dst, src, off, 0) : STX(BPF_DW, dst, off, src);
}

/* Two instructions that put a constant to a register. */
#define CONSTANT(version, dst, value)                                                              \
    has_pqr(version) ? INSN(BPF_ALU | BPF_MOV, dst, 0, 0, (uint32_t)(value))                       \
                     : INSN(BPF_LDDW, dst, 0, 0, (uint32_t)(value)),                               \
        has_pqr(version) ? INSN(SBPF_HOR64, dst, 0, 0, (uint32_t)((uint64_t)(value) >> 32))        \
                         : LDDW_HIGH(value)

static void each_version_is_known_by_its_header(void **state)
{
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        TEXT(version, MOV_K(0, (int)version + 1), leave(version));
        assert_int_equal(result(), version + 1);
        assert_int_equal(image->sbpf->version, program.version);
        assert_int_equal(image->sbpf->markers, version == 4);
    }
}

/* Where the tests find the regions. */
static void the_memory_map_is_solanas(void **state)
{
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        TEXT(version, leave(version));
        set_rodata(data, sizeof data);
        assert_int_equal(run(), EBPF_EXITED);
        uint64_t rodata =
            version < 3 ? SBPF_CODE + sbpf_rodata_at(&program) : sbpf_rodata_at(&program);
        const struct {
            uint64_t address;
            bool readable, writable;
        } places[] = {
            {rodata, true, false},
            {rodata + sizeof data - 8, true, false},
            {rodata + sizeof data - 7, false, false},
            {machine->pc, version < 3, false}, /* in version 3 code cannot be read */
            {SBPF_STACK, true, true},
            {SBPF_STACK - 8, false, false},
            {SBPF_STACK + 4088, true, true},
            {SBPF_STACK + 4096, version != 0, version != 0}, /* a gap */
            {SBPF_STACK + 8192, true, true},
            {SBPF_STACK + (version == 0 ? 127 : 64) * UINT64_C(4096), false, false},
            {SBPF_STACK + (version == 0 ? 127 : 64) * UINT64_C(4096) - 8, true, true},
            {SBPF_HEAP, true, true},
            {SBPF_HEAP + 32760, true, true},
            {SBPF_HEAP + 32761, false, false},
            {SBPF_INPUT, true, true},
            {SBPF_INPUT + 40, true, true},
            {SBPF_INPUT + 41, false, false},
            {EBPF_SHADOW_BASE, false, false},
            {version == 3 ? 8 : SBPF_TOP, version == 3, false},
        };
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            bool r = ebpf_memory_access(&machine->memory, places[i].address, 8, false) != NULL;
            bool w = ebpf_memory_access(&machine->memory, places[i].address, 8, true) != NULL;
            if (r != places[i].readable || w != places[i].writable)
                fail_msg("version %u, place %zu: read %d, write %d", version, i, r, w);
        }
        assert_int_equal(machine->reg[1], SBPF_INPUT);
        assert_int_equal(machine->reg[2], 48);
    }
}

static void the_fast_loop_reaches_every_region(void **state)
{
    static const uint8_t input[16] = {7};
    const struct ebpf_options options = {
        .budget = BUDGET, .input = input, .input_size = sizeof input};
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        TEXT(version, load(version, 0, 1, 0), store(version, 1, 8, 0),
             CONSTANT(version, 2, SBPF_HEAP), store(version, 2, 0, 0), load(version, 3, 2, 0),
             store(version, 10, -8, 3), load(version, 4, 10, -8), ALU_X(BPF_ADD, 0, 4),
             load(version, 5, 1, 8), ALU_X(BPF_ADD, 0, 5), leave(version));
        assert_int_equal(run_with(&options), EBPF_EXITED);
        assert_int_equal(machine->reg[0], 21);
        assert_int_equal(machine->reg[2], SBPF_HEAP);
    }
}

static void frames_grow_as_the_version_says(void **state)
{
    static const uint64_t first[ALL] = {4096, 64 * 4096, 64 * 4096, 4096, 64 * 4096};
    static const uint64_t step[ALL] = {8192, (uint64_t)-64, (uint64_t)-64, 4096, (uint64_t)-64};
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        bool dynamic = first[version] != 4096;
        TEXT(version, MOV_X(6, 10), MOV_K(7, 5), INSN(BPF_JMP | BPF_CALL, 0, 1, 0, 2),
             ALU_X(BPF_SUB, 0, 6), leave(version), dynamic ? ALU_K(BPF_ADD, 10, -64) : MOV_K(3, 0),
             MOV_X(0, 10), MOV_K(6, 1), MOV_K(7, 1), leave(version));
        assert_int_equal(result(), step[version]);
        assert_int_equal(machine->reg[10], SBPF_STACK + first[version]); /* restored */
        assert_int_equal(machine->reg[6], machine->reg[10]);
        assert_int_equal(machine->reg[7], 5);
    }
}

static void recursion_ends_at_64_functions(void **state)
{
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        TEXT(version, ALU_K(BPF_ADD, 6, 1), INSN(BPF_JMP | BPF_CALL, 0, 1, 0, -2), leave(version));
        assert_int_equal(run(), EBPF_TOO_DEEP);
        assert_int_equal(machine->reg[6], 64);
        assert_int_equal(ebpf_stop_signal(EBPF_TOO_DEEP), 11);
        assert_non_null(strstr(machine->fault.text, "more than 64 functions"));
    }
}

static void a_budget_ends_a_loop(void **state)
{
    (void)state;
    TEXT(1, JA(-1));
    assert_int_equal(run(), EBPF_OVER_BUDGET);
    assert_int_equal(machine->executed, BUDGET);
}

static void addresses_are_relocated(void **state)
{
    (void)state;
    for (unsigned version = 0; version <= 1; version++) {
        /* An address of data, by an immediate and by a symbol. */
        TEXT(version, LDDW(1, 0), LDX(BPF_DW, 0, 1, 0), LDDW(2, 8), LDX(BPF_DW, 2, 2, 0),
             ALU_X(BPF_ADD, 0, 2), EXIT);
        set_rodata(data, sizeof data);
        uint64_t at = sbpf_rodata_at(&program), text = sbpf_text_at(&program);
        uint64_t *insns = (uint64_t *)(uintptr_t)program.text;
        insns[0] |= at << 32;
        unsigned s = sbpf_add_symbol(&program, "data", at, 8);
        sbpf_add_relocation(&program, text, R_RELATIVE, s);
        sbpf_add_relocation(&program, text + 24, R_64_64, s);
        assert_int_equal(result(), 42 + 0x0807060504030201);
        assert_int_equal(machine->reg[1], SBPF_CODE + at);
    }
}

static void pointers_in_data_are_relocated(void **state)
{
    (void)state;
    for (unsigned version = 0; version <= 1; version++) {
        /* The data begins with a pointer to the 8 bytes after it. */
        uint8_t bytes[16] = {0};
        TEXT(version, LDDW(1, 0), LDX(BPF_DW, 1, 1, 0), LDX(BPF_DW, 0, 1, 0), EXIT);
        set_rodata(bytes, sizeof bytes);
        program.data_name = ".data.rel.ro";
        program.data_writable = true;
        uint64_t at = sbpf_rodata_at(&program);
        ((uint64_t *)(uintptr_t)program.text)[0] |= at << 32;
        bytes[8] = 99;
        bytes[version == 0 ? 4 : 0] = (uint8_t)(at + 8); /* version 0: in the high half */
        bytes[version == 0 ? 5 : 1] = (uint8_t)((at + 8) >> 8);
        sbpf_add_relocation(&program, sbpf_text_at(&program), R_RELATIVE, 0);
        sbpf_add_relocation(&program, at, R_RELATIVE, 0);
        assert_int_equal(result(), 99);
        assert_int_equal(machine->reg[1], SBPF_CODE + at + 8);
    }
}

static void calls_are_bound_by_symbol_distance_and_hash(void **state)
{
    (void)state;
    /* By symbol: a function and a system call. */
    TEXT(0, INSN(BPF_JMP | BPF_CALL, 0, 1, 0, -1), ALU_K(BPF_ADD, 0, 1), EXIT,
         INSN(BPF_JMP | BPF_CALL, 0, 1, 0, -1), ALU_K(BPF_ADD, 0, 10), EXIT);
    uint64_t text = sbpf_text_at(&program);
    unsigned f = sbpf_add_symbol(&program, "f", text + 24, 24);
    unsigned height = sbpf_add_symbol(&program, "sol_get_stack_height", 0, 0);
    sbpf_add_relocation(&program, text, R_CALL, f);
    sbpf_add_relocation(&program, text + 24, R_CALL, height);
    assert_int_equal(result(), 12);
    assert_string_equal(ebpf_image_function(image, SBPF_CODE + text + 32)->name, "f");
    /* By distance, in all versions; by hash in version 3. */
    TEXT(2, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, 1), EXIT, MOV_K(0, 5), EXIT);
    assert_int_equal(result(), 5);
    TEXT(3, CALL_HELPER((int32_t)sbpf_hash("sol_get_stack_height", 20)), EXIT);
    assert_int_equal(result(), 1);
    TEXT(4, INSN(0x95, 0, 0, 0, (int32_t)sbpf_hash("sol_get_stack_height", 20)),
         INSN(0x9d, 0, 0, 0, 0));
    assert_int_equal(result(), 1);
}

static void unknown_system_calls_are_named_and_can_be_stubbed(void **state)
{
    const struct ebpf_helper stubs[] = {{0, "sol_get_clock_sysvar", "", ebpf_constant, 7},
                                        {0, "my_call", "", ebpf_constant, 8},
                                        {0x12345678, "0x12345678", "", ebpf_constant, 9}};
    const struct ebpf_options options = {.budget = BUDGET, .stubs = stubs, .stub_count = 3};
    (void)state;
    TEXT(3, CALL_HELPER((int32_t)sbpf_hash("sol_get_clock_sysvar", 20)), EXIT);
    assert_int_equal(run(), EBPF_ILLEGAL);
    assert_string_equal(machine->fault.text,
                        "system call sol_get_clock_sysvar is not available: --helper "
                        "sol_get_clock_sysvar=VALUE makes it return VALUE");
    assert_int_equal(run_with(&options), EBPF_EXITED);
    assert_int_equal(machine->reg[0], 7);
    TEXT(3, CALL_HELPER(0x12345678), EXIT);
    assert_int_equal(run(), EBPF_ILLEGAL);
    assert_non_null(strstr(machine->fault.text, "system call 0x12345678 is unknown"));
    assert_int_equal(run_with(&options), EBPF_EXITED);
    assert_int_equal(machine->reg[0], 9);
    /* A name that only the file knows. */
    TEXT(0, INSN(BPF_JMP | BPF_CALL, 0, 1, 0, -1), EXIT);
    sbpf_add_relocation(&program, sbpf_text_at(&program), R_CALL,
                        sbpf_add_symbol(&program, "my_call", 0, 0));
    assert_int_equal(run(), EBPF_ILLEGAL);
    assert_non_null(strstr(machine->fault.text, "system call my_call is not available"));
    assert_int_equal(run_with(&options), EBPF_EXITED);
    assert_int_equal(machine->reg[0], 8);
}

/* A file that is not what it should be has one line that says so. */
static void expect_error(const char *text)
{
    assert_int_not_equal(load_program(), 0);
    if (strstr(error, text) == NULL)
        fail_msg("not in \"%s\": %s", error, text);
}

static void wrong_files_are_refused_with_the_reason(void **state)
{
    struct buf file;
    (void)state;
    TEXT(0, EXIT);
    program.entry = 8;
    expect_error("entry point");
    program.entry = 4;
    expect_error("entry point");
    TEXT(0, EXIT, EXIT);
    set_rodata(data, sizeof data);
    program.data_name = ".data";
    program.data_writable = true;
    expect_error("no writable data");
    program.data_name = ".bss";
    expect_error("no writable data");
    TEXT(0, EXIT);
    sbpf_add_relocation(&program, sbpf_text_at(&program), 77, 0);
    expect_error("relocation type 77");
    TEXT(0, EXIT);
    sbpf_add_relocation(&program, sbpf_text_at(&program), R_64_64, 1000);
    expect_error("does not exist");
    TEXT(0, EXIT);
    sbpf_add_relocation(&program, sbpf_text_at(&program), R_RELATIVE, 0);
    expect_error("last instruction");
    TEXT(0, EXIT);
    sbpf_add_relocation(&program, sbpf_text_at(&program), R_CALL,
                        sbpf_add_symbol(&program, "far", 0x10000, 8));
    expect_error("not in .text");
    buf_init(&file, 1 << 16);
    TEXT(3, EXIT);
    sbpf_write(&program, &file);
    file.data[48] = 4; /* e_flags */
    assert_int_not_equal(load_file(&file), 0);
    assert_string_equal(error, "a program for Solana, sBPF version 4: versions 0 to 3 run");
    file.data[48] = 3;
    file.data[64 + 56 + 16] = 8; /* p_vaddr of the code */
    assert_int_not_equal(load_file(&file), 0);
    assert_non_null(strstr(error, "not what sBPF version 3 requires"));
    file.data[64 + 56 + 16] = 0;
    file.data[32] = 65; /* e_phoff */
    assert_int_not_equal(load_file(&file), 0);
    file.data[32] = 64;
    file.data[60] = file.data[61] = 0xff; /* e_shnum: version 3 does not need sections */
    assert_int_equal(load_file(&file), 0);
    file.data[16] = ET_REL;
    file.data[18] = 263 - 256;
    file.data[19] = 1;
    assert_int_not_equal(load_file(&file), 0);
    assert_non_null(strstr(error, "not linked"));
    buf_free(&file);
}

/* The implementations of libelf differ in which of these they read, and how far. */
static void a_wrong_section_table_counts_as_none(void **state)
{
    static const struct {
        uint64_t offset;
        uint16_t entry, count, names;
    } tables[] = {
        {64, 64, SHN_LORESERVE, 0},
        {64, 64, 1000, 0},
        {1 << 20, 64, 2, 0},
        {UINT64_MAX, 64, 2, 0},
        {0, 64, 2, 0},
        {64, 40, 2, 0},
        {64, 64, 0, 0},
        {64, 64, 2, 2},
        {64, 64, 2, SHN_XINDEX},
    };
    (void)state;
    for (unsigned version = 2; version <= 3; version++)
        for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
            struct buf file;
            Elf64_Ehdr header;
            buf_init(&file, 1 << 16);
            TEXT(version, EXIT);
            sbpf_write(&program, &file);
            memcpy(&header, file.data, sizeof header);
            header.e_shoff = tables[i].offset;
            header.e_shentsize = tables[i].entry;
            header.e_shnum = tables[i].count;
            header.e_shstrndx = tables[i].names;
            memcpy(file.data, &header, sizeof header);
            int rc = load_file(&file);
            if ((rc == 0) != (version == 3) || (rc != 0 && strstr(error, "0 sections") == NULL))
                fail_msg("version %u, table %zu: %d, %s", version, i, rc, error);
            buf_free(&file);
        }
}

static void a_context_of_linux_is_refused(void **state)
{
    char text[EBPF_ERROR_TEXT] = "";
    const struct ebpf_options options = {.context = EBPF_CONTEXT_XDP, .error = text};
    (void)state;
    TEXT(0, EXIT);
    assert_int_equal(load_program(), 0);
    assert_int_not_equal(ebpf_machine_new(&machine, image, &options), 0);
    assert_non_null(strstr(text, "without --context"));
}

/* The file for debuggers has the addresses of the program's file; bias is the rest. */
static void the_file_for_debuggers_is_biased(void **state)
{
    Elf64_Ehdr e;
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        TEXT(version, leave(version));
        assert_int_equal(load_program(), 0);
        memcpy(&e, image->elf.data, sizeof e);
        assert_int_equal(e.e_machine, EM_AARCH64);
        assert_int_equal(e.e_entry, sbpf_text_at(&program));
        assert_int_equal(image->bias, version < 3 ? SBPF_CODE : 0);
        assert_int_equal(image->entry, e.e_entry + image->bias);
    }
}

static void mutated_and_truncated_files_do_no_harm(void **state)
{
    struct buf file;
    uint32_t random = 1;
    unsigned loaded = 0;
    (void)state;
    for (unsigned version = 0; version < ALL; version++)
        for (unsigned round = 0; round < 400; round++) {
            TEXT(version, INSN(BPF_JMP | BPF_CALL, 0, 1, 0, -1), leave(version));
            set_rodata(data, sizeof data);
            sbpf_add_relocation(&program, sbpf_text_at(&program), R_CALL,
                                sbpf_add_symbol(&program, "sol_log_", 0, 0));
            buf_init(&file, 1 << 16);
            sbpf_write(&program, &file);
            for (int i = 0; i < 3; i++) {
                random = random * 1664525 + 1013904223;
                size_t at = round % 4 == 0 ? random >> 8 : (random >> 8) % 0x180;
                file.data[at % file.len] = (uint8_t)(random >> 3);
            }
            size_t len = round % 3 == 0 ? random % file.len : file.len;
            struct buf cut = {.data = malloc(len + 1), .len = len};
            memcpy(cut.data, file.data, len);
            if (load_file(&cut) == 0) {
                const struct ebpf_options options = {.budget = 100};
                if (ebpf_machine_new(&machine, image, &options) == 0)
                    (void)ebpf_run(machine, 100);
                ebpf_machine_free(machine);
                machine = NULL;
                loaded++;
            }
            free(cut.data);
            buf_free(&file);
        }
    assert_true(loaded > 100); /* not all are rejected at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_version_is_known_by_its_header, sbpf_tear_down),
        cmocka_unit_test_teardown(the_memory_map_is_solanas, sbpf_tear_down),
        cmocka_unit_test_teardown(the_fast_loop_reaches_every_region, sbpf_tear_down),
        cmocka_unit_test_teardown(frames_grow_as_the_version_says, sbpf_tear_down),
        cmocka_unit_test_teardown(recursion_ends_at_64_functions, sbpf_tear_down),
        cmocka_unit_test_teardown(a_budget_ends_a_loop, sbpf_tear_down),
        cmocka_unit_test_teardown(addresses_are_relocated, sbpf_tear_down),
        cmocka_unit_test_teardown(pointers_in_data_are_relocated, sbpf_tear_down),
        cmocka_unit_test_teardown(calls_are_bound_by_symbol_distance_and_hash, sbpf_tear_down),
        cmocka_unit_test_teardown(unknown_system_calls_are_named_and_can_be_stubbed,
                                  sbpf_tear_down),
        cmocka_unit_test_teardown(wrong_files_are_refused_with_the_reason, sbpf_tear_down),
        cmocka_unit_test_teardown(a_wrong_section_table_counts_as_none, sbpf_tear_down),
        cmocka_unit_test_teardown(a_context_of_linux_is_refused, sbpf_tear_down),
        cmocka_unit_test_teardown(the_file_for_debuggers_is_biased, sbpf_tear_down),
        cmocka_unit_test_teardown(mutated_and_truncated_files_do_no_harm, sbpf_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
