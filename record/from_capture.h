/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a recording from a capture. Of netgdb's own (io/capture.h), the RSP packets of its first
 * client are played to a recorder, as if that session took place now. Of others, with debugnet
 * datagrams alone, the exchanges of the last session are (from_wire.h). The capture is hostile.
 */
#ifndef NETGDB_RECORD_FROM_CAPTURE_H
#define NETGDB_RECORD_FROM_CAPTURE_H

#include "record/recorder.h"

#define FROM_CAPTURE_MEMORY ((uint64_t)1 << 30) /* bytes of memory that are kept */

/* What a capture had, for messages. */
struct from_capture {
    unsigned long requests; /* with a reply */
    unsigned long stops;    /* the recording is of the last one */
    bool from_wire;         /* the capture has only datagrams */
    /* Of datagrams: requests whose reply is missing, uncertain or outdated. */
    unsigned long left_out;
    bool old_registers; /* registers were written and not read again: g has the old value */
    bool other_clients; /* there were others, or other sessions, which are left out */
};

/*
 * Returns the recording, allocated by malloc(), of a capture in memory; or NULL with a reason in
 * why[RECORDING_WHY_MAX]. `log` gets the lines of the recorder.
 */
struct recording *from_capture(const uint8_t *file, size_t len, struct from_capture *what,
                               const struct log *log, char why[RECORDING_WHY_MAX]);

#endif
