/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One session in the simulated world, for tests; see rig.h. */
#include "tests/sim/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/kernel/send_delay.h"
#include "tests/sim/private.h"

enum { CONNECT_LIMIT = 60 };

static void die(const char *line)
{
    fail_msg("%s", line);
}

/* ---- recorded datagrams ---- */

static enum rig_kind kind_of(const uint8_t *data, size_t len, bool ours, struct wire_msg *msg)
{
    if (wire_decode(data, len, msg) != 0)
        return RIG_OTHER;
    if (msg->type == WIRE_IS_ACK)
        return ours ? RIG_OUR_ACK : RIG_KERNEL_ACK;
    if (msg->type == WIRE_DATA)
        return ours ? RIG_OUR_DATA : RIG_KERNEL_DATA;
    return msg->type == WIRE_HERALD ? RIG_HERALD : RIG_OTHER;
}

static void keep(void *context, const struct sim_trace *e)
{
    struct rig *r = context;
    struct wire_msg msg;
    if (strcmp(e->what, "sent") != 0)
        return;
    if (r->sent_used == r->sent_room) {
        r->sent_room = r->sent_room != 0 ? 2 * r->sent_room : 256;
        r->sent = sim_realloc(r->sent, r->sent_room * sizeof *r->sent);
    }
    struct rig_datagram *d = &r->sent[r->sent_used++];
    *d = (struct rig_datagram){.time = e->time, .from_port = e->from_port, .to_port = e->to_port};
    d->kind = kind_of(e->data, e->len, e->from == SIM_SERVER_IP, &msg);
    d->seqno = msg.seqno;
    d->len = msg.len;
    if (msg.len != 0)
        memcpy(d->text, msg.data, msg.len < sizeof d->text ? msg.len : sizeof d->text - 1);
}

static bool is_like(enum rig_kind kind, const char *text, const struct wire_msg *msg,
                    enum rig_kind its)
{
    size_t n = text != NULL ? strlen(text) : 0;
    return its == kind && (n == 0 || (msg->len >= n && memcmp(msg->data, text, n) == 0));
}

static enum sim_fate judge(void *context, const struct sim_datagram *d, uint64_t *late)
{
    struct rig *r = context;
    struct wire_msg msg;
    enum rig_kind kind = kind_of(d->data, d->len, d->from.ip == SIM_SERVER_IP, &msg);
    for (unsigned i = 0; i < r->rules_used; i++) {
        struct rig_rule *rule = &r->rules[i];
        if (!is_like(rule->kind, rule->text, &msg, kind) || rule->count == 0)
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        rule->count--;
        *late = rule->late;
        return rule->fate;
    }
    return SIM_DEFAULT;
}

void rig_fate(struct rig *r, enum rig_kind kind, const char *text, unsigned skip, unsigned count,
              enum sim_fate fate, uint64_t late)
{
    assert_true(r->rules_used < RIG_RULES);
    r->rules[r->rules_used++] = (struct rig_rule){kind, text, skip, count, fate, late};
}

void rig_no_fates(struct rig *r)
{
    r->rules_used = 0;
}

void rig_block(struct rig *r, uint64_t time)
{
    uint64_t start = sim_now(r->w);
    sim_block(r->w, RIG_KERNEL_IP, SIM_TO_KERNEL, start, start + time);
    sim_block(r->w, RIG_KERNEL_IP, SIM_TO_SERVER, start, start + time);
}

const struct rig_datagram *rig_nth(const struct rig *r, enum rig_kind kind, const char *text,
                                   size_t n)
{
    for (size_t i = 0; i < r->sent_used; i++) {
        const struct rig_datagram *d = &r->sent[i];
        if (d->kind == kind && (text == NULL || strcmp(d->text, text) == 0) && n-- == 0)
            return d;
    }
    return NULL;
}

size_t rig_count(const struct rig *r, enum rig_kind kind, const char *text)
{
    size_t n = 0;
    while (rig_nth(r, kind, text, n) != NULL)
        n++;
    return n;
}

size_t rig_acks(const struct rig *r, uint32_t seqno)
{
    size_t n = 0;
    for (size_t i = 0; i < r->sent_used; i++)
        n += r->sent[i].kind == RIG_OUR_ACK && r->sent[i].seqno == seqno;
    return n;
}

void rig_expect_order(const struct rig *r)
{
    const struct rig_datagram *last = NULL;
    bool known = true, replied = true;
    for (size_t i = 0; i < r->sent_used; i++) {
        const struct rig_datagram *d = &r->sent[i];
        if (d->kind == RIG_KERNEL_ACK && last != NULL && d->seqno == last->seqno)
            known = true;
        if (d->kind == RIG_KERNEL_DATA)
            known = replied = true;
        if (d->kind != RIG_OUR_DATA || (last != NULL && d->seqno == last->seqno))
            continue;
        assert_int_equal(d->seqno, last != NULL ? last->seqno + 1 : 1);
        assert_true(known);
        assert_null(strchr(d->text, 3));
        if (d->text[0] == '$')
            assert_true(last != NULL && strcmp(last->text, "+") == 0);
        else
            assert_true(strcmp(d->text, "+") == 0 && replied);
        last = d;
        known = replied = false;
    }
}

/* ---- the lobby ---- */

void rig_lobby(struct rig *r)
{
    lobby_view_run(&r->view);
}

static void lobby_again(void *context)
{
    struct rig *r = context;
    rig_lobby(r);
    sim_after(r->w, SIM_MS, lobby_again, r);
}

void rig_keep_lobby(struct rig *r)
{
    lobby_again(r);
}

struct session *rig_await(struct rig *r, uint64_t limit)
{
    struct session *k = NULL;
    uint64_t end = sim_now(r->w) + limit;
    while (k == NULL && sim_now(r->w) < end) {
        uint64_t next = sim_next_event(r->w), tick = sim_now(r->w) + SIM_MS;
        sim_run_until(r->w, next < tick ? next : tick);
        rig_lobby(r);
        k = lobby_announced(&r->lobby, RIG_KERNEL_IP);
    }
    assert_non_null(k);
    return k;
}

/* ---- the target ---- */

static bool successor_waits(void *context)
{
    return lobby_view_has_successor(&((struct rig *)context)->view);
}

/* The simulated io cannot change its socket: the new session's link keeps its own io. */
static struct link *successor_take(void *context)
{
    struct rig *r = context;
    struct session *k = lobby_announced(&r->lobby, RIG_KERNEL_IP);
    lobby_remove(&r->lobby, k);
    sim_session_close(r->kernel->io);
    free(r->kernel);
    r->kernel = k;
    return k->link;
}

void rig_take(struct rig *r, struct session *k)
{
    const struct netgdb_successor successor = {successor_waits, successor_take, r};
    lobby_remove(&r->lobby, k);
    r->kernel = k;
    r->port = k->own.port;
    r->target = netgdb_target_new(k->link, &r->log, &successor);
    assert_non_null(r->target);
}

void rig_connect(struct rig *r)
{
    twin_netgdb(r->twin);
    rig_take(r, rig_await(r, CONNECT_LIMIT * SIM_SECOND));
}

void rig_kill(struct rig *r)
{
    target_free(r->target);
    r->target = NULL;
    if (r->kernel != NULL) {
        sim_session_close(r->kernel->io);
        free(r->kernel);
        r->kernel = NULL;
    }
}

const struct link *rig_link(const struct rig *r)
{
    return netgdb_target_link(r->target);
}

int rig_try(struct rig *r, const char *request)
{
    return target_ask(r->target, request, &r->reply);
}

void rig_ask(struct rig *r, const char *request, const char *reply)
{
    assert_int_equal(rig_try(r, request), 0);
    (void)buf_addc(&r->reply, 0);
    assert_string_equal((const char *)r->reply.data, reply);
}

void rig_step(struct rig *r)
{
    assert_int_equal(rig_try(r, "s"), 0);
    assert_true(buf_starts(&r->reply, "T05"));
}

void rig_warm_up(struct rig *r)
{
    for (unsigned i = 0; i < SEND_DELAY_CLEAN_EXCHANGES; i++)
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(rig_link(r)->reorder_events, 0);
}

void rig_expect_good(const struct rig *r)
{
    rig_expect_order(r);
    assert_int_equal(twin_harm(r->twin), 0);
    assert_int_equal(twin_counts(r->twin)->gave_up, 0);
    assert_int_equal(twin_counts(r->twin)->poisoned, 0);
}

/* ---- a peer of the test ---- */

static void deliver_to_peer(void *context, struct sim_datagram *d)
{
    struct rig *r = context;
    struct wire_msg msg;
    r->port = d->from.port;
    if (r->peer != NULL && wire_decode(d->data, d->len, &msg) == 0)
        r->peer(r, &msg);
    free(d);
}

static void peer_send(struct rig *r, uint16_t port, const void *datagram, size_t len)
{
    const struct sim_addr from = {RIG_KERNEL_IP, SIM_KERNEL_PORT}, to = {SIM_SERVER_IP, port};
    (void)sim_send(r->w, from, to, datagram, len);
}

void rig_peer_raw(struct rig *r, const void *datagram, size_t len)
{
    peer_send(r, r->port, datagram, len);
}

void rig_peer_data(struct rig *r, uint32_t seqno, uint64_t offset, size_t total, const void *data,
                   size_t len)
{
    uint8_t datagram[SIM_DATAGRAM_MAX];
    const struct wire_msg msg = {
        .type = WIRE_DATA, .seqno = seqno, .offset = offset, .total = (uint32_t)total, .len = len};
    wire_encode(&msg, datagram);
    if (len != 0)
        memcpy(datagram + WIRE_HEADER, data, len);
    rig_peer_raw(r, datagram, WIRE_HEADER + len);
}

void rig_peer_text(struct rig *r, uint32_t seqno, const char *text)
{
    rig_peer_data(r, seqno, 0, strlen(text), text, strlen(text));
}

void rig_peer_ack(struct rig *r, uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(seqno, ack);
    rig_peer_raw(r, ack, sizeof ack);
}

void rig_peer_herald(struct rig *r, uint16_t port)
{
    uint8_t datagram[WIRE_HEADER];
    const struct wire_msg msg = {.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1};
    wire_encode(&msg, datagram);
    peer_send(r, port, datagram, sizeof datagram);
}

/* ---- life cycle ---- */

static void keep_line(void *context, enum log_level level, const char *line)
{
    struct rig *r = context;
    if (level > LOG_WARN)
        return;
    r->lines++;
    snprintf(r->line, sizeof r->line, "%s", line);
}

static struct rig *new_world(void)
{
    struct rig *r = sim_alloc(sizeof *r);
    r->w = sim_world_new(1);
    sim_set_failure(r->w, die);
    sim_set_trace(r->w, keep, r);
    sim_set_judge(r->w, judge, r);
    r->log = (struct log){.level = LOG_WARN, .sink = keep_line, .context = r};
    buf_init(&r->reply, TARGET_REPLY_MAX + 1);
    lobby_view_init(&r->view, r->w, &r->lobby, &r->kernel, RIG_KERNEL_IP, &r->log);
    return r;
}

struct rig *rig_new_twin(const struct twin_config *config)
{
    struct rig *r = new_world();
    sim_path(r->w, RIG_KERNEL_IP, SIM_TO_KERNEL)->mtu = config->mtu;
    sim_path(r->w, RIG_KERNEL_IP, SIM_TO_SERVER)->mtu = config->mtu;
    r->twin = twin_new(r->w, config);
    return r;
}

struct rig *rig_new(enum twin_generation generation)
{
    const struct twin_config config = twin_config(generation);
    return rig_new_twin(&config);
}

struct rig *rig_new_peer(void (*peer)(struct rig *r, const struct wire_msg *msg))
{
    struct rig *r = new_world();
    r->peer = peer;
    sim_host_add(r->w, RIG_KERNEL_IP, deliver_to_peer, r);
    return r;
}

void rig_free(struct rig *r)
{
    rig_kill(r);
    lobby_free(&r->lobby);
    if (r->twin != NULL)
        twin_free(r->twin);
    sim_world_free(r->w);
    buf_free(&r->reply);
    free(r->sent);
    free(r);
}
