/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server's host: sockets, the HERALD port, simulated clients, and wait(); see server.h. */
#include "tests/sim/server.h"

#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "tests/sim/private.h"

enum { CLIENT_MAX = 64 << 20, RANDOM_PORT = 49152, RANDOM_PORTS = 16384 };

/* Datagrams that have arrived at a port and are queued. */
struct queue {
    struct sim_datagram *items[SIM_SOCKET_QUEUE];
    size_t first, used;
    struct sim_datagram *held[SIM_SOCKET_QUEUE]; /* returned by recv, valid until the next one */
    size_t held_used;
};

struct session {
    struct io io; /* first: an io is cast to a session */
    struct sim_world *w;
    struct session *next;
    uint32_t kernel_ip; /* 0: the HERALD port, which receives from every host */
    uint16_t port;
    struct queue queue;
    struct buf in, given, out; /* client side: for the code, returned by its recv, from the code */
    bool client_closed, client_refuses, wake, killed;
    sim_call *on_output;
    void *on_output_context;
    uint64_t output_event;
};

struct sim_server {
    struct session herald;
    struct session *sessions;
    uint64_t ahead; /* the server's clock minus the world's */
};

static const struct io_ops ops;

static struct session *session_of(const struct io *io)
{
    return (struct session *)(uintptr_t)io;
}

static struct sim_datagram *queue_take(struct queue *q)
{
    if (q->used == 0)
        return NULL;
    struct sim_datagram *d = q->items[q->first];
    q->first = (q->first + 1) % SIM_SOCKET_QUEUE;
    q->used--;
    return d;
}

static bool queue_put(struct queue *q, struct sim_datagram *d)
{
    if (q->used == SIM_SOCKET_QUEUE)
        return false;
    q->items[(q->first + q->used++) % SIM_SOCKET_QUEUE] = d;
    return true;
}

static void queue_release(struct queue *q)
{
    while (q->held_used > 0)
        free(q->held[--q->held_used]);
}

static void queue_free(struct queue *q)
{
    queue_release(q);
    for (struct sim_datagram *d = queue_take(q); d != NULL; d = queue_take(q))
        free(d);
}

/* The socket that gets this datagram, if any. */
static struct session *find_session(struct sim_server *server, const struct sim_datagram *d)
{
    if (d->to.port == SIM_HERALD_PORT)
        return &server->herald;
    struct session *s = server->sessions;
    while (s != NULL && s->port != d->to.port)
        s = s->next;
    bool from_kernel = s != NULL && s->kernel_ip == d->from.ip && d->from.port == SIM_KERNEL_PORT;
    return from_kernel ? s : NULL;
}

static void deliver(void *context, struct sim_datagram *d)
{
    struct sim_server *server = context;
    struct session *s = find_session(server, d);
    if (s != NULL && queue_put(&s->queue, d))
        return;
    sim_trace_datagram(server->herald.w, s != NULL ? "socket full" : "no such socket", d);
    free(d);
}

static void session_init(struct session *s, struct sim_world *w, uint32_t kernel_ip, uint16_t port)
{
    io_init(&s->io, &ops);
    s->w = w;
    s->kernel_ip = kernel_ip;
    s->port = port;
    buf_init(&s->in, CLIENT_MAX);
    buf_init(&s->given, CLIENT_MAX);
    buf_init(&s->out, CLIENT_MAX);
}

static void session_free(struct session *s)
{
    sim_cancel(s->w, s->output_event);
    queue_free(&s->queue);
    buf_free(&s->in);
    buf_free(&s->given);
    buf_free(&s->out);
}

struct sim_server *sim_server_new(struct sim_world *w)
{
    struct sim_server *server = sim_alloc(sizeof *server);
    session_init(&server->herald, w, 0, SIM_HERALD_PORT);
    sim_host_add(w, SIM_SERVER_IP, deliver, server);
    return server;
}

void sim_server_free(struct sim_server *server)
{
    while (server->sessions != NULL)
        sim_session_close(&server->sessions->io);
    session_free(&server->herald);
    free(server);
}

static bool port_in_use(const struct sim_server *server, uint16_t port)
{
    for (const struct session *s = server->sessions; s != NULL; s = s->next) {
        if (s->port == port)
            return true;
    }
    return port == SIM_HERALD_PORT;
}

struct io *sim_session(struct sim_world *w, uint32_t kernel_ip, uint16_t port)
{
    struct sim_server *server = sim_world_server(w);
    if (port != 0 && port_in_use(server, port))
        sim_fail(w, "port %u is in use", port);
    while (port == 0 || port_in_use(server, port))
        port = (uint16_t)(RANDOM_PORT + sim_below(w, RANDOM_PORTS));
    struct session *s = sim_alloc(sizeof *s);
    session_init(s, w, kernel_ip, port);
    s->next = server->sessions;
    server->sessions = s;
    return &s->io;
}

uint16_t sim_session_port(const struct io *io)
{
    return session_of(io)->port;
}

void sim_session_close(struct io *io)
{
    struct session *s = session_of(io);
    struct session **at = &sim_world_server(s->w)->sessions;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    session_free(s);
    free(s);
}

void sim_session_kill(struct io *io)
{
    session_of(io)->killed = true;
}

void sim_session_adopt(struct io *io, struct io *other)
{
    struct session *s = session_of(io), *from = session_of(other);
    queue_free(&s->queue);
    s->queue = from->queue;
    s->port = from->port;
    memset(&from->queue, 0, sizeof from->queue);
    sim_session_close(other);
}

void sim_clock_jump(struct sim_world *w, uint64_t by)
{
    sim_world_server(w)->ahead += by;
}

uint64_t sim_server_now(const struct sim_world *w)
{
    return sim_now(w) + sim_world_server(w)->ahead;
}

void sim_client_push(struct io *io, const void *data, size_t len)
{
    struct session *s = session_of(io);
    if (buf_add(&s->in, data, len) != 0)
        sim_fail(s->w, "the client pushes too much");
    sim_note(s->w, "client says", data, len);
}

void sim_client_close(struct io *io)
{
    session_of(io)->client_closed = true;
}

void sim_client_refuse(struct io *io)
{
    session_of(io)->client_refuses = true;
}

struct buf *sim_client_output(struct io *io)
{
    return &session_of(io)->out;
}

void sim_client_on_output(struct io *io, sim_call *call, void *context)
{
    session_of(io)->on_output = call;
    session_of(io)->on_output_context = context;
}

void sim_wake(struct io *io, bool on)
{
    session_of(io)->wake = on;
}

struct sim_datagram *sim_herald_recv(struct sim_world *w)
{
    sim_spin(w);
    return queue_take(&sim_world_server(w)->herald.queue);
}

struct io *sim_herald_io(struct sim_world *w)
{
    return &sim_world_server(w)->herald.io;
}

static uint64_t op_now(struct io *io)
{
    struct session *s = session_of(io);
    sim_spin(s->w);
    return sim_server_now(s->w);
}

static int send_datagrams(struct session *s, const struct io_msg *msgs, unsigned n)
{
    const struct sim_addr from = {SIM_SERVER_IP, s->port}, to = {s->kernel_ip, SIM_KERNEL_PORT};
    if (s->kernel_ip == 0)
        sim_fail(s->w, "the HERALD port sends nothing");
    for (unsigned i = 0; i < n; i++)
        sim_send(s->w, from, to, msgs[i].data, msgs[i].len);
    return 0;
}

static void call_on_output(void *context)
{
    struct session *s = context;
    s->output_event = 0;
    s->on_output(s->on_output_context);
}

static int send_to_client(struct session *s, const struct io_msg *msgs, unsigned n)
{
    if (s->client_refuses)
        return NETGDB_CLOSED;
    for (unsigned i = 0; i < n; i++) {
        if (buf_add(&s->out, msgs[i].data, msgs[i].len) != 0)
            sim_fail(s->w, "too many bytes for the client");
        sim_note(s->w, "client receives", msgs[i].data, msgs[i].len);
    }
    if (s->on_output != NULL && s->output_event == 0)
        s->output_event = sim_after(s->w, 0, call_on_output, s);
    return 0;
}

static int op_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct session *s = session_of(io);
    sim_spin(s->w);
    if (s->killed)
        return NETGDB_IO;
    return side == IO_TARGET ? send_datagrams(s, msgs, n) : send_to_client(s, msgs, n);
}

static int recv_datagrams(struct session *s, struct io_msg *msgs, unsigned n)
{
    struct queue *q = &s->queue;
    queue_release(q);
    while (q->held_used < n && q->used > 0) {
        struct sim_datagram *d = queue_take(q);
        msgs[q->held_used] = (struct io_msg){.data = d->data, .len = d->len};
        q->held[q->held_used++] = d;
    }
    return (int)q->held_used;
}

static int recv_from_client(struct session *s, struct io_msg *msgs, unsigned n)
{
    if (s->in.len == 0)
        return s->client_closed ? NETGDB_CLOSED : 0;
    if (n == 0)
        return 0;
    struct buf given = s->given;
    s->given = s->in;
    s->in = given;
    buf_reset(&s->in);
    msgs[0] = (struct io_msg){.data = s->given.data, .len = s->given.len};
    return 1;
}

static int op_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n)
{
    struct session *s = session_of(io);
    sim_spin(s->w);
    if (s->killed)
        return NETGDB_IO;
    return side == IO_TARGET ? recv_datagrams(s, msgs, n) : recv_from_client(s, msgs, n);
}

static unsigned ready(struct session *s, unsigned reasons)
{
    unsigned why = 0;
    if (s->queue.used > 0)
        why |= IO_ON_TARGET;
    if (s->in.len > 0 || s->client_closed)
        why |= IO_ON_CLIENT;
    if (s->wake)
        why |= IO_ON_WAKE;
    return why & reasons;
}

/* Converts a time of the server's clock to the world's, if there is no further jump. */
static uint64_t to_world(const struct session *s, uint64_t time)
{
    uint64_t ahead = sim_world_server(s->w)->ahead;
    return time == IO_NEVER ? SIM_NEVER : time > ahead ? time - ahead : 0;
}

static unsigned op_wait(struct io *io, uint64_t limit, unsigned reasons)
{
    struct session *s = session_of(io);
    for (;;) {
        sim_spin(s->w);
        if (s->killed)
            return reasons;
        unsigned why = ready(s, reasons);
        uint64_t deadline = to_world(s, limit);
        uint64_t now = sim_now(s->w), next = sim_next_event(s->w);
        if (why != 0 || (deadline <= now && next > now))
            return why;
        if (next == SIM_NEVER && deadline == IO_NEVER)
            sim_fail(s->w, "an endless wait: no event is scheduled");
        if (next <= deadline || next <= now)
            sim_step(s->w);
        else
            sim_run_until(s->w, deadline);
    }
}

static const struct io_ops ops = {op_now, op_send, op_recv, op_wait};
