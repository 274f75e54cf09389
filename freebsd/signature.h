/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The signature of a panic: its message without addresses and numbers, and the functions at the top
 * of the backtrace. Two crashes with the same signature are probably the same bug.
 */
#ifndef NETGDB_FREEBSD_SIGNATURE_H
#define NETGDB_FREEBSD_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SIGNATURE_ID_MAX = 17,    /* bytes: 16 hexadecimal digits and a NUL */
    SIGNATURE_TEXT_MAX = 512, /* bytes of the text, with the NUL */
    SIGNATURE_FRAMES = 6,     /* functions in it */
};

/*
 * Begins the text of a signature with a panic message: hexadecimal and decimal numbers become '#',
 * also within words ("cpuid = 3", "em0", "0xfffff80003a1b000"). A longer one is cut off.
 */
void signature_begin(char text[SIGNATURE_TEXT_MAX], const char *message);

/*
 * Adds the function of one line of gdb's `bt`, len bytes without the newline. Lines that begin no
 * frame, frames without a function, and more than SIGNATURE_FRAMES of them are left out; *frames
 * counts, and starts at 0.
 */
void signature_add(char text[SIGNATURE_TEXT_MAX], unsigned *frames, const char *line, size_t len);

/* The text as 64 bits, FNV-1a, in hexadecimal. Not against an adversary. */
void signature_id(const char *text, char id[SIGNATURE_ID_MAX]);

#endif
