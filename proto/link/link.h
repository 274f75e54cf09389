/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The netgdb link, in the server's role: one debugnet session with one kernel or node, below RSP.
 * It acknowledges and reassembles the peer's messages, sends one DATA at a time and retransmits it
 * until it is acknowledged, and measures the path: round-trip time and lateness. It does not
 * interpret requests; netgdb_target.h does.
 *
 * Terms:
 *   duplicate       another delivery of a datagram, by the network or after a retransmission
 *   late duplicate  a duplicate of a request of ours that the kernel stores after the '+' which
 *                   ended that request's exchange
 *   lateness        how long after the original a duplicate may still arrive, in ns
 *   ack             debugnet's acknowledgment of one datagram
 *   '+'             RSP's acknowledgment of one packet; names say peer_ack for the peer's and
 *                   our_ack for ours
 *
 * Facts: FreeBSD sys/net/debugnet.c and sys/gdb/netgdb.c. Each of the kernel's messages is one RSP
 * packet, divided into chunks of MTU - 52 bytes with a seqno each and sent in one burst. The
 * kernel starts a message only after all chunks of the previous one were acknowledged.
 *
 * No call blocks: link_input takes the datagrams that have arrived, link_tick retransmits, and
 * link_deadline returns when link_tick is due. The link's owner waits.
 *
 * Times are ns by io_now. A link belongs to one thread at a time.
 */
#ifndef NETGDB_PROTO_LINK_H
#define NETGDB_PROTO_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/io.h"
#include "proto/link/wire.h"
#include "proto/log.h"
#include "proto/stop.h"

/* The shortest retransmission timeout, longer than a VM's pause, and the longest: it doubles. */
#define LINK_RETRY_MIN (50 * IO_MS)
#define LINK_RETRY_MAX IO_SECOND
#define LINK_LATENESS_PROVEN (1400000ULL)    /* lateness assumed on a path proven clean */
#define LINK_LATENESS_CLEAN (5 * IO_MS)      /* the same before the path has shown a duplicate */
#define LINK_LATENESS_SEEN (20 * IO_MS)      /* the minimum after a duplicate or reordering */
#define LINK_LATENESS_MAX (4 * IO_SECOND)    /* upper bound for every path */
#define LINK_KERNEL_RETRY (1000500000ULL)    /* shortest interval of a kernel's retransmissions */
#define LINK_KERNEL_RETRY_MAX (2300 * IO_MS) /* the longest, measured on a loaded host */
#define LINK_THIRD_ACK_DELAY (5 * IO_MS)     /* between the first two acks and the third */
#define LINK_KERNEL_GIVES_UP (12 * LINK_KERNEL_RETRY + IO_SECOND / 2) /* the fastest kernel */

enum {
    LINK_CHUNKS_MAX = 256,    /* chunks in one message */
    LINK_HISTORY = 32,        /* received datagrams remembered, to recognize duplicates */
    LINK_SENT_HISTORY = 128,  /* sent DATA remembered */
    LINK_BATCH = 16,          /* datagrams received at a time */
    LINK_THIRD_ACKS_MAX = 16, /* pending third acks; further ones are not sent */
};

enum link_generation { LINK_GENERATION_UNKNOWN, LINK_OLD /* 13.x */, LINK_NEW /* 14.0 on */ };

/* The effect of a late duplicate of a DATA of ours, from harmless to harmful. */
enum link_dup_effect {
    LINK_DUP_NONE,      /* the stub skips it: a '+' */
    LINK_DUP_HARMLESS,  /* a request that may run again at any time */
    LINK_DUP_CONFLICTS, /* harmless unless the same kind of state was changed since */
    LINK_DUP_HARMFUL,   /* a request that must run exactly once */
};

/* The kind of state that a request changes. A late duplicate undoes only changes of its kind. */
enum link_state { LINK_MEMORY, LINK_REGISTERS, LINK_BREAKPOINTS, LINK_STATES };

/* A datagram sent or received recently. */
struct link_trace {
    uint32_t seqno;
    enum link_dup_effect dup_effect; /* sent ones only */
    enum link_state state;           /* sent ones: the state it changes; LINK_STATES: all */
    unsigned count;                  /* transmissions or arrivals; 0: the entry is free */
    unsigned acks;                   /* sent ones: acks received */
    uint64_t first, last;            /* time of the first and last transmission or arrival */
    uint64_t lateness;               /* sent ones: link_lateness at that time */
};

/*
 * The state that a later server needs to take the session over. It may lie in memory that outlives
 * this process (session/state_file.h).
 */
struct link_session_state {
    uint32_t sent;    /* seqno of our last DATA */
    uint32_t next;    /* seqno that starts the peer's next message */
    uint32_t node;    /* not 0: the peer is a netgdb node, which can be interrupted */
    struct stop stop; /* see link_stop */
};

struct link_counters {
    uint64_t sent, received; /* datagrams, including acks */
    uint64_t bytes_out, bytes_in;
    uint64_t retransmitted;          /* DATA of ours */
    uint64_t duplicates;             /* DATA of the peer received before */
    uint64_t malformed;              /* datagrams that are not debugnet */
    uint64_t impossible;             /* invalid seqnos, offsets or lengths; never acknowledged */
    uint64_t stray_acks;             /* acks of a seqno never sent */
    uint64_t unexpected_peer_acks;   /* '+' for a late duplicate: see link_expect_peer_ack */
    uint64_t conflicting_duplicates; /* acks of late duplicates that undo a later change */
};

struct link {
    struct io *io;
    const struct log *log;
    size_t payload_max; /* data bytes in one DATA of ours */
    enum link_generation generation;
    unsigned votes_old, votes_new; /* DATA that speak for either generation */

    struct {         /* our last DATA */
        bool active; /* it is in flight */
        uint32_t seqno;
        unsigned transmissions, acks;
        uint64_t last, retry; /* last transmission; next one */
        uint64_t arrived;     /* first ack, or other proof of delivery; 0: none yet */
        uint64_t retry_min;   /* see link_be_patient */
        uint32_t acked;       /* highest seqno acknowledged, of all our DATA */
        uint8_t datagram[WIRE_HEADER + WIRE_DATA_ETHERNET];
        size_t len;
    } tx;

    struct {                 /* the message being received */
        uint32_t start;      /* seqno of its first chunk */
        size_t total, chunk; /* its size and that of a chunk; valid while `have` is not 0 */
        unsigned chunks, have;
        uint8_t seen[LINK_CHUNKS_MAX / 8]; /* bitmap of chunks received */
        struct buf data;
    } rx;

    struct link_session_state *session_state; /* kept up to date if not NULL; not owned */
    struct stop stop;                         /* used without a session state: see link_stop */
    struct buf stream;       /* complete messages in order, for the reader to consume */
    uint64_t peer_ack_until; /* a '+' of the kernel is expected before this time */
    bool failed;             /* see link_fail */
    bool node;               /* see link_set_node */
    bool finished;           /* the node's FINISHED was received: no message follows */
    bool synced; /* false in a session taken over, until the first message is received whole */

    enum link_dup_effect late_duplicate;  /* see link_late_duplicate; LINK_DUP_NONE: none */
    enum link_dup_effect acked_duplicate; /* worst duplicate acked since our last DATA */
    uint32_t last_conflict_seqno; /* seqno of our last DATA when a harmful duplicate was acked */
    uint32_t inherited_seqno;     /* last seqno sent by the previous server; 0: none */
    uint32_t last_write_seqno[LINK_STATES]; /* seqno of the last request that changed the state */
    struct log_limit late_log_limit;        /* for lines about late duplicates */

    uint64_t heard;        /* when the last datagram of the peer was received from the io */
    uint64_t arrival_time; /* when it reached this host: earlier if this thread was suspended */

    bool lossy;       /* the kernel or we had to retransmit: the path loses datagrams */
    bool fixed_retry; /* ignore round trips, start at LINK_RETRY_MIN: for comparisons in tests */
    struct {          /* third acks, due at `due` */
        uint32_t seqnos[LINK_THIRD_ACKS_MAX];
        unsigned n;
        uint64_t due;
        bool disabled; /* see link_set_leaving */
    } third;

    struct link_trace out[LINK_SENT_HISTORY], in[LINK_HISTORY]; /* rings, indexed by seqno */
    uint64_t srtt, rttvar;                                      /* RFC 6298; 0: not measured */
    uint64_t rtt_min;        /* shortest round trip; 0: not measured */
    bool rtt_ambiguous;      /* srtt is of a DATA transmitted several times */
    uint64_t kernel_retry;   /* longest retransmission interval of the kernel; 0: not measured */
    uint64_t lateness;       /* largest observed lateness; 0: none */
    uint64_t reorder_events; /* duplicates and reordered datagrams observed */
    char note[IO_NOTE_MAX];  /* of our next DATA, for a capture; empty: none */
    struct link_counters counters;
};

/*
 * Starts a new session that sends DATA of at most payload_max bytes, clamped to WIRE_DATA_MIN …
 * WIRE_DATA_ETHERNET. The caller keeps ownership of `io` and `log` and may replace them later.
 */
void link_init(struct link *l, struct io *io, size_t payload_max, const struct log *log);

/*
 * Keeps `state` up to date from now on. Copies the link's stop into it, except when `state` is the
 * link's session state already. The caller owns `state`, which must outlive the link.
 */
void link_keep_session_state(struct link *l, struct link_session_state *state);

/*
 * Returns the peer's last stop: the one in the session state, if there is one, otherwise the link's
 * own. The link stores it but never reads or changes it. Invalid after link_keep_session_state.
 */
struct stop *link_stop(struct link *l);

/* Frees the buffers, but not `l`. Sends nothing. */
void link_free(struct link *l);

/* Acknowledges the peer's HERALD. Call it again for each duplicate of the HERALD. */
void link_ack_herald(struct link *l);

/*
 * Takes over the session of a dead server, in a link just initialized. Our seqnos continue after
 * `last_seqno`. The first message received in one DATA becomes the peer's next one, but never a
 * message before `next_seqno` (0: not known). A '+' is expected without limit, because the dead
 * server may have left a request unanswered.
 */
void link_take_over(struct link *l, uint32_t last_seqno, uint32_t next_seqno);

/*
 * Takes all datagrams that have arrived, acknowledges them, reassembles messages and appends
 * complete ones to `stream`. Each ack is sent twice; after a loss, link_tick sends a third one, or
 * three go out at once if the kernel retransmitted. Returns 0, NETGDB_IO or NETGDB_NOMEM.
 */
int link_input(struct link *l);

/* Sends everything that is due: third acks and a retransmission. Returns as io_send does. */
int link_tick(struct link *l);

/* Returns when link_tick is due next; IO_NEVER if nothing is pending. */
uint64_t link_deadline(const struct link *l);

/*
 * Sends `len` bytes (0 to payload_max) as one DATA and copies them. No other DATA may be in
 * flight. `offset` and `total` place the bytes in a packet of several DATA, which only a node
 * accepts. Returns as io_send does, or NETGDB_TOO_LONG.
 */
int link_send(struct link *l, const void *data, size_t len, size_t offset, size_t total);

/*
 * Sets the effect of a late duplicate of the last DATA (default LINK_DUP_NONE), and the state that
 * the request changes; LINK_STATES means all of it.
 */
void link_set_dup_effect(struct link *l, enum link_dup_effect effect, enum link_state state);

/*
 * Stops or resumes third acks, for a request that makes the peer leave. An ack that arrives
 * afterwards waits in the card of a kernel at db> and spoils its next session: the kernel takes it
 * for the ack of its HERALD, and one with INVARIANTS panics (debugnet_handle_arp,
 * sys/net/debugnet_inet.c).
 */
void link_set_leaving(struct link *l, bool leaving);

/* Sets the minimum time, in ns, between two transmissions of the last DATA. */
void link_be_patient(struct link *l, uint64_t ns);

/*
 * Returns whether the last DATA is delivered: no more retransmissions follow. One ack shows it; a
 * 13.x kernel acknowledges dropped DATA too, so that one ack more than transmissions is needed.
 */
bool link_acked(const struct link *l);

/*
 * Returns the number of acks of the last DATA. For a '+' one ack is enough, because the kernel's
 * buffer always has room for it.
 */
unsigned link_acks(const struct link *l);

/* Marks the last DATA as delivered, without an ack: the peer's answer has shown it. */
void link_mark_delivered(struct link *l);

/*
 * Marks the peer as a netgdb node in no-ack mode. A node drops duplicates by seqno, so no delay is
 * needed, and retransmissions depend on round trips only. Acks of a whole reply may be delayed
 * (io_send_later), and the next request replaces them: see link_drop_delayed_acks. A node's
 * FINISHED, which follows its last message, is acknowledged and sets `finished`; unread messages
 * may remain in `stream`. A kernel never sends FINISHED.
 */
void link_set_node(struct link *l);

/* Drops the delayed acks of a reply: the request that is sent next acknowledges it to a node. */
void link_drop_delayed_acks(struct link *l);

/*
 * Sets until when a '+' of the kernel is expected: IO_NEVER, no limit; 0, none is. An unexpected
 * '+' shows that the kernel is about to execute a late duplicate. It does so only once the '+' is
 * acknowledged, so the link does not acknowledge it, but fails (link_fail).
 */
void link_expect_peer_ack(struct link *l, uint64_t until);

/* Explains the next DATA of ours to the reader of a capture; see io_note. */
void link_note_next(struct link *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Returns the effect of a late duplicate that may precede the DATA in flight in the kernel's
 * stream, or was stored since our last '+' was acknowledged; LINK_DUP_NONE if there is none. Its
 * ack shows it, because the kernel acknowledges in the order in which it stores. The kernel's next
 * '+' may be for that duplicate; the link acknowledges it unless the effect is LINK_DUP_HARMFUL,
 * which it also is if the DATA in flight must run exactly once. The next link_send resets it.
 */
enum link_dup_effect link_late_duplicate(const struct link *l);

/*
 * Ends the session after a duplicate that cannot be handled: logs `line`, once, and acknowledges
 * no further message of the kernel (`failed`).
 */
void link_fail(struct link *l, const char *line);

#define LINK_MSG_DUPLICATE_BLOCKED                                                                 \
    "the network delivered a copy of an earlier request very late; it was kept from running, "     \
    "which ends the session: type netgdb again at db>"

/*
 * Returns the lateness of this path in ns: 5 ms, or after a duplicate or reordered datagram the
 * largest observed lateness, at least 20 ms.
 */
uint64_t link_lateness(const struct link *l);

/*
 * Returns when no duplicate of the last DATA can arrive any more, given that it was delivered and
 * that a duplicate arrives at most `late` ns after its original. If not every transmission was
 * acknowledged, the last one may be in flight: it is given LINK_LATENESS_SEEN at least.
 */
uint64_t link_duplicates_expire(const struct link *l, uint64_t late);

/*
 * Records that the network duplicated or reordered a datagram, late by `by` ns. A late ack alone is
 * no such event: the kernel's host may have paused.
 */
void link_note_reordering(struct link *l, uint64_t by);

/*
 * Returns the longest silence, in ns, of a kernel that is sending: twice its retransmission
 * interval, because one retransmission may be lost, and 200 ms.
 */
uint64_t link_quiet(const struct link *l);

/* Returns the time, in ns, after which an unacknowledged kernel has certainly given up. */
uint64_t link_give_up_time(const struct link *l);

#endif
