/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to the files of quirks: its state, and the functions that answer requests which are not
 * simply passed on.
 */
#ifndef NETGDB_PROTO_QUIRKS_PRIVATE_H
#define NETGDB_PROTO_QUIRKS_PRIVATE_H

#include "proto/decorator.h"
#include "proto/quirks/keepout.h"
#include "proto/quirks/quirks.h"

/* FreeBSD errno values: the stub's replies to a malformed request, and to one that is too long. */
#define QUIRKS_EINVAL "E16"
#define QUIRKS_EFBIG "E1b"
#define QUIRKS_EIO "E05" /* its reply to a fault */

enum {
    QUIRKS_REGISTERS = 128,  /* exceeds GDB_NREGS of every machine (arm64: 68, powerpc: 105) */
    QUIRKS_READ_MAX = 2048,  /* bytes of memory in one m */
    QUIRKS_BUFSZ_MIN = 400,  /* the smallest GDB_BUFSZ of all machines (i386, arm) */
    QUIRKS_BUFSZ_MAX = 4096, /* the largest (amd64, arm64, riscv) */
    QUIRKS_THREADS_MAX = 4 * 1024 * 1024, /* bytes of a thread list, about 60000 threads */
    QUIRKS_NAME_MAX = KEEPOUT_NAME_MAX,
};

struct quirks;

/*
 * Gets the kernel's final reply to an own request that the client's one needs. Returns 0 with the
 * client's reply in q->d.reply, DECORATOR_REPLACE with the next own request in q->d.request, or an
 * error of the target.
 */
typedef int quirks_step(struct quirks *q, const struct buf *reply);

struct quirks {
    struct decorator d; /* first */
    struct quirks_options options;
    struct stop own_stop; /* used if options.stop is NULL */
    uint64_t selecting;   /* thread of the H that was passed on; 0: none */
    bool *watch;          /* the entry in no_watch of the Z that was passed on; NULL: none */
    bool no_watch[3];     /* the stub does not support Z2, Z3, Z4 */
    char last_refused[QUIRKS_NAME_MAX]; /* function of the last breakpoint that was refused */
    struct buf part;             /* the kernel's reply to quirks_ask; what a search has read */
    struct buf data;             /* decoded bytes of the client's request */
    size_t bufsz;                /* the kernel's GDB_BUFSZ; 0: unknown */
    int sizes[QUIRKS_REGISTERS]; /* of registers, in bytes; -1: unknown */
    struct buf shown;            /* the last reply to g for the thread that stopped … */
    struct buf earlier;          /* … and the one before the kernel ran */
    struct buf threads;          /* XML of the thread list */
    bool threads_known;          /* `threads` is complete */
    size_t listed; /* bytes of `threads` that qfThreadInfo and qsThreadInfo have reported */

    /* A request of the client's that takes several exchanges. */
    quirks_step *next;      /* gets the next reply; NULL: the client's request was passed on */
    uint64_t address, left; /* memory, or the list: where it continues, and how many bytes */
    size_t piece;           /* bytes of memory in this exchange */
    unsigned exchanges;     /* made so far … */
    unsigned attempts;      /* … and refused */
    uint64_t reg;           /* a register that is written … */
    size_t value;           /* … its digits in `data`, q->piece of them */
};

/* Returns whether the parts of the state agree with each other, as between any two requests. */
bool quirks_is_sound(struct quirks *q);

/* Has q->d.request sent; `next` gets the reply. Returns DECORATOR_REPLACE. */
int quirks_send(struct quirks *q, quirks_step *next);

/* Finds out whether the kernel can step (quirks_leave.c). Returns 0 or the target's error. */
int quirks_can_step(struct quirks *q, bool *can);

/* Finds out whether the stub writes register `reg` of the selected thread although p does not
 * report it (quirks_leave.c). Returns 0 or the target's error. */
int quirks_writes_unreported(struct quirks *q, uint64_t reg, bool *writes);

/*
 * riscv64's gdb_cpu_getreg and gdb_cpu_setreg take t3 to t6 of the current thread from the trap
 * frame as if they were t0, t1, t2 and t3 (sys/riscv/riscv/gdb_machdep.c of 13.2 and 14.0).
 */
enum { RISCV_T0 = 5, RISCV_T3 = 28, RISCV_T6 = 31, RISCV_COUNT = 33, RISCV_DIGITS = 16 };

/* Whether a reply to g of riscv64 shows that its kernel does not. */
bool quirks_has_own_t3(const struct buf *g);

/* Makes those registers unavailable in the reply to g. */
void quirks_hide_t3(struct quirks *q, struct buf *g);

/* Finds out whether the stub takes another register of the selected thread for `reg`
 * (quirks_leave.c). Returns 0 or the target's error. */
int quirks_confuses(struct quirks *q, uint64_t reg, bool *confuses);

/* Answers `pN`. */
int quirks_read_register(struct quirks *q, const struct request *r);

/* Makes the kernel's reply to an M or P the client's. Returns 0, or NETGDB_FOREIGN if no FreeBSD
 * stub can send it. */
int quirks_pass_reply(struct quirks *q, const struct buf *reply);

/* Sends q->d.request and waits for the reply in q->part. Returns 0 or an error of the target. */
int quirks_ask(struct quirks *q);

/* Returns the record of the last stop; never NULL. */
struct stop *quirks_stop(struct quirks *q);

/* Update quirks_stop: before the kernel resumes, and after the reply to a resume. */
void quirks_note_resume(struct quirks *q, bool step);
void quirks_note_stop(struct quirks *q, const struct buf *reply);

/* Queries the size of the kernel's buffer, once. The two limits below are valid after it returned
 * 0. Returns 0 or the target's error. */
int quirks_query_bufsz(struct quirks *q);
size_t quirks_request_limit(struct quirks *q); /* longest content of a request, in bytes */
size_t quirks_read_limit(struct quirks *q);    /* longest read by one m, in bytes of memory */

/* Answers to requests of the client. Each returns as on_request of a decorator does. */
int quirks_read_memory(struct quirks *q, const struct request *r);
int quirks_write_hex(struct quirks *q, const struct request *r);
int quirks_write_binary(struct quirks *q, const struct request *r);
int quirks_search(struct quirks *q, const struct request *r);
int quirks_write_register(struct quirks *q, const struct request *r);
int quirks_write_registers(struct quirks *q, const struct request *r);
int quirks_xfer_threads(struct quirks *q, const struct request *r);
int quirks_first_threads(struct quirks *q, const struct request *r);
int quirks_next_threads(struct quirks *q, const struct request *r);

/* ---- quirks_memory.c ---- */

/* Writes q->data, a breakpoint instruction or the text that it replaces, by one M; the kernel's
 * reply is in q->part. Returns 0 or the target's error. */
int quirks_write(struct quirks *q, uint64_t address);

/* Reads exactly `len` bytes, at most quirks_read_limit. *good: whether all of them were read.
 * Returns 0 or the target's error. */
int quirks_read_bytes(struct quirks *q, uint64_t address, uint8_t *bytes, size_t len, bool *good);

/* ---- quirks_registers.c ---- */

/* Stores the size of register `n` in bytes; 0 if the stub does not report it. The size is cached
 * for the life of the kernel. Returns 0 or the target's error. */
int quirks_register_size(struct quirks *q, uint64_t n, size_t *size);

/* ---- quirks_points.c: breakpoint instructions ---- */

/*
 * Called before q->data is written at `address`. If q->data is a breakpoint instruction in a
 * function that the stub itself runs, returns false with the reply in q->d.reply. If it is another
 * breakpoint, records the original bytes and returns true. Sets *rc to 0 or the target's error.
 */
bool quirks_may_write(struct quirks *q, uint64_t address, int *rc);

/* Updates the recorded breakpoints after q->data was written at `address`. */
void quirks_note_write(struct quirks *q, uint64_t address);

/* Called before the kernel runs: drops breakpoints that were inserted before its last stop already.
 * GDB removes its own at every stop. */
void quirks_age_points(struct stop *s);

/* Called when the client has left a stopped kernel: keeps those that were in memory while the
 * kernel ran, for its next client to remove, as this one did not. What was written since then
 * stays. */
void quirks_leave_points(struct stop *s);

/*
 * Inserts q->data, a breakpoint instruction, and records the original bytes, unless it is there
 * already. On failure sets *why to a short reason. Returns 0 or the target's error.
 */
int quirks_insert_point(struct quirks *q, uint64_t address, const char **why);

/* Remove a recorded breakpoint; quirks_remove_point_at ignores one that is not recorded. Return 0
 * or the target's error. */
int quirks_remove_point_at(struct quirks *q, uint64_t address, size_t len);
int quirks_remove_point(struct quirks *q, struct stop_point *p);

/* ---- quirks_replies.c ---- */

/* Returns whether a FreeBSD stub can send this reply to a request that was passed on. */
bool quirks_is_valid_reply(const struct packet *packet, const struct buf *reply, bool final);

/* ---- quirks_leave.c ---- */

/* Detaches from the kernel; see quirks.h. Returns 0 with the stub's OK or an error in *reply, or
 * the target's error. */
int quirks_detach(struct quirks *q, struct buf *reply);

#endif
