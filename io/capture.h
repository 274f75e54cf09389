/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The capture of a process: a pcapng file (proto/capture/pcapng.h) with every datagram that crosses
 * our sockets on one interface, and the RSP packets of each client on another. All functions are
 * safe from any thread. Without a capture they do nothing.
 *
 * Blocks collect in memory and are written when a thread is about to wait, whole ones in one
 * write(), so that the file is complete whenever the process is killed. If it cannot be written,
 * one line says so and the capture ends; sessions are not affected.
 */
#ifndef NETGDB_IO_CAPTURE_H
#define NETGDB_IO_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/addr.h"
#include "proto/log.h"

enum { CAPTURE_NAMES = 64 }; /* RSP interfaces; later clients share the last one */

/* One datagram, or its beginning. */
struct capture_datagram {
    struct net_addr from, to;
    const uint8_t *data;
    size_t len, original; /* bytes here, and of the whole datagram */
    uint64_t time;        /* capture_time */
    bool inbound;
    const char *note; /* a comment for readers; NULL or empty: none */
};

/*
 * Starts the capture in a new file of mode 0600, or does nothing if it is going on in a file of
 * this name. An earlier capture in the file is renamed to PATH.1, which it replaces; the same
 * happens whenever the file reaches `mib` MiB. `log` is copied; what it names must live as long as
 * the process. Returns 0, or NETGDB_IO with errno; EEXIST: the file, or PATH.1, is something else
 * than a capture.
 */
int capture_open(const char *path, unsigned long mib, const struct log *log);

/* Returns why it cannot be opened, as text: for errno as above. */
const char *capture_error_text(int error);

/* Whether there is a capture. Costs no more than a load. */
bool capture_on(void);

/* Writes what is in memory. */
void capture_flush(void);

/* Writes what is in memory, and ends the capture. */
void capture_close(void);

/* Returns the time of an event now (0), or of one at `monotonic` ns (io_fds_now), in ns since 1970.
 * A date that is set during the capture has no effect. */
uint64_t capture_time(uint64_t monotonic);

void capture_datagram(const struct capture_datagram *d);

/* Records the content of an RSP packet: a client's request, or the reply to it. `name` is the name
 * of its interface; NULL: "client". */
void capture_rsp(const char *name, bool request, const uint8_t *content, size_t len);

#endif
