/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated network: hosts, paths and their faults; see net.h. */
#include "tests/sim/net.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"

enum { IP_UDP = 28, HOSTS_MAX = 16 };

struct host {
    uint32_t ip;
    sim_deliver *deliver;
    void *context;
};

struct block {
    uint32_t ip;
    enum sim_direction direction;
    uint64_t start, end;
};

/* Both directions between the server's host and one other address. */
struct line {
    uint32_t ip;
    struct sim_path path[2];
    uint64_t last_arrival[2]; /* of datagrams without a fault, to keep their order */
};

struct sim_net {
    struct host hosts[HOSTS_MAX];
    size_t hosts_used;
    struct line *lines[HOSTS_MAX];
    size_t lines_used;
    struct block *blocks;
    size_t blocks_used;
    uint64_t sends;
    sim_judge *judge;
    void *judge_context;
    struct flight *flights; /* datagrams in flight, for sim_net_free */
};

/* A datagram in flight. */
struct flight {
    struct sim_world *w;
    struct sim_datagram *datagram;
    struct flight *next, **back;
};

struct sim_net *sim_net_new(void)
{
    return sim_alloc(sizeof(struct sim_net));
}

static void unlink_flight(struct flight *f)
{
    *f->back = f->next;
    if (f->next != NULL)
        f->next->back = f->back;
    free(f);
}

void sim_net_free(struct sim_net *net)
{
    while (net->flights != NULL) {
        free(net->flights->datagram);
        unlink_flight(net->flights);
    }
    for (size_t i = 0; i < net->lines_used; i++)
        free(net->lines[i]);
    free(net->blocks);
    free(net);
}

void sim_host_add(struct sim_world *w, uint32_t ip, sim_deliver *deliver, void *context)
{
    struct sim_net *net = sim_world_net(w);
    if (net->hosts_used == HOSTS_MAX)
        sim_fail(w, "more than %d hosts", HOSTS_MAX);
    net->hosts[net->hosts_used++] = (struct host){ip, deliver, context};
}

void sim_host_remove(struct sim_world *w, uint32_t ip)
{
    struct sim_net *net = sim_world_net(w);
    for (size_t i = 0; i < net->hosts_used; i++) {
        if (net->hosts[i].ip == ip)
            net->hosts[i--] = net->hosts[--net->hosts_used];
    }
}

static const struct host *find_host(const struct sim_net *net, uint32_t ip)
{
    for (size_t i = 0; i < net->hosts_used; i++) {
        if (net->hosts[i].ip == ip)
            return &net->hosts[i];
    }
    return NULL;
}

static struct line *find_line(struct sim_world *w, uint32_t ip)
{
    static const struct sim_path defaults = {
        .delay = 50 * SIM_US, .late_max = 5 * SIM_MS, .mtu = 1500};
    struct sim_net *net = sim_world_net(w);
    for (size_t i = 0; i < net->lines_used; i++) {
        if (net->lines[i]->ip == ip)
            return net->lines[i];
    }
    if (net->lines_used == HOSTS_MAX)
        sim_fail(w, "more than %d paths", HOSTS_MAX);
    struct line *line = net->lines[net->lines_used++] = sim_alloc(sizeof *line);
    line->ip = ip;
    line->path[SIM_TO_KERNEL] = line->path[SIM_TO_SERVER] = defaults;
    return line;
}

struct sim_path *sim_path(struct sim_world *w, uint32_t kernel_ip, enum sim_direction direction)
{
    return &find_line(w, kernel_ip)->path[direction];
}

void sim_block(struct sim_world *w, uint32_t kernel_ip, enum sim_direction direction,
               uint64_t start, uint64_t end)
{
    struct sim_net *net = sim_world_net(w);
    net->blocks = sim_realloc(net->blocks, (net->blocks_used + 1) * sizeof *net->blocks);
    net->blocks[net->blocks_used++] = (struct block){kernel_ip, direction, start, end};
}

void sim_set_judge(struct sim_world *w, sim_judge *judge, void *context)
{
    sim_world_net(w)->judge = judge;
    sim_world_net(w)->judge_context = context;
}

void sim_trace_datagram(struct sim_world *w, const char *what, const struct sim_datagram *d)
{
    sim_trace(w, &(struct sim_trace){.time = sim_now(w),
                                     .what = what,
                                     .datagram = d->id,
                                     .copy = d->copy,
                                     .from = d->from.ip,
                                     .to = d->to.ip,
                                     .from_port = d->from.port,
                                     .to_port = d->to.port,
                                     .data = d->data,
                                     .len = d->len});
}

static bool blocked(const struct sim_net *net, uint32_t ip, enum sim_direction direction,
                    uint64_t now)
{
    for (size_t i = 0; i < net->blocks_used; i++) {
        const struct block *b = &net->blocks[i];
        if (b->ip == ip && b->direction == direction && b->start <= now && now < b->end)
            return true;
    }
    return false;
}

static void arrive(void *context)
{
    struct flight *f = context;
    struct sim_world *w = f->w;
    struct sim_datagram *d = f->datagram;
    const struct host *host = find_host(sim_world_net(w), d->to.ip);

    unlink_flight(f);
    if (host == NULL) {
        sim_trace_datagram(w, "no such host", d);
        free(d);
        return;
    }
    sim_trace_datagram(w, d->copy != 0 ? "copy delivered" : "delivered", d);
    host->deliver(host->context, d);
}

static void fly(struct sim_world *w, struct sim_datagram *d, uint64_t arrival)
{
    struct sim_net *net = sim_world_net(w);
    struct flight *f = sim_alloc(sizeof *f);
    *f = (struct flight){.w = w, .datagram = d, .next = net->flights, .back = &net->flights};
    if (net->flights != NULL)
        net->flights->back = &f->next;
    net->flights = f;
    sim_at(w, arrival, arrive, f);
}

static struct sim_datagram *duplicate(const struct sim_datagram *d)
{
    struct sim_datagram *copy = sim_alloc(sizeof *d + d->len);
    memcpy(copy, d, sizeof *d + d->len);
    copy->copy = 1;
    return copy;
}

static bool lost_in_burst(struct sim_world *w, struct sim_path *p)
{
    const struct sim_bursts *b = &p->bursts;
    if (sim_chance(w, p->in_burst ? b->to_good : b->to_bad))
        p->in_burst = !p->in_burst;
    return sim_chance(w, p->in_burst ? b->loss_bad : b->loss_good);
}

/* Returns the reason for which the path drops the datagram; NULL: none. */
static const char *dropped(struct sim_world *w, struct sim_path *p, const struct sim_datagram *d,
                           bool is_blocked)
{
    if (d->len + IP_UDP > p->mtu)
        return p->too_long++, "longer than the MTU";
    if (is_blocked)
        return p->blocked++, "blocked";
    if (sim_chance(w, p->loss) || lost_in_burst(w, p))
        return p->lost++, "lost";
    if (sim_chance(w, p->corrupt))
        return p->corrupted++, "corrupt, dropped by its checksum";
    return NULL;
}

/* Faults that change the datagram and let it through. */
static void change(struct sim_world *w, struct sim_path *p, struct sim_datagram *d)
{
    if (d->len > 0 && sim_chance(w, p->mangle)) {
        d->data[sim_below(w, d->len)] ^= (uint8_t)(1 + sim_below(w, 255));
        p->mangled++;
        sim_trace_datagram(w, "mangled", d);
    }
    if (d->len > 0 && sim_chance(w, p->truncate)) {
        d->len = (size_t)sim_below(w, d->len);
        p->truncated++;
        sim_trace_datagram(w, "truncated", d);
    }
}

/* Returns the arrival time of a datagram sent now: in order, unless the path delays it. */
static uint64_t arrival(struct sim_world *w, struct line *line, enum sim_direction direction)
{
    struct sim_path *p = &line->path[direction];
    uint64_t when = sim_now(w) + p->delay + (p->jitter > 0 ? sim_below(w, p->jitter) : 0);
    if (p->late_max > 0 && sim_chance(w, p->reorder)) {
        uint64_t late = p->late_min + 1 + sim_below(w, p->late_max - p->late_min);
        p->reordered++;
        p->latest = late > p->latest ? late : p->latest;
        return when + late;
    }
    if (sim_chance(w, p->pause)) {
        when += p->pause_min + sim_below(w, p->pause_max - p->pause_min + 1);
        p->paused++;
    }
    if (when < line->last_arrival[direction])
        when = line->last_arrival[direction];
    return line->last_arrival[direction] = when;
}

/* Sends a duplicate of `d`, which arrives at `when`. */
static void fly_copy(struct sim_world *w, struct sim_path *p, const struct sim_datagram *d,
                     uint64_t when, uint64_t late)
{
    if (late == 0 && !p->copies_at_once && p->late_max > 0)
        late = 1 + sim_below(w, p->late_max);
    p->latest = late > p->latest ? late : p->latest;
    p->duplicated++;
    p->delivered++;
    fly(w, duplicate(d), when + late);
}

/* Takes the datagram through a path. */
static void travel(struct sim_world *w, struct line *line, enum sim_direction direction,
                   struct sim_datagram *d)
{
    struct sim_net *net = sim_world_net(w);
    struct sim_path *p = &line->path[direction];
    uint64_t late = 0;
    enum sim_fate fate =
        net->judge != NULL ? net->judge(net->judge_context, d, &late) : SIM_DEFAULT;
    const char *why = fate == SIM_LOSE ? "lost by the judge" : NULL;

    p->sent++;
    if (fate == SIM_DEFAULT)
        why = dropped(w, p, d, blocked(net, line->ip, direction, sim_now(w)));
    if (why != NULL) {
        sim_trace_datagram(w, why, d);
        free(d);
        return;
    }
    if (fate == SIM_DEFAULT)
        change(w, p, d);
    uint64_t when = fate == SIM_DEFAULT ? arrival(w, line, direction) : sim_now(w) + p->delay;
    bool twice = fate == SIM_TWICE || (fate == SIM_DEFAULT && sim_chance(w, p->duplicate));
    if (!twice)
        when += late;
    p->delivered++;
    fly(w, d, when);
    if (twice)
        fly_copy(w, p, d, when, late);
}

uint64_t sim_send(struct sim_world *w, struct sim_addr from, struct sim_addr to, const void *data,
                  size_t len)
{
    struct sim_net *net = sim_world_net(w);
    enum sim_direction direction = to.ip == SIM_SERVER_IP ? SIM_TO_SERVER : SIM_TO_KERNEL;
    if (len > SIM_DATAGRAM_MAX)
        sim_fail(w, "a datagram of %zu bytes", len);
    struct sim_datagram *d = sim_alloc(sizeof *d + len);
    *d = (struct sim_datagram){.id = ++net->sends,
                               .sent_at = sim_now(w),
                               .from = from,
                               .to = to,
                               .digest = sim_hash(SIM_HASH, data, len),
                               .len = len};
    memcpy(d->data, data, len);
    sim_trace_datagram(w, "sent", d);
    travel(w, find_line(w, direction == SIM_TO_SERVER ? from.ip : to.ip), direction, d);
    return net->sends;
}
