/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole sessions in the simulated world; see play.h. */
#include "tests/sim/play.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cache/cache.h"
#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/chain.h"
#include "session/serve.h"
#include "tests/sim/gdb.h"
#include "tests/sim/lobby_view.h"
#include "tests/sim/server.h"

enum {
    CONNECT_SECONDS = 120,
    SETTLE_SECONDS = 30,
    OPERATOR_SECONDS = 20,
    SESSIONS_MAX = 4,
    MANY_THREADS = 100
};

struct play {
    const struct play_config *config;
    struct play_result result;
    struct sim_world *w;
    struct twin *twin;
    struct lobby lobby;
    struct lobby_view view;
    struct log log;
    struct session *kernel; /* attached; NULL: none */
    struct sim_gdb *gdb;
    struct link_session_state session_state;
    uint32_t ip;
    bool killed; /* the server was killed, and the next one takes its session over */
    bool told_to_end, serving, pumped;
    bool at_db;           /* it was at db> at the operator's previous check */
    unsigned replaced;    /* sessions that continued with the stop of a new session */
    unsigned errors;      /* lines of the log */
    unsigned interrupted; /* steps and continues without an answer */
    int64_t resumes;      /* steps and continues with an answer */
};

/* The continuation after a failure of the world. */
static _Thread_local jmp_buf failed;
static _Thread_local char failure[300];

static void world_failed(const char *line)
{
    snprintf(failure, sizeof failure, "%s", line);
    longjmp(failed, 1);
}

struct play_config play_config(uint64_t seed, enum twin_generation generation)
{
    return (struct play_config){
        .seed = seed,
        .generation = generation,
        .exchanges = 25,
        .think = 3 * SIM_MS,
        .poll = SIM_MS / 2,
        .path = {.delay = 50 * SIM_US, .late_max = 5 * SIM_MS, .mtu = 1500}};
}

bool play_is_safe(const struct play_result *r)
{
    return r->wrong == 0 && r->harm == 0 && r->resumes_off == 0 && !r->silent && !r->deaf &&
           !r->stuck;
}

/* ---- the lobby ---- */

static void pump_again(void *context)
{
    struct play *p = context;
    p->pumped = true;
    lobby_view_run(&p->view);
    sim_after(p->w, 5 * SIM_MS, pump_again, p);
}

static bool successor_waits(void *context)
{
    return lobby_view_has_successor(&((struct play *)context)->view);
}

/* The kernel that was running stopped in a new session: the old one's GDB gets that stop. */
static struct link *successor_take(void *context)
{
    struct play *p = context;
    struct session *k = lobby_announced(&p->lobby, p->ip);
    struct link *link = k->link;
    lobby_remove(&p->lobby, k);
    sim_session_adopt(p->kernel->io, k->io);
    link->io = p->kernel->io;
    link_keep_session_state(link, &p->session_state);
    link->fixed_retry = p->config->fixed_retry;
    p->kernel->own = k->own;
    p->replaced++;
    free(k);
    sim_gdb_reload(p->gdb, twin_machine(p->twin), twin_thread(p->twin));
    return link;
}

/* ---- events of a session ---- */

static void kill_program(void *context)
{
    struct play *p = context;
    if (p->kernel == NULL)
        return;
    p->killed = true;
    sim_session_kill(p->kernel->io);
}

static void end_proxy(void *context)
{
    struct play *p = context;
    if (p->kernel == NULL)
        return;
    p->told_to_end = true;
    sim_wake(p->kernel->io, true);
}

static bool is_told_to_end(void *context)
{
    return ((struct play *)context)->told_to_end;
}

/* Whether another server takes the session over. */
static bool has_next_server(const struct play_config *c)
{
    return c->gdb == PLAY_GDB_KILLED || c->gdb == PLAY_PROXY_RESTARTS;
}

/*
 * The operator: types `netgdb` again at a kernel that gave up, and is back at db> while we still
 * wait for its stop. That session counts as failed. So does one of a kernel that gave up after a
 * step; that kernel reboots first.
 */
static void operate(void *context)
{
    struct play *p = context;
    bool before = p->at_db;
    if (twin_phase(p->twin) == TWIN_GONE && twin_counts(p->twin)->lost_by_silence != 0)
        twin_reboot(p->twin, sim_now(p->w), SIM_NEVER);
    p->at_db = p->serving && twin_phase(p->twin) == TWIN_DDB;
    if (p->at_db && before) {
        p->result.abandoned = true;
        twin_netgdb(p->twin);
    }
    if (p->at_db && !p->pumped)
        pump_again(p);
    sim_after(p->w, OPERATOR_SECONDS * SIM_SECOND, operate, p);
}

static void jump(void *context)
{
    struct play *p = context;
    sim_clock_jump(p->w, p->config->jump_by);
}

static void plan(struct play *p)
{
    const struct play_config *c = p->config;
    uint64_t start = sim_now(p->w);
    if (c->reboot_at != 0)
        twin_reboot(p->twin, start + c->reboot_at, start + c->reboot_at + 10 * SIM_SECOND);
    if (has_next_server(c))
        sim_at(p->w, start + c->kill_at, c->gdb == PLAY_GDB_KILLED ? kill_program : end_proxy, p);
    if (c->jump_by != 0)
        sim_at(p->w, start + c->jump_at, jump, p);
    for (int way = SIM_TO_KERNEL; c->block_for != 0 && way <= SIM_TO_SERVER; way++)
        sim_block(p->w, p->ip, (enum sim_direction)way, start + c->block_at,
                  start + c->block_at + c->block_for);
}

static void lose_nothing(struct sim_path *path)
{
    path->loss = 0;
    path->bursts = (struct sim_bursts){0};
}

static void set_paths(struct play *p)
{
    struct sim_path *to_kernel = sim_path(p->w, p->ip, SIM_TO_KERNEL);
    struct sim_path *to_server = sim_path(p->w, p->ip, SIM_TO_SERVER);
    *to_kernel = *to_server = p->config->path;
    if (p->config->only_kernel_pauses)
        to_kernel->pause = to_kernel->reorder = 0;
    if (p->config->way == PLAY_TO_KERNEL)
        lose_nothing(to_server);
    if (p->config->way == PLAY_TO_SERVER)
        lose_nothing(to_kernel);
}

static void keep_line(void *context, enum log_level level, const char *line)
{
    struct play *p = context;
    p->errors += level == LOG_ERROR;
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

/* ---- a session ---- */

/* Returns the next kernel of the lobby, or NULL. */
static struct session *await_kernel(struct play *p)
{
    uint64_t limit = sim_now(p->w) + CONNECT_SECONDS * SIM_SECOND;
    struct session *k;
    while ((k = lobby_announced(&p->lobby, p->ip)) == NULL && sim_now(p->w) < limit &&
           sim_step(p->w))
        lobby_view_run(&p->view);
    if (k == NULL)
        return NULL;
    lobby_remove(&p->lobby, k);
    link_keep_session_state(k->link, &p->session_state);
    k->link->fixed_retry = p->config->fixed_retry;
    return k;
}

static void count(struct play *p, const struct link *link, const struct netgdb_stats *stats)
{
    struct play_result *r = &p->result;
    r->sent += link->counters.sent;
    r->received += link->counters.received;
    r->retransmitted += link->counters.retransmitted;
    r->unexpected_peer_acks += link->counters.unexpected_peer_acks;
    r->asked_again += stats->asked_again;
}

/* Serves GDB until it or the kernel ends the session. Returns the result of serve.h. */
static int serve_gdb(struct play *p, struct server *server)
{
    const struct netgdb_successor successor = {successor_waits, successor_take, p};
    const struct serve_options options = {
        .park = p->config->gdb == PLAY_PROXY_RESTARTS, .ended = is_told_to_end, .context = p};
    const struct options chosen = {.cache = p->config->seed % 4 == 1 || p->config->streams,
                                   .rtos = "off"};
    const struct chain_config config = {.options = &chosen, .log = &p->log};
    struct chain chain;
    struct target *netgdb = netgdb_target_new(p->kernel->link, &p->log, &successor);
    int end = netgdb != NULL ? chain_renew(&chain, netgdb, &config) : NETGDB_NOMEM;
    if (end != 0) {
        target_free(netgdb);
        return end;
    }
    p->serving = true;
    end = serve(server, chain.target, &options, &p->log);
    p->killed |= p->told_to_end && (end == SERVE_PARKED || end == SERVE_RUNNING);
    p->serving = p->told_to_end = false;
    count(p, netgdb_target_link(chain.netgdb), netgdb_target_stats(chain.netgdb));
    chain_close(&chain);
    return end;
}

static void gdb_ends(struct play *p)
{
    struct play_result *r = &p->result;
    r->wrong += sim_gdb_wrong(p->gdb);
    p->resumes += sim_gdb_resumes(p->gdb);
    p->interrupted += sim_gdb_interrupted(p->gdb);
    if (r->complaint[0] == '\0')
        snprintf(r->complaint, sizeof r->complaint, "%s", sim_gdb_complaint(p->gdb));
    sim_gdb_free(p->gdb);
    p->gdb = NULL;
}

/* Whether the session ended as intended. Lets datagrams in flight arrive. */
static bool serve_session(struct play *p)
{
    const struct play_config *c = p->config;
    struct io *io = p->kernel->io;
    p->gdb = sim_gdb_start(p->w, io, twin_machine(p->twin), c->exchanges);
    sim_gdb_think(p->gdb, c->think);
    sim_gdb_only(p->gdb, c->asks);
    if (c->threads >= MANY_THREADS)
        sim_gdb_long_list(p->gdb);
    if (c->streams)
        sim_gdb_stream(p->gdb);
    if (c->gdb == PLAY_GDB_LEAVES)
        sim_gdb_leave_at(p->gdb, 1 + (unsigned)sim_below(p->w, c->exchanges));
    struct server *server = rsp_server_new(io, &p->log);
    int end = serve_gdb(p, server);
    server_free(server);
    p->result.sessions++;
    p->result.time = sim_now(p->w) - SIM_START;
    if (!p->killed) /* a killed server is restarted at once */
        sim_run_for(p->w, SETTLE_SECONDS * SIM_SECOND);
    bool finished = c->gdb == PLAY_GDB_LEAVES ? end == SERVE_DETACHED || end == SERVE_RUNNING
                                              : sim_gdb_finished(p->gdb);
    finished |= p->killed && sim_gdb_detaching(p->gdb);
    gdb_ends(p);
    return finished;
}

/* Whether another planned session follows; waits for it. */
static bool goes_on(struct play *p, uint64_t reboot)
{
    struct net_addr own = p->kernel->own, kernel = p->kernel->kernel;
    bool killed = p->killed;
    struct link_session_state session_state = p->session_state;
    sim_session_close(p->kernel->io);
    free(p->kernel);
    p->kernel = NULL;
    p->killed = false;
    if (p->result.finished)
        return false;
    if (killed && lobby_announced(&p->lobby, p->ip) == NULL)
        (void)lobby_take_over(&p->lobby, &own, &kernel, &session_state);
    if (!killed && (reboot == 0 || sim_now(p->w) < reboot))
        return false;
    p->kernel = await_kernel(p);
    return p->kernel != NULL;
}

/* After a failed session: types `netgdb -s` at the kernel, which is back at db>. */
static bool next_herald_is_taken(struct play *p)
{
    if (twin_phase(p->twin) != TWIN_DDB)
        return true;
    set_paths(p);
    lose_nothing(sim_path(p->w, p->ip, SIM_TO_KERNEL));
    lose_nothing(sim_path(p->w, p->ip, SIM_TO_SERVER));
    twin_netgdb(p->twin);
    p->kernel = await_kernel(p);
    if (p->kernel == NULL)
        return false;
    link_free(p->kernel->link);
    free(p->kernel->link);
    sim_session_close(p->kernel->io);
    free(p->kernel);
    p->kernel = NULL;
    return true;
}

static void play_sessions(struct play *p)
{
    struct play_result *r = &p->result;
    uint64_t reboot = p->config->reboot_at;
    reboot += reboot != 0 ? sim_now(p->w) : 0;
    plan(p);
    if (reboot != 0 || has_next_server(p->config))
        pump_again(p);
    operate(p);
    do {
        p->errors = 0;
        r->finished = serve_session(p);
        r->silent |= !r->finished && !p->killed && p->errors == 0;
    } while (goes_on(p, reboot) && r->sessions < SESSIONS_MAX);
    r->late |= sim_path(p->w, p->ip, SIM_TO_KERNEL)->latest > LINK_LATENESS_PROVEN;
    r->finished &= !r->abandoned;
    if (!r->finished)
        r->deaf = !next_herald_is_taken(p);
}

static void judge_result(struct play *p)
{
    struct play_result *r = &p->result;
    const struct twin_counts *c = twin_counts(p->twin);
    int64_t off = (int64_t)(c->steps + c->continues) - p->resumes;
    /* Before a detach after a step, quirks lets the kernel run into a breakpoint. */
    int64_t most = (int64_t)(p->interrupted + r->sessions);
    bool may_be = off >= -(int64_t)p->replaced && off <= most;
    r->resumes_off = may_be ? 0 : off;
    r->harm = twin_harm(p->twin);
    r->gave_up = c->gave_up;
    r->requests = c->requests;
    r->messages = c->messages;
    r->sending = c->sending;
    r->replied = c->replied;
    r->replies = c->replies;
    r->transmissions = c->transmissions;
    r->repeats = c->retransmissions;
    r->hash = sim_trace_hash(p->w);
}

/* Everything is created here, so that it can be freed after a failure. */
static void make(struct play *p)
{
    const struct play_config *config = p->config;
    struct twin_config kernel = twin_config(config->generation);
    p->w = sim_world_new(config->seed);
    p->log = (struct log){
        .level = config->verbose ? LOG_DEBUG : LOG_WARN, .sink = keep_line, .context = p};
    kernel.mtu = config->path.mtu;
    kernel.poll = config->poll;
    kernel.threads = config->threads;
    p->ip = kernel.ip;
    if (config->verbose)
        sim_set_trace(p->w, print_trace, NULL);
    sim_set_failure(p->w, world_failed);
    set_paths(p);
    sim_set_judge(p->w, config->judge, config->judge_context);
    p->twin = twin_new(p->w, &kernel);
    lobby_view_init(&p->view, p->w, &p->lobby, &p->kernel, p->ip, &p->log);
}

struct play_result play(const struct play_config *config)
{
    struct play *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->config = config;
    make(p);
    if (setjmp(failed) != 0) { /* memory of the code under test is leaked */
        p->result.stuck = true;
        p->result.finished = false;
        snprintf(p->result.line, sizeof p->result.line, "%s", failure);
    } else {
        twin_netgdb(p->twin);
        p->kernel = await_kernel(p);
        p->result.connected = p->kernel != NULL;
        if (p->kernel != NULL)
            play_sessions(p);
    }
    judge_result(p);
    lobby_free(&p->lobby);
    twin_free(p->twin);
    sim_world_free(p->w);
    struct play_result result = p->result;
    free(p);
    return result;
}
