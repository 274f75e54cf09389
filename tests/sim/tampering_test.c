/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signs of tampering: what counts as one, what does not, and when it is said in which words. */
#include <stdlib.h>

#include "proto/err.h"
#include "tests/sim/rig.h"

enum { STRANGER_IP = 0x0a000042, STRANGER_PORT = 4444 };

struct fixture {
    struct rig *rig;
    struct buf lines; /* what was said, also what is only informative */
};

static void keep_lines(void *context, enum log_level level, const char *line)
{
    (void)level;
    assert_int_equal(buf_printf(context, "%s\n", line), 0);
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    buf_init(&f->lines, 100000);
    f->rig = rig_new(TWIN_NEW);
    f->rig->log = (struct log){.level = LOG_INFO, .sink = keep_lines, .context = &f->lines};
    rig_connect(f->rig);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    rig_free(f->rig);
    buf_free(&f->lines);
    test_free(f);
    return 0;
}

/* From anywhere to our side of the session: an ack for a seqno never sent. */
static void send_from(struct fixture *f, uint32_t ip, uint16_t port)
{
    static const uint8_t ack[WIRE_ACK] = {0xff, 0, 0, 0};
    const struct sim_addr from = {ip, port}, to = {SIM_SERVER_IP, f->rig->port};
    (void)sim_send(f->rig->w, from, to, ack, sizeof ack);
}

static void ask(struct fixture *f)
{
    rig_ask(f->rig, RIG_READ, RIG_READ_REPLY);
}

/* Lets a second pass: the next datagram is reason to look. */
static void ask_later(struct fixture *f)
{
    sim_run_for(f->rig->w, LINK_LOOKS);
    ask(f);
}

/* What was said since the last call. */
static const char *said(struct fixture *f)
{
    static char text[1000];
    assert_true(f->lines.len < sizeof text);
    if (f->lines.len != 0)
        memcpy(text, f->lines.data, f->lines.len);
    text[f->lines.len] = '\0';
    buf_reset(&f->lines);
    return text;
}

static const char *end_session(struct fixture *f)
{
    target_free(f->rig->target);
    f->rig->target = NULL;
    return said(f);
}

static void a_second_source_has_no_effect_is_counted_and_told(void **state)
{
    struct fixture *f = *state;
    send_from(f, STRANGER_IP, STRANGER_PORT);
    send_from(f, RIG_KERNEL_IP, SIM_KERNEL_PORT + 1);
    ask(f);
    rig_expect_good(f->rig);
    assert_int_equal(rig_link(f->rig)->counters.stray_acks, 0);
    assert_non_null(strstr(end_session(f),
                           "this session got 2 datagrams from another source (the first: "
                           "10.0.0.66:4444): a broken network, or somebody interferes\n"));
}

static void a_second_source_is_said_once_when_it_is_seen(void **state)
{
    struct fixture *f = *state;
    ask(f);
    for (unsigned i = 0; i < 3; i++) {
        send_from(f, STRANGER_IP, (uint16_t)(STRANGER_PORT + i));
        ask_later(f);
    }
    assert_string_equal(said(f), "netgdb: 10.0.0.66:4444 sends to this session too: dropped\n");
    assert_int_equal(rig_link(f->rig)->signs.others, 3);
}

static void what_the_kernel_sends_to_the_session_is_no_second_source(void **state)
{
    struct fixture *f = *state;
    rig_peer_herald(f->rig, f->rig->port); /* a NEW kernel's copies come here */
    ask_later(f);
    rig_step(f->rig);
    assert_string_equal(end_session(f), "");
}

static void a_kernel_that_comes_back_is_no_second_source(void **state)
{
    struct fixture *f = *state;
    struct rig *r = f->rig;
    rig_keep_lobby(r);
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now + SIM_SECOND, now + 2 * SIM_SECOND);
    sim_run_for(r->w, 3 * SIM_SECOND);
    assert_string_equal(end_session(f), "");
    rig_kill(r); /* the old session's socket */
    rig_take(r, rig_await(r, SIM_SECOND));
    rig_step(r);
    sim_run_for(r->w, LINK_LOOKS);
    rig_step(r);
    assert_string_equal(end_session(f), "");
}

/* The path to the server changes: from now on so many routers are on it. */
static void routers(struct fixture *f, uint8_t n)
{
    sim_path(f->rig->w, RIG_KERNEL_IP, SIM_TO_SERVER)->routers = n;
}

static void a_forged_datagram_that_a_router_passed_on_is_counted_and_told(void **state)
{
    struct fixture *f = *state;
    ask(f);
    routers(f, 3);
    send_from(f, RIG_KERNEL_IP, SIM_KERNEL_PORT);
    routers(f, 0);
    ask_later(f);
    assert_int_equal(rig_link(f->rig)->signs.wrong_ttl, 1);
    assert_int_equal(rig_link(f->rig)->signs.others, 0);
    assert_string_equal(
        said(f),
        "netgdb: a datagram came with TTL 252 where no router is between: a kernel's has 255\n");
    rig_expect_good(f->rig);
    assert_string_equal(
        end_session(f),
        "netgdb: this session got 1 ack of what was never sent and 1 datagram with a TTL that is "
        "not 255, "
        "and no router is between (the first: 252): a broken network, or somebody interferes\n");
}

static void a_kernel_behind_a_router_is_no_sign(void **state)
{
    struct fixture *f = *state;
    sim_session_routed(f->rig->kernel->io);
    routers(f, 1);
    ask_later(f);
    rig_step(f->rig);
    assert_string_equal(end_session(f), "");
}

/* A proxy's kernel goes from hand to hand, and what was seen of it goes with it. */
static void signs_stay_with_a_kernel_that_is_handed_on(void **state)
{
    struct fixture *f = *state;
    struct io *next = sim_session(f->rig->w, RIG_KERNEL_IP, 0);
    ask(f);
    send_from(f, STRANGER_IP, STRANGER_PORT);
    sim_run_for(f->rig->w, SIM_MS);
    link_look(netgdb_target_link(f->rig->target));
    netgdb_target_move(f->rig->target, next, &f->rig->log, NULL);
    assert_non_null(strstr(end_session(f), "1 datagram from another source"));
}

static void a_session_that_is_replaced_tells_of_its_own_signs(void **state)
{
    struct fixture *f = *state;
    struct rig *r = f->rig;
    rig_keep_lobby(r);
    ask(f);
    send_from(f, STRANGER_IP, STRANGER_PORT);
    twin_machine(r->twin)->run_time = SIM_NEVER;
    twin_reboot(r->twin, sim_now(r->w) + SIM_SECOND, sim_now(r->w) + 2 * SIM_SECOND);
    assert_int_equal(rig_try(r, "c"), NETGDB_REPLACED);
    assert_int_equal(rig_link(r)->signs.others, 0);
    assert_non_null(strstr(said(f), "this session got 1 datagram from another source"));
}

static void nothing_is_looked_for_where_the_io_is_gone(void **state)
{
    struct fixture *f = *state;
    send_from(f, STRANGER_IP, STRANGER_PORT);
    sim_run_for(f->rig->w, SIM_MS);
    netgdb_target_link(f->rig->target)->io = NULL;
    assert_string_equal(end_session(f), "");
}

static void the_line_lists_what_there_is(void **state)
{
    static const struct {
        uint64_t acks, data, ttl, others;
        const char *text;
    } cases[] = {
        {0, 0, 0, 0, ""},
        {1, 0, 0, 0, "1 ack of what was never sent"},
        {2, 1, 0, 0, "2 acks of what was never sent and 1 datagram that no kernel sends"},
        {0, 2, 0, 3,
         "2 datagrams that no kernel sends and 3 datagrams from another source (the first: "
         "192.0.2.7:99)"},
        {1, 1, 1, 1,
         "1 ack of what was never sent, 1 datagram that no kernel sends, 1 datagram with a TTL "
         "that is not 255, and no router is between (the first: 63) and 1 datagram from another "
         "source (the first: 192.0.2.7:99)"},
    };
    char text[LINK_SIGNS_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct link_counters counters = {.stray_acks = cases[i].acks,
                                               .impossible = cases[i].data};
        const struct io_signs signs = {cases[i].ttl, cases[i].others, 63, {0xc0000207, 99}};
        assert_string_equal(link_signs_text(&counters, &signs, text), cases[i].text);
    }
}

static void the_largest_numbers_fit_the_line(void **state)
{
    const struct link_counters counters = {.stray_acks = UINT64_MAX, .impossible = UINT64_MAX};
    const struct io_signs signs = {UINT64_MAX, UINT64_MAX, 254, {UINT32_MAX, UINT16_MAX}};
    char text[LINK_SIGNS_TEXT];
    (void)state;
    assert_non_null(strstr(link_signs_text(&counters, &signs, text), "255.255.255.255:65535)"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_second_source_has_no_effect_is_counted_and_told),
        TEST(a_second_source_is_said_once_when_it_is_seen),
        TEST(what_the_kernel_sends_to_the_session_is_no_second_source),
        TEST(a_kernel_that_comes_back_is_no_second_source),
        TEST(a_forged_datagram_that_a_router_passed_on_is_counted_and_told),
        TEST(a_kernel_behind_a_router_is_no_sign),
        TEST(signs_stay_with_a_kernel_that_is_handed_on),
        TEST(a_session_that_is_replaced_tells_of_its_own_signs),
        TEST(nothing_is_looked_for_where_the_io_is_gone),
        cmocka_unit_test(the_line_lists_what_there_is),
        cmocka_unit_test(the_largest_numbers_fit_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
