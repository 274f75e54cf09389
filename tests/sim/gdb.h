/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A GDB for the simulated world: asks one request after the other on the client side of an io
 * and knows what each reply must be, from a model of the machine that it keeps by itself.
 */
#ifndef NETGDB_TESTS_SIM_GDB_H
#define NETGDB_TESTS_SIM_GDB_H

#include "tests/sim/machine.h"
#include "tests/sim/server.h"

enum {
    SIM_GDB_WINDOW = 2048,       /* bytes at the start of MACHINE_DATA that it writes and reads */
    SIM_GDB_COUNTER = 512 << 10, /* offset in MACHINE_DATA where the program counts its runs */
};

struct sim_gdb;

/* It thinks for up to so many ns (at least 1; at first 3 ms) between a reply and the next request.
 */
void sim_gdb_think(struct sim_gdb *g, uint64_t think);

/* What it asks for after the connect: at first anything. */
enum sim_gdb_asks {
    SIM_GDB_ANYTHING,
    SIM_GDB_READS,  /* of up to 128 bytes */
    SIM_GDB_WRITES, /* of up to 16 bytes */
    SIM_GDB_STEPS,
    SIM_GDB_CONTINUES,
    SIM_GDB_STEPI, /* as gdb's stepi: a step, the thread list, a few reads */
};
void sim_gdb_only(struct sim_gdb *g, enum sim_gdb_asks asks);

/* The kernel's list of threads does not fit into one reply. */
void sim_gdb_long_list(struct sim_gdb *g);

/* From now on it also reads memory block after block, as a dump does, between its requests. */
void sim_gdb_stream(struct sim_gdb *g);

/*
 * Begins a session on the io: connects, makes `exchanges` requests at random, detaches, closes.
 * The model begins with what `m` is now; its program counts its runs in its own memory from here
 * on. Owned by the caller; nobody else may use the io's client side.
 */
struct sim_gdb *sim_gdb_start(struct sim_world *w, struct io *io, struct machine *m,
                              unsigned exchanges);
void sim_gdb_free(struct sim_gdb *g);

/* The machine is another one now (it was booted): the model begins anew with it, on this thread. */
void sim_gdb_reload(struct sim_gdb *g, const struct machine *m, uint32_t tid);

/* Goes away without a word when it has asked its request number `request` (1 on). */
void sim_gdb_leave_at(struct sim_gdb *g, unsigned request);

bool sim_gdb_interrupted(const struct sim_gdb *g);      /* a step or continue has no answer */
bool sim_gdb_detaching(const struct sim_gdb *g);        /* its D has no answer */
unsigned sim_gdb_resumes(const struct sim_gdb *g);      /* steps and continues that stopped */
unsigned sim_gdb_wrong(const struct sim_gdb *g);        /* replies that were wrong */
bool sim_gdb_finished(const struct sim_gdb *g);         /* all was answered, D too */
const char *sim_gdb_complaint(const struct sim_gdb *g); /* the first wrong reply, in words */

#endif
