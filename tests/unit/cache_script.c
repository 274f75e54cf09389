/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cache in front of a scripted stub: documents that arrive whole, in pieces, damaged or not at
 * all, and stack pointers from stop replies and registers.
 */
#include <stdlib.h>

#include "proto/cache/cache.h"
#include "proto/err.h"
#include "tests/unit/unit.h"

/* The next request that the stub expects, and its reply; NULL: the target is lost. */
struct line {
    const char *request, *reply;
};

struct script {
    struct target base;
    const struct line *next; /* ends with one without a request */
    struct target *cache;
    struct buf reply;
};

static int script_send(struct target *t, const struct request *r)
{
    const struct script *s = (struct script *)t;
    assert_non_null(s->next->request);
    assert_int_equal(r->len, strlen(s->next->request));
    assert_memory_equal(r->data, s->next->request, r->len);
    return 0;
}

static int script_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct script *s = (struct script *)t;
    const char *text = s->next++->reply;
    (void)watch;
    *final = true;
    return text != NULL ? buf_sets(reply, text) : NETGDB_LOST;
}

static void script_free(struct target *t)
{
    (void)t;
}

static void begin(struct script *s, bool kernel, const char *features)
{
    static const struct target_ops ops = {
        .send = script_send, .recv = script_recv, .free = script_free};
    const struct cache_options options = {.kernel = kernel};
    const struct line first[] = {{"qSupported", features}, {NULL, NULL}};
    *s = (struct script){.base = {.ops = &ops}, .next = first};
    buf_init(&s->reply, TARGET_REPLY_MAX);
    s->cache = cache_new(&s->base, &options);
    assert_non_null(s->cache);
    assert_int_equal(target_ask(s->cache, "qSupported", &s->reply), 0);
}

static void end(struct script *s)
{
    target_free(s->cache);
    buf_free(&s->reply);
}

/* Sends a request and expects `reply`; the stub must get exactly the requests in `lines`. */
static void ask(struct script *s, const char *request, const char *reply, const struct line *lines)
{
    s->next = lines;
    assert_int_equal(target_ask(s->cache, request, &s->reply), 0);
    assert_null(s->next->request);
    assert_true(buf_is(&s->reply, reply));
}

#define NOTHING ((const struct line[]){{NULL, NULL}})
#define LINES(...) ((const struct line[]){__VA_ARGS__, {NULL, NULL}})
#define MAP "<memory-map><memory type=\"ram\" start=\"0x1000\" length=\"0x9000\"/></memory-map>"

static void a_memory_map_is_fetched_once_and_served_in_any_pieces(void **state)
{
    struct script s;
    (void)state;
    begin(&s, false, "PacketSize=1000;qXfer:memory-map:read+");
    ask(&s, "qXfer:memory-map:read::0,ffb", "l" MAP,
        LINES({"qXfer:memory-map:read::0,ffb", "l" MAP}));
    ask(&s, "qXfer:memory-map:read::0,c", "m<memory-map>", NOTHING);
    ask(&s, "qXfer:memory-map:read::3c,1000", "l\"/></memory-map>", NOTHING);
    ask(&s, "qXfer:memory-map:read::1000,10", "l", NOTHING);
    ask(&s, "m1010,4", "01020304",
        LINES({"m1010,4", "01020304"})); /* a read does not fetch it again */
    end(&s);
}

static void a_map_fetched_for_a_read_is_not_fetched_again(void **state)
{
    struct script s;
    (void)state;
    begin(&s, false, "PacketSize=1000;qXfer:memory-map:read+");
    s.next = LINES({"qXfer:memory-map:read::0,ffb", "l" MAP}, {"m1010,4", "01020304"});
    assert_int_equal(target_ask(s.cache, "m1010,4", &s.reply), 0);
    ask(&s, "qXfer:memory-map:read::0,ffb", "l" MAP, NOTHING);
    end(&s);
}

static void a_refused_document_is_requested_each_time(void **state)
{
    static const char *const replies[] = {"E01", "", "x", "l}"};
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        struct script s;
        begin(&s, false, "PacketSize=1000;qXfer:threads:read+");
        for (int times = 0; times < 2; times++)
            ask(&s, "qXfer:threads:read::0,1000", replies[i],
                LINES({"qXfer:threads:read::0,1000", replies[i]}));
        end(&s);
    }
}

static void an_incomplete_document_is_read_by_the_client_itself(void **state)
{
    struct script s;
    (void)state;
    begin(&s, false, "PacketSize=1000;qXfer:threads:read+");
    for (int times = 0; times < 2; times++)
        ask(&s, "qXfer:threads:read::0,8", "m<threads",
            LINES({"qXfer:threads:read::0,8", "m<threads"}, {"qXfer:threads:read::8,8", "E01"},
                  {"qXfer:threads:read::0,8", "m<threads"}));
    ask(&s, "qXfer:threads:read::8,8", "l></threads>",
        LINES({"qXfer:threads:read::8,8", "l></threads>"}));
    end(&s);
}

static void a_loss_during_a_document_is_returned(void **state)
{
    struct script s;
    (void)state;
    begin(&s, false, "PacketSize=1000;qXfer:threads:read+");
    s.next = LINES({"qXfer:threads:read::0,8", "m<threads"}, {"qXfer:threads:read::8,8", NULL});
    assert_int_equal(target_ask(s.cache, "qXfer:threads:read::0,8", &s.reply), NETGDB_LOST);
    assert_null(s.next->request);
    end(&s);
}

static void malformed_document_requests_are_passed_on(void **state)
{
    static const char *const requests[] = {
        "qXfer:threads:read::0",     "qXfer:threads:read::,10",     "qXfer:threads:read::0,",
        "qXfer:threads:read::0,0",   "qXfer:threads:read::0,10;",   "qXfer:threads:read:a:0,10",
        "qXfer:threads:read:",       "qXfer:threads:write::0:data", "qXfer:memory-map:read::0",
        "qXfer:memory-map:read:x:0", "qXfer:memory-map:read::10,10"};
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct script s;
        begin(&s, false, "PacketSize=1000;qXfer:threads:read+");
        ask(&s, requests[i], "E00", LINES({requests[i], "E00"}));
        end(&s);
    }
}

/* ---- stacks ---- */

/* The hexadecimal text of `bytes` bytes, each of them `digits`. */
static const char *fill(char *text, size_t bytes, const char *digits)
{
    for (size_t i = 0; i < bytes; i++)
        memcpy(text + 2 * i, digits, 2);
    text[2 * bytes] = '\0';
    return text;
}

static void the_stack_of_a_freebsd_kernels_thread_is_read_in_blocks(void **state)
{
    static char g[2 * 420 + 1], block[2 * 2048 + 1];
    struct script s;
    (void)state;
    (void)fill(g, 420, "00"); /* in the order of sys/amd64; rsp is the eighth */
    memcpy(g + 2 * 56, "1050340001feffff", 16);
    begin(&s, true, "PacketSize=1000;qXfer:threads:read+");
    ask(&s, "?", "T05thread:1;", LINES({"?", "T05thread:1;"}));
    ask(&s, "mfffffe0100345010,4", "0a0b0c0d", LINES({"mfffffe0100345010,4", "0a0b0c0d"}));
    ask(&s, "s", "T05thread:1;", LINES({"s", "T05thread:1;"}));
    ask(&s, "g", g, LINES({"g", g}));
    ask(&s, "mfffffe0100345010,4", "5a5a5a5a",
        LINES({"mfffffe0100345000,800", fill(block, 2048, "5a")}));
    ask(&s, "mfffffe01003457fc,4", "5a5a5a5a", NOTHING);
    ask(&s, "mfffffe0100347010,4", "01020304", LINES({"mfffffe0100347010,4", "01020304"}));
    end(&s);
    begin(&s, false, "PacketSize=1000"); /* unknown for any other stub */
    ask(&s, "?", "T05thread:1;", LINES({"?", "T05thread:1;"}));
    ask(&s, "g", g, LINES({"g", g}));
    ask(&s, "mfffffe0100345010,4", "0a0b0c0d", LINES({"mfffffe0100345010,4", "0a0b0c0d"}));
    end(&s);
}

static void a_stack_pointer_in_the_stop_reply_suffices(void **state)
{
    static const char description[] = "l<target><architecture>i386:x86-64</architecture></target>";
    static const char *const stops[] = {"T0506:00;07:1050341200000000;thread:1;",
                                        "T0507:1050341200000000;thread:1;"},
                             *const others[] = {"T05thread:1;",
                                                "T0507:10503412",
                                                "T0507:x050341200000000;",
                                                "T0517:1050341200000000;thread:1;",
                                                "T05",
                                                "S05"};
    static char block[2 * 2048 + 1];
    struct script s;
    (void)state;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        begin(&s, false, "PacketSize=1000;qXfer:features:read+");
        ask(&s, "qXfer:features:read:target.xml:0,ffb", description,
            LINES({"qXfer:features:read:target.xml:0,ffb", description}));
        ask(&s, "?", stops[i], LINES({"?", stops[i]}));
        ask(&s, "m12345010,4", "5a5a5a5a", LINES({"m12345000,800", fill(block, 2048, "5a")}));
        end(&s);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        begin(&s, false, "PacketSize=1000;qXfer:features:read+");
        ask(&s, "qXfer:features:read:target.xml:0,ffb", description,
            LINES({"qXfer:features:read:target.xml:0,ffb", description}));
        ask(&s, "?", others[i], LINES({"?", others[i]}));
        ask(&s, "m12345010,4", "0a0b0c0d", LINES({"m12345010,4", "0a0b0c0d"}));
        end(&s);
    }
}

static void unreadable_kernel_pages_are_not_read_again_in_this_stop(void **state)
{
    struct script s;
    (void)state;
    begin(&s, true, "PacketSize=1000");
    ask(&s, "?", "T05thread:1;", LINES({"?", "T05thread:1;"}));
    ask(&s, "m4123,1", "E0e", LINES({"m4123,1", "E0e"}));
    ask(&s, "m4123,1", "E0e", NOTHING);
    ask(&s, "m4000,1", "E0e", NOTHING); /* a page has one protection */
    ask(&s, "m4fff,1", "E0e", NOTHING);
    ask(&s, "m3ff0,20", "E0e", NOTHING); /* and a stub reads all or nothing */
    ask(&s, "m3ff0,10", "00112233445566778899aabbccddeeff",
        LINES({"m3ff0,10", "00112233445566778899aabbccddeeff"}));
    ask(&s, "m5ff0,20", "E0e", LINES({"m5ff0,20", "E0e"})); /* either page may be unreadable */
    ask(&s, "m5ff0,20", "E0e", LINES({"m5ff0,20", "E0e"}));
    ask(&s, "M9000,1:00", "OK", LINES({"M9000,1:00", "OK"})); /* it may be a page table */
    ask(&s, "m4123,1", "E0e", LINES({"m4123,1", "E0e"}));
    ask(&s, "s", "T05thread:1;", LINES({"s", "T05thread:1;"}));
    ask(&s, "m4123,1", "41", LINES({"m4123,1", "41"}));
    end(&s);
}

static void other_stubs_have_single_unreadable_bytes(void **state)
{
    struct script s;
    (void)state;
    begin(&s, false, "PacketSize=1000");
    ask(&s, "?", "T05thread:1;", LINES({"?", "T05thread:1;"}));
    ask(&s, "m4123,1", "E.not here", LINES({"m4123,1", "E.not here"}));
    ask(&s, "m4123,1", "E.not here", NOTHING);
    ask(&s, "m5124,1", "E0", LINES({"m5124,1", "E0"}));
    ask(&s, "m5124,1", "e0", NOTHING); /* lower case: a byte, not an error */
    end(&s);
}

/* The stub of a 32-bit target may continue at 0: nothing says whose bytes these are. */
static void a_read_across_4_gib_is_not_cached(void **state)
{
    struct script s;
    (void)state;
    begin(&s, false, "PacketSize=1000");
    ask(&s, "mfffffffc,8", "0102030405060708", LINES({"mfffffffc,8", "0102030405060708"}));
    ask(&s, "mfffffffc,8", "0102030409060708", LINES({"mfffffffc,8", "0102030409060708"}));
    ask(&s, "m100000000,4", "E01", LINES({"m100000000,4", "E01"}));
    ask(&s, "mfffffffc,4", "01020304", LINES({"mfffffffc,4", "01020304"}));
    ask(&s, "mfffffffc,4", "01020304", NOTHING);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memory_map_is_fetched_once_and_served_in_any_pieces),
        cmocka_unit_test(a_map_fetched_for_a_read_is_not_fetched_again),
        cmocka_unit_test(a_refused_document_is_requested_each_time),
        cmocka_unit_test(an_incomplete_document_is_read_by_the_client_itself),
        cmocka_unit_test(a_loss_during_a_document_is_returned),
        cmocka_unit_test(malformed_document_requests_are_passed_on),
        cmocka_unit_test(the_stack_of_a_freebsd_kernels_thread_is_read_in_blocks),
        cmocka_unit_test(a_stack_pointer_in_the_stop_reply_suffices),
        cmocka_unit_test(unreadable_kernel_pages_are_not_read_again_in_this_stop),
        cmocka_unit_test(other_stubs_have_single_unreadable_bytes),
        cmocka_unit_test(a_read_across_4_gib_is_not_cached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
