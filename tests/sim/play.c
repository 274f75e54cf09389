/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole sessions in the simulated world; see play.h. */
#include "tests/sim/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp_server.h"
#include "session/chain.h"
#include "session/lobby.h"
#include "session/serve.h"
#include "tests/sim/gdb.h"
#include "tests/sim/server.h"

enum { CONNECT_SECONDS = 120, SETTLE_SECONDS = 30 };

struct play {
    const struct play_config *config;
    struct play_result result;
    struct sim_world *w;
    struct twin *twin;
    struct lobby lobby;
    struct log log;
    struct io *io; /* of the attached session; NULL before */
    uint32_t ip;
};

struct play_config play_config(uint64_t seed, enum twin_generation generation)
{
    return (struct play_config){
        .seed = seed,
        .generation = generation,
        .exchanges = 25,
        .path = {.delay = 50 * SIM_US, .late_max = 5 * SIM_MS, .mtu = 1500}};
}

/* ---- the lobby's view of the world ---- */

static struct io *open_session(void *context, struct lobby_kernel *k, size_t *payload)
{
    struct play *p = context;
    struct io *io = sim_session(p->w, k->kernel.ip, k->own.port);
    k->own.port = sim_session_port(io);
    *payload = p->config->path.mtu - WIRE_OVERHEAD;
    return io;
}

static void close_session(void *context, struct lobby_kernel *k)
{
    (void)context;
    sim_session_close(k->io);
}

static void announced(void *context, struct lobby_kernel *k)
{
    struct play *p = context;
    (void)k;
    if (p->io != NULL)
        sim_wake(p->io, true);
}

static uint64_t now(void *context)
{
    return sim_now(((struct play *)context)->w);
}

static const struct lobby_ops lobby_ops = {open_session, close_session, announced};

/* What the listener's thread does: HERALDs in, and what came for kernels in the lobby. */
static void pump_lobby(struct play *p)
{
    struct sim_datagram *d;
    struct lobby_kernel *k, *next;
    while ((d = sim_herald_recv(p->w)) != NULL) {
        const struct net_addr from = {d->from.ip, d->from.port};
        lobby_datagram(&p->lobby, &from, SIM_SERVER_IP, d->data, d->len);
        free(d);
    }
    for (k = TAILQ_FIRST(&p->lobby.kernels); k != NULL; k = next) {
        next = TAILQ_NEXT(k, entries);
        lobby_input(&p->lobby, k);
    }
    (void)lobby_tick(&p->lobby);
}

static void pump_again(void *context)
{
    struct play *p = context;
    pump_lobby(p);
    sim_after(p->w, SIM_MS, pump_again, p);
}

static bool successor_waits(void *context)
{
    struct play *p = context;
    sim_wake(p->io, false);
    return lobby_find(&p->lobby, p->ip) != NULL;
}

/* The simulated io cannot change its socket: sessions that go on elsewhere are tested apart. */
static struct link *successor_take(void *context)
{
    (void)context;
    return NULL;
}

/* ---- a session ---- */

static void keep_line(void *context, enum log_level level, const char *line)
{
    struct play *p = context;
    if (level <= LOG_WARN)
        snprintf(p->result.line, sizeof p->result.line, "%s", line);
    if (p->config->verbose)
        printf("%12.6f log: %s\n", (double)sim_now(p->w) / 1e9, line);
}

static void print_trace(void *context, const struct sim_trace *e)
{
    (void)context;
    printf("%12.6f %s #%llu.%u %08x:%u > %08x:%u %zu bytes:", (double)e->time / 1e9, e->what,
           (unsigned long long)e->datagram, e->copy, e->from, e->from_port, e->to, e->to_port,
           e->len);
    for (size_t i = 0; i < e->len && i < 80; i++) {
        if (i < 24 && e->from_port != 0)
            printf("%02x", e->data[i]);
        else
            printf("%c", e->data[i] >= 32 && e->data[i] < 127 ? e->data[i] : '.');
    }
    printf("\n");
}

static struct lobby_kernel *await_kernel(struct play *p)
{
    uint64_t limit = sim_now(p->w) + CONNECT_SECONDS * SIM_SECOND;
    struct lobby_kernel *k = NULL;
    twin_netgdb(p->twin);
    while (k == NULL && sim_now(p->w) < limit && sim_step(p->w)) {
        pump_lobby(p);
        k = lobby_find(&p->lobby, p->ip);
    }
    return k;
}

static void count(struct play *p, const struct link *link, const struct netgdb_stats *stats)
{
    struct play_result *r = &p->result;
    r->sent = link->counters.sent;
    r->received = link->counters.received;
    r->retransmitted = link->counters.retransmitted;
    r->unwanted_plus = link->counters.unwanted_plus;
    r->asked_again = stats->asked_again;
}

static void serve_session(struct play *p, struct lobby_kernel *k)
{
    const struct netgdb_successor successor = {successor_waits, successor_take, p};
    const struct serve_options options = {0};
    struct sim_gdb *gdb = sim_gdb_start(p->w, k->io, twin_machine(p->twin), p->config->exchanges);
    struct server *server = rsp_server_new(k->io, &p->log);
    const struct chain_config config = {.log = &p->log};
    struct chain chain;
    if (chain_for_kernel(&chain, k->link, &successor, &config) == 0) {
        struct target *bottom;
        for (bottom = chain.target; bottom->next != NULL; bottom = bottom->next)
            continue;
        (void)serve(server, chain.target, &options, &p->log);
        count(p, netgdb_target_link(bottom), netgdb_target_stats(bottom));
        chain_close(&chain);
    }
    server_free(server);
    p->result.time = sim_now(p->w) - SIM_START;
    sim_run_for(p->w, SETTLE_SECONDS * SIM_SECOND); /* what is still under way arrives */
    p->result.finished = sim_gdb_finished(gdb);
    p->result.wrong = sim_gdb_wrong(gdb);
    snprintf(p->result.complaint, sizeof p->result.complaint, "%s", sim_gdb_complaint(gdb));
    const struct twin_counts *c = twin_counts(p->twin);
    p->result.resumes_off = (int64_t)(c->steps + c->continues) - sim_gdb_resumes(gdb);
    sim_gdb_free(gdb);
}

struct play_result play(const struct play_config *config)
{
    struct play p = {.config = config};
    struct twin_config kernel = twin_config(config->generation);
    p.w = sim_world_new(config->seed);
    p.log = (struct log){
        .level = config->verbose ? LOG_DEBUG : LOG_WARN, .sink = keep_line, .context = &p};
    kernel.mtu = config->path.mtu;
    p.ip = kernel.ip;
    if (config->verbose)
        sim_set_trace(p.w, print_trace, NULL);
    *sim_path(p.w, p.ip, SIM_TO_KERNEL) = config->path;
    *sim_path(p.w, p.ip, SIM_TO_SERVER) = config->path;
    p.twin = twin_new(p.w, &kernel);
    lobby_init(&p.lobby, &lobby_ops, &p, now, &p.log);
    lobby_admit(&p.lobby, p.ip);

    struct lobby_kernel *k = await_kernel(&p);
    p.result.connected = k != NULL;
    if (k != NULL) {
        lobby_remove(&p.lobby, k);
        p.io = k->io;
        if (config->reboot_at != 0) {
            uint64_t when = sim_now(p.w) + config->reboot_at;
            twin_reboot(p.twin, when, when + 10 * SIM_SECOND);
            sim_after(p.w, SIM_MS, pump_again, &p);
        }
        serve_session(&p, k);
        sim_session_close(k->io);
        free(k);
    }
    p.result.harm = twin_harm(p.twin);
    p.result.gave_up = twin_counts(p.twin)->gave_up;
    p.result.requests = twin_counts(p.twin)->requests;
    p.result.hash = sim_trace_hash(p.w);
    lobby_free(&p.lobby);
    twin_free(p.twin);
    sim_world_free(p.w);
    return p.result;
}
