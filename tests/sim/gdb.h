/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A simulated GDB on the client side of an io: sends one request after the other and checks each
 * reply against its own model of the machine.
 */
#ifndef NETGDB_TESTS_SIM_GDB_H
#define NETGDB_TESTS_SIM_GDB_H

#include "tests/sim/machine.h"
#include "tests/sim/server.h"

enum {
    SIM_GDB_WINDOW = 2048,       /* bytes at the start of MACHINE_DATA that it reads and writes */
    SIM_GDB_COUNTER = 512 << 10, /* offset in MACHINE_DATA of the program's counter of its runs */
};

struct sim_gdb;

/* Sets the maximum pause between a reply and the next request, in ns (at least 1; default 3 ms). */
void sim_gdb_think(struct sim_gdb *g, uint64_t think);

/* The requests that it sends after connecting; default: all kinds. */
enum sim_gdb_asks {
    SIM_GDB_ANYTHING,
    SIM_GDB_READS,  /* of up to 128 bytes */
    SIM_GDB_WRITES, /* of up to 16 bytes */
    SIM_GDB_STEPS,
    SIM_GDB_CONTINUES,
    SIM_GDB_STEPI, /* like gdb's stepi: a step, the thread list, a few reads */
};
void sim_gdb_only(struct sim_gdb *g, enum sim_gdb_asks asks);

/* Expects a list of threads that does not fit into one reply. */
void sim_gdb_long_list(struct sim_gdb *g);

/* From now on also reads consecutive blocks of memory, like a dump, between other requests. */
void sim_gdb_stream(struct sim_gdb *g);

/*
 * Starts a session on the io: connects, makes `exchanges` random requests, detaches and closes. The
 * model is a copy of the current state of `m`, whose program counts its runs in its memory from now
 * on. The caller must free the result and must not use the io's client side itself.
 */
struct sim_gdb *sim_gdb_start(struct sim_world *w, struct io *io, struct machine *m,
                              unsigned exchanges);
void sim_gdb_free(struct sim_gdb *g);

/* Resets the model to `m`, which was booted, with thread `tid` selected. */
void sim_gdb_reload(struct sim_gdb *g, const struct machine *m, uint32_t tid);

/* Makes it close the connection after sending request number `request` (from 1). */
void sim_gdb_leave_at(struct sim_gdb *g, unsigned request);

bool sim_gdb_interrupted(const struct sim_gdb *g);      /* a step or continue is unanswered */
bool sim_gdb_detaching(const struct sim_gdb *g);        /* its D is unanswered */
unsigned sim_gdb_resumes(const struct sim_gdb *g);      /* steps and continues that stopped */
unsigned sim_gdb_wrong(const struct sim_gdb *g);        /* wrong replies */
bool sim_gdb_finished(const struct sim_gdb *g);         /* every request was answered, D too */
const char *sim_gdb_complaint(const struct sim_gdb *g); /* text about the first wrong reply */

#endif
