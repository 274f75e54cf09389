/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trace of a simulated world: a hash over all entries, and the last entries as text. */
#ifndef NETGDB_TESTS_SIM_TRACE_H
#define NETGDB_TESTS_SIM_TRACE_H

#include "tests/sim/world.h"

struct trace;

struct trace *trace_new(void);
void trace_free(struct trace *t);
void trace_add(struct trace *t, const struct sim_trace *entry);
void trace_call(struct trace *t, void (*call)(void *context, const struct sim_trace *entry),
                void *context);
uint64_t trace_hash(const struct trace *t);
void trace_print(const struct trace *t);

#endif
