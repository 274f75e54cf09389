/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record of a session: what the next server needs to go on with it when this one was killed.
 * A panicked kernel whose server died waits for ever and heralds no more, but never checks who
 * answers from the port that it knows. So a small file, mapped and kept up to date while the
 * session lasts, names the two addresses and the last seqnos; a lock on it tells whether its
 * server still lives. Its space is reserved before it is mapped, and nobody but its user can open
 * it, so that no access to it can fail.
 */
#ifndef NETGDB_SESSION_STATE_FILE_H
#define NETGDB_SESSION_STATE_FILE_H

#include "proto/addr.h"
#include "proto/link.h"

struct state_file;

/*
 * Makes the record of a session that has just begun; those of earlier sessions of the same kernel
 * whose servers are dead are removed. NULL with errno when it
 * cannot be had: the session can do without.
 */
struct state_file *state_file_create(const struct net_addr *own, const struct net_addr *kernel);

/*
 * The record of a session with a kernel of this host whose server is dead, locked for us; NULL
 * when there is none. With ip 0, of any host.
 */
struct state_file *state_file_claim(uint32_t ip);

/* The same for all of them: `take` owns each, and returns whether it wants more. */
typedef bool state_file_taker(void *context, struct state_file *r);
void state_file_claim_all(uint32_t ip, state_file_taker *take, void *context);

struct net_addr state_file_own(const struct state_file *r);
struct net_addr state_file_kernel(const struct state_file *r);

/* Where the link keeps its seqnos (link.h); valid until the record is closed. */
struct link_mark *state_file_mark(struct state_file *r);

/* Lets go of the record: the file stays for the next server. NULL is fine. */
void state_file_close(struct state_file *r);

/* The session has ended: removes the file too. NULL is fine. */
void state_file_remove(struct state_file *r);

#endif
