/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A target decorator that answers a stub's qSymbol questions from the session's symbols (GDB
 * manual, "qSymbol"). A round of questions: GDB offers `qSymbol::`; the stub replies with a
 * question, `qSymbol:HEXNAME`; the next request is the answer, `qSymbol:HEXVALUE:HEXNAME`, with an
 * empty value for an unknown symbol; and so on until the stub replies OK.
 *
 * The decorator answers a question itself if it can, and else forwards it to GDB. A GDB without a
 * symbol file never offers; then the decorator starts its own round. A stub without qSymbol
 * sees no difference.
 */
#ifndef NETGDB_SYMBOLS_QSYMBOL_H
#define NETGDB_SYMBOLS_QSYMBOL_H

#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symbols.h"

enum {
    QSYMBOL_NAME_MAX = 4096,  /* bytes of a name; longer ones are forwarded to GDB */
    QSYMBOL_ROUND_MAX = 4096, /* questions answered in a round; further ones are forwarded,
                                 and end a round of the decorator's own */
};

/*
 * Wraps `next` and takes ownership of it; `symbols` and `log` stay the caller's and must outlive
 * the decorator. Returns NULL if out of memory; then `next` stays the caller's.
 */
struct target *qsymbol_new(struct target *next, struct symbols *symbols, const struct log *log);

#endif
