/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decorators next to the client: monitor netgdb with its profile, and LLDB's corrections. */
#include "session/monitor.h"
#include "proto/cache/cache.h"

#include <stdio.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "session/lldb.h"
#include "tests/requests.h"
#include "tests/unit/fake_io.h"
#include "tests/unit/unit.h"

/* A target that replies `reply` after `time`. */
struct fixture {
    struct fake_io io;
    struct target target;
    struct chain chain;
    struct profile profile;
    struct log log;
    struct target *front;
    struct buf did, lines, reply, output;
    const char *answer;
    uint64_t time;
    int error;
};

static struct fixture *of(struct target *t)
{
    return (struct fixture *)((char *)t - offsetof(struct fixture, target));
}

static int next_send(struct target *t, const struct request *r)
{
    return buf_printf(&of(t)->did, "[%.*s]", (int)r->len, (const char *)r->data);
}

static int next_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    (void)watch;
    of(t)->io.now += of(t)->time;
    *final = true;
    return of(t)->error != 0 ? of(t)->error : buf_sets(reply, of(t)->answer);
}

static int next_leave(struct target *t, const struct request *r, struct buf *reply)
{
    (void)next_send(t, r);
    return buf_sets(reply, "OK");
}

static void next_free(struct target *t)
{
    (void)t;
}

static void sink(void *context, enum log_level level, const char *line)
{
    (void)level;
    (void)buf_printf(context, "%s\n", line);
}

static int setup(void **state)
{
    static const struct target_ops ops = {
        .send = next_send, .recv = next_recv, .leave = next_leave, .free = next_free};
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->target.ops = &ops;
    f->answer = "OK";
    f->time = IO_MS;
    struct buf *bufs[] = {&f->did, &f->lines, &f->reply, &f->output};
    for (unsigned i = 0; i < 4; i++)
        buf_init(bufs[i], 20000);
    f->log = (struct log){LOG_INFO, "crash1", sink, &f->lines};
    profile_init(&f->profile);
    f->chain.target = &f->target;
    f->front = monitor_new(&f->chain, &f->io.io, &f->profile, "crash1", &f->log);
    *state = f;
    return f->front != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct buf *bufs[] = {&f->did, &f->lines, &f->reply, &f->output};
    target_free(f->front);
    profile_free(&f->profile);
    fake_io_free(&f->io);
    for (unsigned i = 0; i < 4; i++)
        buf_free(bufs[i]);
    test_free(f);
    return 0;
}

/* Sends a monitor command. Its output is in f->output, the final reply in f->reply. */
static void monitor(struct fixture *f, const char *command)
{
    struct buf request;
    bool final = false;
    buf_init(&request, 1000);
    (void)buf_adds(&request, "qRcmd,");
    (void)buf_addhex(&request, command, strlen(command));
    buf_reset(&f->output);
    assert_int_equal(send_bytes(f->front, request.data, request.len), 0);
    while (!final) {
        assert_int_equal(target_recv(f->front, &f->reply, &final, 0), 0);
        if (!final) {
            assert_int_equal(f->reply.data[0], 'O');
            assert_int_equal(rsp_unhex(&f->output, f->reply.data + 1, f->reply.len - 1), 0);
        }
    }
    assert_int_equal(buf_addc(&f->output, 0), 0);
    buf_free(&request);
}

static bool says(struct fixture *f, const char *text)
{
    return strstr((const char *)f->output.data, text) != NULL;
}

static void assert_says(struct fixture *f, const char *text)
{
    if (!says(f, text))
        fail_msg("'%s' is not in:\n%s", text, (const char *)f->output.data);
}

static void status_is_answered_here(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(target_ask(f->front, "g", &f->reply), 0);
    f->io.now += 5 * IO_SECOND;
    assert_int_equal(target_ask(f->front, "m1000,4", &f->reply), 0);
    f->time = 3 * IO_SECOND;
    assert_int_equal(target_ask(f->front, "s", &f->reply), 0);
    buf_reset(&f->did);
    monitor(f, "netgdb status");
    assert_true(buf_is(&f->reply, "OK"));
    assert_int_equal(f->did.len, 0);
    assert_says(f, "crash1\n");
    assert_says(f, "requests 3 of 1 client; waited 0.002 s for replies, 3.000 s for stops, "
                   "5.000 s for the debugger\n");
    assert_says(f, "slowest 2: 0.001 s m1000,4 (read memory, hexadecimal)\n");
}

static void a_slow_request_has_its_causes(void **state)
{
    struct fixture *f = *state;
    struct profile *p = &f->profile;
    const struct packet *packet = packet_find((const uint8_t *)"g", 1);
    p->has_link = true;
    p->stats.delayed[NETGDB_DELAY_ACK].ns = 3 * IO_MS;
    p->stats.delayed[NETGDB_DELAY_REQUEST].ns = 2 * IO_MS;
    p->link.retransmitted = 2;
    p->asked_again = 1;
    profile_request(p, 0, 2 * IO_SECOND, (const uint8_t *)"g", 1, packet);
    p->link.retransmitted = 3; /* causes of the request before do not count again */
    profile_request(p, 0, IO_SECOND, (const uint8_t *)"g", 1, packet);
    monitor(f, "netgdb status");
    assert_says(f, "slowest 1: 2.000 s g (read all registers); delayed 5.0 ms so that nothing runs "
                   "twice; 2 retransmissions; repeated 1 times\n");
    assert_says(f, "slowest 2: 1.000 s g (read all registers); 1 retransmissions\n");
    monitor(f, "netgdb status --json");
    assert_true(buf_starts(&f->output, "{\"requests\":2,"));
    assert_says(f, "\"delayed_ms\":5.0,\"retransmitted\":2,\"repeated\":1},");
    assert_says(f, "]}\n");
}

static void the_cache_is_shown_and_flushed(void **state)
{
    struct fixture *f = *state;
    const struct cache_options none = {.kernel = true};
    struct target *cache = cache_new(&f->target, &none);
    const struct chain chain = {.target = cache, .cache = cache};
    assert_non_null(cache);
    monitor(f, "netgdb cache");
    assert_says(f, "the cache is off (cache=off)\n");
    struct target *front = monitor_new(&chain, &f->io.io, &f->profile, "crash1", &f->log);
    struct target *before = f->front;
    assert_non_null(front);
    f->front = front;
    f->answer = "01020304";
    assert_int_equal(target_ask(front, "m1000,4", &f->reply), 0);
    assert_int_equal(target_ask(front, "m1000,4", &f->reply), 0);
    buf_reset(&f->did);
    monitor(f, "netgdb cache");
    assert_says(f, "hits 1, misses 1 (0 of them read a block)\n"
                   "kept: 4 bytes of memory, 0 replies; emptied 0 times\n");
    monitor(f, "netgdb cache flush");
    assert_says(f, "kept: 0 bytes of memory, 0 replies; emptied 1 times\n");
    assert_int_equal(f->did.len, 0);
    target_free(front);
    f->front = before;
}

static void help_lists_all_commands(void **state)
{
    static const char *const asked[] = {"netgdb help", "netgdb", "netgdb   ", "netgdb statuses"};
    struct fixture *f = *state;
    for (unsigned i = 0; i < 4; i++) {
        monitor(f, asked[i]);
        assert_says(f, "monitor netgdb status ");
        assert_says(f, "monitor netgdb help ");
        assert_int_equal(i == 3, says(f, "no such command: statuses (did you mean status?)\n"));
        assert_true(buf_is(&f->reply, i == 3 ? "E01" : "OK"));
    }
    assert_int_equal(f->did.len, 0);
}

/* An error, as gdbserver answers an unknown command: a script must not run on. */
static void a_query_without_the_kernels_file_is_an_error(void **state)
{
    static const char *const asked[] = {"netgdb panic", "netgdb dmesg 5", "netgdb ps --json"};
    struct fixture *f = *state;
    for (unsigned i = 0; i < 3; i++) {
        monitor(f, asked[i]);
        assert_says(f, ": not a FreeBSD kernel, or its kernel.debug is missing: name it on gdb's "
                       "command line, or by symbols=FILE\n");
        assert_false(says(f, "no such command"));
        assert_true(buf_is(&f->reply, "E01"));
    }
    assert_int_equal(f->did.len, 0);
}

/* In gdb's process, for a kernel of the proxy: help and mistakes are about the commands here. */
static void without_a_profile_status_is_passed_on(void **state)
{
    static const char *const ours[] = {"netgdb help", "netgdb", "netgdb savr", "netgdb cache"};
    struct fixture *f = *state;
    struct target *profiled = f->front;
    f->front = monitor_new(&f->chain, &f->io.io, NULL, "crash1", &f->log);
    assert_non_null(f->front);
    for (unsigned i = 0; i < 4; i++)
        monitor(f, ours[i]);
    assert_int_equal(f->did.len, 0);
    monitor(f, "netgdb status");
    monitor(f, "netgdb status --json");
    assert_non_null(memmem(f->did.data, f->did.len, "][", 2));
    target_free(f->front);
    f->front = profiled;
}

static void other_commands_are_passed_on(void **state)
{
    static const char *const others[] = {"help", "netgdbx status", "set netgdb", "", "net"};
    struct fixture *f = *state;
    for (unsigned i = 0; i < 5; i++) {
        buf_reset(&f->did);
        monitor(f, others[i]);
        assert_true(buf_starts(&f->did, "[qRcmd,"));
    }
    buf_reset(&f->did);
    assert_int_equal(target_ask(f->front, "qRcmd,6e6", &f->reply), 0); /* not hexadecimal */
    assert_true(buf_is(&f->did, "[qRcmd,6e6]"));
}

static void a_slow_request_is_logged_with_its_explanation(void **state)
{
    struct fixture *f = *state;
    f->time = IO_SECOND;
    assert_int_equal(target_ask(f->front, "g", &f->reply), 0);
    assert_int_equal(f->lines.len, 0);
    f->time = 2 * IO_SECOND;
    assert_int_equal(target_ask(f->front, "c", &f->reply), 0); /* a run has no limit */
    assert_int_equal(f->lines.len, 0);
    assert_int_equal(target_ask(f->front, "mffff,10", &f->reply), 0);
    assert_true(
        buf_is(&f->lines, "netgdb: crash1: 2.0 s for mffff,10: read memory, hexadecimal\n"));
}

static void the_request_is_logged_in_visible_form(void **state)
{
    struct fixture *f = *state;
    f->time = 2 * IO_SECOND;
    assert_int_equal(target_ask(f->front, "m\x1b[31m\nnetgdb: forged", &f->reply), 0);
    (void)buf_addc(&f->lines, 0);
    assert_non_null(strstr((char *)f->lines.data, "2.0 s for m\\x1b[31m\\x0anetgdb: forged: read"));
    monitor(f, "netgdb \x1b[31m");
    assert_says(f, "no such command: \\x1b[31m\n");
}

static void the_slowest_requests_are_sorted(void **state)
{
    static const unsigned ms[] = {30, 10, 70, 20, 60, 40, 50};
    struct fixture *f = *state;
    char request[20];
    for (unsigned i = 0; i < 7; i++) {
        f->time = ms[i] * IO_MS;
        (void)snprintf(request, sizeof request, "p%u", ms[i]);
        assert_int_equal(target_ask(f->front, request, &f->reply), 0);
    }
    for (unsigned i = 0; i < PROFILE_SLOWEST; i++) {
        (void)snprintf(request, sizeof request, "p%u", 70 - 10 * i);
        assert_string_equal(f->profile.slowest[i].text, request);
        assert_int_equal(f->profile.slowest[i].took, (70 - 10 * i) * IO_MS);
    }
}

static void binary_requests_are_escaped_in_json(void **state)
{
    struct fixture *f = *state;
    struct buf json;
    buf_init(&json, 20000);
    assert_int_equal(transact_bytes(f->front, "X1,3:\"\\\n", 8, &f->reply), 0);
    profile_json(&f->profile, &json);
    assert_int_equal(buf_addc(&json, 0), 0);
    assert_non_null(strstr((const char *)json.data, "\"request\":\"X1,3:...\""));
    buf_free(&json);
}

static void a_failed_request_is_not_counted(void **state)
{
    struct fixture *f = *state;
    f->error = NETGDB_LOST;
    assert_int_equal(target_ask(f->front, "g", &f->reply), NETGDB_LOST);
    assert_int_equal(f->profile.requests, 0);
}

static void a_detach_is_counted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(leave_with(f->front, "D", &f->reply), 0);
    assert_true(buf_is(&f->did, "[D]"));
    assert_int_equal(f->profile.requests, 1);
}

/* ---- LLDB ---- */

static void features(void **state, const char *request, const char *passed)
{
    struct fixture *f = *state;
    struct target *t = lldb_new(&f->target);
    assert_non_null(t);
    assert_non_null(t);
    buf_reset(&f->did);
    assert_int_equal(target_ask(t, request, &f->reply), 0);
    assert_true(buf_is(&f->did, passed));
    target_free(t);
}

static void a_client_without_swbreak_gets_it(void **state)
{
    features(state, "qSupported", "[qSupported:swbreak+;hwbreak+]");
    features(state, "qSupported:xmlRegisters=i386;multiprocess+",
             "[qSupported:xmlRegisters=i386;multiprocess+;swbreak+;hwbreak+]");
    features(state, "qSupported:multiprocess+;swbreak+;vContSupported+",
             "[qSupported:multiprocess+;swbreak+;vContSupported+]");
}

static const char *read_as(struct fixture *f, const char *client, const char *answer)
{
    struct target *t = lldb_new(&f->target);
    assert_non_null(t);
    assert_int_equal(target_ask(t, client, &f->reply), 0);
    f->answer = answer;
    assert_int_equal(target_ask(t, "mffff,4", &f->reply), 0);
    assert_int_equal(buf_addc(&f->reply, 0), 0);
    target_free(t);
    f->answer = "OK";
    return (const char *)f->reply.data;
}

static void with_a_proxy_only_cache_commands_are_answered_here(void **state)
{
    struct fixture *f = *state;
    struct target *front = f->front;
    f->front = monitor_new(&f->chain, &f->io.io, NULL, "crash1", &f->log);
    assert_non_null(f->front);
    monitor(f, "netgdb cache");
    assert_int_equal(f->did.len, 0);
    assert_true(buf_starts(&f->output, "the cache is off"));
    f->time = 2 * PROFILE_SLOW_AFTER;
    monitor(f, "netgdb status");
    assert_true(buf_starts(&f->did, "[qRcmd,")); /* the proxy answers */
    target_free(f->front);
    f->front = front;
}

static void short_memory_is_an_error_to_lldb_only(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(read_as(f, "qSupported:xmlRegisters=i386", "0102"), "E08");
    assert_string_equal(read_as(f, "qSupported:xmlRegisters=i386", "01020304"), "01020304");
    assert_string_equal(read_as(f, "qSupported:xmlRegisters=i386", "E01"), "E01");
    assert_string_equal(read_as(f, "qSupported:xmlRegisters=i386", ""), "");
    assert_string_equal(read_as(f, "qSupported:swbreak+", "0102"), "0102");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(status_is_answered_here),
        TEST(a_slow_request_has_its_causes),
        TEST(the_cache_is_shown_and_flushed),
        TEST(help_lists_all_commands),
        TEST(a_query_without_the_kernels_file_is_an_error),
        TEST(without_a_profile_status_is_passed_on),
        TEST(other_commands_are_passed_on),
        TEST(a_slow_request_is_logged_with_its_explanation),
        TEST(the_request_is_logged_in_visible_form),
        TEST(the_slowest_requests_are_sorted),
        TEST(binary_requests_are_escaped_in_json),
        TEST(a_failed_request_is_not_counted),
        TEST(a_detach_is_counted),
        TEST(a_client_without_swbreak_gets_it),
        TEST(with_a_proxy_only_cache_commands_are_answered_here),
        TEST(short_memory_is_an_error_to_lldb_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
