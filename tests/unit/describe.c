/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Target descriptions of FreeBSD's stubs, and the decorator that offers them: its changes to a
 * session, its message about a gdb that cannot use the registers, and requests that pass unchanged.
 */
#include "tests/unit/unit.h"

#include <elf.h>

#include "proto/err.h"
#include "proto/quirks/describe.h"
#include "tests/unit/symbols_world.h"

/* ---- descriptions ---- */

static const struct {
    const char *machine;
    uint16_t elf;
    bool is64, big;
    size_t len;
} machines[] = {
    {"amd64", EM_X86_64, true, false, 420},    {"i386", EM_386, false, false, 64},
    {"arm64", EM_AARCH64, true, false, 788},   {"riscv64", EM_RISCV, true, false, 264},
    {"powerpc64", EM_PPC64, true, true, 1076},
};

enum { MACHINES = sizeof machines / sizeof machines[0] };

static void a_machine_is_found_by_elf_file_and_by_registers(void **state)
{
    (void)state;
    for (size_t i = 0; i < MACHINES; i++) {
        uint8_t reply[4096];
        memset(reply, '0', sizeof reply);
        const struct description *d =
            description_of_elf(machines[i].elf, machines[i].is64, machines[i].big);
        assert_non_null(d);
        assert_string_equal(d->machine, machines[i].machine);
        assert_ptr_equal(description_of_registers(reply, 2 * machines[i].len), d);
        assert_null(description_of_registers(reply, 2 * machines[i].len + 2));
    }
    assert_null(description_of_elf(EM_SPARCV9, true, true));
    assert_null(description_of_elf(EM_X86_64, true, true));
    assert_null(description_of_registers((const uint8_t *)"E01", 3));
    assert_null(description_of_registers(NULL, 0));
}

static void the_byte_order_of_powerpc64_follows_from_its_pc(void **state)
{
    uint8_t reply[2 * 1076];
    (void)state;
    memset(reply, 'x', sizeof reply);
    memcpy(reply + 1024, "c000000000101000", 16);
    assert_string_equal(description_of_registers(reply, sizeof reply)->machine, "powerpc64");
    memcpy(reply + 1024, "00101000000000c0", 16);
    assert_string_equal(description_of_registers(reply, sizeof reply)->machine, "powerpc64le");
    memcpy(reply + 1024, "xxxxxxxxxxxxxxxx", 16); /* a hostile reply: any answer, but no overflow */
    assert_non_null(description_of_registers(reply, sizeof reply));
}

/* Returns the number after NAME=" in a <reg>; -1: none. */
static long attribute(const char *reg, const char *name)
{
    char text[32];
    snprintf(text, sizeof text, " %s=\"", name);
    const char *at = strstr(reg, text), *end = strchr(reg, '>');
    return at != NULL && at < end ? strtol(at + strlen(text), NULL, 10) : -1;
}

/* Returns the total size of the registers below `number`. */
static long bytes_below(const char *xml, long number)
{
    long bytes = 0;
    for (const char *reg = strstr(xml, "<reg "); reg != NULL; reg = strstr(reg + 1, "<reg "))
        bytes += attribute(reg, "regnum") < number ? attribute(reg, "bitsize") / 8 : 0;
    return bytes;
}

/* Up to the stub's last register with a value, GDB's offsets are those of the stub's reply. */
static void register_offsets_match_the_stubs_reply(void **state)
{
    static const struct {
        size_t machine;
        long number, at; /* the machine's own register, and its offset in g */
    } places[] = {{0, 16, 128}, {0, 17, 136},   {0, 24, 164},  {1, 8, 32},   {1, 15, 60},
                  {1, 16, 64},  {2, 32, 256},   {2, 34, 268},  {2, 67, 784}, {2, 68, 788},
                  {3, 32, 256}, {3, 33, 264},   {4, 64, 512},  {4, 66, 528}, {4, 69, 548},
                  {4, 71, 556}, {4, 104, 1072}, {4, 105, 1076}};
    struct buf xml;
    (void)state;
    buf_init(&xml, 65536);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        size_t m = places[i].machine;
        const struct description *d =
            description_of_elf(machines[m].elf, machines[m].is64, machines[m].big);
        assert_int_equal(description_write(d, &xml), 0);
        assert_int_equal(buf_addc(&xml, '\0'), 0);
        assert_int_equal(bytes_below((const char *)xml.data, places[i].number), places[i].at);
    }
    buf_free(&xml);
}

/* A reply to g that is longer than the description is an error for GDB. */
static void descriptions_have_the_length_of_g(void **state)
{
    struct buf xml;
    (void)state;
    buf_init(&xml, 65536);
    for (size_t i = 0; i < MACHINES; i++) {
        const struct description *d =
            description_of_elf(machines[i].elf, machines[i].is64, machines[i].big);
        assert_int_equal(description_write(d, &xml), 0);
        assert_int_equal(buf_addc(&xml, '\0'), 0);
        assert_true(bytes_below((const char *)xml.data, 1 << 20) >= (long)d->len);
        assert_null(
            strpbrk((const char *)xml.data, "}#$*")); /* no character that a packet must escape */
    }
    buf_free(&xml);
}

/* ---- the decorator ---- */

static struct target *decorate(struct played_stub *stub, const struct exchange *script,
                               struct describe_config config, struct kept_log *log)
{
    kept_log_init(log);
    played_stub_init(stub, script);
    config.description = description_of_elf(EM_X86_64, true, false);
    config.log = &log->log;
    struct target *t = describe_new(&stub->target, &config);
    assert_non_null(t);
    return t;
}

static void the_description_is_offered_and_can_be_read_in_pieces(void **state)
{
    static const struct exchange script[] = {
        {"qSupported:xmlRegisters=i386", "PacketSize=1000;qXfer:threads:read+"}, {NULL, NULL}};
    struct played_stub stub;
    struct kept_log log;
    struct buf whole, xml, reply;
    char request[64];
    (void)state;
    struct target *t = decorate(&stub, script, (struct describe_config){.offer = true}, &log);
    ask(t, "qSupported:xmlRegisters=i386",
        "PacketSize=1000;qXfer:threads:read+;qXfer:features:read+");
    buf_init(&whole, 65536);
    buf_init(&xml, 65536);
    buf_init(&reply, 65536);
    do {
        snprintf(request, sizeof request, "qXfer:features:read:target.xml:%zx,fa", whole.len);
        assert_int_equal(target_ask(t, request, &reply), 0);
        assert_true(reply.len <= 0xfb);
        assert_int_equal(buf_add(&whole, reply.data + 1, reply.len - 1), 0);
    } while (reply.data[0] == 'm');
    assert_int_equal(reply.data[0], 'l');
    assert_int_equal(description_write(description_of_elf(EM_X86_64, true, false), &xml), 0);
    assert_int_equal(whole.len, xml.len);
    assert_memory_equal(whole.data, xml.data, xml.len);
    buf_free(&whole);
    buf_free(&xml);
    buf_free(&reply);
    played_out(&stub);
    target_free(t);
}

static void an_unknown_annex_or_offset_is_an_error(void **state)
{
    static const struct exchange script[] = {{NULL, NULL}};
    struct played_stub stub;
    struct kept_log log;
    (void)state;
    struct target *t = decorate(&stub, script, (struct describe_config){.offer = true}, &log);
    ask(t, "qXfer:features:read:other.xml:0,ffb", "E00");
    ask(t, "qXfer:features:read:target.xml:", "E00");
    ask(t, "qXfer:features:read:target.xml:0", "E00");
    ask(t, "qXfer:features:read:target.xml:0,", "E00");
    ask(t, "qXfer:features:read:target.xml:0,10;", "E00");
    ask(t, "qXfer:features:read:target.xml:,10", "E00");
    ask(t, "qXfer:features:read:target.xml:fffffff,10", "E00");
    ask(t, "qXfer:features:read:target.xml:ffffffffffffffff,10", "E00");
    target_free(t);
}

static void a_client_with_its_own_registers_gets_no_description(void **state)
{
    static const struct exchange script[] = {{"qSupported", "PacketSize=1000"},
                                             {"qXfer:features:read:target.xml:0,ffb", ""},
                                             {"?", "T05thread:186a1;"},
                                             {"g", "0102"},
                                             {NULL, NULL}};
    struct played_stub stub;
    struct kept_log log;
    (void)state;
    struct target *t = decorate(&stub, script, (struct describe_config){.offer = false}, &log);
    ask(t, "qSupported", "PacketSize=1000");
    ask(t, "qXfer:features:read:target.xml:0,ffb", "");
    ask(t, "?", "T05thread:186a1;");
    ask(t, "g", "0102");
    played_out(&stub);
    target_free(t);
    assert_int_equal(logged(&log, ""), 0);
}

static void a_gdb_without_the_osabi_gets_the_pc_and_a_log_line_when_it_disconnects(void **state)
{
    static const struct exchange script[] = {
        {"?", "T05thread:186a1;"}, {"p10", "00102080ffffffff"}, {"qOffsets", ""}, {NULL, NULL}};
    struct played_stub stub;
    struct kept_log log;
    (void)state;
    struct target *t =
        decorate(&stub, script, (struct describe_config){.osabi_missing = true}, &log);
    ask(t, "?", "T0510:00102080ffffffff;thread:186a1;");
    ask(t, "qOffsets", "");
    played_out(&stub);
    target_free(t);
    assert_int_equal(logged(&log, "netgdb run gdb FILE"), 1);
}

static void nothing_is_logged_if_gdb_continues_or_the_kernel_is_lost(void **state)
{
    static const struct exchange script[] = {{"?", "T05thread:186a1;"},
                                             {"p10", "xxxxxxxxxxxxxxxx"},
                                             {"m80001000,1", "E05"},
                                             {NULL, NULL}};
    struct played_stub stub;
    struct kept_log log;
    struct buf reply;
    (void)state;
    struct target *t =
        decorate(&stub, script, (struct describe_config){.osabi_missing = true}, &log);
    ask(t, "?", "T05thread:186a1;");
    ask(t, "m80001000,1", "E05"); /* without a file no address is truncated */
    played_out(&stub);
    target_free(t);
    t = decorate(&stub, script, (struct describe_config){.osabi_missing = true}, &log);
    ask(t, "?", "T05thread:186a1;");
    stub.error = NETGDB_LOST;
    buf_init(&reply, 4096);
    assert_int_equal(target_ask(t, "m80001000,1", &reply), NETGDB_LOST);
    buf_free(&reply);
    target_free(t);
    assert_int_equal(logged(&log, ""), 0);
}

static void a_truncated_address_is_logged_once(void **state)
{
    static const struct exchange script[] = {{"qOffsets", ""},
                                             {"m81000240,40", "E05"},
                                             {"mffffffff81000240,1", "00"},
                                             {"m81000248,8", "E05"},
                                             {NULL, NULL}};
    struct played_stub stub;
    struct kept_log log;
    (void)state;
    struct target *t =
        decorate(&stub, script, (struct describe_config){.osabi_missing = true}, &log);
    ask(t, "qOffsets", "");
    ask(t, "m81000240,40", "E05");
    ask(t, "m81000248,8", "E05");
    played_out(&stub);
    target_free(t);
    assert_int_equal(logged(&log, "gdb reads 0x81000240 for 0xffffffff81000240"), 1);
    assert_int_equal(logged(&log, ""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_is_found_by_elf_file_and_by_registers),
        cmocka_unit_test(the_byte_order_of_powerpc64_follows_from_its_pc),
        cmocka_unit_test(register_offsets_match_the_stubs_reply),
        cmocka_unit_test(descriptions_have_the_length_of_g),
        cmocka_unit_test(the_description_is_offered_and_can_be_read_in_pieces),
        cmocka_unit_test(an_unknown_annex_or_offset_is_an_error),
        cmocka_unit_test(a_client_with_its_own_registers_gets_no_description),
        cmocka_unit_test(a_gdb_without_the_osabi_gets_the_pc_and_a_log_line_when_it_disconnects),
        cmocka_unit_test(nothing_is_logged_if_gdb_continues_or_the_kernel_is_lost),
        cmocka_unit_test(a_truncated_address_is_logged_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
