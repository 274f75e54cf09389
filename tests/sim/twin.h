/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel twin: a panicked FreeBSD kernel as debugnet, netgdb and its GDB stub behave, good
 * and bad, in virtual time. Written from the facts about the kernel, and never from the link
 * that talks to it. It executes what it is sent, counts it, and knows of every request which
 * datagram brought it, so that a test can say what was executed twice.
 *
 * A twin is at db> at first; twin_netgdb types `netgdb -s SERVER`.
 *
 * Final: everything in this header.
 */
#ifndef NETGDB_TESTS_SIM_TWIN_H
#define NETGDB_TESTS_SIM_TWIN_H

#include "tests/sim/machine.h"
#include "tests/sim/net.h"

struct twin;

enum twin_generation { TWIN_OLD /* 13.x */, TWIN_NEW /* 14.0 and later */ };

/* Z2, Z3 and Z4: early 13.x does not know them, 13.2 and 14 do, on riscv they fail. */
enum twin_watch { TWIN_NO_WATCH, TWIN_WATCHES, TWIN_WATCH_FAILS };

struct twin_config {
    enum twin_generation generation;
    enum machine_arch arch;
    enum twin_watch watch; /* by default as early as its generation can be */
    uint32_t ip, server_ip;
    size_t mtu;               /* of its interface: chunks are mtu - 52, longer ones vanish */
    uint64_t poll;            /* sleep after each poll of a send: 0.5 ms */
    uint64_t react;           /* from a datagram in the ring to the idle poll that sees it, and
                                 from a burst sent to the first poll for its acks: 20 us */
    uint64_t command;         /* it runs a command for so long, without polling: 10 us */
    size_t buffer;            /* receive buffer: 4111; what it sends and says follows from it */
    size_t ring;              /* datagrams its NIC keeps while nobody polls: 256 */
    bool ring_survives;       /* what waits in the NIC at `netgdb -s` is read; else dropped */
    bool invariants;          /* as built with INVARIANTS; what comes at db> stays in the NIC */
    bool other_gdb_port;      /* 0x03 goes back to db> instead of resuming the machine */
    bool run_lengths;         /* replies have run-lengths; a real kernel's netgdb has none */
    unsigned threads;         /* in qXfer:threads; 0: the machine's; more sleep and do nothing */
    unsigned threads_a_reply; /* of qfThreadInfo; 0: as many as fit, as a real kernel */
};

/* The configuration of a real kernel of that generation at 10.0.0.2, server SIM_SERVER_IP. */
struct twin_config twin_config(enum twin_generation generation);

/* A kernel at db>. The world outlives it. */
struct twin *twin_new(struct sim_world *w, const struct twin_config *config);
void twin_free(struct twin *t);

/* The machine behind it; tests read and write it at will. */
struct machine *twin_machine(struct twin *t);

/* Types `netgdb -s SERVER` at db>; fails the test when the twin is not there. */
void twin_netgdb(struct twin *t);

/* Stops a running program now, as a breakpoint or the console would; nothing when it is not. */
void twin_stop(struct twin *t);

/*
 * Loses everything at `when` (session, memory, registers) without a word; then sends a HERALD
 * anew at `herald` (SIM_NEVER: stays at db>).
 */
void twin_reboot(struct twin *t, uint64_t when, uint64_t herald);

enum twin_phase {
    TWIN_DDB,     /* at db>: answers nothing */
    TWIN_HERALD,  /* sends its HERALD */
    TWIN_SENDING, /* sends a DATA message and waits for acks */
    TWIN_WAITING, /* waits for bytes: a '+' or a request */
    TWIN_COMMAND, /* executes a request; does not poll */
    TWIN_RUNNING, /* the program runs; does not poll */
    TWIN_GONE     /* resumed by 0x03, or panicked again: nothing more comes */
};
enum twin_phase twin_phase(const struct twin *t);
const char *twin_phase_name(enum twin_phase phase);

/* Whether it is in ack mode, its session port (0: none yet), and its next seqno. */
bool twin_ack_mode(const struct twin *t);
uint16_t twin_session_port(const struct twin *t);
uint32_t twin_seqno(const struct twin *t);

/*
 * kdb_thread, by its id: whom ddb shows, and what the next session's T and `?` are about. A trap
 * chooses the thread that ran, H any; nothing else changes it.
 */
uint32_t twin_thread(const struct twin *t);

/* Bytes in its receive buffer, consumed ones included. */
size_t twin_buffered(const struct twin *t);

struct twin_counts {
    /* transport */
    uint64_t heralds, sessions; /* `netgdb -s` typed; of these, HERALD acked */
    uint64_t messages;          /* DATA messages begun */
    uint64_t transmissions;     /* datagrams sent for HERALD and messages, repeats included */
    uint64_t retransmissions;   /* of these, repeats */
    uint64_t sending;           /* ns that sends of messages took, until all was acked */
    uint64_t replied;           /* the same but for replies that were sent again: */
    uint64_t replies;           /* of so many messages */
    uint64_t gave_up;           /* sends that failed: silently back in ddb */
    uint64_t poisoned;          /* acks for a chunk that was not sent */
    uint64_t acks_sent;
    uint64_t full_lost;    /* OLD: buffer full, acked and lost */
    uint64_t full_refused; /* NEW: buffer full, not acked */
    uint64_t ring_lost;    /* datagrams for which the NIC had no room */
    uint64_t dropped;      /* not for us, not whole, not understood */
    uint64_t finished;     /* FINISHED received */

    /* stub */
    uint64_t requests;                /* executed */
    uint64_t repeated;                /* of these, from a message that had been executed before */
    uint64_t steps, continues;        /* s S, and c C, executed */
    uint64_t repeated_resumes;        /* s S c C D k executed from a repeat: must stay 0 */
    uint64_t writes, register_writes; /* M, and P, that changed something */
    uint64_t undone;                  /* a repeat of an M that undid a later change: must stay 0 */
    uint64_t undone_registers;        /* the same for a P and a register: must stay 0 */
    uint64_t undone_threads;          /* the same for an H and the choice of a thread */
    uint64_t undone_points;           /* the same for a Z or z and a watchpoint */
    uint64_t bad_sums;                /* requests answered '-' */
    uint64_t resent_replies;          /* a reply sent again for a byte that was not '+' */
    uint64_t detaches;                /* D or k: the trap is passed on to ddb */
    uint64_t lost_by_silence;         /* as `lost`, by a send that failed */

    /* disasters: must stay 0 */
    uint64_t resumed_by_ctrl_c;   /* 0x03: the machine runs on and the panic is lost */
    uint64_t panics;              /* a request of 4095 bytes or more */
    uint64_t overflows;           /* a read of more than 2048 bytes (past 4096 it is gone) */
    uint64_t corrupted_registers; /* by G, or by a P of the wrong size */
    uint64_t lost;                /* D or k after a step, which ddb ignores: the panic is lost */
    uint64_t early_data;      /* `netgdb -s` with a datagram of ours in its NIC: panicked again */
    uint64_t died_in_longjmp; /* a breakpoint there: silent at the first access that failed */
};
const struct twin_counts *twin_counts(const struct twin *t);

/* The sum of all disasters, repeated_resumes and undone_…: what must stay 0. */
uint64_t twin_harm(const struct twin *t);

/* What it executed, in order, since it was made. */
struct twin_request {
    uint64_t time;     /* when it began to execute it */
    uint64_t datagram; /* id of the datagram that brought its '$' */
    unsigned copy;     /* 0: that datagram as it was sent; 1: a copy that the network made */
    bool repeat;       /* the same message (port, seqno, bytes) was executed before in this
                          session, whoever repeated it: the network or the server */
    uint32_t seqno;    /* of that datagram */
    size_t len;
    const uint8_t *text; /* content; with a NUL behind it; for as long as the twin lives */
};
size_t twin_requests(const struct twin *t);
const struct twin_request *twin_request(const struct twin *t, size_t index);

/* How many requests begin with `prefix`, and the last one that does (NULL: none). */
size_t twin_executed(const struct twin *t, const char *prefix);
const struct twin_request *twin_last(const struct twin *t, const char *prefix);

#endif
