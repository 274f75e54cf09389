/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls of programs for Solana. */
#include "tests/unit/sbpf_fixture.h"

enum { IN = 256 };

static uint8_t input[IN];

static void nothing_is_left(void)
{
    memset(input, 0, sizeof input);
}

/* Calls a system call with r1 to r5 and `input`; returns the reason of the stop. */
static enum ebpf_stop call(const char *name, const uint64_t arg[5])
{
    const struct ebpf_options options = {.budget = 1000, .input = input, .input_size = IN};
    TEXT(3, LDDW(1, arg[0]), LDDW(2, arg[1]), LDDW(3, arg[2]), LDDW(4, arg[3]), LDDW(5, arg[4]),
         CALL_HELPER((int32_t)sbpf_hash(name, strlen(name))), EXIT);
    return run_with(&options);
}

/* The same for one that returns; the input afterwards is in `input`. */
static uint64_t returns(const char *name, const uint64_t arg[5])
{
    if (call(name, arg) != EBPF_EXITED)
        fail_msg("%s: %s", name, machine->fault.text);
    assert_int_equal(ebpf_memory_peek(&machine->memory, SBPF_INPUT, input, IN), IN);
    return machine->reg[0];
}

static void expect_output(const char *text)
{
    if (!buf_is(&machine->output, text))
        fail_msg("printed \"%.*s\", want \"%s\"", (int)machine->output.len,
                 (const char *)machine->output.data, text);
}

#define ARGS(...) ((const uint64_t[5]){__VA_ARGS__})

static void every_number_is_the_hash_of_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sbpf_syscall_count; i++) {
        const struct ebpf_helper *h = &sbpf_syscalls[i];
        if (sbpf_hash(h->name, strlen(h->name)) != h->id)
            fail_msg("%s", h->name);
    }
    assert_int_equal(sbpf_hash("", 0), 0);
    assert_int_equal(sbpf_hash("sol_log_", 8), 544561597); /* sbpf, doc/syscalls.md */
    assert_int_equal(sbpf_hash("abort", 5), 0xb6fc1a11);   /* SIMD-0178 */
    assert_int_equal(sbpf_hash("test", 4), 0xba6bd213);    /* the reference implementation */
}

static void logs_are_printed(void **state)
{
    (void)state;
    nothing_is_left();
    memcpy(input, "hello", 5);
    assert_int_equal(returns("sol_log_", ARGS(SBPF_INPUT, 5)), 0);
    expect_output("Program log: hello\n");
    assert_int_equal(returns("sol_log_64_", ARGS(1, 2, 0xff, 0, UINT64_MAX)), 0);
    expect_output("Program log: 0x1, 0x2, 0xff, 0x0, 0xffffffffffffffff\n");
    assert_int_equal(returns("sol_log_compute_units_", ARGS(0)), 0);
    expect_output("Program consumption: 994 units remaining\n");
    assert_int_equal(returns("sol_remaining_compute_units", ARGS(0)), 994);
    nothing_is_left();
    assert_int_equal(returns("sol_log_pubkey", ARGS(SBPF_INPUT)), 0);
    expect_output("Program log: 11111111111111111111111111111111\n");
    memset(input, 0xff, 32);
    assert_int_equal(returns("sol_log_pubkey", ARGS(SBPF_INPUT)), 0);
    expect_output("Program log: JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG\n");
    const uint64_t slices[4] = {SBPF_INPUT + 64, 3, SBPF_INPUT + 64, 4};
    memcpy(input, slices, sizeof slices);
    memcpy(input + 64, "Man?", 4);
    assert_int_equal(returns("sol_log_data", ARGS(SBPF_INPUT, 2)), 0);
    expect_output("Program data: TWFu TWFuPw==\n");
    assert_int_equal(call("sol_log_", ARGS(SBPF_INPUT, IN + 1)), EBPF_ACCESS);
    assert_int_equal(call("sol_log_pubkey", ARGS(8)), EBPF_ACCESS);
}

static void memory_is_copied_set_and_compared(void **state)
{
    (void)state;
    nothing_is_left();
    memcpy(input, "abcdefgh", 8);
    assert_int_equal(returns("sol_memcpy_", ARGS(SBPF_INPUT + 8, SBPF_INPUT, 8)), 0);
    assert_memory_equal(input, "abcdefghabcdefgh", 16);
    assert_int_equal(call("sol_memcpy_", ARGS(SBPF_INPUT + 7, SBPF_INPUT, 8)), EBPF_ACCESS);
    assert_non_null(strstr(machine->fault.text, "overlap"));
    assert_int_equal(returns("sol_memmove_", ARGS(SBPF_INPUT + 1, SBPF_INPUT, 8)), 0);
    assert_memory_equal(input, "aabcdefgh", 9);
    assert_int_equal(returns("sol_memset_", ARGS(SBPF_INPUT + 2, 'z', 3)), 0);
    assert_memory_equal(input, "aazzzefgh", 9);
    memcpy(input, "abca", 4);
    assert_int_equal(returns("sol_memcmp_", ARGS(SBPF_INPUT, SBPF_INPUT + 3, 1, SBPF_INPUT + 16)),
                     0);
    assert_memory_equal(input + 16, "\0\0\0\0", 4);
    returns("sol_memcmp_", ARGS(SBPF_INPUT, SBPF_INPUT + 2, 2, SBPF_INPUT + 16));
    assert_memory_equal(input + 16, "\xfe\xff\xff\xff", 4); /* 'a' - 'c' */
    assert_int_equal(call("sol_memset_", ARGS(SBPF_CODE, 0, 1)), EBPF_ACCESS);
    assert_int_equal(call("sol_memcpy_", ARGS(SBPF_INPUT, SBPF_HEAP, 1 << 20)), EBPF_ACCESS);
    assert_int_equal(returns("sol_memcpy_", ARGS(0, 0, 0)), 0);
}

static void panics_and_abort_stop_with_sigabrt(void **state)
{
    (void)state;
    nothing_is_left();
    memcpy(input, "src/lib.rs", 10);
    assert_int_equal(call("sol_panic_", ARGS(SBPF_INPUT, 10, 12, 5)), EBPF_ABORTED);
    assert_string_equal(machine->fault.text, "the program panicked at src/lib.rs:12:5");
    assert_int_equal(call("abort", ARGS(0)), EBPF_ABORTED);
    assert_int_equal(ebpf_stop_signal(EBPF_ABORTED), 6);
    assert_int_equal(machine->pc, image->code_at + 80); /* at the call */
}

static void the_file_of_a_panic_is_shown_as_visible_text(void **state)
{
    (void)state;
    nothing_is_left();
    memcpy(input, "a\033[31m\nb", 8);
    assert_int_equal(call("sol_panic_", ARGS(SBPF_INPUT, 8, 7, 9)), EBPF_ABORTED);
    assert_string_equal(machine->fault.text, "the program panicked at a?[31m?b:7:9");
}

static void the_heap_is_given_away_once(void **state)
{
    (void)state;
    TEXT(3, MOV_K(1, 5), MOV_K(2, 0), CALL_HELPER((int32_t)sbpf_hash("sol_alloc_free_", 15)),
         MOV_X(6, 0), MOV_K(1, 32760), MOV_K(2, 0),
         CALL_HELPER((int32_t)sbpf_hash("sol_alloc_free_", 15)), MOV_X(7, 0), MOV_K(1, 1),
         MOV_K(2, 0), CALL_HELPER((int32_t)sbpf_hash("sol_alloc_free_", 15)), EXIT);
    assert_int_equal(result(), 0); /* full */
    assert_int_equal(machine->reg[6], SBPF_HEAP);
    assert_int_equal(machine->reg[7], SBPF_HEAP + 8);
}

static void returned_data_can_be_read(void **state)
{
    (void)state;
    nothing_is_left();
    assert_int_equal(returns("sol_get_return_data", ARGS(SBPF_INPUT, 8, SBPF_INPUT + 32)), 0);
    memcpy(input, "result", 6);
    memset(input + 32, 1, 32);
    const struct ebpf_options options = {.budget = 1000, .input = input, .input_size = IN};
    TEXT(3, LDDW(1, SBPF_INPUT), MOV_K(2, 6),
         CALL_HELPER((int32_t)sbpf_hash("sol_set_return_data", 19)), LDDW(1, SBPF_INPUT + 8),
         MOV_K(2, 4), LDDW(3, SBPF_INPUT + 32),
         CALL_HELPER((int32_t)sbpf_hash("sol_get_return_data", 19)), EXIT);
    assert_int_equal(run_with(&options), EBPF_EXITED);
    assert_int_equal(machine->reg[0], 6);
    assert_int_equal(ebpf_memory_peek(&machine->memory, SBPF_INPUT, input, IN), IN);
    assert_memory_equal(input, "result\0\0resu\0\0\0\0", 16);
    assert_memory_equal(input + 32, "\0\0\0\0", 4);
    assert_int_equal(call("sol_set_return_data", ARGS(SBPF_HEAP, 1025)), EBPF_ACCESS);
}

/* The hash of `len` bytes in two slices, as hexadecimal text. */
static const char *digest(const char *name, size_t len)
{
    enum { MESSAGE = 128, RESULT = 64, BYTES = 8192 };
    static char text[65];
    uint8_t bytes[BYTES] = {0}, out[32];
    const uint64_t at = SBPF_INPUT + MESSAGE;
    const uint64_t slices[4] = {at, len / 2, at + len / 2, len - len / 2};
    const struct ebpf_options options = {.budget = 1000, .input = bytes, .input_size = BYTES};
    memcpy(bytes, slices, sizeof slices);
    for (size_t i = 0; i < len; i++)
        bytes[MESSAGE + i] = (uint8_t)(i % 251);
    TEXT(3, LDDW(1, SBPF_INPUT), MOV_K(2, 2), LDDW(3, SBPF_INPUT + RESULT),
         CALL_HELPER((int32_t)sbpf_hash(name, strlen(name))), EXIT);
    assert_int_equal(run_with(&options), EBPF_EXITED);
    assert_int_equal(ebpf_memory_peek(&machine->memory, SBPF_INPUT + RESULT, out, 32), 32);
    for (int i = 0; i < 32; i++)
        sprintf(text + 2 * i, "%02x", out[i]);
    return text;
}

static void digests_are_those_of_the_standards(void **state)
{
    /* Of bytes 0, 1, … 250, 0, …: sha256sum(1), openssl(1), the test vectors of BLAKE3. */
    static const struct {
        const char *name;
        size_t len;
        const char *want;
    } cases[] = {
        {"sol_sha256", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"sol_sha256", 55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"},
        {"sol_sha256", 56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"},
        {"sol_sha256", 64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"},
        {"sol_sha256", 3072, "5f24b2f16026ec7d0450a5a08283d3cfd47302fe859f579ed79fe7d2663b73f9"},
        {"sol_keccak256", 0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {"sol_keccak256", 135, "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"},
        {"sol_keccak256", 136, "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"},
        {"sol_keccak256", 3072, "5a11646de85d04f7e32717c3bfa56fd373d1e6743ef3076a50937c0a552134fc"},
        {"sol_blake3", 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
        {"sol_blake3", 64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
        {"sol_blake3", 1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
        {"sol_blake3", 1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
        {"sol_blake3", 3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"},
        {"sol_blake3", 7168, "61da957ec2499a95d6b8023e2b0e604ec7f6b50e80a9678b89d2628e99ada77a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(digest(cases[i].name, cases[i].len), cases[i].want);
}

static void too_many_slices_are_refused(void **state)
{
    (void)state;
    nothing_is_left();
    assert_int_equal(call("sol_sha256", ARGS(SBPF_INPUT, 20001, SBPF_INPUT)), EBPF_ACCESS);
    assert_non_null(strstr(machine->fault.text, "more than 20000 slices"));
    assert_int_equal(call("sol_sha256", ARGS(SBPF_INPUT, UINT64_MAX, SBPF_INPUT)), EBPF_ACCESS);
    const uint64_t slice[2] = {SBPF_HEAP, UINT64_MAX};
    memcpy(input, slice, sizeof slice);
    assert_int_equal(call("sol_blake3", ARGS(SBPF_INPUT, 1, SBPF_INPUT)), EBPF_ACCESS);
}

/* No transaction can pay for more, and Ctrl-C waits for a hash. */
static void a_message_that_no_transaction_can_pay_for_is_refused(void **state)
{
    enum { SLICES = 43, BYTES = 1 << 16 };
    static uint8_t bytes[BYTES];
    const uint64_t one[2] = {SBPF_INPUT, BYTES};
    const struct ebpf_options options = {.budget = 1000, .input = bytes, .input_size = BYTES};
    (void)state;
    for (unsigned i = 0; i < SLICES; i++)
        memcpy(bytes + i * sizeof one, one, sizeof one);
    for (unsigned n = SLICES - 1; n <= SLICES; n++) {
        TEXT(3, LDDW(1, SBPF_INPUT), MOV_K(2, n), LDDW(3, SBPF_HEAP),
             CALL_HELPER((int32_t)sbpf_hash("sol_keccak256", 13)), EXIT);
        assert_int_equal(run_with(&options), n < SLICES ? EBPF_EXITED : EBPF_ACCESS);
    }
    assert_string_equal(machine->fault.text, "sol_keccak256: more than 2800000 bytes");
}

/* What remains after one run that is longer than the program: EBPF_RUNNING, if its call has ended
 * the slice. */
static enum ebpf_stop after_a_slice(const char *name, const uint64_t arg[5], size_t input_size)
{
    static uint8_t bytes[1 << 17];
    const uint64_t slices[2] = {SBPF_INPUT + 16, 4096};
    const struct ebpf_options options = {.budget = 1000, .input = bytes, .input_size = input_size};
    assert_true(input_size <= sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, slices, sizeof slices);
    TEXT(3, LDDW(1, arg[0]), LDDW(2, arg[1]), LDDW(3, arg[2]),
         CALL_HELPER((int32_t)sbpf_hash(name, strlen(name))), EXIT);
    assert_int_equal(load_program(), 0);
    ebpf_machine_free(machine);
    machine = NULL;
    assert_int_equal(ebpf_machine_new(&machine, image, &options), 0);
    return ebpf_run(machine, 100);
}

/* So that Ctrl-C works: hashing takes much longer than other calls, also of few bytes. */
static void a_digest_ends_the_slice(void **state)
{
    static const char *const names[] = {"sol_sha256", "sol_keccak256", "sol_blake3"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const uint64_t one[5] = {SBPF_INPUT, 1, SBPF_HEAP}, none[5] = {SBPF_HEAP, 0, SBPF_HEAP},
                       many[5] = {SBPF_INPUT + 16, 4000, SBPF_HEAP};
        assert_int_equal(after_a_slice(names[i], none, 1 << 13), EBPF_RUNNING);
        assert_int_equal(after_a_slice(names[i], one, 1 << 13), EBPF_RUNNING);
        assert_int_equal(after_a_slice(names[i], many, 1 << 16), EBPF_RUNNING);
    }
}

static void a_long_line_of_data_is_a_line(void **state)
{
    static uint8_t bytes[20000];
    const uint64_t slices[4] = {SBPF_INPUT, 10000, SBPF_INPUT, 10000};
    const struct ebpf_options options = {
        .budget = 1000, .input = bytes, .input_size = sizeof bytes};
    (void)state;
    memcpy(bytes, slices, sizeof slices);
    TEXT(3, LDDW(1, SBPF_INPUT), MOV_K(2, 2), CALL_HELPER((int32_t)sbpf_hash("sol_log_data", 12)),
         EXIT);
    assert_int_equal(run_with(&options), EBPF_EXITED);
    assert_int_equal(machine->output.len, 20000);
    assert_int_equal(machine->output.data[machine->output.len - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_number_is_the_hash_of_its_name, sbpf_tear_down),
        cmocka_unit_test_teardown(logs_are_printed, sbpf_tear_down),
        cmocka_unit_test_teardown(memory_is_copied_set_and_compared, sbpf_tear_down),
        cmocka_unit_test_teardown(panics_and_abort_stop_with_sigabrt, sbpf_tear_down),
        cmocka_unit_test_teardown(the_file_of_a_panic_is_shown_as_visible_text, sbpf_tear_down),
        cmocka_unit_test_teardown(the_heap_is_given_away_once, sbpf_tear_down),
        cmocka_unit_test_teardown(returned_data_can_be_read, sbpf_tear_down),
        cmocka_unit_test_teardown(digests_are_those_of_the_standards, sbpf_tear_down),
        cmocka_unit_test_teardown(too_many_slices_are_refused, sbpf_tear_down),
        cmocka_unit_test_teardown(a_digest_ends_the_slice, sbpf_tear_down),
        cmocka_unit_test_teardown(a_message_that_no_transaction_can_pay_for_is_refused,
                                  sbpf_tear_down),
        cmocka_unit_test_teardown(a_long_line_of_data_is_a_line, sbpf_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
