/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The borrower's end of a loan; see loan.h. */
#include "session/loan.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/herald.h"
#include "io/thread.h"
#include "session/control.h"

struct loan {
    int fd;
    void (*notify)(void *context);
    void *context;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool watched; /* the thread lives */
    bool waits;   /* `next` is there */
    struct listener_kernel next;
};

int loan_ask(const uint32_t *ips, unsigned n, uint16_t port)
{
    char line[CONTROL_LINE_MAX], ip[NET_ADDR_TEXT];
    int len = snprintf(line, sizeof line, "take %u", port);
    for (unsigned i = 0; i < n; i++)
        len += snprintf(line + len, sizeof line - (size_t)len, " %s", net_ip_text(ips[i], ip));
    line[len++] = '\n';
    int fd = control_connect();
    if (fd < 0)
        return -1;
    if (send(fd, line, (size_t)len, MSG_NOSIGNAL) == len)
        return fd;
    close(fd);
    return -1;
}

static void release(struct listener_kernel *k)
{
    link_free(k->link);
    free(k->link);
    record_close(k->record);
    close(k->fd);
    if (k->others >= 0)
        close(k->others);
}

/* A session from its descriptors, which it owns. Returns 0 or an errno value. */
static int build(const struct handover *h, const int fds[HANDOVER_FDS], struct listener_kernel *k,
                 const struct log *log)
{
    struct io_fds clock; /* a link begins with a look at one */
    *k = (struct listener_kernel){
        .own = h->own, .kernel = h->kernel, .fd = fds[0], .others = fds[2]};
    k->record = record_adopt(fds[1]);
    k->link = malloc(sizeof *k->link);
    if (k->record == NULL || k->link == NULL || io_fds_init(&clock, 0) != 0) {
        record_close(k->record);
        free(k->link);
        close(fds[0]);
        if (fds[2] >= 0)
            close(fds[2]);
        return ENOMEM;
    }
    link_init(k->link, &clock.io, session_payload(k->fd), log);
    link_resume(k->link, record_mark(k->record));
    int rc = buf_adds(&k->link->stream, h->text);
    k->link->io = NULL;
    io_fds_close(&clock);
    if (rc == 0)
        return 0;
    release(k);
    return ENOMEM;
}

int loan_answer(int fd, struct listener_kernel *k, const struct log *log)
{
    struct handover h;
    int fds[HANDOVER_FDS];
    if (handover_receive(fd, &h, fds) != 0)
        return errno;
    if (h.kind == HANDOVER_KERNEL)
        return build(&h, fds, k, log);
    log_error(log, "%s", h.text);
    return EBUSY;
}

/* ---- the thread: the kernel in a new session ---- */

/* Whoever goes on with it expects a T, and would wait for it for ever. */
static void keep(struct loan *l, struct listener_kernel *k)
{
    if (k->link->stream.len == 0 && buf_adds(&k->link->stream, "$T05#b9") != 0) {
        release(k);
        return;
    }
    pthread_mutex_lock(&l->lock);
    if (l->waits)
        release(&l->next);
    l->next = *k;
    l->waits = true;
    pthread_mutex_unlock(&l->lock);
    l->notify(l->context);
}

static void *watch(void *argument)
{
    struct loan *l = argument;
    struct handover h;
    struct listener_kernel k;
    int fds[HANDOVER_FDS];
    while (handover_receive(l->fd, &h, fds) == 0) {
        if (h.kind == HANDOVER_KERNEL && build(&h, fds, &k, NULL) == 0)
            keep(l, &k);
    }
    pthread_mutex_lock(&l->lock);
    l->watched = false;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct loan *loan_begin(int fd, void (*notify)(void *context), void *context)
{
    struct loan *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->fd = fd;
    l->notify = notify;
    l->context = context;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    l->watched = true;
    int error = thread_start(watch, l);
    if (error == 0)
        return l;
    free(l);
    errno = error;
    return NULL;
}

bool loan_waits(struct loan *l)
{
    pthread_mutex_lock(&l->lock);
    bool waits = l->waits;
    pthread_mutex_unlock(&l->lock);
    return waits;
}

bool loan_take(struct loan *l, struct listener_kernel *k)
{
    pthread_mutex_lock(&l->lock);
    bool waits = l->waits;
    *k = l->next;
    l->waits = false;
    pthread_mutex_unlock(&l->lock);
    return waits;
}

void loan_end(struct loan *l, enum handover_kind how)
{
    struct handover h = {.kind = loan_waits(l) ? HANDOVER_PARKED : how};
    (void)handover_send(l->fd, &h, NULL); /* a proxy that has ended does not need it */
    (void)shutdown(l->fd, SHUT_RDWR);
    pthread_mutex_lock(&l->lock);
    while (l->watched)
        pthread_cond_wait(&l->changed, &l->lock);
    if (l->waits)
        release(&l->next);
    pthread_mutex_unlock(&l->lock);
    close(l->fd);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->changed);
    free(l);
}
