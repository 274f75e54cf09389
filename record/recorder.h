/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records a session: two decorators that look on and change nothing. One is next to the target and
 * records memory, so that it sees what the cache and the queries about a kernel read as well. The
 * other is the outermost and records the exchanges as the client sees them (exchange.h).
 *
 * Everything is recorded in memory from the first request on, so that recorder_save() can be called
 * at any time. A file that cannot be written any more is one line in the log; the session goes on.
 *
 * Memory that the client writes is recorded as it then is. After a write of registers they are read
 * again: at once if a file is written, else before another thread is selected and before a command
 * that may save.
 */
#ifndef NETGDB_RECORD_RECORDER_H
#define NETGDB_RECORD_RECORDER_H

#include "proto/log.h"
#include "proto/target.h"
#include "record/recording.h"

struct recorder;

/* NULL: memory is short, or the system has no files in memory. `log` must outlive it. */
struct recorder *recorder_new(const struct log *log);
void recorder_free(struct recorder *r); /* after its decorators; NULL is fine */

/* The decorators. They own `next`, and use the recorder. NULL: memory is short; `next` is then
 * still the caller's. */
struct target *recorder_memory_new(struct target *next, struct recorder *r);
struct target *recorder_exchanges_new(struct target *next, struct recorder *r);

/* Records a fact of the session (exchange.h). */
void recorder_fact(struct recorder *r, const char *fact, const char *value);

/* Records an exchange that no client had. Returns as recording_put; a file that cannot be written
 * is then closed, with a line in the log. */
int recorder_answer(struct recorder *r, const struct answer *a);

/* Whether a register was written, a reply to `g` from before has it, and `g` was not answered
 * again. */
bool recorder_has_old_registers(const struct recorder *r);

/* For which machine the core is, before recorder_save(). */
void recorder_set_machine(struct recorder *r, const struct core_machine *machine);

/*
 * Writes a session.core to `path` from now on (recording_save). Returns 0, or an error with one
 * line about it in text[size].
 */
int recorder_save(struct recorder *r, const char *path, char *text, size_t size);

/* The same with an existing core, which is continued (recording_continue). */
int recorder_continue(struct recorder *r, const char *path, char *text, size_t size);

/* Takes the recording, allocated by malloc(), out of a recorder without decorators, which is empty
 * then. NULL: memory is short. */
struct recording *recorder_take(struct recorder *r);

/* What is recorded; for a core that is written without a client. */
struct recording *recorder_recording(struct recorder *r);

#endif
