/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The netgdb link in the server's role: one debugnet session with one kernel (or node), below
 * RSP. It acknowledges and reassembles what the kernel sends, sends one DATA at a time until it
 * is acknowledged, and keeps what it has seen of the path: round-trip time and lateness. It knows
 * nothing of requests; netgdb_target.h stands on it.
 *
 * Facts: FreeBSD sys/net/debugnet.c and sys/gdb/netgdb.c. The kernel's messages are one RSP
 * packet each, cut into chunks of MTU - 52 bytes with a seqno each, sent in one burst; the next
 * message starts only when all its chunks were acknowledged.
 *
 * No call blocks: link_input takes what has arrived, link_tick retransmits, link_deadline says
 * when the next tick is due. Whoever owns the link waits.
 */
#ifndef NETGDB_PROTO_LINK_H
#define NETGDB_PROTO_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/io.h"
#include "proto/log.h"
#include "proto/stop.h"
#include "proto/wire.h"

#define LINK_RETRY_MIN (50 * IO_MS) /* first retransmission: after a pause of the kernel's host */
#define LINK_RETRY_MAX IO_SECOND    /* they double up to this */
#define LINK_LATENESS_PROVEN (1400000ULL)    /* ns a copy may be late on a path proven clean */
#define LINK_LATENESS_CLEAN (5 * IO_MS)      /* on a path that has shown no copy yet */
#define LINK_LATENESS_SEEN (20 * IO_MS)      /* the least once a duplicate or reordering was seen */
#define LINK_LATENESS_MAX (4 * IO_SECOND)    /* no path is believed to be later than this */
#define LINK_KERNEL_RETRY (1000500000ULL)    /* ns between a kernel's transmissions, at least */
#define LINK_KERNEL_RETRY_MAX (2300 * IO_MS) /* the same on a loaded host, measured */
#define LINK_THIRD_ACK (5 * IO_MS)           /* after the first two, once loss has shown */
#define LINK_KERNEL_GIVES_UP (12 * LINK_KERNEL_RETRY + IO_SECOND / 2) /* the quickest kernel */

enum {
    LINK_MESSAGE_MAX = 64 * 1024, /* bytes of one message of the peer; a kernel's have 4102 */
    LINK_CHUNKS_MAX = 256,        /* chunks of one message */
    LINK_HISTORY = 32,            /* datagrams of the peer remembered, to recognise copies */
    LINK_SENT_HISTORY = 128,      /* and of ours */
    LINK_BATCH = 16,              /* datagrams taken at a time */
    LINK_THIRD_ACKS = 16,         /* acks that wait to be sent a third time; others are not */
};

enum link_generation { LINK_GENERATION_UNKNOWN, LINK_OLD /* 13.x */, LINK_NEW /* 14.0 on */ };

/* What a copy of a DATA of ours does that reaches a kernel late, behind the '+' that followed. */
enum link_copy {
    LINK_COPY_NOTHING,  /* bytes that its stub skips: a '+' */
    LINK_COPY_HARMLESS, /* a request that may run again at any time */
    LINK_COPY_UNDOES,   /* one that may until something of its kind was changed */
    LINK_COPY_HARMFUL,  /* one that may not */
};

/* What a request changes; a copy undoes only a later change of the same kind. */
enum link_state { LINK_MEMORY, LINK_REGISTERS, LINK_POINTS, LINK_STATES };

/* A datagram sent or received lately. */
struct link_trace {
    uint32_t seqno;
    enum link_copy copy;   /* of ours */
    enum link_state state; /* of ours: what it changes */
    unsigned count;        /* transmissions of ours, or arrivals */
    unsigned acks;         /* of ours: acks that came */
    uint64_t first, last;  /* when */
    uint64_t lateness;     /* of ours: what was known of the path then */
};

/* What a server that takes the session over must know; it may lie in memory that outlives us. */
struct link_mark {
    uint32_t sent;    /* seqno of our last DATA */
    uint32_t next;    /* seqno with which the peer's next message begins */
    uint32_t node;    /* not 0: the peer is a netgdb node, which may be interrupted while it runs */
    struct stop stop; /* see link_stop */
};

struct link_counters {
    uint64_t sent, received; /* datagrams, acks too */
    uint64_t bytes_out, bytes_in;
    uint64_t retransmitted; /* DATA sent again by the timer */
    uint64_t duplicates;    /* kernel DATA that had come before */
    uint64_t malformed;     /* datagrams that are no debugnet */
    uint64_t impossible;    /* seqnos, offsets or lengths that cannot be; never acknowledged */
    uint64_t stray_acks;    /* acks of a seqno never sent */
    uint64_t unwanted_plus; /* '+' of a copy that came late: see link_want_plus, link_stale */
    uint64_t undoing;       /* acks of copies that came too late and undo what was changed since */
};

struct link {
    struct io *io;
    const struct log *log;
    size_t payload_max; /* data bytes in one DATA of ours */
    enum link_generation generation;
    unsigned votes_old, votes_new;

    struct { /* the one DATA that is on its way */
        bool active;
        uint32_t seqno; /* of the last DATA, on its way or not */
        unsigned transmissions, acks;
        uint64_t last, retry;
        uint64_t arrived;  /* when that became known; 0: it has not */
        uint64_t patience; /* see link_be_patient */
        uint32_t acked;    /* the highest seqno that was acknowledged */
        uint8_t datagram[WIRE_HEADER + WIRE_DATA_ETHERNET];
        size_t len;
    } tx;

    struct {                 /* the message that is being received */
        uint32_t start;      /* seqno of its first chunk */
        size_t total, chunk; /* 0: not known yet */
        unsigned chunks, have;
        uint8_t seen[LINK_CHUNKS_MAX / 8];
        struct buf data;
    } rx;

    struct link_mark *mark; /* kept up to date when not NULL; not owned */
    struct stop stop;       /* see link_stop */
    struct buf stream;      /* whole messages, in order, for the reader to take */
    uint64_t plus_until;    /* a lone '+' is awaited, before this time */
    bool refused;           /* see link_refuse */
    bool node;              /* see link_to_node */
    enum link_copy stale;   /* see link_stale; LINK_COPY_NOTHING: none */
    struct log_limit told;  /* of copies that came late */
    enum link_copy copied;  /* the worst copy that was acknowledged since the last DATA of ours */
    uint32_t harmful;       /* seqno of the last DATA when a copy was noticed that does harm */
    uint32_t before;        /* seqno of the last DATA that another server sent; 0: none */
    uint32_t changed[LINK_STATES]; /* seqno of the last request that changed it */
    bool finished;                 /* the node's stub has gone: nothing more will come */
    bool synced;    /* false in a session taken over, until the first message begins */
    uint64_t heard; /* when the last datagram of the peer was taken */
    uint64_t at;    /* and when it arrived: before, if this thread was kept from running */

    bool lossy;       /* a kernel repeated itself, or we had to: this path loses datagrams */
    bool fixed_retry; /* retransmit from LINK_RETRY_MIN on whatever was measured: to compare */
    struct {          /* acks to be sent a third time, at `due` */
        uint32_t seqnos[LINK_THIRD_ACKS];
        unsigned n;
        uint64_t due;
        bool never;
    } third;

    struct link_trace out[LINK_SENT_HISTORY], in[LINK_HISTORY];
    uint64_t srtt, rttvar; /* 0: not measured */
    uint64_t rtt_least;    /* the shortest that was measured */
    uint64_t kernel_retry; /* the longest interval between its transmissions; 0: not measured */
    bool guessed;          /* they are of a DATA that was sent several times */
    uint64_t lateness;     /* seen; 0: none */
    uint64_t evidence;     /* how often lateness or duplicates were seen */
    struct link_counters counters;
};

/*
 * A new session: DATA of at most payload_max bytes (WIRE_DATA_MIN to WIRE_DATA_ETHERNET; else it
 * is brought into that range). `io` and `log` stay the caller's and may be exchanged later.
 */
void link_init(struct link *l, struct io *io, size_t payload_max, const struct log *log);

/*
 * Keeps `mark` up to date from here on, in a session that has begun here or was taken over from
 * the server that kept it.
 */
void link_keep_mark(struct link *l, struct link_mark *mark);

/*
 * How the peer stopped last, as those know who read what it says: in the mark, when there is one.
 * The link itself neither reads nor changes it. It moves when a mark is kept.
 */
struct stop *link_stop(struct link *l);

/* Releases the buffers. Sends nothing. */
void link_free(struct link *l);

/* Acknowledges the peer's HERALD; again for each copy of it. */
void link_ack_herald(struct link *l);

/*
 * Goes on with a session whose server died: our seqnos continue behind `last_seqno`; the peer's
 * next message is the first that comes, but not one from before `next_seqno` (0: not known). A
 * '+' is welcome: the dead server may have left a request.
 */
void link_take_over(struct link *l, uint32_t last_seqno, uint32_t next_seqno);

/*
 * Takes all datagrams that have arrived: acknowledges (twice each, and once loss has shown a third
 * time, later by link_tick, or at once when the kernel had to repeat itself), reassembles, appends
 * whole messages to `stream`. Returns 0, NETGDB_IO or NETGDB_NOMEM.
 */
int link_input(struct link *l);

/* Retransmits what is due, acks too. Returns as io_send. */
int link_tick(struct link *l);

/* When link_tick is due next; IO_NEVER when there is nothing to do. */
uint64_t link_deadline(const struct link *l);

/*
 * Sends `len` (0 to payload_max) bytes as one DATA; none may be on its way. `offset` and `total`
 * are its place in the whole packet, for packets of several DATA (only a node takes those).
 * Returns as io_send.
 */
int link_send(struct link *l, const void *data, size_t len, size_t offset, size_t total);

/*
 * Says what a copy does of the DATA that was sent last (nothing, when it is not said), and what
 * state the request changes; with LINK_STATES, all of it.
 */
void link_tell_copy(struct link *l, enum link_copy copy, enum link_state state);

/*
 * The peer leaves when it has what it waits for: from now on no ack is sent a third time. One that
 * comes later waits in the card of a kernel, and spoils its next session: it is taken for the ack
 * of the HERALD, and a kernel with INVARIANTS panics (debugnet_handle_arp,
 * sys/net/debugnet_inet.c).
 */
void link_is_leaving(struct link *l, bool leaving);

/* The DATA that was sent last is not sent again before `ns` have passed, each time. */
void link_be_patient(struct link *l, uint64_t ns);

/*
 * Whether the last DATA is known to be stored: one ack; of a 13.x kernel, which acknowledges also
 * what it drops, one more than there were transmissions.
 */
bool link_acked(const struct link *l);

/* The same of a DATA of ours that was sent lately, also when its ack came behind others. */
bool link_stored(const struct link *l, uint32_t seqno);

/* How many acks the last DATA has had. Of a '+' one is enough: it always fits the buffer. */
unsigned link_acks(const struct link *l);

/* Stops retransmitting the DATA on its way: what came back proves that it arrived. */
void link_proved(struct link *l);

/*
 * The peer is a netgdb node in no-ack mode. It knows copies by their seqno: none of them does harm,
 * and it is sent to again as soon as the path allows. Our acks may wait a little (io_send_later),
 * and a request that is sent meanwhile takes the place of those for the reply before it
 * (link_request_acks). Its FINISHED, in its place after all messages, is acknowledged and says that
 * the stub has closed its connection (`finished`; what came before may still be in the stream); a
 * kernel never sends one.
 */
void link_to_node(struct link *l);
void link_request_acks(struct link *l);

/*
 * Until when (IO_NEVER: no limit, 0: not at all) a lone '+' of the kernel is awaited. One that is
 * not is the sign of a copy that the network kept back and the kernel is about to execute again:
 * without our ack it does not. See link_refuse.
 */
void link_want_plus(struct link *l, uint64_t until);

/*
 * What may be in front of the DATA on its way, or has come since our last '+' was acknowledged: a
 * copy of an earlier request, later than anything that was held back for it. Its ack says so: the
 * kernel acknowledges in the order in which it stores. The next '+' of the kernel may be that
 * copy's, and it is not acknowledged (link_refuse) unless neither the copy nor what we sent since
 * does harm when it runs again. Forgotten with the next DATA that we send.
 */
enum link_copy link_stale(const struct link *l);

/*
 * Something late was noticed that cannot be mended: says so in one line, and nothing of the kernel
 * is acknowledged from here on (`refused`).
 */
void link_refuse(struct link *l, const char *line);

#define LINK_REFUSED_COPY                                                                          \
    "the network delivered a copy of an earlier request very late; it was kept from running, "     \
    "which ends the session: type netgdb again at db>"

#define LINK_RAN_COPY                                                                              \
    "the network delivered a copy of an earlier request very late, and it may have run, which "    \
    "ends the session: type netgdb again at db>"

/*
 * How late a copy of a datagram may still come on this path, in ns: 5 ms, or once a duplicate or
 * a reordered datagram was seen 20 ms or as late as that was.
 */
uint64_t link_lateness(const struct link *l);

/*
 * When no copy of the last DATA, which is known to have arrived, can come any more: a copy is at
 * most `late` ns behind its original. Of several transmissions all may have been acknowledged;
 * else the last one may still be on its way, for LINK_LATENESS_SEEN at least.
 */
uint64_t link_copies_gone(const struct link *l, uint64_t late);

/*
 * Notes that the network repeated or reordered a datagram, by so many ns: our evidence that copies
 * may come. A late ack is none: the kernel's host may have paused.
 */
void link_saw_late(struct link *l, uint64_t by);

/*
 * ns for which a kernel that is sending may be silent: it repeats what is not acknowledged at its
 * own interval (measured when it does so), and one repeat may be lost.
 */
uint64_t link_quiet(const struct link *l);

/* ns after which a kernel that is not acknowledged has certainly given up. */
uint64_t link_gives_up(const struct link *l);

#endif
