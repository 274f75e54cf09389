/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quirks in front of a stub with FreeBSD's bugs (tests/freebsd_stub.c), which aborts at a request
 * that would harm a kernel. Each test sends requests as GDB or LLDB do and checks the replies and
 * the requests that reach the stub.
 */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/quirks/quirks.h"
#include "proto/rsp/rsp.h"
#include "tests/freebsd_stub.h"
#include "tests/requests.h"

#define STOP "$T0510:00000080ffffffff;thread:186a1;"

struct fixture {
    struct target *target;
    struct stub *stub;
    struct buf reply, request;
    struct stop stop;
    const char *function; /* the function at every address; NULL: unknown */
    struct log log;
    unsigned lines;
    char line[300];
};

static struct stop *find_stop(void *context)
{
    return &((struct fixture *)context)->stop;
}

static bool find_function(void *context, uint64_t address, char *name, size_t size)
{
    const struct fixture *f = context;
    if (f->function == NULL || address < STUB_MEMORY)
        return false;
    snprintf(name, size, "%s", f->function);
    return true;
}

static void keep_line(void *context, enum log_level level, const char *line)
{
    struct fixture *f = context;
    (void)level;
    f->lines++;
    snprintf(f->line, sizeof f->line, "%s", line);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->stub = stub_new();
    stop_begin(&f->stop, (const uint8_t *)STOP "#00", strlen(STOP "#00"));
    f->log = (struct log){.level = LOG_WARN, .sink = keep_line, .context = f};
    const struct quirks_options options = {.stop = find_stop,
                                           .context = f,
                                           .function = find_function,
                                           .function_context = f,
                                           .log = &f->log};
    f->target = quirks_new(&f->stub->base, &options);
    assert_non_null(f->target);
    buf_init(&f->reply, TARGET_REPLY_MAX + 1); /* and a NUL */
    buf_init(&f->request, 512 * 1024);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    target_free(f->target);
    buf_free(&f->reply);
    buf_free(&f->request);
    free(f);
    return 0;
}

/* Sends a request and returns the reply as text. */
static const char *ask_bytes(struct fixture *f, const void *request, size_t len)
{
    assert_int_equal(transact_bytes(f->target, request, len, &f->reply), 0);
    buf_addc(&f->reply, '\0');
    f->reply.len--;
    return (const char *)f->reply.data;
}

static const char *ask(struct fixture *f, const char *request)
{
    return ask_bytes(f, request, strlen(request));
}

/* The same for the request in f->request. */
static const char *ask_built(struct fixture *f)
{
    return ask_bytes(f, f->request.data, f->request.len);
}

/* Returns the requests that reached the stub since the last call, each preceded by a space. */
static const char *asked(struct fixture *f)
{
    static char text[4096];
    struct buf *b = &f->stub->asked;
    size_t n = b->len < sizeof text - 1 ? b->len : sizeof text - 1;
    if (n != 0)
        memcpy(text, b->data, n);
    text[n] = '\0';
    buf_reset(b);
    return text;
}

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
    assert_string_equal(asked(f), " p0 P0=1122334455667788");
    assert_memory_equal(f->stub->registers, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
    assert_string_equal(ask(f, "P0=0000000000000000"), "OK");
    assert_string_equal(asked(f), " P0=0000000000000000"); /* its size is already known */
    assert_string_equal(ask(f, "P11=01020304"), "OK");
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
    memcpy(f->request.data + 1, "AABBCCDDEEFF0011", 16);       /* rax */
    memcpy(f->request.data + 1 + 2 * (17 * 8), "deadbeef", 8); /* eflags */
    for (size_t i = 1; i < f->request.len; i++)
        if (f->request.data[i] == 'x')
            f->request.data[i] = '0'; /* as GDB sends unavailable registers */
    asked(f);
    assert_string_equal(ask_built(f), "OK");
    assert_non_null(strstr(asked(f), " p37 P0=AABBCCDDEEFF0011 P11=deadbeef"));
    assert_memory_equal(f->stub->registers, "\xaa\xbb\xcc\xdd\xee\xff\x00\x11\x09", 9);
    assert_memory_equal(f->stub->registers + 17 * 8, "\xde\xad\xbe\xef", 4);
    assert_false(f->stub->corrupted);

    assert_string_equal(ask_built(f), "OK"); /* sizes are known, nothing differs but the case */
    assert_string_equal(asked(f), " g");
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

/* Reads the list as GDB does, `piece` bytes at a time, into f->request. */
static void read_threads(struct fixture *f, size_t piece)
{
    char request[64];
    buf_reset(&f->request);
    do {
        snprintf(request, sizeof request, "qXfer:threads:read::%zx,%zx", f->request.len, piece);
        ask(f, request);
        assert_true(buf_starts(&f->reply, "m") || buf_starts(&f->reply, "l"));
        assert_true(f->reply.len - 1 <= piece);
        assert_int_equal(rsp_unescape(&f->request, f->reply.data + 1, f->reply.len - 1), 0);
    } while (f->reply.data[0] == 'm');
}

static void expect_threads(struct fixture *f)
{
    char tail[128];
    int n = snprintf(tail, sizeof tail,
                     "<thread id=\"%x\" core=\"%u\" name=\"thread_%u\">RunQ</thread></threads>",
                     100000 + f->stub->threads, (f->stub->threads - 1) % 4, f->stub->threads - 1);
    assert_true(buf_starts(&f->request, "<threads><thread id=\"186a1\" core=\"0\""));
    assert_true(f->request.len > (size_t)n);
    assert_memory_equal(f->request.data + f->request.len - (size_t)n, tail, (size_t)n);
}

static void the_thread_list_is_fetched_once_and_can_be_read_repeatedly(void **state)
{
    struct fixture *f = *state;
    f->stub->threads = 500;
    read_threads(f, 0x1000);
    expect_threads(f);
    unsigned fetched = f->stub->requests;
    assert_in_range(fetched, 2, 12);
    for (size_t piece = 1; piece < 5000; piece = piece * 5 + 100) {
        read_threads(f, piece);
        expect_threads(f);
    }
    assert_int_equal(f->stub->requests, fetched);
    assert_string_equal(ask(f, "qXfer:threads:read::fffff,10"), "E16");
    assert_string_equal(ask(f, "qXfer:threads:read::0,0"), "m");
}

static void the_thread_list_is_fetched_again_after_the_target_ran(void **state)
{
    static const char *const resumes[] = {"c", "s", "C05", "S05"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof resumes / sizeof resumes[0]; i++) {
        f->stub->threads++;
        read_threads(f, 0x1000);
        expect_threads(f);
        ask(f, "Hg0");
        ask(f, resumes[i]);
    }
}

static void a_fetch_disturbed_by_a_late_duplicate_is_restarted(void **state)
{
    struct fixture *f = *state;
    f->stub->threads = 500;
    f->stub->spoil_at = 3;
    read_threads(f, 0x1000);
    expect_threads(f);
}

static void a_malformed_request_for_threads_is_rejected(void **state)
{
    static const char *const requests[] = {
        "qXfer:threads:read:",     "qXfer:threads:read::",     "qXfer:threads:read::0",
        "qXfer:threads:read::0,",  "qXfer:threads:read:a:0,1", "qXfer:threads:read::0,1x",
        "qXfer:threads:read::0;1",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E00");
    assert_int_equal(f->stub->requests, 0);
    assert_string_equal(ask(f, "qXfer:threads:write::0:1"), "");
}

static void an_endless_thread_list_is_abandoned(void **state)
{
    struct fixture *f = *state;
    f->stub->threads = 80000;
    assert_string_equal(ask(f, "qXfer:threads:read::0,1000"), "E1b");
    assert_string_equal(ask(f, "qfThreadInfo"), "E1b");
}

static void thread_ids_come_from_the_same_copy(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "qsThreadInfo"), "l");
    assert_string_equal(ask(f, "qfThreadInfo"), "m186a1,186a2,186a3");
    assert_string_equal(ask(f, "qsThreadInfo"), "l");
    assert_string_equal(ask(f, "qsThreadInfo"), "l");
    assert_string_equal(ask(f, "qfThreadInfo"), "m186a1,186a2,186a3");
    assert_string_equal(asked(f), " qXfer:threads:read::0,1000");
}

static void a_long_list_of_ids_is_split(void **state)
{
    struct fixture *f = *state;
    unsigned seen = 0;
    f->stub->threads = 1000;
    ask(f, "qfThreadInfo");
    while (f->reply.data[0] == 'm') {
        assert_true(f->reply.len < 1100);
        for (char *id = strtok((char *)f->reply.data + 1, ","); id != NULL; id = strtok(NULL, ","))
            assert_int_equal(strtoul(id, NULL, 16), 100001 + seen++);
        ask(f, "qsThreadInfo");
    }
    assert_int_equal(seen, 1000);
}

static void every_form_of_detach_sends_a_plain_d(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(leave_with(f->target, "D;1", &f->reply), 0);
    assert_true(buf_is(&f->reply, "OK"));
    assert_string_equal(asked(f), " D");
    assert_string_equal(ask(f, "D;1"), "OK");
    assert_string_equal(asked(f), " D");
    assert_string_equal(ask(f, "k"), "OK");
    assert_string_equal(asked(f), " D");
}

/* ---- breakpoints ---- */

static const char insert[] = "Mffffffff80000100,1:cc";

static void a_breakpoint_in_the_stubs_own_code_is_refused_and_logged_once(void **state)
{
    static const char *const functions[] = {"gdb_trap",      "kdb_trap",    "kdb_reenter",
                                            "netgdb_rx",     "trap",        "setjmp",
                                            "debugnet_send", "dn_evh_init", "db_trace_self"};
    struct fixture *f = *state;
    ask(f, "qSupported");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        f->function = functions[i];
        asked(f);
        assert_string_equal(ask(f, insert), "E01");
        assert_string_equal(ask(f, insert), "E01");
        assert_string_equal(asked(f), "");
        assert_int_equal(f->lines, i + 1);
        assert_non_null(strstr(f->line, functions[i]));
    }
}

/* GDB inserts one there for each `next`, which would fail if the breakpoint were refused. */
static void a_breakpoint_in_longjmp_gets_ok_and_is_not_inserted(void **state)
{
    struct fixture *f = *state;
    f->function = "longjmp";
    assert_string_equal(ask(f, insert), "OK");
    assert_string_equal(ask_bytes(f, "Xffffffff80000100,4:\0\0 \xd4", 24), "OK");
    assert_string_equal(asked(f), "");
    assert_int_equal(f->lines, 1);
    assert_non_null(strstr(f->line, "no breakpoint was set in longjmp"));
}

static void other_writes_are_passed_on(void **state)
{
    static const char *const functions[] = {"kdb_enter", "kdb_panic", "panic", "trapframe",
                                            "vm_fault_trap"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        f->function = functions[i];
        assert_string_equal(ask(f, insert), "OK");
        assert_int_equal(f->stub->memory[0x100], 0xcc);
    }
    f->function = "longjmp";
    assert_string_equal(ask(f, "Mffffffff80000100,1:cb"), "OK");
    assert_string_equal(ask(f, "Mffffffff80000101,2:cccc"), "OK");
    assert_memory_equal(f->stub->memory + 0x100, "\xcb\xcc\xcc", 3);
    assert_int_equal(f->lines, 0);
}

static void the_bytes_under_a_breakpoint_are_recorded(void **state)
{
    struct fixture *f = *state;
    const struct stop_point *p = &f->stop.points[0];
    ask(f, "qSupported");
    asked(f);
    uint8_t was = f->stub->memory[0x100];
    char remove[40], both[80];
    snprintf(remove, sizeof remove, "Mffffffff80000100,1:%02x", was);
    ask(f, insert);
    assert_string_equal(asked(f), " mffffffff80000100,1 Mffffffff80000100,1:cc");
    assert_int_equal(p->planted, 1);
    assert_int_equal(p->text[0], was);
    ask(f, remove);
    assert_int_equal(p->planted, 0);
    asked(f);
    ask(f, insert); /* again, as at each resume: already recorded */
    ask(f, remove);
    snprintf(both, sizeof both, " %s %s", insert, remove);
    assert_string_equal(asked(f), both);
    ask(f, "Mffffffff800000ff,4:01020304"); /* other bytes */
    assert_int_equal(p->len, 0);
}

static void a_breakpoint_older_than_one_stop_is_not_recorded(void **state)
{
    struct fixture *f = *state;
    ask(f, insert); /* may be `set var` */
    ask(f, "c");
    assert_int_equal(f->stop.points[0].planted, 1);
    ask(f, "c");
    assert_int_equal(f->stop.points[0].planted, 0);
}

static void taking_over_removes_inserted_breakpoints(void **state)
{
    struct fixture *f = *state;
    uint8_t was = f->stub->memory[0x100];
    ask(f, insert);
    asked(f);
    assert_int_equal(quirks_begin(f->target), 0);
    assert_int_equal(f->stub->memory[0x100], was);
    assert_non_null(strstr(asked(f), " Mffffffff80000100,1:"));
    assert_int_equal(quirks_begin(f->target), 0);
    assert_string_equal(asked(f), "");
    ask(f, insert);
    asked(f);
    assert_int_equal(quirks_park(f->target), 0); /* its client has detached */
    assert_int_equal(quirks_begin(f->target), 0);
    assert_string_equal(asked(f), "");
}

/* The client disconnects before the reply: it is received, then the thread is selected. */
static void parking_receives_an_outstanding_reply_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(quirks_begin(f->target), 0);
    ask(f, "Hg186a2");
    asked(f);
    assert_int_equal(send_bytes(f->target, "g", 1), 0);
    assert_int_equal(quirks_park(f->target), 0);
    assert_string_equal(asked(f), " g Hg186a1");
}

/* ---- watchpoints ---- */

static void the_first_z_probes_for_watchpoints(void **state)
{
    static const char *const no[] = {"", "E06"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        target_free(f->target);
        f->stub = stub_new();
        f->stub->z_reply = no[i];
        f->target = quirks_new(&f->stub->base, NULL);
        assert_string_equal(ask(f, "Z2,1,8"), "");
        assert_string_equal(ask(f, "Z2,2,8"), "");
        assert_string_equal(asked(f), " Z2,1,8");
        assert_string_equal(ask(f, "Z3,1,8"), "");
        assert_string_equal(asked(f), " Z3,1,8");
    }
    f->stub->z_reply = "E10"; /* all watchpoints are in use */
    assert_string_equal(ask(f, "Z4,1,8"), "E10");
    assert_string_equal(ask(f, "Z4,1,8"), "E10");
    assert_string_equal(asked(f), " Z4,1,8 Z4,1,8");
}

static void an_interrupt_is_passed_to_the_next_target(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(target_interrupt(f->target), NETGDB_UNSUPPORTED);
    assert_int_equal(target_idle(f->target), 0);
    assert_int_equal(f->stub->requests, 0);
    assert_true(target_max_request(f->target) >= 0x1000);
}

static void a_rebooted_kernel_is_reported_and_queried_again(void **state)
{
    struct fixture *f = *state;
    bool final;
    read_threads(f, 0x1000);
    ask(f, "P0=1122334455667788");
    f->stub->replace_at = f->stub->requests + 3; /* in the middle of a long read */
    f->stub->bufsz = 1096;
    assert_int_equal(send_bytes(f->target, "mffffffff80000000,1800", 22), 0);
    assert_int_equal(target_recv(f->target, &f->reply, &final, 0), NETGDB_REPLACED);
    assert_int_equal(target_recv(f->target, &f->reply, &final, 0), 0);
    assert_true(final);
    assert_true(buf_is(&f->reply, "T05thread:186a1;"));
    asked(f);
    f->stub->threads = 7;
    read_threads(f, 0x1000);
    expect_threads(f);
    assert_string_equal(ask(f, "qSupported"), "PacketSize=448;qXfer:threads:read+");
    ask(f, "P0=1122334455667788");
    assert_non_null(strstr(asked(f), " p0 P0="));
}

/* Lets the stub reply `said` to a request. Returns the result of the call. */
static int hear(struct fixture *f, const char *request, const char *said)
{
    bool final;
    f->stub->says = said;
    assert_int_equal(send_bytes(f->target, request, strlen(request)), 0);
    int rc = target_recv(f->target, &f->reply, &final, 0);
    f->stub->says = NULL;
    return rc;
}

static void a_reply_that_no_kernel_sends_ends_the_session(void **state)
{
    static const char *const stops[] = {"Fopen,1000/9,241,1a4",
                                        "Funlink,1000/9",
                                        "W00",
                                        "X09",
                                        "N",
                                        "S05",
                                        "T05exec:2f62696e;",
                                        "T05library:;",
                                        "T05fork:p1;",
                                        "T05name:x;",
                                        "T",
                                        "T05thread:\x1b;",
                                        "T0",
                                        "QC1",
                                        "OK",
                                        "vFile"};
    static const char *const replies[][2] = {
        {"g", "Fwrite,1,1000,4"}, {"g", "\x1b\x1b"},  {"Hg1", "F1"},     {"p1", "T05"},
        {"qC", "QC\x1b"},         {"qC", "Fclose,1"}, {"?", "Fclose,1"}, {"Z2,1,8", "E.no\x1b"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        assert_int_equal(hear(f, "c", stops[i]), NETGDB_FOREIGN);
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        assert_int_equal(hear(f, replies[i][0], replies[i][1]), NETGDB_FOREIGN);
}

static void every_reply_that_a_kernel_sends_is_accepted(void **state)
{
    static const char *const replies[][2] = {
        {"c", "T05thread:186a1;"},
        {"s", "T0510:0011;watch:ffffffff81000000;thread:186a1;"},
        {"?", "T05"},
        {"c", "E16"},
        {"g", "00xx"},
        {"p1", ""},
        {"qC", "QC186a1"},
        {"qOffsets", "Text=0;Data=0;Bss=0"},
        {"Hg1", "OK"},
        {"Z2,1,8", ""}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        assert_int_equal(hear(f, replies[i][0], replies[i][1]), 0);
}

static void freeing_also_frees_the_next_target(void **state)
{
    struct stub *stub = stub_new();
    bool freed = false;
    (void)state;
    stub->was_freed = &freed;
    target_free(quirks_new(&stub->base, NULL));
    assert_true(freed);
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
        TEST(writing_all_registers_writes_only_changed_ones),
        TEST(registers_of_a_wrong_total_length_are_rejected),
        TEST(the_kernel_searches_for_patterns_that_it_supports),
        TEST(a_pattern_that_cannot_be_sent_is_searched_by_reading),
        TEST(a_pattern_of_more_than_64_bytes_is_compared_completely),
        TEST(a_search_by_reading_ends_at_its_limit),
        TEST(a_malformed_search_is_rejected),
        TEST(the_thread_list_is_fetched_once_and_can_be_read_repeatedly),
        TEST(the_thread_list_is_fetched_again_after_the_target_ran),
        TEST(a_fetch_disturbed_by_a_late_duplicate_is_restarted),
        TEST(a_malformed_request_for_threads_is_rejected),
        TEST(an_endless_thread_list_is_abandoned),
        TEST(thread_ids_come_from_the_same_copy),
        TEST(a_long_list_of_ids_is_split),
        TEST(every_form_of_detach_sends_a_plain_d),
        TEST(a_breakpoint_in_the_stubs_own_code_is_refused_and_logged_once),
        TEST(a_breakpoint_in_longjmp_gets_ok_and_is_not_inserted),
        TEST(other_writes_are_passed_on),
        TEST(the_bytes_under_a_breakpoint_are_recorded),
        TEST(parking_receives_an_outstanding_reply_first),
        TEST(a_breakpoint_older_than_one_stop_is_not_recorded),
        TEST(taking_over_removes_inserted_breakpoints),
        TEST(the_first_z_probes_for_watchpoints),
        TEST(an_interrupt_is_passed_to_the_next_target),
        TEST(a_rebooted_kernel_is_reported_and_queried_again),
        TEST(a_reply_that_no_kernel_sends_ends_the_session),
        TEST(every_reply_that_a_kernel_sends_is_accepted),
        cmocka_unit_test(freeing_also_frees_the_next_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
