/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay of netgdb-tls; see tls.h. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "io/fds.h"
#include "tools/tls.h"

/* The bytes of one direction. */
struct way {
    uint8_t data[TLS_RELAY_BUFFER];
    size_t at, len; /* bytes that are not written yet */
    bool ended;     /* no more bytes follow */
    bool closed;    /* the end was forwarded, or the reader has gone */
};

struct relay {
    struct tls_link *link;
    struct way out, in;   /* from plain to TLS, and back */
    bool hung_up;         /* the plain end is closed in both directions */
    uint64_t linger_till; /* deadline of the last bytes, once an end is closed; 0: none is */
};

static bool is_room(const struct way *w)
{
    return w->len == 0 && !w->ended;
}

static void filled(struct way *w, ssize_t n)
{
    w->at = 0;
    w->len = n > 0 ? (size_t)n : 0;
}

static void gone(struct way *w, ssize_t n)
{
    w->at += (size_t)n;
    w->len -= (size_t)n;
}

/* Drops the bytes of a direction whose reader has gone. */
static void drop_way(struct way *w)
{
    w->len = 0;
    w->ended = w->closed = true;
}

/* ---- plain ---- */

static void read_plain(struct relay *r)
{
    if (!is_room(&r->out))
        return;
    ssize_t n = recv(r->link->plain, r->out.data, sizeof r->out.data, 0);
    filled(&r->out, n);
    r->out.ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void write_plain(struct relay *r)
{
    struct way *w = &r->in;
    ssize_t n = 1;
    while (w->len != 0 && n > 0) {
        n = send(r->link->plain, w->data + w->at, w->len, MSG_NOSIGNAL);
        if (n > 0)
            gone(w, n);
        else if (errno != EAGAIN && errno != EINTR)
            drop_way(w);
    }
    if (w->ended && w->len == 0 && !w->closed) {
        (void)shutdown(r->link->plain, SHUT_WR);
        w->closed = true;
    }
}

/* ---- TLS ---- */

static void start_lingering(struct relay *r)
{
    if (r->linger_till == 0)
        r->linger_till = io_fds_now() + TLS_LINGER;
}

/* Ends both directions. Bytes that have arrived are still sent to the plain end, if it reads them
 * in time: it may wait to send, which ends with this process. */
static void cut(struct relay *r)
{
    drop_way(&r->out);
    r->in.ended = true;
    start_lingering(r);
}

static void read_tls(struct relay *r)
{
    if (!is_room(&r->in))
        return;
    ssize_t n = gnutls_record_recv(r->link->session, r->in.data, sizeof r->in.data);
    filled(&r->in, n);
    r->in.ended = n == 0;
    if (n < 0 && gnutls_error_is_fatal((int)n) != 0)
        cut(r);
}

static void write_tls(struct relay *r)
{
    struct way *w = &r->out;
    ssize_t n = 1;
    while (w->len != 0 && n > 0) {
        n = gnutls_record_send(r->link->session, w->data + w->at, w->len);
        if (n > 0)
            gone(w, n);
        else if (n < 0 && gnutls_error_is_fatal((int)n) != 0)
            cut(r);
    }
    if (w->ended && w->len == 0 && !w->closed) {
        int rc = gnutls_bye(r->link->session, GNUTLS_SHUT_WR);
        w->closed = rc != GNUTLS_E_AGAIN && rc != GNUTLS_E_INTERRUPTED;
    }
}

/* ---- the loop ---- */

static void await_events(struct relay *r)
{
    bool ready = is_room(&r->in) && gnutls_record_check_pending(r->link->session) != 0;
    ready |= is_room(&r->out) && r->hung_up; /* its last bytes, or the end of file */
    short plain = (short)((is_room(&r->out) ? POLLIN : 0) | (r->in.len != 0 ? POLLOUT : 0));
    bool sends = !r->out.closed && !is_room(&r->out);
    short net = (short)((is_room(&r->in) ? POLLIN : 0) | (sends ? POLLOUT : 0));
    /* An error that nothing waits for would be reported all the time. */
    bool watches = net != 0 || (r->in.ended && !r->out.closed);
    struct pollfd fds[] = {{r->hung_up ? -1 : r->link->plain, plain, 0},
                           {watches ? r->link->net : -1, net, 0}};
    int wait = r->linger_till != 0 ? (int)(TLS_LINGER / IO_MS) : -1;
    (void)poll(fds, 2, ready ? 0 : wait);
    if ((fds[1].revents & (POLLHUP | POLLERR)) != 0 && r->in.ended)
        cut(r); /* no reader is left for the error */
    if ((fds[0].revents & (POLLHUP | POLLERR)) == 0 || r->hung_up)
        return;
    r->hung_up = true;
    start_lingering(r);
}

/* True if something is left to relay. */
static bool has_work(struct relay *r)
{
    bool late = r->linger_till != 0 && io_fds_now() >= r->linger_till;
    if (late || (r->hung_up && r->out.closed))
        return false;
    return !r->out.closed || !r->in.closed;
}

void tls_relay(struct tls_link *l)
{
    static struct relay r; /* one a process */
    r.link = l;
    while (has_work(&r)) {
        await_events(&r);
        read_plain(&r);
        write_tls(&r);
        read_tls(&r);
        write_plain(&r);
    }
}
