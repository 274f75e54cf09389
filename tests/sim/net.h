/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulated UDP network: hosts, datagrams, and a path each way between the server's host and
 * each kernel, with its faults. All faults are off at first. Only IPv4 addresses and ports are
 * modelled; a datagram is lost, late, repeated or changed, never fragmented.
 *
 * Final: everything in this header.
 */
#ifndef NETGDB_TESTS_SIM_NET_H
#define NETGDB_TESTS_SIM_NET_H

#include "tests/sim/world.h"

enum {
    SIM_DATAGRAM_MAX = 9216,   /* bytes of UDP payload */
    SIM_SERVER_IP = 0x0a000001 /* 10.0.0.1: the host where code under test runs */
};

/* Addresses are in host byte order. */
struct sim_addr {
    uint32_t ip;
    uint16_t port;
};

struct sim_datagram {
    uint64_t id;      /* which send call made it: 1, 2, … in the order of sending */
    unsigned copy;    /* 0: as sent; 1: a duplicate that the network made */
    uint64_t sent_at; /* when the send call was made, also for a copy */
    struct sim_addr from, to;
    uint64_t digest; /* of the payload as it was sent, whatever the network made of it */
    size_t len;
    uint8_t data[];
};

/* Takes a datagram that has arrived; owns it from then on (free). */
typedef void sim_deliver(void *context, struct sim_datagram *datagram);

/* A host with an address. Its deliver call gets everything that is sent to that address. */
void sim_host_add(struct sim_world *w, uint32_t ip, sim_deliver *deliver, void *context);
void sim_host_remove(struct sim_world *w, uint32_t ip);

/*
 * Sends a datagram into the network: from any address, also a false one. The path, and so the
 * faults, is that of the two addresses. Returns its id.
 */
uint64_t sim_send(struct sim_world *w, struct sim_addr from, struct sim_addr to, const void *data,
                  size_t len);

/* Loss in bursts (Gilbert and Elliott): a chance a datagram to change state, then to be lost. */
struct sim_bursts {
    double to_bad, to_good;
    double loss_good, loss_bad;
};

/* One direction of one path. Probabilities are 0 to 1 a datagram; times are ns. */
struct sim_path {
    uint64_t delay;     /* one way (default 50 us) */
    uint64_t jitter;    /* up to this much more, without overtaking */
    double pause;       /* a datagram, and all behind it, comes pause_min to pause_max later: the */
    uint64_t pause_min; /* host or a CPU of a virtual machine stands still; nothing is lost, */
    uint64_t pause_max; /* repeated or overtaken */
    double loss;        /* never arrives */
    double duplicate;   /* arrives twice */
    bool copies_at_once; /* the copy right behind the original; else up to late_max later */
    double reorder;      /* arrives up to late_max late, others overtake it */
    uint64_t late_min;   /* default 0 */
    uint64_t late_max;   /* default 5 ms */
    double corrupt;      /* a byte changes on the way and the UDP checksum drops it */
    double mangle;       /* a byte changes on the way and nobody notices */
    double truncate;     /* loses bytes at its end and nobody notices */
    size_t mtu;          /* longer IP datagrams vanish (default 1500; payload + 28) */
    struct sim_bursts bursts;
    bool in_burst; /* state of the bursts */

    /* What was done, for tests of rates. */
    uint64_t sent, lost, duplicated, reordered, corrupted, mangled, truncated, too_long, blocked;
    uint64_t paused;
    uint64_t delivered;
    uint64_t latest; /* the most that a datagram was held back, or its copy came after it */
};

enum sim_direction { SIM_TO_KERNEL, SIM_TO_SERVER };

/* The path between the server's host and this kernel; there is one, with defaults, for any ip. */
struct sim_path *sim_path(struct sim_world *w, uint32_t kernel_ip, enum sim_direction direction);

/* Nothing that is sent from `start` (included) to `end` (not) arrives. Adds to earlier blocks. */
void sim_block(struct sim_world *w, uint32_t kernel_ip, enum sim_direction direction,
               uint64_t start, uint64_t end);

/*
 * A say in the fate of single datagrams. *late (0 at first) is added to the arrival of a datagram
 * delivered once, and to the copy alone of one delivered twice (0: the path's rule for copies).
 */
enum sim_fate {
    SIM_LOSE,
    SIM_DEFAULT, /* the path's faults decide, as without a judge */
    SIM_ONCE,    /* delivered, without any fault */
    SIM_TWICE    /* delivered and repeated, without any other fault */
};
typedef enum sim_fate sim_judge(void *context, const struct sim_datagram *datagram, uint64_t *late);
void sim_set_judge(struct sim_world *w, sim_judge *judge, void *context);

#endif
