/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop between a server and a target; see serve.h. */
#include "session/serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io/capture.h"
#include "proto/buf.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/io.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/requests.h"
#include "session/observed.h"
#include "session/processes.h"
#include "session/report.h"

enum { DETACH_MAX = 2 + 16 + 1 }; /* "D;", 16 digits and a NUL */

#define STOPS_WITHIN (5 * IO_SECOND) /* limit for an interrupted target, and a step */

/* The state of the loop. Its functions return 0 to continue, else a serve_end or an error. */
struct serving {
    struct server *server;
    struct target *target;
    const struct serve_options *options;
    const struct log *log;
    struct buf bytes;       /* of the request */
    struct request request; /* the client's last */
    struct buf reply;
    struct processes processes;
    bool gone;         /* the client has left */
    bool told_running; /* the client was warned that it leaves a running kernel */
    bool ended;        /* the last program that the target debugged has ended */
    bool exited;       /* it ended by itself: a stop reply reported that */
    bool extended;     /* the client may start another one */
    bool freebsd;      /* the target's features are those of FreeBSD's stub */
    int pending_end;   /* a serve_end after an answered vKill; 0: none */
};

static void learn_process(struct serving *s);
static void learn_from_reply(struct serving *s);
static int forward_request(struct serving *s);

static void log_closed(const struct serving *s)
{
    if (s->options->observes)
        log_error(s->log, "the observed session has ended: its debugger has detached, or the "
                          "target has gone");
    else
        log_error(s->log, "the target has closed the connection");
}

static int target_failed(const struct serving *s, int error)
{
    switch (error) {
    case NETGDB_CLOSED:
        if (s->ended)
            return SERVE_DETACHED;
        log_closed(s);
        break;
    case NETGDB_LOST:
        log_error(s->log, "the target is no longer responding");
        break;
    case NETGDB_REPLACED:
        log_error(s->log, "the kernel has rebooted and waits in a new session: connect again");
        break;
    case NETGDB_TOO_LONG:
        log_error(s->log, "the target's reply is longer than %d bytes", TARGET_REPLY_MAX);
        break;
    default:
        log_error(s->log, "the target failed: %s", netgdb_strerror(error));
        break;
    }
    return error;
}

static int client_failed(const struct serving *s, int error)
{
    if (error != 0)
        log_error(s->log, "the connection to the debugger failed: %s", netgdb_strerror(error));
    return error;
}

/* If the target is kept, a failure of the client's connection counts as a disconnect. */
static bool client_is_gone(const struct serving *s, int error)
{
    if (error == NETGDB_CLOSED)
        return true;
    if (!(s->options->park || s->options->keep) || (error != NETGDB_IO && error != NETGDB_PROTO))
        return false;
    log_info(s->log, "the connection to the debugger failed: %s", netgdb_strerror(error));
    return true;
}

static void log_reply(const struct serving *s, const struct packet *packet)
{
    log_packet(s->log, "<-", s->reply.data, s->reply.len, packet->explanation);
}

/* The client's interface in a capture. */
static const char *serve_name_of(const struct serving *s)
{
    return s->log != NULL ? s->log->name : NULL;
}

/* Every packet to the client goes through here. */
static int answer(struct serving *s, const uint8_t *content, size_t len, bool final)
{
    capture_rsp(serve_name_of(s), false, content, len);
    return server_reply(s->server, content, len, final);
}

static int reply(struct serving *s, const char *text)
{
    return client_failed(s, answer(s, (const uint8_t *)text, strlen(text), true));
}

static void tell_leaving(const struct serving *s)
{
    if (s->options->leaving != NULL)
        s->options->leaving(s->options->context);
}

/* Writes the detach packet of a process: D;PID, or D without ids. */
static void detach_text(uint64_t id, char text[DETACH_MAX])
{
    (void)snprintf(text, DETACH_MAX, id != 0 ? "D;%" PRIx64 : "D", id);
}

/* Sends the detach of the last process. Returns 0, or how the session ends. */
static int send_detach(struct serving *s)
{
    char text[DETACH_MAX];
    detach_text(processes_last(&s->processes), text);
    const struct request detach = request_of(text);
    log_packet(s->log, "->", detach.data, detach.len, detach.packet->explanation);
    int rc = target_leave(s->target, &detach, &s->reply);
    if (rc != 0)
        return target_failed(s, rc);
    log_reply(s, detach.packet);
    return 0;
}

/* Logs why the target refused a detach, if it said so ("E.text"). */
static void log_refused_detach(const struct serving *s)
{
    int len = (int)s->reply.len;
    if (buf_starts(&s->reply, "E."))
        log_warn(s->log, "cannot detach: %.*s", len - 2, (const char *)s->reply.data + 2);
    else
        log_warn(s->log, "the target refused to detach");
}

/* Detaches from one process of several; s->reply has the answer. Returns 0 or how it ends. */
static int detach_one(struct serving *s, uint64_t id)
{
    char text[DETACH_MAX];
    CHECK_OR_RETURN(id != 0); /* D would detach from all */
    detach_text(id, text);
    int rc = target_ask(s->target, text, &s->reply);
    processes_remove(&s->processes, id);
    return rc == 0 ? 0 : target_failed(s, rc);
}

static int detach_all_but_last(struct serving *s)
{
    int rc = 0;
    while (rc == 0 && s->processes.n > 1)
        rc = detach_one(s, s->processes.ids[0]);
    return rc;
}

/* Detaches without a request of the client. A refused D may lack a process id: a stop reply has it.
 */
static int detach_target(struct serving *s)
{
    CHECK_OR_RETURN(s->pending_end == 0);
    tell_leaving(s);
    int rc = detach_all_but_last(s);
    bool named = s->processes.n != 0;
    if (rc != 0 || (rc = send_detach(s)) != 0)
        return rc;
    bool may_lack = !named && !buf_starts(&s->reply, "E.");
    if (!buf_is(&s->reply, "OK") && !s->ended && may_lack) {
        if (target_ask(s->target, "?", &s->reply) == 0)
            learn_process(s);
        if (s->processes.n != 0 && (rc = send_detach(s)) != 0)
            return rc;
    }
    if (buf_is(&s->reply, "OK") || s->ended)
        return SERVE_DETACHED;
    log_refused_detach(s);
    return SERVE_PARKED; /* it waits for the next client */
}

/* Ends the session with a stopped target. A stub whose program has ended may have exited, too, and
 * would never answer a detach. */
static int end_session(struct serving *s, bool keep)
{
    if (s->pending_end != 0)
        return s->pending_end;
    if (s->exited && !s->extended)
        return SERVE_DETACHED;
    return keep && !s->ended ? SERVE_PARKED : detach_target(s);
}

/* The client closed without a detach: GDB's `disconnect`, or GDB gave up the connection. */
static int on_client_gone(struct serving *s)
{
    return end_session(s, s->options->park || s->options->keep);
}

/* Handles a kill that is not forwarded. */
static int take_kill(struct serving *s)
{
    int end = end_session(s, s->options->park);
    if (end < 0 || s->request.packet->id == PACKET_k)
        return end;
    s->pending_end = end;
    return reply(s, "OK"); /* GDB may send a k after it */
}

/* Returns whether the session continues after this D: with another process, or another program. */
static bool continues_after_detach(const struct serving *s)
{
    uint64_t id = processes_of_packet(s->request.data, s->request.len);
    return !s->ended && (s->extended || (id != 0 && processes_has_other(&s->processes, id)));
}

static int take_detach(struct serving *s)
{
    if (continues_after_detach(s))
        return forward_request(s);
    tell_leaving(s);
    int rc = target_leave(s->target, &s->request, &s->reply);
    if (rc != 0)
        return target_failed(s, rc);
    log_reply(s, s->request.packet);
    bool left = s->ended || (s->reply.len != 0 && s->reply.data[0] != 'E');
    if (!left && buf_starts(&s->reply, "E."))
        log_refused_detach(s);
    rc = answer(s, s->reply.data, s->reply.len, true);
    return left ? SERVE_DETACHED : client_failed(s, rc);
}

/* Sends a line as output of the target (GDB manual, "Stop Reply Packets", 'O'). */
static int tell_client(struct serving *s, const char *line)
{
    buf_reset(&s->reply);
    if (buf_adds(&s->reply, "O") != 0 || buf_addhex(&s->reply, "netgdb: ", 8) != 0 ||
        buf_addhex(&s->reply, line, strlen(line)) != 0 || buf_adds(&s->reply, "0a") != 0)
        return s->reply.error;
    return client_failed(s, answer(s, s->reply.data, s->reply.len, false));
}

static int interrupt(struct serving *s)
{
    static const char why[] =
        "cannot interrupt a running kernel from here: break into it at its console (Ctrl+Alt+Esc, "
        "or a break on a serial line). Press Ctrl-C again to leave it running";
    int rc = target_interrupt(s->target);
    if (rc != NETGDB_UNSUPPORTED)
        return rc == 0 ? 0 : target_failed(s, rc);
    log_warn(s->log, "%s", why);
    s->told_running = true;
    return s->options->tell_client ? tell_client(s, why) : 0;
}

/* Waits for the stop reply of a target that was interrupted, or steps, and drops it. */
static int await_stop(struct serving *s)
{
    bool final = false;
    int rc = 0;
    s->options->io->alarm = io_now(s->options->io) + STOPS_WITHIN;
    while (rc == 0 && !final)
        rc = target_recv(s->target, &s->reply, &final, IO_ON_ALARM);
    if (rc == 0)
        learn_from_reply(s);
    return rc;
}

/* A kernel whose stop is not acknowledged gives up, and runs on after a step: the panic is lost. */
static bool must_end_step(const struct serving *s)
{
    return s->options->io != NULL &&
           (s->request.packet->id == PACKET_s || s->request.packet->id == PACKET_S);
}

/* The client left while a reply is outstanding. A running target must stop before a detach. */
static int on_client_left(struct serving *s)
{
    CHECK_OR_RETURN(!s->gone);
    s->gone = true;
    if (s->options->gone_timeout != 0)
        s->options->io->alarm = io_now(s->options->io) + s->options->gone_timeout;
    if (s->options->observes)
        return SERVE_PARKED;
    if ((s->request.packet->effects & PKT_RESUMES) == 0)
        return 0;
    int rc = target_interrupt(s->target);
    if (rc != NETGDB_UNSUPPORTED)
        return rc == 0 ? 0 : target_failed(s, rc);
    if (must_end_step(s)) {
        tell_leaving(s);
        rc = await_stop(s);
        if (rc != NETGDB_AGAIN)
            return rc == 0 ? on_client_gone(s) : target_failed(s, rc);
    }
    /* GDB prints that it disconnects, in several writes: our line would appear between them. */
    if (!s->told_running)
        log_warn(s->log, "the debugger disconnected from a running kernel, which can neither be "
                         "detached nor interrupted");
    return SERVE_RUNNING;
}

/* Ends the session of a target that has run for too long. */
static int end_long_run(struct serving *s)
{
    CHECK_OR_RETURN((s->request.packet->effects & PKT_RESUMES) != 0);
    log_error(s->log, "the target ran for %u s without a stop (run-timeout): connection closed",
              (unsigned)(s->options->run_timeout / IO_SECOND));
    report(REPORT_LOST);
    int rc = target_interrupt(s->target);
    if (rc == 0)
        rc = await_stop(s);
    if (rc == 0)
        return end_session(s, s->options->park);
    if (rc == NETGDB_AGAIN)
        log_warn(s->log, "the target was interrupted, but did not stop within %u s",
                 (unsigned)(STOPS_WITHIN / IO_SECOND));
    return rc == NETGDB_AGAIN || rc == NETGDB_UNSUPPORTED ? SERVE_RUNNING : target_failed(s, rc);
}

static bool runs_too_long(const struct serving *s)
{
    return s->options->io != NULL && io_now(s->options->io) >= s->options->io->alarm;
}

static bool serve_told_to_end(const struct serving *s)
{
    return s->options->ended != NULL && s->options->ended(s->options->context);
}

/* Polls the client while a reply is outstanding. */
static int poll_client(struct serving *s)
{
    if (s->gone)
        return s->options->gone_timeout != 0 && runs_too_long(s) ? target_failed(s, NETGDB_LOST)
                                                                 : 0;
    int rc = server_poll(s->server);
    if (rc == 0 && serve_told_to_end(s))
        rc = NETGDB_CLOSED;
    if (rc != 0 && client_is_gone(s, rc))
        return on_client_left(s);
    if (rc == 0 && runs_too_long(s))
        return end_long_run(s);
    if (rc != NETGDB_INTERRUPTED)
        return client_failed(s, rc);
    if ((s->request.packet->effects & PKT_RESUMES) != 0)
        return interrupt(s);
    log_debug(s->log, "dropped a Ctrl-C: nothing runs");
    return 0;
}

/* Records that a program has ended, was killed or detached; another one may remain. */
static void note_end(struct serving *s, bool by_itself)
{
    s->ended = !processes_has_other(&s->processes, 0);
    s->exited = s->ended && by_itself;
}

/* Learns from a stop reply which process stopped or ended (GDB manual, "Stop Reply Packets"). */
static void learn_process(struct serving *s)
{
    const struct buf *r = &s->reply;
    if (r->len == 0)
        return;
    processes_stop(&s->processes, r->data, r->len);
    s->ended = s->exited = false;
    if (r->data[0] == 'W' || r->data[0] == 'X')
        note_end(s, true);
}

/* Handles a successful D;PID or vKill;PID after which the session continues. */
static void learn_gone(struct serving *s)
{
    if (!buf_is(&s->reply, "OK"))
        return;
    processes_remove(&s->processes, processes_of_packet(s->request.data, s->request.len));
    note_end(s, false);
}

static void learn_from_reply(struct serving *s)
{
    const struct buf *r = &s->reply;
    if (packet_replies_with_stop(s->request.packet))
        learn_process(s);
    else if (s->request.packet->id == PACKET_qC && buf_starts(r, "QC"))
        processes_add(&s->processes, processes_of_thread(r->data + 2, r->len - 2));
    else if (s->request.packet->id == PACKET_vKill || s->request.packet->id == PACKET_D)
        learn_gone(s);
    else if (s->request.packet->id == PACKET_qSupported)
        s->freebsd = features_are_freebsds(r->data, r->len);
    else if (s->request.packet->id == PACKET_extended)
        s->extended = buf_is(r, "OK");
    else if (packet_lists_threads(s->request.packet) ||
             s->request.packet->id == PACKET_qXfer_threads)
        processes_list(&s->processes, r->data, r->len);
}

/* Forwards one packet of the target to the client. */
static int pass_reply(struct serving *s, bool final)
{
    CHECK_OR_RETURN(s->request.packet != NULL); /* a reply belongs to a request */
    log_reply(s, s->request.packet);
    if (final)
        learn_from_reply(s);
    return client_failed(s, answer(s, s->reply.data, s->reply.len, final));
}

/* Returns whether a stop reply has reported the end of the last process. */
static bool is_over(struct serving *s)
{
    if (!s->ended || !s->options->end_with_program || s->extended ||
        s->request.packet->id == PACKET_vKill) /* GDB sends k after it */
        return false;
    return target_ask(s->target, "qfThreadInfo", &s->reply) != 0 || !buf_starts(&s->reply, "m");
}

static int relay_reply(struct serving *s)
{
    const unsigned watch = IO_ON_CLIENT | IO_ON_WAKE | IO_ON_ALARM;
    const unsigned gone_watch = s->options->gone_timeout != 0 ? IO_ON_ALARM : 0;
    bool final = false;
    int rc = 0;
    CHECK_OR_RETURN(packet_has_reply(s->request.packet));
    while (rc != 0 || !final) {
        rc = poll_client(s);
        if (rc != 0)
            return rc;
        rc = target_recv(s->target, &s->reply, &final, s->gone ? gone_watch : watch);
        if (rc == NETGDB_REPLACED && (s->request.packet->effects & PKT_RESUMES) != 0)
            log_info(s->log, "the kernel has started a new session: continuing with its stop");
        else if (rc != 0 && rc != NETGDB_AGAIN)
            return target_failed(s, rc);
        else if (rc == 0 && (rc = pass_reply(s, final)) != 0)
            return rc;
    }
    return is_over(s) ? SERVE_DETACHED : 0;
}

/* Sets the deadline of a request that resumes the target. */
static void set_alarm(const struct serving *s)
{
    struct io *io = s->options->io;
    if (io == NULL)
        return;
    bool limited =
        (s->request.packet->effects & PKT_RESUMES) != 0 && s->options->run_timeout != IO_NEVER;
    io->alarm = limited ? io_now(io) + s->options->run_timeout : IO_NEVER;
}

static int forward_request(struct serving *s)
{
    CHECK_OR_RETURN(s->pending_end == 0); /* nothing is sent after an answered vKill */
    set_alarm(s);
    int rc = target_send(s->target, &s->request);
    if (rc == NETGDB_TOO_LONG) {
        log_warn(s->log, "a request of %zu bytes exceeds the limit of the target (%zu)",
                 s->request.len, target_max_request(s->target));
        return reply(s, "E07");
    }
    if (rc != 0)
        return target_failed(s, rc);
    s->told_running = false;
    if (s->request.packet->id == PACKET_k && !s->extended)
        return SERVE_DETACHED;
    if (s->request.packet->id == PACKET_k) {
        s->processes = (struct processes){.n = 0};
        s->ended = true;
        return 0; /* k has no reply */
    }
    return s->request.packet->id == PACKET_R ? 0 : relay_reply(s); /* R has no reply */
}

/* Returns whether the session continues after a kill: another program may follow, or other
 * processes remain. A kernel has neither. */
static bool kills_one(const struct serving *s)
{
    uint64_t id = processes_of_packet(s->request.data, s->request.len);
    return s->pending_end == 0 &&
           (s->extended || (id != 0 && processes_has_other(&s->processes, id)));
}

static bool may_forward_kill(const struct serving *s)
{
    return (s->options->forward_kill && !s->freebsd) || kills_one(s);
}

static int take_request(struct serving *s)
{
    bool kill = s->request.packet->id == PACKET_vKill || s->request.packet->id == PACKET_k;
    if (s->pending_end != 0 && !kill)
        return reply(s, "E01");
    if (kill && !may_forward_kill(s))
        return take_kill(s);
    return s->request.packet->id == PACKET_D ? take_detach(s) : forward_request(s);
}

/* The wait for the client's next request ends when an observer's is due. */
static unsigned watch_for_observers(const struct serving *s)
{
    struct observed *observed = s->options->observed;
    if (observed == NULL || s->pending_end != 0)
        return 0;
    s->options->io->alarm = observed_due(observed);
    return IO_ON_ALARM;
}

/* The client has no request: something else has happened. */
static int serve_others(struct serving *s)
{
    struct observed *observed = s->pending_end == 0 ? s->options->observed : NULL;
    if (observed != NULL)
        observed_clear(observed); /* before the target looks for the cause of a wake, too */
    int rc = target_idle(s->target);
    /* The client comes first. */
    if (rc == 0 && observed != NULL && io_wait(s->options->io, 0, IO_ON_CLIENT) == 0)
        rc = observed_run(observed);
    return rc == 0 ? 0 : target_failed(s, rc);
}

static int serve_client_request(struct serving *s)
{
    request_parse(&s->request, s->bytes.data, s->bytes.len);
    log_packet(s->log, "->", s->request.data, s->request.len, s->request.packet->explanation);
    capture_rsp(serve_name_of(s), true, s->request.data, s->request.len);
    int rc = take_request(s);
    if (s->options->observed != NULL)
        observed_client_done(s->options->observed);
    return rc;
}

/* Serves one request, up to its reply. */
static int serve_one(struct serving *s)
{
    unsigned watch = s->pending_end != 0 ? IO_ON_WAKE : IO_ON_TARGET | IO_ON_WAKE;
    /* Before the wait: the target may have consumed our wake-up. */
    if (serve_told_to_end(s))
        return on_client_gone(s);
    watch |= watch_for_observers(s);
    int rc = server_next(s->server, &s->bytes, watch);
    if (rc == 0)
        return serve_client_request(s);
    if (client_is_gone(s, rc))
        return on_client_gone(s);
    return rc == NETGDB_AGAIN ? serve_others(s) : client_failed(s, rc);
}

int serve(struct server *server, struct target *target, const struct serve_options *options,
          const struct log *log)
{
    struct serving s = {.server = server, .target = target, .options = options, .log = log};
    CHECK_OR_RETURN(options->io != NULL ||
                    (options->observed == NULL && options->gone_timeout == 0));
    buf_init(&s.bytes, REQUEST_MAX);
    buf_init(&s.reply, TARGET_REPLY_MAX);
    int end;
    do {
        end = serve_one(&s);
    } while (end == 0);
    buf_free(&s.bytes);
    buf_free(&s.reply);
    return end;
}

bool serve_has_ended(int end)
{
    return end == SERVE_DETACHED || end == NETGDB_CLOSED || end == NETGDB_REPLACED;
}

int serve_leave(struct target *target, bool processes, const struct log *log)
{
    static const struct serve_options none = {0};
    struct serving s = {.target = target, .options = &none, .log = log};
    buf_init(&s.reply, TARGET_REPLY_MAX);
    int rc = processes ? target_ask(target, "?", &s.reply) : 0;
    if (rc == 0) {
        learn_process(&s);
        rc = detach_target(&s);
    } else {
        rc = target_failed(&s, rc);
    }
    buf_free(&s.reply);
    return rc;
}
