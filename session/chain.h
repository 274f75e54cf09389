/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds the chain of targets for a name and its options: the target and its decorators. */
#ifndef NETGDB_SESSION_CHAIN_H
#define NETGDB_SESSION_CHAIN_H

#include "proto/cache/cache.h"
#include "proto/kernel/netgdb_target.h"
#include "proto/options.h"
#include "record/recorder.h"
#include "session/profile.h"
#include "symbols/symbols.h"

struct observed;

/* How to build a chain. The pointers must outlive the chain; each may be NULL. */
struct chain_config {
    const struct options *options; /* NULL: no decorator with options */
    const char *program;           /* the program on gdb's command line */
    bool osabi_missing;            /* the client is a gdb without FreeBSD's OS ABI */
    bool asked;                    /* for a client of chain_for_proxy: only the quirks */
    bool records;                  /* the session is recorded, and `monitor netgdb save` saves it.
                                      Not for other users' clients: they would write this user's
                                      files */
    struct observed *observed;     /* observers of the target have their requests executed here */
    bool (*only)(void *context);   /* returns whether this is gdb's only connection; NULL: it is */
    void *context;
    const struct log *log;
};

struct chain {
    struct target *target;     /* the outermost */
    struct target *netgdb;     /* the last target if it is a kernel's or node's; else NULL */
    enum netgdb_peer peer;     /* what the last target is; NETGDB_PEER_OTHER: unknown */
    struct symbols *symbols;   /* for qSymbol, or NULL */
    struct target *cache;      /* in the chain, or NULL */
    struct target *quirks;     /* likewise */
    struct target *freebsd;    /* in the chain, or NULL: answers queries about a kernel */
    struct recorder *recorder; /* of the session, or NULL */
    bool may_save;             /* the client may save the session */
    bool recorded;             /* the last target is a recording */
    bool forward_kill;         /* serve.h: by kill=; without it true unless the target is, or may
                                  be, a FreeBSD kernel */
};

/*
 * Whether a chain can be made with these options. If not, one line of text is in error[size], as
 * options_parse makes it.
 */
bool chain_takes(const struct options *options, char *error, size_t size);

/*
 * Builds the chain for a kernel or node, for one client. Identifies it (netgdb_target_identify);
 * corrects and describes a FreeBSD stub, and compares its kernel with the file (kernel.h); answers
 * qSymbol, shows an RTOS's threads. Owns the target until chain_strip. If it fails, the caller
 * keeps the target. Returns 0, or an error of the target; *chain is then empty.
 */
int chain_renew(struct chain *chain, struct target *netgdb, const struct chain_config *config);

/*
 * Selects the thread that stopped, frees all decorators, and returns the target at the end of the
 * chain: it is the caller's.
 */
struct target *chain_strip(struct chain *chain);

/* Builds the chain for a stub on the IO_TARGET stream of `io`. Returns as above. */
int chain_for_stream(struct chain *chain, struct io *io, const struct chain_config *config);

/*
 * The same for a kernel or node of this machine's proxy, which has the quirks itself. The next
 * client gets the target in the state in which this one left it.
 */
int chain_for_proxy(struct chain *chain, struct io *io, enum netgdb_peer peer,
                    const struct chain_config *config);

/*
 * The same for a recording (record/replay.h), which it owns from here on, also when it fails.
 * `peer` is what was recorded.
 */
int chain_for_recording(struct chain *chain, struct target *recording, enum netgdb_peer peer,
                        const struct chain_config *config);

/*
 * The same for a target whose corrections are elsewhere: an observer of another chain's target
 * (observer_new), or what chain_strip has returned of a chain_for_proxy. Owns `target` from here
 * on, also when it fails.
 */
int chain_for_target(struct chain *chain, struct target *target, enum netgdb_peer peer,
                     const struct chain_config *config);

/*
 * Adds the decorator that records what the client sees, as the last, if the session is recorded.
 * Returns as chain_add.
 */
int chain_record(struct chain *chain);

/* Saves the session to a file from now on. Appends a line about it to *text. */
void chain_save(const struct chain *chain, const char *path, struct buf *text);

/* Adds a decorator of chain->target. Returns 0, or NETGDB_NOMEM if it is NULL. */
int chain_add(struct chain *chain, struct target *decorator);

/*
 * Questions about a chain. The counters of its link, if it has one, are stored in the profile, and
 * those of its cache in *stats; false: it has none.
 */
void chain_note_link(const struct chain *chain, struct profile *profile);
bool chain_cache_stats(const struct chain *chain, struct cache_stats *stats);
void chain_flush_cache(const struct chain *chain);

/* Returns whether queries about a kernel can be asked (freebsd/queries.h), and asks one; see
 * freebsd_query. */
bool chain_has_queries(const struct chain *chain);
int chain_query(const struct chain *chain, const char *line, struct buf *text);

/* Frees the chain with all targets, after selecting the thread that stopped, as chain_strip does.
 * An empty chain is fine. */
void chain_close(struct chain *chain);

#endif
