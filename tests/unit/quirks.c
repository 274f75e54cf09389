/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quirks and single requests: features, memory, registers, searches. Each test sends requests as
 * GDB or LLDB do and checks the replies and the requests that reach the stub.
 */
#include "tests/unit/quirks_fixture.h"

/* The same for the request in f->request. */
static const char *ask_built(struct fixture *f)
{
    return ask_bytes(f, f->request.data, f->request.len);
}

#define NOT_TAKEN "E.the kernel's stub does not write this register"

static void only_safe_features_are_offered_and_gdbs_features_are_not_sent(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "qSupported:multiprocess+;swbreak+;xmlRegisters=i386;odd?"),
                        "PacketSize=1000;qXfer:threads:read+");
    assert_string_equal(asked(f), " qSupported");
    assert_string_equal(ask(f, "qSupported"), "PacketSize=1000;qXfer:threads:read+");
    assert_string_equal(asked(f), "");
}

static void a_small_kernel_buffer_reduces_the_packet_size(void **state)
{
    struct fixture *f = *state;
    f->stub->bufsz = 1096;
    assert_string_equal(ask(f, "qSupported"), "PacketSize=448;qXfer:threads:read+");
}

static void unsupported_requests_get_an_empty_reply_without_the_stub(void **state)
{
    static const char *const requests[] = {
        "",
        "!",
        "A4,0,6c73",
        "QStartNoAckMode",
        "QNonStop:1",
        "QThreadSuffixSupported",
        "R00",
        "Z0,ffffffff80000000,1",
        "Z1,ffffffff80000000,1",
        "b",
        "bc",
        "i",
        "jThreadsInfo",
        "qAttached",
        "qCRC:ffffffff80000000,100",
        "qHostInfo",
        "qRcmd,68656c70",
        "qRegisterInfo0",
        "qSymbol::",
        "qTStatus",
        "qThreadExtraInfo,186a1",
        "qXfer:features:read:target.xml:0,1000",
        "r",
        "t",
        "vCont;c",
        "vCont?",
        "vKill;a410",
        "vMustReplyEmpty",
        "vRun;2f",
        "x1000,10",
        "z0,ffffffff80000000,1",
        "z1,ffffffff80000000,1",
        "~",
        "\x03",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "");
    assert_int_equal(f->stub->requests, 0);
}

static void supported_requests_are_passed_on_unchanged(void **state)
{
    static const char *const requests[] = {
        "?",      "g",      "p10",    "qC",     "qOffsets", "Hg186a1", "Hg-1",   "Hc-1",
        "Hc0",    "H.0",    "T1",     "c",      "s",        "c1f",     "sff",    "C05",
        "S05;1f", "Z2,1,8", "Z3,1,8", "Z4,1,8", "z2,1,8",   "z3,1,8",  "z4,1,8",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char with_space[32];
        ask(f, requests[i]);
        snprintf(with_space, sizeof with_space, " %s", requests[i]);
        assert_string_equal(asked(f), with_space);
    }
    assert_int_equal(f->stub->resumes, 6);
    assert_string_equal(ask(f, "?"), "T05thread:186a1;");
    assert_string_equal(ask(f, "qC"), "QC186a1");
}

static void unexpected_bytes_never_reach_the_stub(void **state)
{
    static const char *const requests[] = {
        "c\x03", "s1+", "Hg\xff", "T1$", "p1#", "C05;\x7f", "Z2,1,8;X1,1", "cfoo", "H\x03",
    };
    struct fixture *f = *state;
    char zeros[300];
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E16");
    assert_string_equal(ask_bytes(f, "s\0", 2), "E16");
    memset(zeros, '0', sizeof zeros);
    zeros[0] = 'c';
    assert_string_equal(ask_bytes(f, zeros, sizeof zeros), "E16");
    assert_int_equal(f->stub->requests, 0);
}

static void the_probe_for_binary_writes_gets_ok(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "Xffffffff80000000,0:"), "OK");
    assert_string_equal(ask(f, "Mffffffff80000000,0:"), "OK");
    assert_string_equal(asked(f), " qSupported");
}

static void a_binary_write_is_sent_in_hexadecimal(void **state)
{
    struct fixture *f = *state;
    static const char request[] = "Xffffffff80000010,6:\x00\xff\x03}\x03}]a";
    ask(f, "qSupported");
    asked(f);
    assert_string_equal(ask_bytes(f, request, sizeof request - 1), "OK");
    assert_string_equal(asked(f), " Mffffffff80000010,6:00ff03237d61");
    assert_memory_equal(f->stub->memory + 0x10, "\x00\xff\x03#}a", 6);
}

static void a_write_of_256_kib_is_split_and_complete(void **state)
{
    enum { SIZE = 256 * 1024, PIECE = 4000 };
    struct fixture *f = *state;
    uint8_t *image = malloc(SIZE);
    assert_non_null(image);
    for (size_t i = 0; i < SIZE; i++)
        image[i] = (uint8_t)(i * 7 + (i >> 8));
    for (size_t at = 0; at < SIZE; at += PIECE) {
        size_t n = SIZE - at < PIECE ? SIZE - at : PIECE;
        buf_reset(&f->request);
        buf_printf(&f->request, "X%" PRIx64 ",%zx:", STUB_MEMORY + at, n);
        rsp_escape(&f->request, image + at, n);
        assert_string_equal(ask_built(f), "OK");
    }
    assert_memory_equal(f->stub->memory, image, SIZE);
    assert_in_range(f->stub->requests, SIZE / 710, SIZE / 600); /* the stub checks each length */
    free(image);
}

static void a_long_hexadecimal_write_is_split_for_any_path_and_kernel_buffer(void **state)
{
    struct fixture *f = *state;
    uint8_t data[2000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 3);
    for (int small_kernel = 0; small_kernel < 2; small_kernel++) {
        f->stub->bufsz = small_kernel ? 400 : 4096;
        f->stub->max_request = small_kernel ? 1444 : 484;
        f->stub->replace_at = f->stub->requests + 1; /* the kernel reboots first */
        assert_int_equal(target_ask(f->target, "?", &f->reply), NETGDB_REPLACED);
        bool final;
        assert_int_equal(target_recv(f->target, &f->reply, &final, 0), 0); /* the new one's stop */
        memset(f->stub->memory, 0, sizeof data);
        buf_sets(&f->request, "Mffffffff80000000,7d0:");
        buf_addhex(&f->request, data, sizeof data);
        assert_string_equal(ask_built(f), "OK");
        assert_memory_equal(f->stub->memory, data, sizeof data);
    }
}

static void a_write_with_a_wrong_length_is_rejected_and_not_sent(void **state)
{
    static const char *const requests[] = {"Mffffffff80000000,2:00",
                                           "Mffffffff80000000,1:0000",
                                           "Mffffffff80000000,1:0",
                                           "Mffffffff80000000,1:0x",
                                           "Mffffffff80000000,1",
                                           "Mffffffff80000000:00",
                                           "M,1:00",
                                           "M",
                                           "Xffffffff80000000,2:a",
                                           "Xffffffff80000000,0:a",
                                           "Xffffffff80000000,1:}",
                                           "X",
                                           "M10000000000000000,1:00"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E16");
    assert_int_equal(f->stub->requests, 0);
}

static void a_long_write_returns_its_first_error(void **state)
{
    struct fixture *f = *state;
    uint8_t data[4000] = {0};
    buf_printf(&f->request, "X%" PRIx64 ",fa0:", STUB_MEMORY + STUB_MEMORY_SIZE - 1500);
    buf_add(&f->request, data, sizeof data);
    assert_string_equal(ask_built(f), "E05");
    assert_int_equal(f->stub->requests, 1 + 3); /* qSupported, two that are OK, one that is not */
}

static void a_short_read_is_one_request(void **state)
{
    struct fixture *f = *state;
    ask(f, "qSupported");
    asked(f);
    assert_string_equal(ask(f, "mffffffff80000000,4"), "00010203");
    assert_string_equal(asked(f), " mffffffff80000000,4");
    ask(f, "mffffffff80000000,800");
    assert_string_equal(asked(f), " mffffffff80000000,800");
}

static void a_long_read_is_split_so_that_it_cannot_overflow_the_kernels_buffer(void **state)
{
    struct fixture *f = *state;
    struct buf bytes;
    ask(f, "qSupported");
    asked(f);
    ask(f, "mffffffff80000000,1801");
    assert_string_equal(asked(f), " mffffffff80000000,800 mffffffff80000800,800"
                                  " mffffffff80001000,800 mffffffff80001800,1");
    buf_init(&bytes, 0x1801);
    assert_int_equal(rsp_unhex(&bytes, f->reply.data, f->reply.len), 0);
    assert_int_equal(bytes.len, 0x1801);
    assert_memory_equal(bytes.data, f->stub->memory, 0x1801);
    buf_free(&bytes);
}

static void the_longest_read_is_limited_to_one_reply(void **state)
{
    struct fixture *f = *state;
    ask(f, "mffffffff80000000,ffffffffffffffff");
    assert_int_equal(f->reply.len, TARGET_REPLY_MAX);
}

static void a_small_kernel_buffer_reduces_the_read_size(void **state)
{
    struct fixture *f = *state;
    f->stub->bufsz = 400;
    ask(f, "mffffffff80000000,c9");
    assert_string_equal(asked(f), " qSupported mffffffff80000000,c8 mffffffff800000c8,1");
    assert_int_equal(f->reply.len, 2 * 0xc9);
}

static void a_partly_failed_read_returns_the_bytes_before_the_error(void **state)
{
    struct fixture *f = *state;
    buf_printf(&f->request, "m%" PRIx64 ",1800", STUB_MEMORY + STUB_MEMORY_SIZE - 0x1000);
    ask_built(f);
    assert_int_equal(f->reply.len, 2 * 0x1000);
    assert_string_equal(ask(f, "m0,1800"), "E05");
    assert_string_equal(ask(f, "m0,4"), "E05");
}

static void a_malformed_read_is_rejected_without_the_stub(void **state)
{
    static const char *const requests[] = {"m", "m1", "m1,", "m,1", "m1,1x", "m1:1", "m1,1;2"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E16");
    assert_int_equal(f->stub->requests, 0);
    assert_string_equal(ask(f, "m1,0"), "");
}

static void a_register_value_of_the_right_size_is_written(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "P0=1122334455667788"), "OK");
    assert_string_equal(asked(f), " p0 P0=1122334455667788 p0");
    assert_memory_equal(f->stub->registers, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
    assert_string_equal(ask(f, "P0=0000000000000000"), "OK");
    assert_string_equal(asked(f), " P0=0000000000000000 p0"); /* its size is already known */
    assert_false(f->stub->corrupted);
}

static void a_register_value_of_a_wrong_size_never_reaches_the_stub(void **state)
{
    static const char *const requests[] = {
        "P0=11223344",        "P0=112233445566778899", "P0=", "P11=1122334455667788",
        "P0=112233445566",    "P0=11223344556677zz",   "P0",  "P=1122334455667788",
        "P0:1122334455667788"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E16");
    assert_string_equal(asked(f), " p0 p11");
    assert_false(f->stub->corrupted);
}

/* The stub answers OK to every P. The reply says so, and the client reads the register again. */
static void a_register_that_the_stub_does_not_write_is_an_error(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "P12=01000000"), NOT_TAKEN); /* cs: it keeps its value */
    assert_string_equal(asked(f), " p12 P12=01000000 p12");
    assert_string_equal(ask(f, "P14=01000000"), NOT_TAKEN); /* ds: it is not reported */
    const char *now = ask(f, "p12");
    char same[32];
    snprintf(same, sizeof same, "P12=%s", now);
    assert_string_equal(ask(f, same), "OK"); /* nothing to be written */
}

/* gdb restores all registers after it has called a function; an error would lose the result. */
static void a_flags_register_is_not_restored_after_a_call_and_a_line_says_so(void **state)
{
    struct fixture *f = *state;
    size_t size, at = stub_register(17, &size);
    memcpy(f->stub->registers + at, "\x46\x02\x00\x00", 4);
    ask(f, "g");
    ask(f, "c");
    memcpy(f->stub->registers + at, "\x82\x02\x00\x00", 4);
    ask(f, "g");
    assert_string_equal(ask(f, "P11=46020000"), "OK");
    assert_string_equal(f->line,
                        "netgdb: the kernel does not restore register 17 after a call: its stub "
                        "does not write it");
    assert_string_equal(ask(f, "P11=47020000"), NOT_TAKEN);
    assert_string_equal(ask(f, "P141=0000000000000000"), NOT_TAKEN); /* not in g */
    asked(f);
    assert_string_equal(ask(f, "P141=0000000000000000"), NOT_TAKEN);
    assert_string_equal(asked(f), " p141 P141=0000000000000000 p141"); /* no other is asked for */
    assert_int_equal(f->lines, 1);
}

/* Builds a G request with the current registers. */
static void build_g(struct fixture *f)
{
    ask(f, "g");
    buf_sets(&f->request, "G");
    buf_add(&f->request, f->reply.data, f->reply.len);
}

static void writing_all_registers_writes_only_changed_ones(void **state)
{
    struct fixture *f = *state;
    build_g(f);
    memcpy(f->request.data + 1, "AABBCCDDEEFF0011", 16);                /* rax */
    memcpy(f->request.data + 1 + 2 * (16 * 8), "00112233deadbeef", 16); /* rip */
    for (size_t i = 1; i < f->request.len; i++)
        if (f->request.data[i] == 'x')
            f->request.data[i] = '0'; /* as GDB sends unavailable registers */
    asked(f);
    assert_string_equal(ask_built(f), "OK");
    assert_non_null(strstr(asked(f), " p37 P0=AABBCCDDEEFF0011 p0 P10=00112233deadbeef p10"));
    assert_memory_equal(f->stub->registers, "\xaa\xbb\xcc\xdd\xee\xff\x00\x11\x09", 9);
    assert_memory_equal(f->stub->registers + 16 * 8 + 4, "\xde\xad\xbe\xef", 4);
    assert_false(f->stub->corrupted);

    assert_string_equal(ask_built(f), "OK"); /* sizes are known, nothing differs but the case */
    assert_string_equal(asked(f), " g");
}

static void writing_all_registers_ends_at_one_that_the_stub_does_not_write(void **state)
{
    struct fixture *f = *state;
    build_g(f);
    memcpy(f->request.data + 1 + 2 * (17 * 8), "deadbeef", 8); /* eflags */
    assert_string_equal(ask_built(f), NOT_TAKEN);
}

static void registers_of_a_wrong_total_length_are_rejected(void **state)
{
    struct fixture *f = *state;
    build_g(f);
    asked(f);
    f->request.len -= 2;
    assert_string_equal(ask_built(f), "E16");
    assert_string_equal(asked(f), " g");
    assert_string_equal(ask(f, "G"), "E16");
    assert_false(f->stub->corrupted);
}

static void the_kernel_searches_for_patterns_that_it_supports(void **state)
{
    struct fixture *f = *state;
    memcpy(f->stub->memory + 0x5000, "need$le+\xff*}", 11);
    ask(f, "qSupported");
    asked(f);
    buf_sets(&f->request, "qSearch:memory:ffffffff80000000;10000;");
    rsp_escape(&f->request, "need$le+\xff*}", 11);
    assert_string_equal(ask_built(f), "1,ffffffff80005000");
    assert_string_equal(asked(f), " qSearch:memory:ffffffff80000000;10000;"
                                  "need}\x04le}\x0b}\xdf}\x0a}]");
    assert_string_equal(ask(f, "qSearch:memory:ffffffff80000000;10000;nosuch"), "0");
    assert_string_equal(ask(f, "qSearch:memory:0;10;nosuch"), "E05");
}

static void a_pattern_that_cannot_be_sent_is_searched_by_reading(void **state)
{
    static const char *const patterns[] = {"C comment #1", "\x03\x02\x01", "#"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        /* Writes the pattern across two reads; clears the rest. */
        memset(f->stub->memory, 0, 0x4000);
        memcpy(f->stub->memory + 0x1000 - 1, patterns[i], strlen(patterns[i]));
        buf_sets(&f->request, "qSearch:memory:ffffffff80000000;4000;");
        rsp_escape(&f->request, patterns[i], strlen(patterns[i]));
        assert_string_equal(ask_built(f), "1,ffffffff80000fff");
        assert_null(strstr(asked(f), "qSearch"));
        f->stub->memory[0xfff] ^= 0x40;
        assert_string_equal(ask_built(f), "0");
        asked(f);
    }
}

static void a_pattern_of_more_than_64_bytes_is_compared_completely(void **state)
{
    struct fixture *f = *state;
    char pattern[3000];
    memset(f->stub->memory, 'b', 0x8000);
    memset(pattern, 'b', sizeof pattern);
    pattern[sizeof pattern - 1] = 'e';
    f->stub->memory[0x7000] = 'e';
    buf_sets(&f->request, "qSearch:memory:ffffffff80000000;8000;");
    buf_add(&f->request, pattern, sizeof pattern);
    buf_reset(&f->reply);
    assert_string_equal(ask_built(f), "1,ffffffff80006449"); /* 7000 - 2999 */
    pattern[0] = 'x';
    buf_sets(&f->request, "qSearch:memory:ffffffff80000000;8000;");
    buf_add(&f->request, pattern, sizeof pattern);
    assert_string_equal(ask_built(f), "0");
    buf_sets(&f->request, "qSearch:memory:0;8000;");
    buf_add(&f->request, pattern, sizeof pattern);
    assert_string_equal(ask_built(f), "E05");
}

static void a_search_by_reading_ends_at_its_limit(void **state)
{
    struct fixture *f = *state;
    f->stub->bufsz = 400; /* 8192 reads of 200 bytes are less than the memory */
    buf_sets(&f->request, "qSearch:memory:ffffffff80000000;200000;");
    rsp_escape(&f->request, "##########", 10);
    assert_string_equal(ask_built(f), "E1b");
    assert_int_equal(f->stub->requests, 1 + 8192);
    assert_string_equal(ask(f, "qSearch:memory:ffffffff80000000;0;}\x03"), "0");
}

static void a_malformed_search_is_rejected(void **state)
{
    static const char *const requests[] = {"qSearch:memory:",      "qSearch:memory:1;2",
                                           "qSearch:memory:1;2;",  "qSearch:memory:1,2;a",
                                           "qSearch:memory:;2;a",  "qSearch:memory:1;;a",
                                           "qSearch:memory:1;2;}", "qSearch:memory:1;2:a"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E16");
    assert_int_equal(f->stub->requests, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_safe_features_are_offered_and_gdbs_features_are_not_sent),
        TEST(a_small_kernel_buffer_reduces_the_packet_size),
        TEST(unsupported_requests_get_an_empty_reply_without_the_stub),
        TEST(supported_requests_are_passed_on_unchanged),
        TEST(unexpected_bytes_never_reach_the_stub),
        TEST(the_probe_for_binary_writes_gets_ok),
        TEST(a_binary_write_is_sent_in_hexadecimal),
        TEST(a_write_of_256_kib_is_split_and_complete),
        TEST(a_long_hexadecimal_write_is_split_for_any_path_and_kernel_buffer),
        TEST(a_write_with_a_wrong_length_is_rejected_and_not_sent),
        TEST(a_long_write_returns_its_first_error),
        TEST(a_short_read_is_one_request),
        TEST(a_long_read_is_split_so_that_it_cannot_overflow_the_kernels_buffer),
        TEST(the_longest_read_is_limited_to_one_reply),
        TEST(a_small_kernel_buffer_reduces_the_read_size),
        TEST(a_partly_failed_read_returns_the_bytes_before_the_error),
        TEST(a_malformed_read_is_rejected_without_the_stub),
        TEST(a_register_value_of_the_right_size_is_written),
        TEST(a_register_value_of_a_wrong_size_never_reaches_the_stub),
        TEST(a_register_that_the_stub_does_not_write_is_an_error),
        TEST(a_flags_register_is_not_restored_after_a_call_and_a_line_says_so),
        TEST(writing_all_registers_writes_only_changed_ones),
        TEST(writing_all_registers_ends_at_one_that_the_stub_does_not_write),
        TEST(registers_of_a_wrong_total_length_are_rejected),
        TEST(the_kernel_searches_for_patterns_that_it_supports),
        TEST(a_pattern_that_cannot_be_sent_is_searched_by_reading),
        TEST(a_pattern_of_more_than_64_bytes_is_compared_completely),
        TEST(a_search_by_reading_ends_at_its_limit),
        TEST(a_malformed_search_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
