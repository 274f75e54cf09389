/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One whole run in the simulated world: a kernel twin at one end, a GDB that knows what every
 * reply must be at the other, and between them the code under test as it is in the product: the
 * lobby, the link, the target, quirks, the server and the loop.
 *
 * One seed makes everything: the faults of the network, the requests, the think times. A run has
 * more than one session when the kernel reboots, or the program is killed and another one takes
 * its session over.
 */
#ifndef NETGDB_TESTS_SIM_PLAY_H
#define NETGDB_TESTS_SIM_PLAY_H

#include "tests/sim/gdb.h"
#include "tests/sim/net.h"
#include "tests/sim/twin.h"

enum play_gdb {
    PLAY_GDB_STAYS,  /* asks all it wants and detaches */
    PLAY_GDB_LEAVES, /* closes its connection in the middle of a request */
    PLAY_GDB_KILLED, /* is killed with the code under test; another one goes on */
    /* A proxy is told to end, leaves the kernel as it is and is started again; so is GDB. */
    PLAY_PROXY_RESTARTS,
};

/* Which ways of the path lose datagrams: path.loss and path.bursts. */
enum play_way { PLAY_BOTH_WAYS, PLAY_TO_KERNEL, PLAY_TO_SERVER };

/* Times are virtual ns after the kernel's T. */
struct play_config {
    uint64_t seed;
    enum twin_generation generation;
    unsigned exchanges;   /* requests of a GDB after the connect */
    struct sim_path path; /* faults, both ways but for `way`; see net.h */
    enum play_way way;
    bool only_kernel_pauses;      /* what it sends is late, and not what we send */
    uint64_t reboot_at;           /* 0: never */
    uint64_t block_at, block_for; /* nothing arrives for so long; 0: no block */
    uint64_t jump_at, jump_by;    /* of our clock; 0: none */
    uint64_t think; /* up to so long the GDB thinks between a reply and a request; 3 ms */
    enum sim_gdb_asks asks;
    unsigned threads;  /* in the kernel's list; 0: those of the machine */
    uint64_t poll;     /* of the kernel: see twin.h; 0.5 ms */
    bool streams;      /* the GDB also reads block after block, through the cache */
    enum play_gdb gdb; /* and when it is killed, or the proxy ends: */
    uint64_t kill_at;
    bool fixed_retry; /* the link does not use the round trips that it measures */
    sim_judge *judge; /* see net.h; NULL: none */
    void *judge_context;
    bool verbose; /* print the trace and the log */
};

/* A clean path. Every fourth seed has the cache in its chain: it asks the kernel less. */
struct play_config play_config(uint64_t seed, enum twin_generation generation);

struct play_result {
    bool connected;      /* the kernel's T came */
    bool finished;       /* the last session ended as it was meant to, none before it failed */
    unsigned wrong;      /* replies that were not what they must be */
    uint64_t harm;       /* what the twin executed twice, undid, or worse: see twin_harm */
    int64_t resumes_off; /* steps and continues executed, minus those whose stop GDB got, when
                            that cannot be; else 0 */
    bool late; /* the network delivered later to the kernel than our '+' is held back at first */
    unsigned sessions;
    bool abandoned; /* the kernel gave up while we took it for running, and was sent here again */
    bool silent;    /* a session failed without an error in the log */
    bool deaf;      /* after a failed session the next HERALD was not taken */
    bool stuck;     /* the run did not end: see the line */
    uint64_t sent, received, retransmitted; /* datagrams of ours */
    uint64_t unexpected_peer_acks, asked_again, gave_up;
    uint64_t requests;                         /* that the twin executed */
    uint64_t messages, transmissions, repeats; /* of the twin: see twin_counts */
    uint64_t sending, replied, replies;        /* the same */
    uint64_t time;                             /* virtual ns from the first HERALD to the end */
    uint64_t hash;                             /* of the trace */
    char complaint[300];                       /* the first wrong reply */
    char line[300];                            /* the last warning or error of the log */
};

/* Whether nothing is wrong with it but a session that failed. */
bool play_is_safe(const struct play_result *r);

struct play_result play(const struct play_config *config);

#endif
