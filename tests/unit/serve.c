/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The serve loop: requests and replies, detach, kill, and clients that disconnect. */
#include "session/serve.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/processes.h"
#include "tests/unit/fake_io.h"

/* A target whose packets arrive on IO_TARGET, a message each; "!" stands for an error. */
struct fixture {
    struct fake_io io;
    struct target target;
    struct server *server;
    struct serve_options options;
    struct log log;
    struct buf did; /* calls on the target, each in brackets */
    struct buf lines;
    const char *leave_reply;
    bool can_interrupt, ignores_interrupt;
    int send_error;
};

static struct fixture *of(struct target *t)
{
    return (struct fixture *)((char *)t - offsetof(struct fixture, target));
}

static int fake_target_send(struct target *t, const struct request *r)
{
    struct fixture *f = of(t);
    if (f->send_error != 0)
        return f->send_error;
    return buf_printf(&f->did, "[%.*s]", (int)r->len, (const char *)r->data);
}

static int error_of(const struct io_msg *msg)
{
    return msg->len > 1 && msg->data[0] == '!' ? -atoi((const char *)msg->data + 1) : 0;
}

static int fake_target_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct fixture *f = of(t);
    struct io_msg msg;
    while (io_recv(&f->io.io, IO_TARGET, &msg, 1) == 0) {
        unsigned why = io_wait(&f->io.io, IO_NEVER, IO_ON_TARGET | watch);
        if ((why & IO_ON_TARGET) == 0)
            return NETGDB_AGAIN;
    }
    msg.data[msg.len] = '\0'; /* fake_io has room for it */
    *final = msg.len == 0 || msg.data[0] != 'O' || msg.data[1] == 'K';
    buf_set(reply, msg.data, msg.len);
    return error_of(&msg);
}

static int fake_target_interrupt(struct target *t)
{
    struct fixture *f = of(t);
    if (!f->can_interrupt)
        return NETGDB_UNSUPPORTED;
    if (!f->ignores_interrupt)
        fake_text(&f->io, IO_TARGET, IO_MS, "T02thread:1;");
    return buf_adds(&f->did, "[^C]");
}

static int fake_target_idle(struct target *t)
{
    struct fixture *f = of(t);
    struct io_msg msg;
    (void)buf_adds(&f->did, "[idle]");
    if (io_recv(&f->io.io, IO_TARGET, &msg, 1) != 1)
        return 0;
    msg.data[msg.len] = '\0';
    return error_of(&msg);
}

static int fake_target_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct fixture *f = of(t);
    (void)buf_printf(&f->did, "[leave %.*s]", (int)r->len, (const char *)r->data);
    return buf_sets(reply, f->leave_reply);
}

static size_t fake_target_max_request(struct target *t)
{
    (void)t;
    return 100;
}

static void sink(void *context, enum log_level level, const char *line)
{
    struct fixture *f = context;
    (void)level;
    (void)buf_printf(&f->lines, "%s\n", line);
}

static int setup(void **state)
{
    static const struct target_ops ops = {fake_target_send,
                                          fake_target_recv,
                                          fake_target_interrupt,
                                          fake_target_idle,
                                          fake_target_leave,
                                          fake_target_max_request,
                                          NULL};
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->target.ops = &ops;
    f->server = rsp_server_new(&f->io.io, NULL);
    f->leave_reply = "OK";
    f->log = (struct log){LOG_INFO, NULL, sink, f};
    buf_init(&f->did, 10000);
    buf_init(&f->lines, 10000);
    fake_text(&f->io, IO_CLIENT, 0, "$QStartNoAckMode#b0");
    *state = f;
    return f->server != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    buf_free(&f->did);
    buf_free(&f->lines);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

/* Queues bytes of GDB for this time after the start. */
static void gdb(struct fixture *f, uint64_t at, const char *request)
{
    fake_packet(&f->io, IO_CLIENT, at, request);
}

static void stub(struct fixture *f, uint64_t at, const char *packet)
{
    fake_text(&f->io, IO_TARGET, at, packet);
}

static int run(struct fixture *f)
{
    return serve(f->server, &f->target, &f->options, &f->log);
}

static void expect_did(struct fixture *f, const char *text)
{
    if (!buf_is(&f->did, text))
        fail_msg("did %.*s instead of %s", (int)f->did.len, (const char *)f->did.data, text);
}

static bool said(struct fixture *f, const char *text)
{
    return memmem(f->lines.data, f->lines.len, text, strlen(text)) != NULL;
}

static void requests_and_replies_pass_and_d_detaches(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "?");
    stub(f, 2 * IO_MS, "T05thread:1;");
    gdb(f, 3 * IO_MS, "qRcmd,68");
    stub(f, 4 * IO_MS, "O6869");
    stub(f, 5 * IO_MS, "OK");
    gdb(f, 6 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][qRcmd,68][leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$T05thread:1;#d7$O6869#2c$OK#9a$OK#9a");
    assert_int_equal(f->lines.len, 0);
}

static void a_refused_detach_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E01";
    gdb(f, IO_MS, "D;7");
    gdb(f, 2 * IO_MS, "g");
    stub(f, 3 * IO_MS, "00");
    stub(f, 4 * IO_MS, "!4");
    assert_int_equal(run(f), NETGDB_CLOSED);
    expect_did(f, "[leave D;7][g][idle]");
    assert_true(said(f, "closed the connection"));
}

static void a_kill_becomes_a_detach(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "vKill;a410");
    gdb(f, 2 * IO_MS, "g");
    gdb(f, 3 * IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$OK#9a$E01#a6");
}

static void k_alone_becomes_a_detach_without_a_reply(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a");
}

static void a_kill_is_forwarded_if_requested(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    gdb(f, IO_MS, "vKill;a410");
    stub(f, 2 * IO_MS, "OK");
    gdb(f, 3 * IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vKill;a410][k]");
}

/* For example a FreeBSD kernel on a serial line. */
static void a_kill_of_freebsds_stub_is_not_forwarded(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    gdb(f, IO_MS, "qSupported:xmlRegisters=i386");
    stub(f, 2 * IO_MS, "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+");
    gdb(f, 3 * IO_MS, "vKill;a410");
    gdb(f, 4 * IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[qSupported:xmlRegisters=i386][leave D]");
}

static void a_kill_parks_a_target_of_the_proxy(void **state)
{
    struct fixture *f = *state;
    f->options.park = true;
    gdb(f, IO_MS, "vKill;a410");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "");
}

static void a_disconnect_detaches_the_target(void **state)
{
    struct fixture *f = *state;
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
}

static void a_disconnect_parks_a_target_of_the_proxy(void **state)
{
    struct fixture *f = *state;
    f->options.park = true;
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "");
}

/* GDB's disconnect, or a connection that it could not set up: no D, vKill or k. */
static void a_disconnect_keeps_the_target_if_requested(void **state)
{
    struct fixture *f = *state;
    f->options.keep = true;
    gdb(f, IO_MS, "g");
    fake_eof(&f->io, IO_CLIENT, IO_MS + 1);
    stub(f, 2 * IO_MS, "00");
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[g]");
}

static void a_kept_target_is_detached_by_a_kill(void **state)
{
    struct fixture *f = *state;
    f->options.keep = true;
    gdb(f, IO_MS, "vKill;a410");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
}

static void a_kept_target_is_detached_by_a_detach(void **state)
{
    struct fixture *f = *state;
    f->options.keep = true;
    gdb(f, IO_MS, "D");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
}

static bool is_woken(void *context)
{
    struct fixture *f = context;
    return io_wait(&f->io.io, 0, IO_ON_WAKE) != 0;
}

static void a_wake_can_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->options.ended = is_woken;
    f->options.context = f;
    f->io.wake_at = f->io.now + IO_MS;
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[idle][leave D]");
}

static bool is_always(void *context)
{
    (void)context;
    return true;
}

static void an_end_requested_before_the_wait_needs_no_wake(void **state)
{
    struct fixture *f = *state;
    f->options.ended = is_always;
    f->options.park = true;
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "");
    assert_int_equal(f->io.waited, 0);
}

static void a_wake_that_ends_the_session_stops_a_running_target(void **state)
{
    struct fixture *f = *state;
    f->options.ended = is_woken;
    f->options.context = f;
    f->can_interrupt = true;
    gdb(f, IO_MS, "c");
    f->io.wake_at = f->io.now + IO_SECOND;
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][^C][leave D]");
}

static void a_multiprocess_target_is_detached_by_its_process(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "?");
    stub(f, 2 * IO_MS, "T0506:01;thread:p1a2b.1a2c;core:0;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][leave D;1a2b]");
}

/* The client disconnects before a process was named. */
static void a_refused_plain_d_is_followed_by_qc(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E01";
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    stub(f, 2 * IO_MS, "T05thread:p1a2b.1a2c;");
    assert_int_equal(run(f), SERVE_PARKED); /* parking continues with the process */
    expect_did(f, "[leave D][?][leave D;1a2b]");
}

/* A kernel that would not stay at db>; see quirks.h. */
static void a_detach_that_is_refused_with_a_reason_is_logged_in_one_line(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E.it would run on";
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[leave D]");
    assert_true(said(f, "not detached from: it would run on"));
}

static void a_detach_refused_with_a_reason_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E.it would run on";
    gdb(f, IO_MS, "D");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[leave D][leave D]");
    assert_true(said(f, "not detached from: it would run on"));
}

static void the_process_is_learned_from_qc_too(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "qC");
    stub(f, 2 * IO_MS, "QCp7.9");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[qC][leave D;7]");
}

static void thread_ids_without_a_process_are_ignored(void **state)
{
    static const char *const stops[] = {"T05thread:p;", "T05thread:p12", "T05thread:p0.1;",
                                        "T05thread:p11112222333344445.1;", "T05thread:p"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        gdb(f, (2 * i + 1) * IO_MS, "?");
        stub(f, (2 * i + 2) * IO_MS, stops[i]);
    }
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][?][?][?][?][leave D]");
}

static void no_detach_is_sent_after_the_program_exited(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c]");
    assert_int_equal(f->lines.len, 0);
}

/* After a vKill a node waits for requests; the detach ends that wait. */
static void a_detach_is_sent_after_the_program_was_killed(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    f->leave_reply = "E01";
    gdb(f, IO_MS, "vKill;1");
    stub(f, 2 * IO_MS, "OK");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vKill;1][leave D]");
    assert_int_equal(f->lines.len, 0);
}

/* ---- several processes ---- */

/* GDB sends a request, and the target replies with a stop. */
static void stops(struct fixture *f, uint64_t at, const char *request, const char *stop)
{
    gdb(f, at, request);
    stub(f, at + IO_MS / 2, stop);
}

static void the_detach_of_a_forked_child_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "?", "T05thread:p10.10;core:0;");
    stops(f, 2 * IO_MS, "vCont;c", "T05fork:p11.11;thread:p10.10;");
    stops(f, 3 * IO_MS, "D;11", "OK");
    stops(f, 4 * IO_MS, "vCont;c", "T05thread:p10.10;");
    gdb(f, 5 * IO_MS, "D;10");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][vCont;c][D;11][vCont;c][leave D;10]");
}

static void the_detach_of_a_forking_parent_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "vCont;c", "T05vfork:p11.11;thread:p10.10;");
    stops(f, 2 * IO_MS, "D;10", "OK");
    stops(f, 3 * IO_MS, "vCont;c", "W00;process:11");
    fake_eof(&f->io, IO_CLIENT, 4 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vCont;c][D;10][vCont;c]");
    assert_int_equal(f->lines.len, 0);
}

static void a_process_whose_detach_is_refused_stays_attached(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "vCont;c", "T05fork:p11.11;thread:p10.10;");
    stops(f, 2 * IO_MS, "D;11", "E01");
    stops(f, 3 * IO_MS, "D;10", "OK");
    gdb(f, 4 * IO_MS, "D;11");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vCont;c][D;11][D;10][leave D;11]");
}

static void processes_named_only_in_a_list_count(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "?", "T05thread:p10.10;");
    stops(f, 2 * IO_MS, "qXfer:threads:read::0,1000",
          "l<threads><thread id=\"p10.10\"/><thread id=\"p11.12\"/></threads>");
    stops(f, 3 * IO_MS, "D;10", "OK");
    gdb(f, 4 * IO_MS, "D;11");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][qXfer:threads:read::0,1000][D;10][leave D;11]");
}

static void the_exit_of_one_process_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->options.end_with_program = true;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "c", "W00;process:1");
    stops(f, 3 * IO_MS, "c", "X09;process:2");
    stub(f, 4 * IO_MS, "E01"); /* the thread list */
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][c][c][qfThreadInfo]");
}

static void a_disconnect_detaches_all_processes(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "c", "T05fork:p3.3;thread:p1.1;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    stub(f, 3 * IO_MS + 1, "OK");
    stub(f, 3 * IO_MS + 2, "OK");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][c][D;2][D;3][leave D;1]");
}

static void a_kill_of_one_process_is_forwarded(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "vKill;2", "OK");
    stops(f, 3 * IO_MS, "c", "T05thread:p1.1;");
    gdb(f, 4 * IO_MS, "vKill;1");
    fake_eof(&f->io, IO_CLIENT, 5 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][vKill;2][c][leave D;1]");
}

static void a_kill_in_extended_mode_is_forwarded(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "!", "OK");
    stops(f, 2 * IO_MS, "?", "T05thread:p1.1;");
    stops(f, 3 * IO_MS, "vKill;1", "OK");
    stops(f, 4 * IO_MS, "vRun;", "T05thread:p2.2;");
    fake_eof(&f->io, IO_CLIENT, 5 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[!][?][vKill;1][vRun;][leave D;2]");
}

static void a_forwarded_kill_of_one_process_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = f->options.keep = true;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "vKill;2", "OK");
    stops(f, 3 * IO_MS, "c", "T05thread:p1.1;");
    fake_eof(&f->io, IO_CLIENT, 4 * IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[c][vKill;2][c]");
}

static void in_extended_mode_the_session_survives_detach_and_kill(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    stops(f, IO_MS, "!", "OK");
    stops(f, 2 * IO_MS, "?", "T05thread:p1.1;");
    stops(f, 3 * IO_MS, "D;1", "OK");
    stops(f, 4 * IO_MS, "vRun;", "T05thread:p2.2;");
    stops(f, 5 * IO_MS, "vKill;2", "OK");
    gdb(f, 6 * IO_MS, "k");
    stops(f, 7 * IO_MS, "vRun;", "T05thread:p3.3;");
    fake_eof(&f->io, IO_CLIENT, 8 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[!][?][D;1][vRun;][vKill;2][k][vRun;][leave D;3]");
}

/* More processes than are recorded: no detach is taken for the last one. */
static void too_many_processes_do_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    struct buf list;
    buf_init(&list, 100000);
    for (unsigned i = 0; i <= PROCESSES_MAX; i++)
        assert_int_equal(buf_printf(&list, "%cp%x.1", i == 0 ? 'm' : ',', i + 1), 0);
    gdb(f, IO_MS, "qfThreadInfo");
    fake_push(&f->io, IO_TARGET, 2 * IO_MS, list.data, list.len);
    buf_free(&list);
    uint64_t at = 3 * IO_MS;
    for (unsigned i = 0; i < 3; i++, at += IO_MS)
        stops(f, at, "D;1", "OK");
    stub(f, at, "!4");
    assert_int_equal(run(f), NETGDB_CLOSED);
    expect_did(f, "[qfThreadInfo][D;1][D;1][D;1][idle]");
}

static void a_detach_after_the_program_ended_ends_the_session(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E01";
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00");
    gdb(f, 3 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
}

static void a_stub_may_exit_with_its_program(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00");
    stub(f, 3 * IO_MS, "!4");
    assert_int_equal(run(f), SERVE_DETACHED);
    assert_int_equal(f->lines.len, 0);
}

static void the_session_can_end_with_the_last_process(void **state)
{
    struct fixture *f = *state;
    f->options.end_with_program = true;
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00;process:1");
    stub(f, 3 * IO_MS, "mp2.2"); /* another process */
    gdb(f, 4 * IO_MS, "c");
    stub(f, 5 * IO_MS, "W00;process:2");
    stub(f, 6 * IO_MS, "E01");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][qfThreadInfo][c][qfThreadInfo]");
}

static void in_extended_mode_the_session_survives_the_program(void **state)
{
    struct fixture *f = *state;
    f->options.end_with_program = true;
    gdb(f, IO_MS, "!");
    stub(f, 2 * IO_MS, "OK");
    gdb(f, 3 * IO_MS, "c");
    stub(f, 4 * IO_MS, "W00");
    gdb(f, 5 * IO_MS, "vRun;");
    stub(f, 6 * IO_MS, "T05thread:1;");
    fake_eof(&f->io, IO_CLIENT, 7 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[!][c][vRun;][leave D]");
}

static void ctrl_c_reaches_a_target_that_can_be_interrupted(void **state)
{
    struct fixture *f = *state;
    f->can_interrupt = true;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    gdb(f, 2 * IO_SECOND, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][^C][leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$T02thread:1;#d4$OK#9a");
}

static void ctrl_c_to_a_running_kernel_is_explained(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][leave D]");
    assert_true(said(f, "a running kernel is stopped at its console"));
    assert_true(said(f, "Ctrl-C again leaves"));
}

static void ctrl_c_to_a_running_kernel_may_be_explained_to_the_client(void **state)
{
    struct fixture *f = *state;
    f->options.tell_client = true;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    struct buf *sent = &f->io.side[IO_CLIENT].sent;
    assert_non_null(memmem(sent->data, sent->len, "$O6e65746764623a20612072756e6e696e67", 36));
    assert_non_null(memmem(sent->data, sent->len, "0a#", 3));
    assert_true(said(f, "a running kernel is stopped at its console"));
}

static void ctrl_c_during_a_read_is_dropped(void **state)
{
    struct fixture *f = *state;
    f->can_interrupt = true;
    gdb(f, IO_MS, "m0,1");
    fake_text(&f->io, IO_CLIENT, 2 * IO_MS, "\x03");
    stub(f, 3 * IO_MS, "00");
    gdb(f, 4 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[m0,1][leave D]");
}

static void a_running_kernel_whose_client_disconnects_keeps_running(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c]");
    assert_true(said(f, "while the kernel runs"));
}

/* GDB writes its message about the disconnect in pieces; a line of ours could be between them. */
static void a_second_ctrl_c_is_not_explained_again(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_SECOND);
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c]");
    assert_true(said(f, "leaves it running"));
    assert_false(said(f, "while the kernel runs"));
}

static void a_running_node_whose_client_disconnects_is_stopped_and_detached(void **state)
{
    struct fixture *f = *state;
    f->can_interrupt = true;
    gdb(f, IO_MS, "c");
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][^C][leave D]");
}

static void limit(struct fixture *f, uint64_t ns)
{
    f->options.io = &f->io.io;
    f->options.run_timeout = ns;
}

static void a_kernel_that_does_not_stop_in_time_is_left_running(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    gdb(f, IO_SECOND, "c");
    stub(f, 10 * IO_SECOND, "T05thread:1;");
    uint64_t began = f->io.now;
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c]");
    assert_int_equal(f->io.now - began, 4 * IO_SECOND);
    assert_true(said(f, "ran for 3 s without a stop (run-timeout): connection closed"));
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a"); /* no stop */
}

static void run_timeout_stops_and_detaches_an_interruptible_target(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    f->can_interrupt = true;
    gdb(f, IO_MS, "vCont;c");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vCont;c][^C][leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a");
}

static void a_target_that_ignores_the_interrupt_keeps_running(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    f->can_interrupt = f->ignores_interrupt = true;
    gdb(f, IO_MS, "c");
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c][^C]");
    assert_true(said(f, "did not stop within 5 s either"));
}

/* Each run has its own limit; console output is not a stop; other requests have no limit. */
static void run_timeout_applies_to_each_run(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    gdb(f, 4 * IO_SECOND, "s");
    stub(f, 6 * IO_SECOND, "T05thread:1;");
    gdb(f, 10 * IO_SECOND, "g");
    stub(f, 20 * IO_SECOND, "00");
    gdb(f, 30 * IO_SECOND, "c");
    stub(f, 32 * IO_SECOND, "O6869");
    stub(f, 34 * IO_SECOND, "T05thread:1;");
    uint64_t began = f->io.now;
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c][s][g][c]");
    assert_int_equal(f->io.now - began, 33 * IO_SECOND);
}

static void without_run_timeout_a_run_has_no_limit(void **state)
{
    struct fixture *f = *state;
    limit(f, IO_NEVER);
    gdb(f, IO_MS, "c");
    stub(f, 1000000 * IO_SECOND, "T05thread:1;");
    gdb(f, 1000001 * IO_SECOND, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][leave D]");
}

static void requests_sent_before_a_disconnect_are_executed(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "M0,1:00");
    gdb(f, IO_MS, "D");
    fake_eof(&f->io, IO_CLIENT, IO_MS + 1);
    stub(f, 30 * IO_SECOND, "OK");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[M0,1:00][leave D]");
}

static void packets_between_requests_are_read(void **state)
{
    struct fixture *f = *state;
    stub(f, IO_MS, "late");
    stub(f, 2 * IO_MS, "later");
    gdb(f, 3 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[idle][idle][leave D]");
}

static void a_kernel_that_reboots_while_it_runs_continues(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    stub(f, IO_SECOND, "!2");
    stub(f, 2 * IO_SECOND, "T05thread:2;");
    gdb(f, 3 * IO_SECOND, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$T05thread:2;#d8$OK#9a");
}

static void a_kernel_that_reboots_while_it_is_stopped_ends_the_session(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "g");
    stub(f, 2 * IO_MS, "!2");
    assert_int_equal(run(f), NETGDB_REPLACED);
    assert_true(said(f, "connect again"));
}

static void a_lost_target_is_logged_in_one_line(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "g");
    stub(f, 2 * IO_MS, "!3");
    assert_int_equal(run(f), NETGDB_LOST);
    assert_int_equal(buf_addc(&f->lines, 0), 0);
    assert_string_equal((const char *)f->lines.data,
                        "netgdb: the target is no longer responding\n");
}

static void a_request_that_the_target_rejects_is_refused(void **state)
{
    struct fixture *f = *state;
    f->send_error = NETGDB_TOO_LONG;
    gdb(f, IO_MS, "M0,1:00");
    gdb(f, 2 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$E07#ac$OK#9a");
    assert_true(said(f, "7 bytes"));
}

static void a_restart_has_no_reply(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "R00");
    gdb(f, 2 * IO_MS, "?");
    stub(f, 3 * IO_MS, "S05");
    gdb(f, 4 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[R00][?][leave D]");
}

static void packets_are_logged_with_their_explanation(void **state)
{
    struct fixture *f = *state;
    f->log.level = LOG_PACKET;
    gdb(f, IO_MS, "g");
    stub(f, 2 * IO_MS, "00");
    gdb(f, 3 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    assert_true(said(f, "-> g (1 bytes): read all registers"));
    assert_true(said(f, "<- 00 (2 bytes): read all registers"));
    assert_true(said(f, "-> D (1 bytes): detach"));
    assert_true(said(f, "<- OK (2 bytes): detach"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(requests_and_replies_pass_and_d_detaches),
        TEST(a_refused_detach_does_not_end_the_session),
        TEST(a_kill_becomes_a_detach),
        TEST(k_alone_becomes_a_detach_without_a_reply),
        TEST(a_kill_is_forwarded_if_requested),
        TEST(a_kill_of_freebsds_stub_is_not_forwarded),
        TEST(a_kill_parks_a_target_of_the_proxy),
        TEST(a_disconnect_detaches_the_target),
        TEST(a_disconnect_parks_a_target_of_the_proxy),
        TEST(a_disconnect_keeps_the_target_if_requested),
        TEST(a_kept_target_is_detached_by_a_kill),
        TEST(a_kept_target_is_detached_by_a_detach),
        TEST(a_wake_can_end_the_session),
        TEST(an_end_requested_before_the_wait_needs_no_wake),
        TEST(a_wake_that_ends_the_session_stops_a_running_target),
        TEST(a_multiprocess_target_is_detached_by_its_process),
        TEST(a_refused_plain_d_is_followed_by_qc),
        TEST(a_detach_that_is_refused_with_a_reason_is_logged_in_one_line),
        TEST(a_detach_refused_with_a_reason_does_not_end_the_session),
        TEST(the_process_is_learned_from_qc_too),
        TEST(thread_ids_without_a_process_are_ignored),
        TEST(no_detach_is_sent_after_the_program_exited),
        TEST(a_detach_is_sent_after_the_program_was_killed),
        TEST(the_detach_of_a_forked_child_does_not_end_the_session),
        TEST(the_detach_of_a_forking_parent_does_not_end_the_session),
        TEST(a_process_whose_detach_is_refused_stays_attached),
        TEST(processes_named_only_in_a_list_count),
        TEST(the_exit_of_one_process_does_not_end_the_session),
        TEST(a_disconnect_detaches_all_processes),
        TEST(a_kill_of_one_process_is_forwarded),
        TEST(a_kill_in_extended_mode_is_forwarded),
        TEST(a_forwarded_kill_of_one_process_does_not_end_the_session),
        TEST(in_extended_mode_the_session_survives_detach_and_kill),
        TEST(too_many_processes_do_not_end_the_session),
        TEST(a_detach_after_the_program_ended_ends_the_session),
        TEST(a_stub_may_exit_with_its_program),
        TEST(the_session_can_end_with_the_last_process),
        TEST(in_extended_mode_the_session_survives_the_program),
        TEST(ctrl_c_reaches_a_target_that_can_be_interrupted),
        TEST(ctrl_c_to_a_running_kernel_is_explained),
        TEST(ctrl_c_to_a_running_kernel_may_be_explained_to_the_client),
        TEST(ctrl_c_during_a_read_is_dropped),
        TEST(a_running_kernel_whose_client_disconnects_keeps_running),
        TEST(a_second_ctrl_c_is_not_explained_again),
        TEST(a_running_node_whose_client_disconnects_is_stopped_and_detached),
        TEST(a_kernel_that_does_not_stop_in_time_is_left_running),
        TEST(run_timeout_stops_and_detaches_an_interruptible_target),
        TEST(a_target_that_ignores_the_interrupt_keeps_running),
        TEST(run_timeout_applies_to_each_run),
        TEST(without_run_timeout_a_run_has_no_limit),
        TEST(requests_sent_before_a_disconnect_are_executed),
        TEST(packets_between_requests_are_read),
        TEST(a_kernel_that_reboots_while_it_runs_continues),
        TEST(a_kernel_that_reboots_while_it_is_stopped_ends_the_session),
        TEST(a_lost_target_is_logged_in_one_line),
        TEST(a_request_that_the_target_rejects_is_refused),
        TEST(a_restart_has_no_reply),
        TEST(packets_are_logged_with_their_explanation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
