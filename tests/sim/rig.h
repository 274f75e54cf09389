/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fixture for tests of one session: a world with a kernel twin, or with a peer whose datagrams
 * the test sends itself; the lobby; and the target of the session. It records every datagram sent
 * and lets a test decide the fate of single ones. Every failure ends the test.
 */
#ifndef NETGDB_TESTS_SIM_RIG_H
#define NETGDB_TESTS_SIM_RIG_H

#include "proto/kernel/netgdb_target.h"
#include "session/lobby.h"
#include "tests/sim/lobby_view.h"
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
    RIG_OTHER /* any other datagram */
};

/* A datagram sent, even if it was lost. */
struct rig_datagram {
    uint64_t time;
    enum rig_kind kind;
    uint16_t from_port, to_port;
    uint32_t seqno;
    size_t len;     /* of the text */
    char text[256]; /* the start of the data, and a NUL */
};

/* The fate of some datagrams of a kind and text; see rig_fate. */
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
    struct twin *twin; /* NULL with a peer of the test */
    struct lobby lobby;
    struct lobby_view view;
    struct log log;
    unsigned lines;         /* warnings and errors logged */
    char line[300];         /* the last of them */
    struct session *kernel; /* removed from the lobby; the target owns its link */
    struct target *target;
    struct buf reply;

    struct rig_datagram *sent;
    size_t sent_used, sent_room;
    struct rig_rule rules[RIG_RULES];
    unsigned rules_used;

    /* A peer of the test: handles a datagram of ours. */
    void (*peer)(struct rig *r, const struct wire_msg *msg);
    uint16_t port; /* the peer's destination: the source of the last datagram */
};

/* Returns a world with a twin at db>: a real kernel of that generation, or one with `config`. */
struct rig *rig_new(enum twin_generation generation);
struct rig *rig_new_twin(const struct twin_config *config);

/* Returns a world with a host at RIG_KERNEL_IP that passes every datagram to `peer`. */
struct rig *rig_new_peer(void (*peer)(struct rig *r, const struct wire_msg *msg));
void rig_free(struct rig *r);

/* Types `netgdb -s`, waits for the kernel in the lobby and creates r->target. */
void rig_connect(struct rig *r);

/* Does one iteration of the listener: HERALDs, and datagrams for kernels in the lobby. */
void rig_lobby(struct rig *r);

/* Runs the world and the lobby until a kernel waits; fails after `limit` ns. */
struct session *rig_await(struct rig *r, uint64_t limit);

/* Removes the kernel from the lobby and creates r->target. */
void rig_take(struct rig *r, struct session *k);

/* From now on calls rig_lobby every millisecond, even while the target waits. */
void rig_keep_lobby(struct rig *r);

/* Frees the target and its socket like a killed process: sends nothing. */
void rig_kill(struct rig *r);

/*
 * Sets the fate of `count` datagrams of this kind whose text starts with `text`, after skipping
 * `skip` of them. rig_no_fates removes all such rules.
 */
void rig_fate(struct rig *r, enum rig_kind kind, const char *text, unsigned skip, unsigned count,
              enum sim_fate fate, uint64_t late);
void rig_no_fates(struct rig *r);

/* Blocks both directions for `time` ns. */
void rig_block(struct rig *r, uint64_t time);

/* Sends a request to the target and checks its reply; rig_try only returns the error. */
void rig_ask(struct rig *r, const char *request, const char *reply);
int rig_try(struct rig *r, const char *request);

/* A read of the machine's text, and its reply. */
#define RIG_READ "mffffffff80200000,4"
#define RIG_READ_REPLY "00254a6f"

/* Makes one step, which must stop; makes enough exchanges for the path to count as clean. */
void rig_step(struct rig *r);
void rig_warm_up(struct rig *r);

/* Checks at the end of a test that the session kept the order and did no harm. */
void rig_expect_good(const struct rig *r);

/* Returns the number of datagrams sent of this kind with exactly this text (NULL: any); the n-th.
 */
size_t rig_count(const struct rig *r, enum rig_kind kind, const char *text);
const struct rig_datagram *rig_nth(const struct rig *r, enum rig_kind kind, const char *text,
                                   size_t n);

/*
 * Checks the order of all our DATA in a session with one kernel: a '+' follows each reply, a
 * request follows a '+', each after the ack of the previous DATA, and none contains 0x03.
 */
void rig_expect_order(const struct rig *r);

/* Returns the number of acks of this seqno sent to the kernel. */
size_t rig_acks(const struct rig *r, uint32_t seqno);

/* Send a DATA, a text as one DATA, an ack, or any datagram from the kernel's host to `r->port`. */
void rig_peer_data(struct rig *r, uint32_t seqno, uint64_t offset, size_t total, const void *data,
                   size_t len);
void rig_peer_text(struct rig *r, uint32_t seqno, const char *text);
void rig_peer_ack(struct rig *r, uint32_t seqno);
void rig_peer_raw(struct rig *r, const void *datagram, size_t len);

/* Sends a HERALD from the kernel's host to `port`. */
void rig_peer_herald(struct rig *r, uint16_t port);

const struct link *rig_link(const struct rig *r);

#endif
