/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulated UDP network: hosts, datagrams, and a path each way between the server's host and
 * each kernel, with faults, which are off by default. It models IPv4 addresses and ports only.
 * Datagrams are lost, delayed, duplicated or changed, never fragmented.
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
    uint64_t id;      /* number of the send call: 1, 2, … */
    unsigned copy;    /* 0: the original; 1: a duplicate made by the network */
    uint64_t sent_at; /* time of the send call, for duplicates too */
    struct sim_addr from, to;
    uint64_t digest; /* of the original payload, before any damage */
    size_t len;
    uint8_t data[];
};

/* Receives a datagram; the callee must free it. */
typedef void sim_deliver(void *context, struct sim_datagram *datagram);

/* Adds a host. Its deliver call receives every datagram sent to its address. */
void sim_host_add(struct sim_world *w, uint32_t ip, sim_deliver *deliver, void *context);
void sim_host_remove(struct sim_world *w, uint32_t ip);

/*
 * Sends a datagram from any address, forged ones included. The two addresses determine the path and
 * its faults. Returns its id.
 */
uint64_t sim_send(struct sim_world *w, struct sim_addr from, struct sim_addr to, const void *data,
                  size_t len);

/* Burst loss (Gilbert-Elliott): for each datagram, probabilities to change state and to be lost. */
struct sim_bursts {
    double to_bad, to_good;
    double loss_good, loss_bad;
};

/* One direction of a path. Probabilities are 0 to 1, for each datagram; times are in ns. */
struct sim_path {
    uint64_t delay;      /* one way (default 50 us) */
    uint64_t jitter;     /* maximum additional delay, without reordering */
    double pause;        /* delays a datagram and all later ones by pause_min to pause_max: the */
    uint64_t pause_min;  /* host or a virtual CPU pauses; nothing is lost, duplicated or */
    uint64_t pause_max;  /* reordered */
    double loss;         /* never arrives */
    double duplicate;    /* arrives twice */
    bool copies_at_once; /* the duplicate follows directly; else up to late_max later */
    double reorder;      /* arrives up to late_max late and is overtaken */
    uint64_t late_min;   /* default 0 */
    uint64_t late_max;   /* default 5 ms */
    double corrupt;      /* a byte changes and the UDP checksum detects it: dropped */
    double mangle;       /* a byte changes undetected */
    double truncate;     /* loses bytes at its end undetected */
    size_t mtu;          /* longer IP datagrams (payload + 28) are lost; default 1500 */
    struct sim_bursts bursts;
    bool in_burst; /* state of the bursts */

    /* Counters, for tests of rates. */
    uint64_t sent, lost, duplicated, reordered, corrupted, mangled, truncated, too_long, blocked;
    uint64_t paused;
    uint64_t delivered;
    uint64_t latest; /* the longest delay of a datagram, or of a duplicate after its original */
};

enum sim_direction { SIM_TO_KERNEL, SIM_TO_SERVER };

/* Returns the path between the server's host and this kernel; created with defaults if new. */
struct sim_path *sim_path(struct sim_world *w, uint32_t kernel_ip, enum sim_direction direction);

/* Loses everything sent from `start` (inclusive) to `end` (exclusive). Adds to earlier blocks. */
void sim_block(struct sim_world *w, uint32_t kernel_ip, enum sim_direction direction,
               uint64_t start, uint64_t end);

/*
 * Decides the fate of single datagrams. *late (initially 0) delays a datagram delivered once; of
 * one delivered twice it delays only the duplicate (0: the path's rule for duplicates).
 */
enum sim_fate {
    SIM_LOSE,
    SIM_DEFAULT, /* the path's faults decide */
    SIM_ONCE,    /* delivered without faults */
    SIM_TWICE    /* delivered and duplicated, without other faults */
};
typedef enum sim_fate sim_judge(void *context, const struct sim_datagram *datagram, uint64_t *late);
void sim_set_judge(struct sim_world *w, sim_judge *judge, void *context);

#endif
