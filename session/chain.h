/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chain of targets for a name and its options: what is at the bottom, and which decorators
 * stand in front of it.
 */
#ifndef NETGDB_SESSION_CHAIN_H
#define NETGDB_SESSION_CHAIN_H

#include "proto/netgdb_target.h"
#include "proto/options.h"
#include "symbols/symbols.h"

/* What a chain is made with. The pointers must outlive the chain; each may be NULL. */
struct chain_config {
    const struct options *options; /* NULL: no decorator that has one */
    const char *program;           /* of gdb's command line */
    bool osabi_missing;            /* the client is a gdb without FreeBSD's OS ABI */
    bool asked;                    /* for a chain_for_proxy: only what mends the stub */
    bool (*only)(void *context);   /* whether this is gdb's only connection; NULL: yes */
    void *context;
    const struct log *log;
};

struct chain {
    struct target *target;   /* its front */
    struct symbols *symbols; /* what qSymbol is answered from, or NULL */
    struct target *cache;    /* in the chain, or NULL */
    struct target *quirks;   /* likewise */
    bool forward_kill;       /* see serve.h: as kill= says; else unless it is a FreeBSD kernel, or
                                may be one */
};

/*
 * Whether a chain can be made with these options. If not, one line of text is in error[size], as
 * options_parse makes it.
 */
bool chain_takes(const struct options *options, char *error, size_t size);

/*
 * The chain in front of a kernel or node. Asks it what it is (netgdb_target_identify); mends and
 * describes a FreeBSD stub, whose kernel is compared with the file (kernel.h); answers qSymbol,
 * shows an RTOS's threads. Owns the link from here on, also when it fails. Returns 0, or an error
 * of the target; *chain is then empty.
 */
int chain_for_kernel(struct chain *chain, struct link *link,
                     const struct netgdb_successor *successor, const struct chain_config *config);

/*
 * The same in front of the netgdb_target that chain_strip gave: each client has a chain of its
 * own. When it fails, the target is still the caller's.
 */
int chain_renew(struct chain *chain, struct target *netgdb, const struct chain_config *config);

/*
 * Chooses the thread that stopped, releases all but the bottom
 * of the chain, and returns that: it is the caller's.
 */
struct target *chain_strip(struct chain *chain);

/* The chain in front of a stub on the IO_TARGET stream of `io`. Returns as above. */
int chain_for_stream(struct chain *chain, struct io *io, const struct chain_config *config);

/*
 * The same for a kernel or node of this machine's proxy, which mends a FreeBSD stub's replies, and
 * whose next client finds it as this one has left it.
 */
int chain_for_proxy(struct chain *chain, struct io *io, enum netgdb_peer peer,
                    const struct chain_config *config);

/* Releases all targets of the chain; a target that is stopped and stays so is first made ready for
 * its next owner, as by chain_strip. An empty one is fine. */
void chain_close(struct chain *chain);

#endif
