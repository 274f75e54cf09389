/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A world on the real clock with a real socket; see real.h. */
#include "tests/sim/real.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "io/os.h"
#include "tests/sim/private.h"
#include "tests/sim/server.h"

enum { IP_UDP = 28 };
#define NO_SLEEP (30 * SIM_US) /* the minimum duration of a sleep: shorter ones are skipped */
#define WIRE                                                                                       \
    (50 * SIM_US) /* delay to the kernel: on a real wire no ack arrives before its first poll */

struct sim_real {
    struct sim_world *w;
    struct sim_addr kernel;
    int fd;
    struct sockaddr_in server;
    uint64_t ahead; /* real time minus the world's time */
    uint64_t received, sent;
};

static uint64_t clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SIM_SECOND + (uint64_t)t.tv_nsec;
}

/* The real time in terms of the world's clock. */
static uint64_t real_now(const struct sim_real *r)
{
    return clock_now() - r->ahead;
}

/* A datagram that cannot be sent is lost, as on any network. */
static void leave(void *context, struct sim_datagram *d)
{
    struct sim_real *r = context;
    struct sockaddr_in to = r->server;
    if (d->to.port != SIM_HERALD_PORT)
        to.sin_port = htons(d->to.port);
    (void)sendto(r->fd, d->data, d->len, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof to);
    r->sent++;
    free(d);
}

/* Passes received datagrams to the world. */
static void enter(struct sim_real *r)
{
    uint8_t data[SIM_DATAGRAM_MAX];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n;
    while ((n = recvfrom(r->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &len)) >=
           0) {
        bool known = from.sin_addr.s_addr == r->server.sin_addr.s_addr;
        const struct sim_addr whom = {known ? SIM_SERVER_IP : ntohl(from.sin_addr.s_addr),
                                      ntohs(from.sin_port)};
        r->received++;
        (void)sim_send(r->w, whom, r->kernel, data, (size_t)n);
        len = sizeof from;
    }
}

/* A clean path: the faults of the real network are added. */
static void clear_path(struct sim_world *w, uint32_t ip)
{
    for (int d = SIM_TO_KERNEL; d <= SIM_TO_SERVER; d++)
        *sim_path(w, ip, (enum sim_direction)d) = (struct sim_path){
            .mtu = SIM_DATAGRAM_MAX + IP_UDP, .delay = d == SIM_TO_KERNEL ? WIRE : 0};
}

struct sim_real *sim_real_new(struct sim_world *w, uint32_t kernel_ip, int fd,
                              const struct sockaddr_in *server)
{
    struct sim_real *r = sim_alloc(sizeof *r);
    *r = (struct sim_real){.w = w,
                           .kernel = {kernel_ip, SIM_KERNEL_PORT},
                           .fd = fd,
                           .server = *server,
                           .ahead = clock_now() - sim_now(w)};
    clear_path(w, kernel_ip);
    sim_set_ceiling(w, SIM_NEVER);
    sim_host_remove(w, SIM_SERVER_IP);
    sim_host_add(w, SIM_SERVER_IP, leave, r);
    os_exact_timers();
    return r;
}

void sim_real_free(struct sim_real *r)
{
    sim_host_remove(r->w, SIM_SERVER_IP);
    free(r);
}

/* Events run at their times on the world's clock, even if they are late in real time. */
static void catch_up(struct sim_real *r)
{
    do {
        uint64_t next = sim_next_event(r->w), now = real_now(r);
        uint64_t due = next < now ? next : now;
        sim_run_until(r->w, due - 1);
        enter(r);
        sim_run_until(r->w, due);
    } while (sim_next_event(r->w) <= real_now(r));
}

void sim_real_turn(struct sim_real *r, const sigset_t *mask)
{
    struct pollfd fd = {.fd = r->fd, .events = POLLIN};
    uint64_t next = sim_next_event(r->w), now = real_now(r);
    if (next > now + NO_SLEEP) {
        uint64_t left = next - now;
        const struct timespec limit = {(time_t)(left / SIM_SECOND), (long)(left % SIM_SECOND)};
        (void)ppoll(&fd, 1, next != SIM_NEVER ? &limit : NULL, mask);
    }
    catch_up(r);
}

uint64_t sim_real_received(const struct sim_real *r)
{
    return r->received;
}

uint64_t sim_real_sent(const struct sim_real *r)
{
    return r->sent;
}
