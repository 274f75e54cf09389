/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each rule of cache.h: what is cached, what invalidates it, and which requests are sent. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "tests/requests.h"
#include "tests/unit/cache_ask.h"

/* ---- memory ---- */

#define STACK "m11010,4"  /* page 1: the stack of thread 1, once its registers were read */
#define FILED "m15100,4"  /* page 5: in the program's file */
#define DEVICE "m19000,4" /* page 9 */

static void the_first_read_of_a_page_is_exact_and_the_second_reads_a_block(void **state)
{
    struct fixture *f = *state;
    char first[16];
    expect(f, OTHER, " m14010,4");
    (void)snprintf(first, sizeof first, "%s", (char *)f->reply.data);
    expect(f, OTHER, "");
    assert_string_equal((char *)f->reply.data, first);
    expect(f, "m14020,8", " m14000,800");
    expect(f, "m14000,40", "");
    expect(f, "m147ff,1", "");
    expect(f, "m14800,1", " m14800,800"); /* the second read of this page */
    expect(f, "m15000,1", " m15000,1");   /* another page */
}

static void a_request_marked_exact_is_read_without_its_block_and_cached(void **state)
{
    struct fixture *f = *state;
    struct request r = request_of(FILED);
    r.exact = true;
    assert_int_equal(target_transact(f->t, &r, &f->reply), 0);
    assert_string_equal(news(f), " m15100,4");
    expect(f, FILED, "");
    expect(f, "m15104,4", " m15000,800"); /* the second read of this page */
}

static void a_block_is_clipped_to_the_files_sections(void **state)
{
    struct fixture *f = *state;
    expect(f, FILED, " m15064,79c"); /* the section begins at 64 */
    expect(f, "m15800,1", " m15800,800");
    expect(f, "m16ffc,4", " m16800,800");
}

static void a_block_is_read_on_the_stack_after_a_register_read(void **state)
{
    struct fixture *f = *state;
    expect(f, STACK, " m11010,4");
    (void)ask(f, "s");
    memset(f->w->dead, 0, sizeof f->w->dead);
    (void)ask(f, "Hg1");
    (void)ask(f, "g");
    (void)news(f);
    expect(f, STACK, " m11000,800");
    expect(f, "m12010,4", " m12010,4"); /* the stack of thread 2 */
    (void)ask(f, "Hg2");
    (void)ask(f, "g");
    (void)news(f);
    expect(f, "m12910,4", " m12800,800");
}

static void no_block_crosses_into_another_page(void **state)
{
    struct fixture *f = *state;
    expect(f, "m13ffe,4", " m13ffe,4");
    expect(f, "m13ffc,4", " m13800,800");
    expect(f, "m14000,4", " m14000,800");
    expect(f, "m12ffe,8", " m12ffe,8");
    expect(f, "m12ffe,8", "");
}

static void a_failed_block_read_falls_back_to_the_clients_request(void **state)
{
    struct fixture *f = *state;
    expect(f, "m18300,4", " m18300,4");
    expect(f, "m183e0,8", " m18000,800"); /* a short reply with all requested bytes */
    expect(f, "m183e4,8", " m18000,800 m183e4,8");
    assert_int_equal(f->reply.len - 1, 8); /* digits: bytes 0x3e4 to 0x3e7 */
    expect(f, "m18400,4", " m18400,4");    /* no block read is retried */
    assert_string_equal((char *)f->reply.data, "E01");
    expect(f, "m17000,4", " m17000,4");
    expect(f, "m17000,4", " m17000,4"); /* an error is not cached */
}

static void device_memory_is_read_exactly_and_not_cached(void **state)
{
    struct fixture *f = *state;
    expect(f, DEVICE, " m19000,4");
    expect(f, DEVICE, " m19000,4");
    expect(f, "m18ffe,4", " m18ffe,4");
    expect(f, "m1a000,4", " m1a000,4");
    expect(f, "m19ffe,4", " m19ffe,4");
    expect(f, "m1a010,4", " m1a000,800");
}

static void binary_reads_are_cached_too(void **state)
{
    struct fixture *f = *state;
    f->w->memory[0][0x4010] = '}';
    expect(f, "x14010,4", " x14010,4");
    assert_memory_equal(f->reply.data, "b}\x5d", 3);
    expect(f, "x14010,4", "");
    assert_memory_equal(f->reply.data, "b}\x5d", 3);
    expect(f, "m14010,1", "");
    assert_string_equal((char *)f->reply.data, "7d");
    expect(f, "x14020,1", " x14000,800");
}

static void reads_larger_than_a_block_are_sent_unchanged_and_cached(void **state)
{
    struct fixture *f = *state;
    expect(f, "m10100,800", " m10100,800");
    expect(f, "m10100,800", "");
    expect(f, "m108ff,1", "");
    expect(f, "m10100,801", " m10100,801"); /* more than one reply of the stub */
    expect(f, "m10100,0", " m10100,0");
    expect(f, "m10100", " m10100");
    expect(f, "mffffffffffffffff,2", " mffffffffffffffff,2");
}

static void a_small_packet_size_reduces_the_block_size(void **state)
{
    const struct world_kind kind = {.packet_size = 400};
    struct fixture *f = begin(&kind);
    (void)state;
    (void)ask(f, "qSupported");
    (void)news(f);
    expect(f, "m14010,4", " m14010,4");
    expect(f, "m14020,4", " m14000,80");
    expect(f, "m14080,c9", " m14080,c9");
    expect(f, "m14080,c9", " m14080,c9");
    void *end = f;
    (void)tear_down(&end);
}

/* ---- invalidation ---- */

static void requests_that_may_change_state_clear_everything(void **state)
{
    static const char *const requests[] = {"c",
                                           "s",
                                           "C05",
                                           "S05",
                                           "vCont;c",
                                           "vCont;s:1;c",
                                           "i",
                                           "bc",
                                           "bs",
                                           "r",
                                           "R00",
                                           "vRun;2f",
                                           "vAttach;1",
                                           "G00",
                                           "P1=00",
                                           "M14010,1:00",
                                           "X14010,1:a",
                                           "M19000,1:00",
                                           "qRcmd,00",
                                           "vFile:open:00",
                                           "vFlashErase:0,1000",
                                           "vFlashDone",
                                           "qSymbol::",
                                           "qSupported",
                                           "QAgent:1",
                                           "Qwhat",
                                           "qWhat",
                                           "vWhat",
                                           "_M10",
                                           "A1",
                                           "B",
                                           "F0",
                                           "QNonStop:0",
                                           "qXfer:siginfo:write::0:00",
                                           "T"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        bool harmless = strcmp(requests[i], "T") == 0;
        char text[64];
        (void)ask(f, OTHER);
        (void)ask(f, "g");
        (void)news(f);
        expect(f, OTHER, "");
        expect(f, "g", "");
        (void)snprintf(text, sizeof text, " %s", requests[i]);
        expect(f, requests[i], text);
        expect(f, OTHER, harmless ? "" : " " OTHER);
        expect(f, "g", harmless ? "" : " g");
    }
}

static void read_only_requests_clear_nothing(void **state)
{
    static const char *const requests[] = {"!",
                                           "?",
                                           "qC",
                                           "qAttached",
                                           "qTStatus",
                                           "qOffsets",
                                           "vCont?",
                                           "vMustReplyEmpty",
                                           "QPassSignals:1",
                                           "QProgramSignals:1",
                                           "T1",
                                           "qThreadExtraInfo,1",
                                           "qP0000001f0000000000000001",
                                           "qSearch:memory:0;1;a",
                                           "qCRC:0,10",
                                           "qfThreadInfo",
                                           "qsThreadInfo",
                                           "qXfer:threads:read::0,1000",
                                           "vFile:pread:1",
                                           "qXfer:features:read:target.xml:0,10",
                                           "p1",
                                           "Hc0",
                                           "Hc-1",
                                           "m15000,800"};
    struct fixture *f = *state;
    (void)ask(f, OTHER);
    (void)news(f);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        (void)ask(f, requests[i]);
        (void)news(f);
        expect(f, OTHER, "");
    }
}

static void breakpoints_clear_memory(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, OTHER);
    (void)ask(f, "g");
    (void)news(f);
    expect(f, "Z0,15000,1", " Z0,15000,1");
    expect(f, "g", "");
    expect(f, OTHER, " " OTHER);
    expect(f, "z1,15000,1", " z1,15000,1"); /* of an unknown breakpoint */
    expect(f, OTHER, " " OTHER);
}

static void flush_and_detach_clear_everything(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, OTHER);
    (void)news(f);
    cache_flush(f->t);
    expect(f, OTHER, " " OTHER);
    assert_int_equal(leave_with(f->t, "D", &f->reply), 0);
    assert_true(f->w->left);
    expect(f, OTHER, " " OTHER);
}

static void a_rebooted_kernel_clears_everything(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, OTHER);
    (void)news(f);
    f->w->fail_recv = NETGDB_REPLACED;
    assert_int_equal(target_ask(f->t, "qAttached", &f->reply), NETGDB_REPLACED);
    bool final = false;
    assert_int_equal(target_recv(f->t, &f->reply, &final, 0), 0); /* the new kernel's stop */
    assert_true(final);
    (void)news(f);
    expect(f, OTHER, " " OTHER);
}

static void non_stop_mode_disables_caching(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "QNonStop:1");
    (void)news(f);
    expect(f, OTHER, " " OTHER);
    expect(f, OTHER, " " OTHER);
    expect(f, "Hg1", " Hg1");
    expect(f, "Hg1", " Hg1");
    (void)ask(f, "QNonStop:0");
    (void)news(f);
    expect(f, OTHER, " " OTHER);
    expect(f, OTHER, "");
}

static void output_of_a_running_target_is_not_a_stop(void **state)
{
    struct fixture *f = *state;
    bool final = true;
    assert_int_equal(send_bytes(f->t, "c", 1), 0);
    assert_int_equal(target_recv(f->t, &f->reply, &final, 0), 0);
    assert_false(final);
    assert_true(buf_is(&f->reply, "O41"));
    assert_int_equal(target_recv(f->t, &f->reply, &final, 0), 0);
    assert_true(final);
}

/* ---- threads ---- */

static void registers_are_cached_per_thread(void **state)
{
    struct fixture *f = *state;
    expect(f, "g", " g");
    expect(f, "p7", " p7");
    expect(f, "Hg2", " Hg2");
    expect(f, "g", " g");
    expect(f, "Hg1", "");
    expect(f, "g", "");
    expect(f, "p7", "");
    expect(f, "Hg2", "");
    expect(f, "g", "");
    expect(f, "p7", " p7");
    expect(f, "P7=00", " P7=00");
    expect(f, "g", " g");
}

static void hg_is_sent_before_the_first_dependent_request(void **state)
{
    struct fixture *f = *state;
    expect(f, "qfThreadInfo", " qfThreadInfo");
    (void)ask(f, "qsThreadInfo");
    (void)ask(f, "qsThreadInfo");
    (void)ask(f, "qsThreadInfo");
    (void)news(f);
    expect(f, "Hg2", "");
    assert_string_equal((char *)f->reply.data, "OK");
    expect(f, "Hg3", "");
    expect(f, OTHER, " " OTHER); /* the same for all threads */
    expect(f, "Hg2", "");
    expect(f, "g", " Hg2 g");
    expect(f, "Hg1", "");
    expect(f, "c", " Hg1 c");
    expect(f, "Hg77", " Hg77");
    assert_string_equal((char *)f->reply.data, "E04");
}

static void a_rejected_hg_is_reported_by_the_dependent_request(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "qXfer:threads:read::0,1000");
    (void)news(f);
    f->w->lie = 3;
    expect(f, "Hg3", "");
    expect(f, "g", " Hg3");
    assert_string_equal((char *)f->reply.data, "E04");
    expect(f, "g", " g"); /* of the thread that is still selected */
    expect(f, "Hg3", " Hg3");
    assert_string_equal((char *)f->reply.data, "E04");
}

static void selecting_another_address_space_clears_memory(void **state)
{
    const struct world_kind kind = {.per_thread = true};
    struct fixture *f = begin(&kind);
    (void)state;
    (void)ask(f, "qSupported");
    (void)ask(f, "Hg1");
    (void)ask(f, "Hg2");
    (void)news(f);
    expect(f, OTHER, " " OTHER);
    expect(f, "Hg1", "");
    expect(f, OTHER, " Hg1 " OTHER);
    expect(f, "Hg2", "");
    expect(f, "Hg1", "");
    expect(f, OTHER, "");
    void *end = f;
    (void)tear_down(&end);
}

static void thread_lists_and_names_are_cached(void **state)
{
    struct fixture *f = *state;
    char first[64];
    expect(f, "qfThreadInfo", " qfThreadInfo");
    expect(f, "qsThreadInfo", " qsThreadInfo");
    expect(f, "qsThreadInfo", " qsThreadInfo");
    expect(f, "qsThreadInfo", " qsThreadInfo");
    assert_string_equal((char *)f->reply.data, "l");
    expect(f, "qfThreadInfo", "");
    assert_string_equal((char *)f->reply.data, "m1");
    expect(f, "qsThreadInfo", "");
    assert_string_equal((char *)f->reply.data, "m2");
    expect(f, "M14010,1:00", " M14010,1:00");
    expect(f, "qsThreadInfo", ""); /* a list that was started is completed */
    assert_string_equal((char *)f->reply.data, "m3");
    expect(f, "qfThreadInfo", " qfThreadInfo");
    expect(f, "qThreadExtraInfo,1", " qThreadExtraInfo,1");
    (void)snprintf(first, sizeof first, "%s", (char *)f->reply.data);
    expect(f, "qThreadExtraInfo,1", "");
    assert_string_equal((char *)f->reply.data, first);
    expect(f, "T2", " T2");
    expect(f, "T2", "");
    expect(f, "T9", " T9");
    expect(f, "T9", " T9");
}

static void threads_of_the_list_are_alive(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "qfThreadInfo");
    (void)ask(f, "qsThreadInfo");
    (void)news(f);
    expect(f, "T1", "");
    assert_string_equal((char *)f->reply.data, "OK");
    expect(f, "T2", "");
    expect(f, "T3", " T3"); /* not in the list yet */
    expect(f, "s", " s");
    expect(f, "T1", " T1"); /* its stop named another one */
}

static void the_thread_list_document_is_fetched_whole(void **state)
{
    struct fixture *f = *state;
    expect(f, "qXfer:threads:read::0,1000",
           " qXfer:threads:read::0,1000 qXfer:threads:read::64,1000");
    assert_int_equal(f->reply.data[0], 'm'); /* in the stub's chunks */
    expect(f, "qXfer:threads:read::64,1000", "");
    assert_int_equal(f->reply.data[0], 'l');
    expect(f, "qXfer:threads:read::0,10", "");
    assert_int_equal(f->reply.len, 1 + 16 + 1);
    expect(f, "s", " s");
    (void)ask(f, "qXfer:threads:read::0,10");
    assert_memory_equal(news(f), " qXfer:threads:read::0,10 qXfer:threads:read::10,10 ", 51);
    expect(f, "qXfer:threads:read::10,10", "");
    expect(f, "qXfer:threads:read::20,1000", "");
    expect(f, "qXfer:threads:read:annex:0,10", " qXfer:threads:read:annex:0,10");
}

/* ---- failures ---- */

static void errors_of_the_target_are_returned(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "Z0,15000,1");
    (void)ask(f, "z0,15000,1");
    f->w->fail_recv = NETGDB_LOST;
    assert_int_equal(target_ask(f->t, "c", &f->reply), NETGDB_LOST); /* during the z */
    f->w->fail_recv = NETGDB_LOST;
    assert_int_equal(target_ask(f->t, OTHER, &f->reply), NETGDB_LOST);
    f->w->fail = NETGDB_TOO_LONG;
    assert_int_equal(target_ask(f->t, "g", &f->reply), NETGDB_TOO_LONG);
    (void)ask(f, OTHER);
    f->w->fail_recv = NETGDB_LOST;
    assert_int_equal(target_ask(f->t, "m14020,4", &f->reply),
                     NETGDB_LOST); /* during a block read */
}

static void statistics_are_counted(void **state)
{
    struct fixture *f = *state;
    struct cache_stats before, after;
    cache_stats(f->t, &before);
    (void)ask(f, OTHER);
    (void)ask(f, "m14020,4");
    (void)ask(f, "m14030,4");
    (void)ask(f, "g");
    (void)ask(f, "g");
    cache_stats(f->t, &after);
    assert_int_equal(after.hits - before.hits, 2);
    assert_int_equal(after.misses - before.misses, 3);
    assert_int_equal(after.blocks - before.blocks, 1);
    assert_int_equal(after.bytes, 2048);
    cache_flush(f->t);
    cache_stats(f->t, &after);
    assert_int_equal(after.flushes - before.flushes, 1);
    assert_int_equal(after.bytes, 0);
    assert_int_equal(after.replies, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(the_first_read_of_a_page_is_exact_and_the_second_reads_a_block),
        RULE(a_request_marked_exact_is_read_without_its_block_and_cached),
        RULE(a_block_is_clipped_to_the_files_sections),
        RULE(a_block_is_read_on_the_stack_after_a_register_read),
        RULE(no_block_crosses_into_another_page),
        RULE(a_failed_block_read_falls_back_to_the_clients_request),
        RULE(device_memory_is_read_exactly_and_not_cached),
        RULE(binary_reads_are_cached_too),
        RULE(reads_larger_than_a_block_are_sent_unchanged_and_cached),
        cmocka_unit_test(a_small_packet_size_reduces_the_block_size),
        RULE(requests_that_may_change_state_clear_everything),
        RULE(read_only_requests_clear_nothing),
        RULE(breakpoints_clear_memory),
        RULE(flush_and_detach_clear_everything),
        RULE(a_rebooted_kernel_clears_everything),
        RULE(non_stop_mode_disables_caching),
        RULE(output_of_a_running_target_is_not_a_stop),
        RULE(registers_are_cached_per_thread),
        RULE(hg_is_sent_before_the_first_dependent_request),
        RULE(a_rejected_hg_is_reported_by_the_dependent_request),
        cmocka_unit_test(selecting_another_address_space_clears_memory),
        RULE(thread_lists_and_names_are_cached),
        RULE(threads_of_the_list_are_alive),
        RULE(the_thread_list_document_is_fetched_whole),
        RULE(errors_of_the_target_are_returned),
        RULE(statistics_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
