/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulated world: a virtual clock, a queue of events, random numbers from one seed, and a
 * trace. No thread, no system call, no wall time: the same seed and the same calls give the same
 * trace. The network is net.h, the io for code under test server.h, the kernel twin.h.
 */
#ifndef NETGDB_TESTS_SIM_WORLD_H
#define NETGDB_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_US UINT64_C(1000) /* times are virtual ns; the clock starts at SIM_START */
#define SIM_MS UINT64_C(1000000)
#define SIM_SECOND UINT64_C(1000000000)
#define SIM_NEVER UINT64_MAX
#define SIM_START SIM_SECOND

struct sim_world;
typedef void sim_call(void *context);

/* Returns a new world, never NULL (out of memory aborts). Free it after everything in it. */
struct sim_world *sim_world_new(uint64_t seed);
void sim_world_free(struct sim_world *w);

uint64_t sim_now(const struct sim_world *w);

/*
 * Schedules call(context) for time `when`, or for now if that has passed. Events of the same time
 * run in the order of their creation. Returns the event's number for sim_cancel, never 0.
 */
uint64_t sim_at(struct sim_world *w, uint64_t when, sim_call *call, void *context);
uint64_t sim_after(struct sim_world *w, uint64_t delay, sim_call *call, void *context);
void sim_cancel(struct sim_world *w, uint64_t event); /* no effect on one that ran, or on 0 */

/* Runs all events up to that time and sets the clock to it. */
void sim_run_until(struct sim_world *w, uint64_t when);
void sim_run_for(struct sim_world *w, uint64_t delay);

/* Returns the time of the next event; SIM_NEVER if there is none. */
uint64_t sim_next_event(const struct sim_world *w);

/* Advances the clock to the next event and runs it. Returns false if there is none. */
bool sim_step(struct sim_world *w);

/*
 * Limits the clock (default: one virtual day). A wait that never ends while other events keep
 * occurring fails at that time instead of hanging.
 */
void sim_set_ceiling(struct sim_world *w, uint64_t when);

/*
 * Fails the test: prints the last entries of the trace on stderr and passes the line to the failure
 * call, which may longjmp. If that is NULL (the default) or returns, prints the line and aborts.
 */
void sim_fail(struct sim_world *w, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void sim_set_failure(struct sim_world *w, void (*failure)(const char *line));

/* The io of the code under test calls this in each operation: a million calls without an advance of
 * the clock fail the test. */
void sim_spin(struct sim_world *w);

/* Random numbers (xoshiro256** seeded by splitmix64): any value, one below n (n > 0), true with
 * that probability. */
uint64_t sim_random(struct sim_world *w);
uint64_t sim_below(struct sim_world *w, uint64_t n);
bool sim_chance(struct sim_world *w, double probability);

/* An entry of the trace. The caller of sim_trace owns the memory. */
struct sim_trace {
    uint64_t time;
    const char *what;  /* "sent", "delivered", "lost", "twin: executes", … */
    uint64_t datagram; /* its id (net.h); 0: not a datagram */
    unsigned copy;     /* 0: the original; 1…: a duplicate made by the network */
    uint32_t from, to; /* IPv4 addresses, host byte order */
    uint16_t from_port, to_port;
    const uint8_t *data; /* payload, or a note's text; may be NULL */
    size_t len;
};

/* Adds an entry to the hash and to the ring for sim_fail, and passes it to the trace call. */
void sim_trace(struct sim_world *w, const struct sim_trace *entry);
void sim_note(struct sim_world *w, const char *what, const void *data, size_t len);
void sim_set_trace(struct sim_world *w, void (*call)(void *context, const struct sim_trace *entry),
                   void *context);

/* Returns a hash over all entries: equal for two runs only if their traces are. */
uint64_t sim_trace_hash(const struct sim_world *w);

/* Writes the last entries of the trace to stderr. */
void sim_trace_print(const struct sim_world *w);

#endif
