/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One whole session in the simulated world: a kernel twin at one end, a GDB that knows what every
 * reply must be at the other, and between them the code under test as it is in the product: the
 * lobby, the link, the target, quirks, the server and the loop.
 *
 * One seed makes everything: the faults of the network, the requests, the think times.
 */
#ifndef NETGDB_TESTS_SIM_PLAY_H
#define NETGDB_TESTS_SIM_PLAY_H

#include "tests/sim/net.h"
#include "tests/sim/twin.h"

struct play_config {
    uint64_t seed;
    enum twin_generation generation;
    unsigned exchanges;   /* requests of GDB after the connect */
    struct sim_path path; /* faults, both ways; see net.h */
    uint64_t reboot_at;   /* virtual ns after the T; 0: never */
    bool verbose;         /* print the trace and the log */
};

/* A clean path. */
struct play_config play_config(uint64_t seed, enum twin_generation generation);

struct play_result {
    bool connected;      /* the kernel's T came */
    bool finished;       /* GDB got a reply to every request, and its detach was answered */
    unsigned wrong;      /* replies that were not what they must be */
    uint64_t harm;       /* what the twin executed twice, undid, or worse: see twin_harm */
    int64_t resumes_off; /* steps and continues executed, minus those whose stop GDB got */
    uint64_t sent, received, retransmitted; /* datagrams of ours */
    uint64_t unwanted_plus, asked_again, gave_up;
    uint64_t requests;   /* that the twin executed */
    uint64_t time;       /* virtual ns from the first HERALD to the end */
    uint64_t hash;       /* of the trace */
    char complaint[300]; /* the first wrong reply */
    char line[300];      /* the last warning or error of the log */
};

struct play_result play(const struct play_config *config);

#endif
