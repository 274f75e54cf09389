/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel twin: a model of a panicked FreeBSD kernel with debugnet, netgdb and the GDB stub,
 * including their bugs, in virtual time. It is written from the kernel's sources (doc/protocol.md),
 * independently of the link that it tests. It executes requests, counts them and records the
 * datagram of each, so that a test can detect requests executed twice.
 *
 * A twin starts at db>; twin_netgdb types `netgdb -s SERVER`.
 */
#ifndef NETGDB_TESTS_SIM_TWIN_H
#define NETGDB_TESTS_SIM_TWIN_H

#include "tests/sim/machine.h"
#include "tests/sim/net.h"

struct twin;

enum twin_generation { TWIN_OLD /* 13.x */, TWIN_NEW /* 14.0 and later */ };

/* Z2, Z3 and Z4: unknown to early 13.x, supported by 13.2 and 14, an error on riscv. */
enum twin_watch { TWIN_NO_WATCH, TWIN_WATCHES, TWIN_WATCH_FAILS };

struct twin_config {
    enum twin_generation generation;
    enum machine_arch arch;
    enum twin_watch watch; /* default: the earliest kernel of its generation */
    uint32_t ip, server_ip;
    size_t mtu;               /* of its interface: chunks are mtu - 52, longer ones are lost */
    uint64_t poll;            /* pause after each poll while sending: 0.5 ms */
    uint64_t react;           /* from a datagram's arrival in the ring to the idle poll that reads
                                 it, and from a burst to the first poll for its acks: 20 us */
    uint64_t command;         /* duration of a command, which does not poll: 10 us */
    size_t buffer;            /* receive buffer: 4111; determines PacketSize and its limits */
    size_t ring;              /* datagrams in its NIC between polls: 256 */
    bool ring_survives;       /* `netgdb -s` reads the datagrams in the NIC; else drops them */
    bool invariants;          /* built with INVARIANTS; datagrams received at db> stay in the NIC */
    bool other_gdb_port;      /* 0x03 returns to db> instead of resuming the machine */
    bool run_lengths;         /* replies have run-lengths; a real kernel's netgdb has none */
    unsigned threads;         /* in qXfer:threads; 0: the machine's; additional ones sleep */
    unsigned threads_a_reply; /* in qfThreadInfo; 0: as many as fit, as in a real kernel */
};

/* The configuration of a real kernel of that generation at 10.0.0.2, server SIM_SERVER_IP. */
struct twin_config twin_config(enum twin_generation generation);

/* Returns a kernel at db>. The world must outlive it. */
struct twin *twin_new(struct sim_world *w, const struct twin_config *config);
void twin_free(struct twin *t);

/* Returns its machine, which tests may read and write. */
struct machine *twin_machine(struct twin *t);

/* Types `netgdb -s SERVER`; fails the test if the twin is not at db>. */
void twin_netgdb(struct twin *t);

/* Stops the program, if it runs, as a breakpoint or the console would. */
void twin_stop(struct twin *t);

/*
 * Reboots at `when`: silently loses its session, memory and registers. Sends a new HERALD at
 * `herald` (SIM_NEVER: stays at db>).
 */
void twin_reboot(struct twin *t, uint64_t when, uint64_t herald);

enum twin_phase {
    TWIN_DDB,     /* at db>: silent */
    TWIN_HERALD,  /* sends its HERALD */
    TWIN_SENDING, /* sends a DATA message and waits for acks */
    TWIN_WAITING, /* waits for bytes: a '+' or a request */
    TWIN_COMMAND, /* executes a request; does not poll */
    TWIN_RUNNING, /* the program runs; does not poll */
    TWIN_GONE     /* resumed by 0x03, or panicked again: silent for good */
};
enum twin_phase twin_phase(const struct twin *t);
const char *twin_phase_name(enum twin_phase phase);

/* Whether it is in ack mode, its session port (0: none yet), and its next seqno. */
bool twin_ack_mode(const struct twin *t);
uint16_t twin_session_port(const struct twin *t);
uint32_t twin_seqno(const struct twin *t);

/*
 * Returns the id of kdb_thread: the thread that ddb shows, and the next session's T and `?` name. A
 * trap selects the thread that ran, H any thread; nothing else changes it.
 */
uint32_t twin_thread(const struct twin *t);

/* Bytes in its receive buffer, consumed ones included. */
size_t twin_buffered(const struct twin *t);

struct twin_counts {
    /* transport */
    uint64_t heralds, sessions; /* `netgdb -s` typed; of these, HERALD acked */
    uint64_t messages;          /* DATA messages started */
    uint64_t transmissions;     /* datagrams sent for HERALDs and messages */
    uint64_t retransmissions;   /* of these, retransmissions */
    uint64_t sending;           /* ns spent sending messages until they were acked */
    uint64_t replied;           /* the same without repeated replies: */
    uint64_t replies;           /* their number */
    uint64_t gave_up;           /* sends that failed: silently returned to ddb */
    uint64_t poisoned;          /* acks for a chunk that was not sent */
    uint64_t acks_sent;
    uint64_t full_lost;    /* OLD: buffer full, acked and lost */
    uint64_t full_refused; /* NEW: buffer full, not acked */
    uint64_t ring_lost;    /* datagrams lost because the NIC was full */
    uint64_t dropped;      /* datagrams for another host, incomplete or invalid */
    uint64_t finished;     /* FINISHED received */

    /* stub */
    uint64_t requests;                /* executed */
    uint64_t repeated;                /* of these, duplicates of a message executed before */
    uint64_t steps, continues;        /* s S, and c C, executed */
    uint64_t repeated_resumes;        /* s S c C D k executed twice: must stay 0 */
    uint64_t writes, register_writes; /* M and P that changed something */
    uint64_t undone;                  /* duplicate M that undid a later change: must stay 0 */
    uint64_t undone_registers;        /* the same for a P and a register: must stay 0 */
    uint64_t undone_threads;          /* the same for an H and the selected thread */
    uint64_t undone_points;           /* the same for a Z or z and a watchpoint */
    uint64_t bad_sums;                /* requests answered '-' */
    uint64_t resent_replies;          /* replies repeated for a byte other than '+' */
    uint64_t detaches;                /* D or k: ddb gets the trap */
    uint64_t lost_by_silence;         /* as `lost`, after a send that failed */

    /* disasters: must stay 0 */
    uint64_t resumed_by_ctrl_c;   /* 0x03: the machine resumes and the panic is lost */
    uint64_t panics;              /* a request of 4095 bytes or more */
    uint64_t overflows;           /* a read of more than 2048 bytes (past 4096 it is gone) */
    uint64_t corrupted_registers; /* by G, or by a P of the wrong size */
    uint64_t lost;                /* D or k after a step, which ddb ignores: the panic is lost */
    uint64_t early_data;      /* `netgdb -s` with a datagram of ours in its NIC: panicked again */
    uint64_t died_unmasked;   /* arm64: resumed or left after a fault of the stub */
    uint64_t died_in_longjmp; /* a breakpoint there: silent from the first failed access on */
};
const struct twin_counts *twin_counts(const struct twin *t);

/* Returns the sum of all counters that must stay 0. */
uint64_t twin_harm(const struct twin *t);

/* The executed requests, in order, since twin_new. */
struct twin_request {
    uint64_t time;     /* when its execution started */
    uint64_t datagram; /* id of the datagram with its '$' */
    unsigned copy;     /* 0: the original; 1: a duplicate made by the network */
    bool repeat;       /* the same message (port, seqno, bytes) was executed before in this
                          session: a duplicate, or a retransmission of the server */
    uint32_t seqno;    /* of that datagram */
    size_t len;
    const uint8_t *text; /* content and a NUL; valid until twin_free */
};
size_t twin_requests(const struct twin *t);
const struct twin_request *twin_request(const struct twin *t, size_t index);

/* Returns the number of requests that start with `prefix`, and the last of them (NULL: none). */
size_t twin_executed(const struct twin *t, const char *prefix);
const struct twin_request *twin_last(const struct twin *t, const char *prefix);

#endif
