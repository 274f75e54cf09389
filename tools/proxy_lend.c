/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kernels that are lent to a gdb with libnetgdb.so on this machine: it gets the session's own
 * socket and record, and the proxy keeps copies to take the session back; see session/loan.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/handover.h"
#include "io/herald.h"
#include "io/others.h"
#include "tools/proxy.h"

static void refuse(struct client *c, const char *why)
{
    struct handover h = {.kind = HANDOVER_REFUSED};
    (void)snprintf(h.text, sizeof h.text, "%s", why);
    (void)handover_send(c->fd, &h, NULL);
    log_info(&c->log, "%s was told: %s", c->who, why);
}

/* "take PORT IP...": the port, and the hosts into *watch. False when it is not that. */
static bool read_request(const char *line, struct listener_watch *watch, unsigned long *port)
{
    static const char take[] = "take ";
    char text[INET_ADDRSTRLEN], *end;
    struct in_addr in;
    int used = 0;
    if (strncmp(line, take, sizeof take - 1) != 0)
        return false;
    *port = strtoul(line + sizeof take - 1, &end, 10);
    if (end == line + sizeof take - 1)
        return false;
    line = end;
    for (; sscanf(line, " %15[0-9.]%n", text, &used) == 1; line += used) {
        if (watch->n == LISTENER_IPS || inet_pton(AF_INET, text, &in) != 1)
            return false;
        watch->ips[watch->n++] = ntohl(in.s_addr);
    }
    return watch->n != 0 && *line == '\0';
}

/* Waits for a kernel, as long as the asker does. */
static bool find(struct client *c, struct listener_watch *watch, struct listener_kernel *k)
{
    char by[PROXY_WHO] = "", why[HANDOVER_TEXT];
    bool taken = false, gone = false;
    if (listener_watch(c->proxy->listener, watch) != 0) {
        refuse(c, "too many hosts are asked for");
        return false;
    }
    while (!taken && by[0] == '\0' && !gone && client_goes_on(c)) {
        taken = client_take(c, watch, k);
        if (!taken)
            client_find_holder(c, watch, by);
        if (!taken && by[0] == '\0')
            gone = (io_wait(&c->io.io, IO_NEVER, IO_ON_CLIENT | IO_ON_WAKE) & IO_ON_CLIENT) != 0;
    }
    listener_unwatch(c->proxy->listener, watch);
    if (by[0] != '\0') {
        (void)snprintf(why, sizeof why, "the kernel is taken by %s", by);
        refuse(c, why);
    }
    return taken;
}

static void give_back(struct client *c, const struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    listener_give(p->listener, k);
    client_stand_up(c, false);
    pthread_mutex_unlock(&p->lock);
}

/* A session and our side of it, without the link: that is made anew from the record. */
static int send_kernel(struct client *c, struct listener_kernel *k)
{
    struct handover h = {.kind = HANDOVER_KERNEL, .own = k->own, .kernel = k->kernel};
    const int fds[HANDOVER_FDS] = {k->fd, record_fd(k->record), others_open(k->fd)};
    if (k->target != NULL) {
        target_free(k->target);
    } else {
        const struct buf *stop = &k->link->stream;
        if (stop->len != 0 && stop->len < sizeof h.text)
            memcpy(h.text, stop->data, stop->len);
        link_free(k->link);
        free(k->link);
    }
    k->target = NULL;
    k->link = NULL;
    int rc = handover_send(c->fd, &h, fds);
    if (fds[2] >= 0)
        close(fds[2]);
    return rc;
}

/* The kernel has come back in another session: the borrower gets that one. */
static int send_successor(struct client *c, struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    struct listener_kernel next;
    pthread_mutex_lock(&p->lock);
    bool taken = listener_take(p->listener, &c->watch, &next);
    if (taken)
        proxy_move_seat(p, c->seat, &next);
    pthread_mutex_unlock(&p->lock);
    if (!taken)
        return 0;
    proxy_poke(p);
    record_remove(k->record);
    close(k->fd);
    *k = next;
    return k->record != NULL ? send_kernel(c, k) : -1;
}

/* Until the borrower says how it ends, or dies (HANDOVER_RUNNING: who knows what it did). */
static enum handover_kind await_end(struct client *c, struct listener_kernel *k)
{
    struct handover h;
    int fds[HANDOVER_FDS];
    for (;;) {
        unsigned why = io_wait(&c->io.io, IO_NEVER, IO_ON_CLIENT | IO_ON_WAKE);
        if ((why & IO_ON_CLIENT) != 0)
            return handover_receive(c->fd, &h, fds) == 0 && h.kind != HANDOVER_KERNEL
                       ? (enum handover_kind)h.kind
                       : HANDOVER_RUNNING;
        if (!client_goes_on(c))
            return HANDOVER_KERNEL; /* it keeps the kernel */
        if (send_successor(c, k) != 0)
            return HANDOVER_RUNNING;
    }
}

/* A link as the borrower has left it. False: no memory. */
static bool relink(struct client *c, struct listener_kernel *k)
{
    k->link = malloc(sizeof *k->link);
    if (k->link == NULL)
        return false;
    link_init(k->link, &c->io.io, session_payload(k->fd), &c->proxy->log);
    link_resume(k->link, record_mark(k->record));
    return true;
}

static void say(struct client *c, const char *what)
{
    pthread_mutex_lock(&c->proxy->lock);
    say_client(c->proxy, c->seat, c, what);
    pthread_mutex_unlock(&c->proxy->lock);
}

/* The borrower has died, or the target runs: the kernel is asked where it stands. */
static void ask_back(struct client *c, const struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    c->seat->awaited = true;
    listener_take_back(p->listener, k);
    client_stand_up(c, false);
    pthread_mutex_unlock(&p->lock);
}

static void take_back(struct client *c, struct listener_kernel *k, enum handover_kind how)
{
    bool ended = how == HANDOVER_LEFT || how == HANDOVER_LOST || how == HANDOVER_KERNEL;
    say(c, how == HANDOVER_LEFT     ? "detached"
           : how == HANDOVER_LOST   ? "lost"
           : how == HANDOVER_KERNEL ? "keeps it"
                                    : "gave it back");
    if (how == HANDOVER_PARKED && relink(c, k)) {
        give_back(c, k);
        return;
    }
    if (!ended) {
        ask_back(c, k);
        return;
    }
    close(k->fd);
    if (how == HANDOVER_LEFT)
        record_remove(k->record);
    else
        record_close(k->record); /* the borrower has it still, or the next server tries */
    pthread_mutex_lock(&c->proxy->lock);
    client_stand_up(c, true);
    pthread_mutex_unlock(&c->proxy->lock);
}

static void lend_to(struct client *c, struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    const char *why = k->record == NULL ? "this kernel has no record and cannot be handed over"
                      : k->target != NULL && netgdb_target_runs(k->target)
                          ? "the kernel runs: connect again when it has stopped"
                          : NULL;
    if (why != NULL) {
        refuse(c, why);
        give_back(c, k);
        return;
    }
    c->watch = (struct listener_watch){
        .ips = {k->kernel.ip}, .n = 1, .fresh = true, .notify = client_wake, .context = c};
    bool watching = listener_watch(p->listener, &c->watch) == 0;
    say(c, "borrowed it");
    enum handover_kind how = send_kernel(c, k) == 0 ? await_end(c, k) : HANDOVER_PARKED;
    if (watching)
        listener_unwatch(p->listener, &c->watch);
    take_back(c, k, how);
}

static void lend(struct client *c, const char *line)
{
    struct listener_watch watch = {.notify = client_wake, .context = c};
    struct listener_kernel k;
    unsigned long port;
    if (!read_request(line, &watch, &port))
        refuse(c, "the proxy does not understand what it was asked for");
    else if (c->proxy->listener == NULL || port != c->proxy->herald_port)
        log_debug(&c->log, "%s needs kernels that call elsewhere", c->who); /* it listens itself */
    else if (find(c, &watch, &k))
        lend_to(c, &k);
}

void proxy_lend(struct proxy *p, int fd, const char *line)
{
    struct client *c = client_new(p, fd, fd);
    if (c == NULL) {
        close(fd);
        return;
    }
    c->io.spin_budget = 0; /* what the borrower says is read here and not by the io */
    lend(c, line);
    client_free(c);
}
