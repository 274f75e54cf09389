/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulated world: a virtual clock, a queue of events, random numbers from one seed, and a
 * trace. No thread, no system call, no wall time: the same seed and the same calls give the same
 * trace. The network is net.h, the io for code under test server.h, the kernel twin.h.
 *
 * Final: everything in this header.
 */
#ifndef NETGDB_TESTS_SIM_WORLD_H
#define NETGDB_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_US UINT64_C(1000) /* times are virtual nanoseconds; a world begins at SIM_START */
#define SIM_MS UINT64_C(1000000)
#define SIM_SECOND UINT64_C(1000000000)
#define SIM_NEVER UINT64_MAX
#define SIM_START SIM_SECOND

struct sim_world;
typedef void sim_call(void *context);

/* A world of its own; never NULL (without memory the program ends). Free it last. */
struct sim_world *sim_world_new(uint64_t seed);
void sim_world_free(struct sim_world *w);

uint64_t sim_now(const struct sim_world *w);

/*
 * Calls call(context) when the clock reaches `when` (now, when that has passed); events of the
 * same time run in the order in which they were made. Returns a number for sim_cancel, never 0.
 */
uint64_t sim_at(struct sim_world *w, uint64_t when, sim_call *call, void *context);
uint64_t sim_after(struct sim_world *w, uint64_t delay, sim_call *call, void *context);
void sim_cancel(struct sim_world *w, uint64_t event); /* one that ran, or 0, is fine */

/* Runs all events up to a time and leaves the clock there. */
void sim_run_until(struct sim_world *w, uint64_t when);
void sim_run_for(struct sim_world *w, uint64_t delay);

/* When the next event is due; SIM_NEVER when there is none. */
uint64_t sim_next_event(const struct sim_world *w);

/* Runs the next event and moves the clock there. False, and nothing done, without one. */
bool sim_step(struct sim_world *w);

/*
 * The clock may not pass this time (default: one virtual day): code that waits for what never
 * comes while something else keeps ticking ends there, with a failure instead of a hang.
 */
void sim_set_ceiling(struct sim_world *w, uint64_t when);

/*
 * Something is wrong with the test or with what it tests: hands the line, and on stderr the
 * last entries of the trace, to the failure call, which may longjmp. When it returns, or is
 * NULL (the default), the line goes to stderr and the program aborts.
 */
void sim_fail(struct sim_world *w, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void sim_set_failure(struct sim_world *w, void (*failure)(const char *line));

/* Code under test calls this whenever it asks for something: a million without a tick fail. */
void sim_spin(struct sim_world *w);

/* Random numbers (xoshiro256** seeded by splitmix64): any, below n (n > 0), and a chance. */
uint64_t sim_random(struct sim_world *w);
uint64_t sim_below(struct sim_world *w, uint64_t n);
bool sim_chance(struct sim_world *w, double probability);

/* What happened, in order. The memory belongs to the caller of sim_trace. */
struct sim_trace {
    uint64_t time;
    const char *what;  /* "sent", "delivered", "lost", "twin: executes", … */
    uint64_t datagram; /* which send call made it; 0: not a datagram */
    unsigned copy;     /* 0: the datagram itself; 1…: made by the network */
    uint32_t from, to; /* IPv4 addresses, host byte order */
    uint16_t from_port, to_port;
    const uint8_t *data; /* payload, or a note's text; may be NULL */
    size_t len;
};

/* Records an entry: into the hash, into the ring for sim_fail, and to the trace call. */
void sim_trace(struct sim_world *w, const struct sim_trace *entry);
void sim_note(struct sim_world *w, const char *what, const void *data, size_t len);
void sim_set_trace(struct sim_world *w, void (*call)(void *context, const struct sim_trace *entry),
                   void *context);

/* A number that two runs share only when every entry of their traces is the same. */
uint64_t sim_trace_hash(const struct sim_world *w);

/* Writes the last entries of the trace to stderr. */
void sim_trace_print(const struct sim_world *w);

#endif
