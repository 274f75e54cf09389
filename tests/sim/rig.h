/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tests of one session stand on: a world with a kernel twin, or with a peer whose datagrams
 * the test writes itself; the lobby; and the target that came out of it. Keeps every datagram
 * that was sent, and lets a test decide the fate of single ones. Any failure ends the test.
 */
#ifndef NETGDB_TESTS_SIM_RIG_H
#define NETGDB_TESTS_SIM_RIG_H

#include "proto/netgdb_target.h"
#include "session/lobby.h"
#include "tests/sim/net.h"
#include "tests/sim/server.h"
#include "tests/sim/twin.h"
#include "tests/unit/unit.h"

#define RIG_KERNEL_IP 0x0a000002
#define TIMES_ALL 1000000 /* as the `count` of a rule */

enum rig_kind {
    RIG_OUR_DATA,
    RIG_OUR_ACK,
    RIG_KERNEL_DATA,
    RIG_KERNEL_ACK,
    RIG_HERALD,
    RIG_OTHER /* anything else that was sent */
};

/* A datagram that was sent; lost or not. */
struct rig_datagram {
    uint64_t time;
    enum rig_kind kind;
    uint16_t from_port, to_port;
    uint32_t seqno;
    size_t len;     /* of its text */
    char text[256]; /* beginning of the data, with a NUL behind it */
};

/* The fate of some of the datagrams of a kind whose text begins so; see rig_fate. */
struct rig_rule {
    enum rig_kind kind;
    const char *text;
    unsigned skip, count;
    enum sim_fate fate;
    uint64_t late;
};

enum { RIG_RULES = 16 };

struct rig {
    struct sim_world *w;
    struct twin *twin; /* NULL with a peer of the test's own */
    struct lobby lobby;
    struct log log;
    unsigned lines;         /* of warnings and errors */
    char line[300];         /* the last of them */
    struct session *kernel; /* taken out of the lobby; its link is the target's */
    struct target *target;
    struct buf reply;

    struct rig_datagram *sent;
    size_t sent_used, sent_room;
    struct rig_rule rules[RIG_RULES];
    unsigned rules_used;

    /* With a peer of the test's own: what it does with a datagram of ours. */
    void (*peer)(struct rig *r, const struct wire_msg *msg);
    uint16_t port; /* where the peer sends to: the source of the last datagram */
};

/* A world with a twin at db>; `config` may be NULL for a real kernel of that generation. */
struct rig *rig_new(enum twin_generation generation);
struct rig *rig_new_twin(const struct twin_config *config);

/* A world with a host at RIG_KERNEL_IP that hands every datagram to `peer`. */
struct rig *rig_new_peer(void (*peer)(struct rig *r, const struct wire_msg *msg));
void rig_free(struct rig *r);

/* Types `netgdb -s`, waits in the lobby for the kernel and makes a target of it. */
void rig_connect(struct rig *r);

/* What the listener's thread does, once: HERALDs, and what came for kernels in the lobby. */
void rig_lobby(struct rig *r);

/* Runs the world and the lobby until a kernel waits; fails after `limit` ns. */
struct session *rig_await(struct rig *r, uint64_t limit);

/* Makes r->target of a kernel of the lobby. */
void rig_take(struct rig *r, struct session *k);

/* Lets the lobby work every millisecond from now on, also while the target waits. */
void rig_keep_lobby(struct rig *r);

/* Ends the target and its socket, as the death of a process does: nothing is sent. */
void rig_kill(struct rig *r);

/* Decides about `count` datagrams of this kind and text after the first `skip` from now on. */
void rig_fate(struct rig *r, enum rig_kind kind, const char *text, unsigned skip, unsigned count,
              enum sim_fate fate, uint64_t late);
void rig_no_fates(struct rig *r);

/* Blocks both directions from now on for a time. */
void rig_block(struct rig *r, uint64_t time);

/* A request to the target and the reply that it must have; rig_try only returns the error. */
void rig_ask(struct rig *r, const char *request, const char *reply);
int rig_try(struct rig *r, const char *request);

/* A read of the machine's text, and what it gives. */
#define RIG_READ "mffffffff80200000,4"
#define RIG_READ_REPLY "00254a6f"

/* One step, which must stop; and so many clean exchanges that the path counts as clean. */
void rig_step(struct rig *r);
void rig_warm_up(struct rig *r);

/* Ends a test whose session has kept the order and done no harm. */
void rig_expect_good(const struct rig *r);

/* How many datagrams of this kind with exactly this text (NULL: any) were sent; the n-th of them.
 */
size_t rig_count(const struct rig *r, enum rig_kind kind, const char *text);
const struct rig_datagram *rig_nth(const struct rig *r, enum rig_kind kind, const char *text,
                                   size_t n);

/*
 * The order of all our DATA in a session of one kernel: a '+' follows a reply, a request a '+',
 * each of them the ack of the one before, and no 0x03 is among them.
 */
void rig_expect_order(const struct rig *r);

/* How many acks of this seqno went from us to the kernel. */
size_t rig_acks(const struct rig *r, uint32_t seqno);

/* Sends from the kernel's host to `r->port` one DATA, an ack, or anything. */
void rig_peer_data(struct rig *r, uint32_t seqno, uint64_t offset, size_t total, const void *data,
                   size_t len);
void rig_peer_text(struct rig *r, uint32_t seqno, const char *text);
void rig_peer_ack(struct rig *r, uint32_t seqno);
void rig_peer_raw(struct rig *r, const void *datagram, size_t len);

/* Sends a HERALD from the kernel's host to `port`. */
void rig_peer_herald(struct rig *r, uint16_t port);

const struct link *rig_link(const struct rig *r);

#endif
