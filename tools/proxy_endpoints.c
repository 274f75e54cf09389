/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The endpoints of `netgdb proxy` and their listening sockets; see proxy.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/herald.h"
#include "io/os.h"
#include "io/port_owner.h"
#include "io/sockets.h"
#include "tools/proxy.h"

enum { SOCKET_MODE = 0660 }; /* like the control socket; control_allows checks the peer */

void proxy_poke(struct proxy *p)
{
    os_wake(p->poke_fd);
}

/* ---- listening sockets ---- */

void listen_socket_name(const struct proxy *p, uint16_t port, uint32_t ip, char text[PROXY_ADDRESS])
{
    const char *prefix = p->options->tls.on ? "netgdb:tls:" : "";
    char host[NET_ADDR_TEXT], address[SOCKETS_STREAM_TEXT];
    struct sockets_address at = p->listen;
    sockets_set_port(&at, port);
    if (sockets_is_any(&at))
        (void)snprintf(text, PROXY_ADDRESS, "%s%s:%u", prefix, net_ip_text(ip, host), port);
    else
        (void)snprintf(text, PROXY_ADDRESS, "%s%s", prefix, sockets_stream_text(&at, address));
}

/* Listens on this TCP port (0: any). False with errno. */
static bool open_tcp_socket(struct proxy *p, struct listen_socket *d, uint16_t port)
{
    struct sockets_address at = p->listen, name;
    sockets_set_port(&at, port);
    d->fd = sockets_tcp_listen(&at);
    if (d->fd < 0)
        return false;
    if (!sockets_name(d->fd, &name) || os_events_add(p->events_fd, d->fd, d) != 0) {
        listen_socket_close(d);
        return false;
    }
    if (p->options->tls.on)
        tls_options_defer(d->fd);
    d->port = sockets_port(&name);
    listen_socket_name(p, d->port, local_address(), d->address);
    return true;
}

/* Listens on a unix socket with the path d->address. False with errno. */
static bool open_unix_socket(struct proxy *p, struct listen_socket *d, mode_t mode)
{
    d->fd = sockets_unix_listen(d->address, mode);
    if (d->fd >= 0 && os_events_add(p->events_fd, d->fd, d) == 0)
        return true;
    listen_socket_close(d);
    return false;
}

void listen_socket_close(struct listen_socket *d)
{
    int error = errno;
    if (d->fd >= 0)
        close(d->fd); /* takes it out of the set of events */
    if (d->port == 0 && d->fd >= 0)
        (void)unlink(d->address);
    d->fd = -1;
    errno = error;
}

/* True if a socket of this proxy has this path. A connection would show it, too, but would create a
 * client. */
static bool is_in_use(const struct proxy *p, const char *where)
{
    struct endpoint *e;
    if (p->target_socket.fd >= 0 && strcmp(p->target_socket.address, where) == 0)
        return true;
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (e, &p->endpoints[i], entries) {
            if (e->socket != NULL && strcmp(e->socket->address, where) == 0)
                return true;
        }
    }
    return false;
}

/* Listens in the runtime directory under this name, with the number appended if the name is in use.
 * False with errno. */
static bool open_named_socket(struct proxy *p, struct listen_socket *d, const char *name,
                              unsigned number)
{
    int n = snprintf(d->address, sizeof d->address, "%s/%s", p->directory, name);
    bool complete = n > 0 && (size_t)n < sizeof d->address;
    if (complete && !is_in_use(p, d->address)) {
        if (open_unix_socket(p, d, SOCKET_MODE))
            return true;
        if (errno != EADDRINUSE)
            return false;
    }
    n = snprintf(d->address, sizeof d->address, "%s/%s-%u", p->directory, name, number);
    if (n > 0 && (size_t)n < sizeof d->address)
        return open_unix_socket(p, d, SOCKET_MODE);
    errno = ENAMETOOLONG;
    return false;
}

/* Whether endpoints are TCP ports. */
static bool is_tcp(const struct proxy *p)
{
    return p->listen.len != 0;
}

bool proxy_check_address(const struct proxy *p)
{
    struct sockets_address at = p->listen;
    if (p->options->listen[0] == '\0')
        return true;
    sockets_set_port(&at, 0);
    int fd = sockets_tcp_listen(&at);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    complain("%s: cannot listen there: %s", p->options->listen, strerror(errno));
    return false;
}

static bool open_range(struct proxy *p, struct listen_socket *d)
{
    unsigned last = p->options->last_port;
    for (unsigned port = p->options->first_port; port <= last; port++) {
        if (open_tcp_socket(p, d, (uint16_t)port))
            return true;
        if (errno != EADDRINUSE)
            break;
    }
    return false;
}

static void log_no_socket(struct proxy *p, const struct endpoint *e, const struct listen_socket *d)
{
    const struct proxy_options *o = p->options;
    const char *why = strerror(errno);
    bool all_used = o->first_port != 0 && errno == EADDRINUSE;
    char more[LOG_MORE];
    if (!log_limit_allows(&p->no_socket, io_fds_now(), more))
        return;
    if (!is_tcp(p))
        log_error(&e->log, "no socket %s for it: %s%s", d->address, why, more);
    else if (all_used)
        log_error(&e->log, "no TCP port for it: all of --ports %u-%u are in use%s", o->first_port,
                  o->last_port, more);
    else
        log_error(&e->log, "no TCP port for it: %s%s", why, more);
}

/* Opens the socket for observers beside `d`: the next TCP port, or the path with a suffix. False
 * with errno. */
static bool open_observers_socket(struct proxy *p, struct listen_socket *o,
                                  const struct listen_socket *d)
{
    o->observes = true;
    o->endpoint = d->endpoint;
    if (d->port != 0 && p->options->first_port != 0)
        return open_range(p, o);
    if (d->port != 0)
        return (d->port != UINT16_MAX && open_tcp_socket(p, o, (uint16_t)(d->port + 1))) ||
               open_tcp_socket(p, o, 0);
    int n = snprintf(o->address, sizeof o->address, "%s.observe", d->address);
    if (n > 0 && (size_t)n < sizeof o->address)
        return open_unix_socket(p, o, p->options->unix_path[0] != '\0' ? 0600 : SOCKET_MODE);
    errno = ENAMETOOLONG;
    return false;
}

static void add_observers_socket(struct proxy *p, struct endpoint *e)
{
    struct listen_socket *o = p->options->observe ? calloc(1, sizeof *o) : NULL;
    if (o == NULL)
        return;
    if (open_observers_socket(p, o, e->socket)) {
        e->observers_socket = o;
        return;
    }
    log_no_socket(p, e, o);
    free(o);
}

/* Opens a kernel's socket. FreeBSD 14.0 and later print session port + 1. */
static void open_endpoint_socket(struct proxy *p, struct endpoint *e)
{
    const struct proxy_options *o = p->options;
    if (o->stdio || o->unix_path[0] != '\0')
        return;
    struct listen_socket *d = calloc(1, sizeof *d);
    if (d == NULL)
        return;
    d->endpoint = e;
    bool next_free = e->own.port != UINT16_MAX && o->first_port == 0;
    bool open = !is_tcp(p)           ? open_named_socket(p, d, e->name, e->own.port)
                : o->first_port != 0 ? open_range(p, d)
                : next_free          ? open_tcp_socket(p, d, (uint16_t)(e->own.port + 1))
                                     : false;
    if (!open && is_tcp(p) && o->first_port == 0)
        open = open_tcp_socket(p, d, 0);
    if (open) {
        e->socket = d;
        add_observers_socket(p, e);
        return;
    }
    log_no_socket(p, e, d);
    free(d);
}

static int open_unix_target_socket(struct proxy *p)
{
    const struct options *o = &p->options->target;
    const char *path = p->options->unix_path;
    /* Names the socket after the host as the user types it, if that is a valid file name. */
    bool named = o->host[0] != '\0' && o->host[0] != '.' && strchr(o->host, '/') == NULL;
    bool open;
    if (path[0] != '\0') {
        (void)snprintf(p->target_socket.address, sizeof p->target_socket.address, "%s", path);
        open = open_unix_socket(p, &p->target_socket, 0600);
    } else {
        const char *name = named ? o->host : o->kind == OPTIONS_ANY ? "any" : "stub";
        open = open_named_socket(p, &p->target_socket, name, (unsigned)getpid());
    }
    if (!open)
        complain("%s: %s", p->target_socket.address, strerror(errno));
    return open ? EXIT_DONE : EXIT_FAILED;
}

static int open_tcp_target_socket(struct proxy *p)
{
    const struct proxy_options *o = p->options;
    if (!open_tcp_socket(p, &p->target_socket, o->port)) {
        char owner[PORT_OWNER_TEXT];
        int error = errno;
        complain("TCP port %u: %s%s", o->port, strerror(error),
                 port_owner(error, true, o->port, owner));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

int proxy_open_target_socket(struct proxy *p)
{
    int rc = is_tcp(p) ? open_tcp_target_socket(p) : open_unix_target_socket(p);
    if (rc != EXIT_DONE || !p->options->observe ||
        open_observers_socket(p, &p->target_observers, &p->target_socket))
        return rc;
    complain("no socket for observers: %s", strerror(errno));
    return EXIT_FAILED;
}

/* ---- endpoints ---- */

static struct endpoints *bucket(struct proxy *p, const struct net_addr *own)
{
    return &p->endpoints[own->port % PROXY_BUCKETS];
}

static struct endpoint *find_endpoint(struct proxy *p, const struct net_addr *own)
{
    struct endpoint *e;
    LIST_FOREACH (e, bucket(p, own), entries) {
        if (net_addr_equal(&e->own, own) && !e->ended)
            return e;
    }
    return NULL;
}

static struct endpoint *new_endpoint(struct proxy *p, const struct net_addr *own)
{
    struct endpoint *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->own = *own;
    e->since = time(NULL);
    e->log = p->log;
    e->log.name = e->name;
    profile_init(&e->profile);
    observed_init(&e->observed);
    LIST_INSERT_HEAD(bucket(p, own), e, entries);
    p->endpoint_count++;
    p->endpoints_ever++;
    return e;
}

struct endpoint *endpoint_for(struct proxy *p, const struct session *session)
{
    struct endpoint *e = find_endpoint(p, &session->own);
    if (e != NULL || (e = new_endpoint(p, &session->own)) == NULL)
        return e;
    e->kernel = session->kernel;
    (void)net_ip_text(e->kernel.ip, e->name);
    memcpy(e->stop, session->stop, sizeof e->stop);
    open_endpoint_socket(p, e);
    say_kernel(p, e);
    return e;
}

static void move_to(struct proxy *p, struct endpoint *e, const struct net_addr *own)
{
    LIST_REMOVE(e, entries);
    e->own = *own;
    LIST_INSERT_HEAD(bucket(p, own), e, entries);
}

static void set_endpoint(struct listen_socket *socket, struct endpoint *e)
{
    if (socket != NULL)
        socket->endpoint = e;
}

static void swap_sockets(struct endpoint *a, struct endpoint *b)
{
    struct listen_socket *socket = a->socket, *observers = a->observers_socket;
    a->socket = b->socket;
    b->socket = socket;
    a->observers_socket = b->observers_socket;
    b->observers_socket = observers;
    set_endpoint(a->socket, a);
    set_endpoint(a->observers_socket, a);
    set_endpoint(b->socket, b);
    set_endpoint(b->observers_socket, b);
}

void endpoint_move(struct proxy *p, struct endpoint *e, const struct session *session)
{
    struct endpoint *other = endpoint_for(p, session);
    if (other == NULL || other == e)
        return;
    /* A unix socket has the kernel's name, and keeps it. */
    if (is_tcp(p))
        swap_sockets(e, other);
    const struct net_addr before = e->own;
    move_to(p, e, &other->own);
    move_to(p, other, &before);
    e->since = other->since;
    memcpy(e->stop, other->stop, sizeof e->stop);
    other->ended = true;
}

struct endpoint *endpoint_for_stub(struct proxy *p)
{
    static const struct net_addr nowhere = {0, 0};
    const struct options *o = &p->options->target;
    struct endpoint *e = new_endpoint(p, &nowhere);
    if (e != NULL)
        (void)snprintf(e->name, sizeof e->name, "%s",
                       o->host[0] != '\0' ? o->host : o->transport->prefix);
    return e;
}

const struct client *endpoint_client(const struct endpoint *e)
{
    return e->client != NULL && !e->client->stand_in ? e->client : NULL;
}

static void close_sockets(struct endpoint *e)
{
    if (e->socket != NULL)
        listen_socket_close(e->socket);
    if (e->observers_socket != NULL)
        listen_socket_close(e->observers_socket);
}

static void free_endpoint(struct proxy *p, struct endpoint *e)
{
    LIST_REMOVE(e, entries);
    p->endpoint_count--;
    close_sockets(e);
    free(e->socket);
    free(e->observers_socket);
    observed_free(&e->observed);
    profile_free(&e->profile);
    free(e);
}

static void note_session(void *context, const struct session *session)
{
    struct endpoint *e = endpoint_for(context, session);
    if (e != NULL)
        e->state = session->target != NULL && netgdb_target_runs(session->target) ? ENDPOINT_RUNNING
                                                                                  : ENDPOINT_PARKED;
}

/* True if neither a client nor a session needs the endpoint. */
static bool is_unused(const struct endpoint *e)
{
    return e->client == NULL && e->pending == 0 && e->observers == 0 && e->kernel.port != 0 &&
           (e->ended || e->state == ENDPOINT_UNLISTED);
}

static void sweep(struct proxy *p, struct endpoints *endpoints)
{
    struct endpoint *e = LIST_FIRST(endpoints);
    while (e != NULL) {
        struct endpoint *next = LIST_NEXT(e, entries);
        if (is_unused(e)) {
            say_gone(p, e);
            free_endpoint(p, e);
        }
        e = next;
    }
}

void proxy_sync(struct proxy *p)
{
    struct endpoint *e;
    if (p->listener == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (e, &p->endpoints[i], entries)
            e->state = ENDPOINT_UNLISTED;
    }
    listener_list(p->listener, note_session, p);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++)
        sweep(p, &p->endpoints[i]);
    observe_wake(p);
    pthread_mutex_unlock(&p->lock);
}

void proxy_close_sockets(struct proxy *p)
{
    struct endpoint *e;
    listen_socket_close(&p->target_socket);
    listen_socket_close(&p->target_observers);
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (e, &p->endpoints[i], entries)
            close_sockets(e);
    }
    pthread_mutex_unlock(&p->lock);
}
