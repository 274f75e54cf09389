/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A complete simulated run: a kernel twin, a GDB that checks every reply, and between them the code
 * under test as in the product: the lobby, the link, the target, quirks, the server and the loop.
 *
 * The seed determines the faults of the network, the requests and the pauses. A run has several
 * sessions if the kernel reboots, or if the program is killed and another one takes the session
 * over.
 */
#ifndef NETGDB_TESTS_SIM_PLAY_H
#define NETGDB_TESTS_SIM_PLAY_H

#include "tests/sim/gdb.h"
#include "tests/sim/net.h"
#include "tests/sim/twin.h"

enum play_gdb {
    PLAY_GDB_STAYS,  /* makes all requests and detaches */
    PLAY_GDB_LEAVES, /* closes its connection during a request */
    PLAY_GDB_KILLED, /* is killed with the code under test; another one continues */
    /* A proxy ends, leaves the kernel as it is, and is started again with a new GDB. */
    PLAY_PROXY_RESTARTS,
};

/* The directions with losses (path.loss and path.bursts). */
enum play_way { PLAY_BOTH_WAYS, PLAY_TO_KERNEL, PLAY_TO_SERVER };

/* Times are virtual ns after the kernel's T. */
struct play_config {
    uint64_t seed;
    enum twin_generation generation;
    unsigned exchanges;   /* requests of a GDB after it connects */
    struct sim_path path; /* faults in both directions, losses as in `way`; see net.h */
    enum play_way way;
    bool only_kernel_pauses;      /* pauses delay its datagrams, not ours */
    uint64_t reboot_at;           /* 0: never */
    uint64_t block_at, block_for; /* nothing arrives for block_for; 0: no block */
    uint64_t jump_at, jump_by;    /* of our clock; 0: none */
    uint64_t think;               /* maximum pause of the GDB between a reply and a request; 3 ms */
    enum sim_gdb_asks asks;
    unsigned threads;  /* in the kernel's list; 0: those of the machine */
    uint64_t poll;     /* of the kernel: see twin.h; 0.5 ms */
    bool streams;      /* the GDB also reads consecutive blocks, through the cache */
    enum play_gdb gdb; /* and the time when it is killed, or the proxy ends: */
    uint64_t kill_at;
    bool fixed_retry; /* the link ignores measured round trips */
    sim_judge *judge; /* see net.h; NULL: none */
    void *judge_context;
    bool verbose; /* print the trace and the log */
};

/* Returns the configuration of a clean path. Every fourth seed has the cache in its chain. */
struct play_config play_config(uint64_t seed, enum twin_generation generation);

struct play_result {
    bool connected;      /* the kernel's T was received */
    bool finished;       /* the last session ended as intended and no earlier one failed */
    unsigned wrong;      /* wrong replies */
    uint64_t harm;       /* see twin_harm */
    int64_t resumes_off; /* steps and continues executed, minus stops that GDB received, if
                            that is impossible; else 0 */
    bool late;           /* a datagram reached the kernel later than the initial delay of our '+' */
    unsigned sessions;
    bool abandoned; /* the kernel gave up while it seemed to run, and connected again */
    bool silent;    /* a session failed without an error in the log */
    bool deaf;      /* after a failed session the next HERALD was ignored */
    bool stuck;     /* the run did not end: see `line` */
    uint64_t sent, received, retransmitted; /* datagrams of ours */
    uint64_t unexpected_peer_acks, asked_again, gave_up;
    uint64_t requests;                         /* executed by the twin */
    uint64_t messages, transmissions, repeats; /* of the twin: see twin_counts */
    uint64_t sending, replied, replies;        /* the same */
    uint64_t time;                             /* virtual ns from the first HERALD to the end */
    uint64_t hash;                             /* of the trace */
    char complaint[300];                       /* the first wrong reply */
    char line[300];                            /* the last warning or error of the log */
};

/* Returns whether the run was correct, except that a session may have failed. */
bool play_is_safe(const struct play_result *r);

struct play_result play(const struct play_config *config);

#endif
