/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seats of `netgdb proxy` and their doors; see proxy.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/herald.h"
#include "io/sockets.h"
#include "tools/proxy.h"

enum { SOCKET_MODE = 0660 }; /* as the control socket's: control_allows looks who comes */

void proxy_poke(struct proxy *p)
{
    const uint64_t one = 1;
    (void)!write(p->poke_fd, &one, sizeof one);
}

/* ---- doors ---- */

/* Where a debugger on this machine, or elsewhere, finds the door. */
static void name_door(const struct proxy *p, struct door *d)
{
    const char *prefix = p->options->tls.on ? "netgdb:tls:" : "";
    char ip[NET_ADDR_TEXT], text[SOCKETS_STREAM_TEXT];
    struct sockets_address at = p->listen;
    sockets_set_port(&at, d->port);
    if (sockets_is_any(&at))
        (void)snprintf(d->where, sizeof d->where, "%s%s:%u", prefix, net_ip_text(own_address(), ip),
                       d->port);
    else
        (void)snprintf(d->where, sizeof d->where, "%s%s", prefix, sockets_stream_text(&at, text));
}

/* Opens a door at this TCP port (0: any). False with errno. */
static bool open_door(struct proxy *p, struct door *d, uint16_t port)
{
    struct sockets_address at = p->listen, name;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = d};
    sockets_set_port(&at, port);
    d->fd = sockets_tcp_listen(&at);
    if (d->fd < 0)
        return false;
    if (!sockets_name(d->fd, &name) || epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, d->fd, &event) != 0) {
        proxy_close_door(d);
        return false;
    }
    if (p->options->tls.on)
        tls_options_defer(d->fd);
    d->port = sockets_port(&name);
    name_door(p, d);
    return true;
}

/* A unix socket at this path, d->where. False with errno. */
static bool open_unix_door(struct proxy *p, struct door *d, mode_t mode)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = d};
    d->fd = sockets_unix_listen(d->where, mode);
    if (d->fd >= 0 && epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, d->fd, &event) == 0)
        return true;
    proxy_close_door(d);
    return false;
}

void proxy_close_door(struct door *d)
{
    int error = errno;
    if (d->fd >= 0)
        close(d->fd); /* takes it out of the epoll set */
    if (d->port == 0 && d->fd >= 0)
        (void)unlink(d->where);
    d->fd = -1;
    errno = error;
}

/* Whether a door of ours is there: asking the socket would be a connection to it. */
static bool has_door(const struct proxy *p, const char *where)
{
    struct seat *s;
    if (p->front.fd >= 0 && strcmp(p->front.where, where) == 0)
        return true;
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (s, &p->seats[i], entries) {
            if (s->door != NULL && strcmp(s->door->where, where) == 0)
                return true;
        }
    }
    return false;
}

/* One in the runtime directory, of this name, or with the number behind it where that is in use.
 * False with errno. */
static bool open_named_door(struct proxy *p, struct door *d, const char *name, unsigned number)
{
    int n = snprintf(d->where, sizeof d->where, "%s/%s", p->directory, name);
    bool fits = n > 0 && (size_t)n < sizeof d->where;
    if (fits && !has_door(p, d->where)) {
        if (open_unix_door(p, d, SOCKET_MODE))
            return true;
        if (errno != EADDRINUSE)
            return false;
    }
    n = snprintf(d->where, sizeof d->where, "%s/%s-%u", p->directory, name, number);
    if (n > 0 && (size_t)n < sizeof d->where)
        return open_unix_door(p, d, SOCKET_MODE);
    errno = ENAMETOOLONG;
    return false;
}

/* Whether doors are TCP ports. */
static bool is_tcp(const struct proxy *p)
{
    return p->listen.len != 0;
}

static bool open_range(struct proxy *p, struct door *d)
{
    unsigned last = p->options->last_port;
    for (unsigned port = p->options->first_port; port <= last; port++) {
        if (open_door(p, d, (uint16_t)port))
            return true;
        if (errno != EADDRINUSE)
            break;
    }
    return false;
}

static void tell_no_door(struct proxy *p, const struct seat *s, const struct door *d)
{
    const struct proxy_options *o = p->options;
    const char *why = strerror(errno);
    bool all_used = o->first_port != 0 && errno == EADDRINUSE;
    unsigned long more;
    if (!log_passes(&p->no_door, io_fds_now(), &more))
        return;
    if (!is_tcp(p))
        log_error(&s->log, "no socket %s for it: %s (%lu more before)", d->where, why, more);
    else if (all_used)
        log_error(&s->log, "no TCP port for it: all of --ports %u-%u are in use (%lu more before)",
                  o->first_port, o->last_port, more);
    else
        log_error(&s->log, "no TCP port for it: %s (%lu more before)", why, more);
}

/* The door of a kernel: later kernels name session port + 1 to their user. */
static void open_seat_door(struct proxy *p, struct seat *s)
{
    const struct proxy_options *o = p->options;
    if (o->stdio || o->unix_path[0] != '\0')
        return;
    struct door *d = calloc(1, sizeof *d);
    if (d == NULL)
        return;
    d->seat = s;
    bool next_free = s->own.port != UINT16_MAX && o->first_port == 0;
    bool open = !is_tcp(p)           ? open_named_door(p, d, s->name, s->own.port)
                : o->first_port != 0 ? open_range(p, d)
                : next_free          ? open_door(p, d, (uint16_t)(s->own.port + 1))
                                     : false;
    if (!open && is_tcp(p) && o->first_port == 0)
        open = open_door(p, d, 0);
    if (open) {
        s->door = d;
        return;
    }
    tell_no_door(p, s, d);
    free(d);
}

static int open_unix_front(struct proxy *p)
{
    const struct options *o = &p->options->target;
    const char *path = p->options->unix_path;
    /* What a user types as a host is the socket's name, unless it is none. */
    bool named = o->host[0] != '\0' && o->host[0] != '.' && strchr(o->host, '/') == NULL;
    bool open;
    if (path[0] != '\0') {
        (void)snprintf(p->front.where, sizeof p->front.where, "%s", path);
        open = open_unix_door(p, &p->front, 0600);
    } else {
        const char *name = named ? o->host : o->kind == OPTIONS_ANY ? "any" : "stub";
        open = open_named_door(p, &p->front, name, (unsigned)getpid());
    }
    if (!open)
        complain("%s: %s", p->front.where, strerror(errno));
    return open ? EXIT_DONE : EXIT_FAILED;
}

int proxy_open_front(struct proxy *p)
{
    const struct proxy_options *o = p->options;
    if (!is_tcp(p))
        return open_unix_front(p);
    if (!open_door(p, &p->front, o->port)) {
        complain("TCP port %u: %s", o->port, strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

/* ---- seats ---- */

static struct seats *bucket(struct proxy *p, const struct net_addr *own)
{
    return &p->seats[own->port % PROXY_BUCKETS];
}

static struct seat *find_seat(struct proxy *p, const struct net_addr *own)
{
    struct seat *s;
    LIST_FOREACH (s, bucket(p, own), entries) {
        if (net_addr_equal(&s->own, own) && !s->gone)
            return s;
    }
    return NULL;
}

static struct seat *new_seat(struct proxy *p, const struct net_addr *own)
{
    struct seat *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->own = *own;
    s->since = time(NULL);
    s->log = p->log;
    s->log.name = s->name;
    profile_init(&s->profile);
    LIST_INSERT_HEAD(bucket(p, own), s, entries);
    p->seat_count++;
    p->seats_ever++;
    return s;
}

struct seat *proxy_seat(struct proxy *p, const struct net_addr *own, const struct net_addr *kernel,
                        const char *stop)
{
    struct seat *s = find_seat(p, own);
    if (s != NULL || (s = new_seat(p, own)) == NULL)
        return s;
    s->kernel = *kernel;
    (void)net_ip_text(kernel->ip, s->name);
    (void)snprintf(s->stop, sizeof s->stop, "%s", stop);
    open_seat_door(p, s);
    say_kernel(p, s);
    return s;
}

void proxy_move_seat(struct proxy *p, struct seat *s, const struct listener_kernel *k)
{
    struct seat *other = proxy_seat(p, &k->own, &k->kernel, k->stop);
    if (other == NULL || other == s)
        return;
    if (is_tcp(p)) { /* a socket has the kernel's name, and keeps it */
        struct door *door = s->door;
        s->door = other->door;
        other->door = door;
        if (s->door != NULL)
            s->door->seat = s;
        if (other->door != NULL)
            other->door->seat = other;
    }
    const struct net_addr before = s->own;
    LIST_REMOVE(s, entries);
    LIST_REMOVE(other, entries);
    s->own = other->own;
    other->own = before;
    s->since = other->since;
    memcpy(s->stop, other->stop, sizeof s->stop);
    LIST_INSERT_HEAD(bucket(p, &s->own), s, entries);
    LIST_INSERT_HEAD(bucket(p, &other->own), other, entries);
    other->gone = true;
}

struct seat *proxy_stream_seat(struct proxy *p)
{
    static const struct net_addr nowhere = {0, 0};
    const struct options *o = &p->options->target;
    struct seat *s = new_seat(p, &nowhere);
    if (s != NULL)
        (void)snprintf(s->name, sizeof s->name, "%s",
                       o->host[0] != '\0'        ? o->host
                       : o->kind == OPTIONS_UNIX ? "unix"
                                                 : "stdio");
    return s;
}

static void free_seat(struct proxy *p, struct seat *s)
{
    LIST_REMOVE(s, entries);
    p->seat_count--;
    if (s->door != NULL)
        proxy_close_door(s->door);
    free(s->door);
    profile_free(&s->profile);
    free(s);
}

void proxy_free_seats(struct proxy *p)
{
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        while (!LIST_EMPTY(&p->seats[i])) /* NOLINTNEXTLINE: clang 14 loses that it was taken out */
            free_seat(p, LIST_FIRST(&p->seats[i]));
    }
}

static void see(void *context, const struct lobby_kernel *k)
{
    struct proxy *p = context;
    struct seat *s = proxy_seat(p, &k->own, &k->kernel, k->stop);
    if (s == NULL)
        return;
    s->seen = true;
    s->runs = k->target != NULL && netgdb_target_runs(k->target);
}

/* A seat whose kernel nobody holds any more. */
static bool is_empty(const struct seat *s)
{
    return s->client == NULL && s->visitors == 0 && s->kernel.port != 0 && (s->gone || !s->seen);
}

static void sweep(struct proxy *p, struct seats *seats)
{
    struct seat *s = LIST_FIRST(seats);
    while (s != NULL) {
        struct seat *next = LIST_NEXT(s, entries);
        if (is_empty(s)) {
            say_gone(p, s);
            free_seat(p, s);
        } else {
            s->seen = false;
        }
        s = next;
    }
}

void proxy_sync(struct proxy *p)
{
    if (p->listener == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    listener_list(p->listener, see, p);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++)
        sweep(p, &p->seats[i]);
    pthread_mutex_unlock(&p->lock);
}
