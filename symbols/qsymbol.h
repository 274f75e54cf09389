/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator that answers a stub's qSymbol questions from the session's symbols (GDB manual,
 * "qSymbol"). The exchange: GDB offers `qSymbol::`; the stub replies with a question,
 * `qSymbol:HEXNAME`; the answer, `qSymbol:HEXVALUE:HEXNAME` or with an empty value, is the next
 * request; and so on until the stub replies OK.
 *
 * A question that may be answered here never reaches GDB, and with a gdb that has no symbol file
 * at all, which never offers, the decorator offers by itself. All others go to GDB, and its
 * answer goes back. A stub without qSymbol notices nothing.
 */
#ifndef NETGDB_SYMBOLS_QSYMBOL_H
#define NETGDB_SYMBOLS_QSYMBOL_H

#include "proto/buf.h"
#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symbols.h"

enum {
    QSYMBOL_NAME_MAX = 4096,     /* bytes of a name; longer questions are GDB's */
    QSYMBOL_ROUND_MAX = 4096,    /* questions answered here in a round; then GDB is asked, and
                                    without one the round ends */
    QSYMBOL_ASKED_MAX = 1 << 16, /* bytes of names that are remembered as asked of GDB */
};

/*
 * Stands in front of `next`, which it then owns; `symbols` and `log` stay the caller's and must
 * outlive it. NULL: out of memory, `next` is still the caller's.
 */
struct target *qsymbol_new(struct target *next, struct symbols *symbols, const struct log *log);

/* The names that went to GDB, each followed by a newline, in order; owned by the target. */
const struct buf *qsymbol_asked(const struct target *t);

/* How many questions were answered here since the start. */
size_t qsymbol_answered(const struct target *t);

#endif
