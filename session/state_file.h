/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state file of a session, by which another server takes the session over when this one was
 * killed. A panicked kernel whose server died waits for ever and sends no HERALD, but never checks
 * who answers from the port that it knows. The file has the two addresses and the last seqnos. It
 * is mapped, kept up to date while the session lasts, and locked while its server lives. Its space
 * is reserved before it is mapped, and only its user can open it, so that no access to it can fail.
 */
#ifndef NETGDB_SESSION_STATE_FILE_H
#define NETGDB_SESSION_STATE_FILE_H

#include "proto/addr.h"
#include "proto/link/link.h"

struct state_file;

/*
 * Creates the state file of a session that has just begun, and removes those of earlier sessions
 * of the same kernel whose servers are dead. NULL with errno; the session works without.
 */
struct state_file *state_file_create(const struct net_addr *own, const struct net_addr *kernel);

/*
 * Opens and locks the state files of dead servers' sessions with kernels of this host (address in
 * host byte order; 0: of any).
 * `take` owns each, and returns whether to continue.
 */
typedef bool state_file_taker(void *context, struct state_file *r);
void state_file_claim_all(uint32_t ip, state_file_taker *take, void *context);

struct net_addr state_file_own(const struct state_file *r);
struct net_addr state_file_kernel(const struct state_file *r);

/* Whether there is a state file of a session with this host, at this port of ours: of a living
 * server, or for the next one. */
bool state_file_exists(uint32_t ip, uint16_t own_port);

/* The seqnos, for the link (link.h); valid until the file is closed. */
struct link_session_state *state_file_session_state(struct state_file *r);

/* Closes it: the file stays for the next server. NULL is fine. */
void state_file_close(struct state_file *r);

/* Closes and removes it: the session has ended. NULL is fine. */
void state_file_remove(struct state_file *r);

#endif
