/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact bounds: a program that accesses bytes past the end of a global or of a map's value stops.
 */
#include "tests/unit/ebpf_object.h"

/* Reads `size` at an offset of a global of 12 bytes in .data, .bss, .rodata or a section like it;
 * another section follows. */
static void read_global(const char *name_, uint32_t type, uint64_t flags, int size, int at,
                        const char *reason)
{
    static const uint32_t data[] = {1, 2, 3};
    begin(false);
    unsigned text = CODE(".text", LDDW(1, 0), LDX(size, 0, 1, at), EXIT);
    unsigned in =
        section(name_, type, SHF_ALLOC | flags, type == SHT_NOBITS ? NULL : data, sizeof data);
    (void)section("license", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, "GPL", 4);
    relocation(text, 0, 1, symbol("global", STT_OBJECT, in, 0, sizeof data));
    expect_stop(reason);
}

static void an_access_past_the_end_of_a_global_stops(void **state)
{
    static const struct {
        const char *name;
        uint32_t type;
        uint64_t flags;
    } kinds[] = {{".data", SHT_PROGBITS, SHF_WRITE},
                 {".bss", SHT_NOBITS, SHF_WRITE},
                 {".rodata", SHT_PROGBITS, 0},
                 {".data.mine", SHT_PROGBITS, SHF_WRITE}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char reason[64];
        snprintf(reason, sizeof reason, "byte 9 to 13 of %s, which has 12", kinds[i].name);
        read_global(kinds[i].name, kinds[i].type, kinds[i].flags, BPF_W, 8, NULL);
        read_global(kinds[i].name, kinds[i].type, kinds[i].flags, BPF_W, 9, reason);
        read_global(kinds[i].name, kinds[i].type, kinds[i].flags, BPF_B, 12, "which has 12");
        read_global(kinds[i].name, kinds[i].type, kinds[i].flags, BPF_B, 4095, "which has 12");
    }
}

/* Looks a key of 0 up, after an update if it is a hash, and reads `size` at an offset of the value.
 */
static void read_value(const uint32_t definition[5], int size, int at, const char *reason)
{
    begin(false);
    unsigned text = CODE(".text", ST(BPF_DW, 10, -8, 0), ST(BPF_DW, 10, -16, 5),
                         ST(BPF_DW, 10, -24, 5), LDDW(1, 0), MOV_X(2, 10), ALU_K(BPF_ADD, 2, -8),
                         MOV_X(3, 10), ALU_K(BPF_ADD, 3, -24), MOV_K(4, 0), CALL_HELPER(2),
                         LDDW(1, 0), MOV_X(2, 10), ALU_K(BPF_ADD, 2, -8), CALL_HELPER(1),
                         JMP_K(BPF_JEQ, 0, 0, 2), LDX(size, 0, 0, at), EXIT, LDX(size, 0, 0, 0));
    unsigned in = section("maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, definition, 20);
    unsigned map = symbol("table", STT_OBJECT, in, 0, 20);
    relocation(text, 24, 1, map);
    relocation(text, 88, 1, map);
    expect_stop(reason);
}

static void an_access_past_the_end_of_a_map_value_stops(void **state)
{
    (void)state;
    for (uint32_t type = EBPF_MAP_HASH; type <= EBPF_MAP_ARRAY; type++)
        for (uint32_t entries = 1; entries < 4; entries++) {
            const uint32_t definition[5] = {type, 4, 12, entries, 0};
            read_value(definition, BPF_W, 8, NULL);
            read_value(definition, BPF_DW, 0, NULL);
            read_value(definition, BPF_W, 9, "byte 9 to 13 of");
            read_value(definition, BPF_B, 12, "byte 12 to 13 of");
            read_value(definition, BPF_DW, 8, "byte 8 to 16 of");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_past_the_end_of_a_global_stops),
        cmocka_unit_test(an_access_past_the_end_of_a_map_value_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
