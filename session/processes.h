/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The processes that a stub debugs, from its packets and GDB's: thread ids `pPID.TID` (GDB
 * manual, "Packets") in stops, thread lists and events of fork and vfork; exits; detaches; kills.
 * A stub without process ids has none here.
 */
#ifndef NETGDB_SESSION_PROCESSES_H
#define NETGDB_SESSION_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROCESSES_MAX = 256 }; /* more only set `many` */

struct processes {
    uint64_t ids[PROCESSES_MAX]; /* that of the last stop is the last */
    size_t n;
    bool many; /* there were more: those that remain are unknown */
};

/* Adds this one, or moves it to the end. Ignores 0. */
void processes_add(struct processes *p, uint64_t id);
void processes_remove(struct processes *p, uint64_t id);

/* Whether there is one other than this; 0: any. */
bool processes_has_other(const struct processes *p, uint64_t id);

/* The one of the last stop; 0: unknown. */
uint64_t processes_last(const struct processes *p);

/* The process of a thread id at text; 0 when it names none, or all (p-1, p0). */
uint64_t processes_of_thread(const uint8_t *text, size_t len);

/* The id after a ';' in a packet such as D;PID or vKill;PID; 0: none. */
uint64_t processes_of_packet(const uint8_t *text, size_t len);

/*
 * Learns from a stop reply: T (its thread, forks), W and X (the exit of one process, or, without
 * an id, of all).
 */
void processes_stop(struct processes *p, const uint8_t *reply, size_t len);

/* Learns from a thread list: the reply to qfThreadInfo, or a part of qXfer:threads. */
void processes_list(struct processes *p, const uint8_t *reply, size_t len);

#endif
