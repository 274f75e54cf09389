/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Minimal RSP for programs that make GDB's calls: sends and receives packets byte by byte on a
 * blocking descriptor. It does not support acks, escapes and run-lengths; it skips '+' and
 * everything else between packets, and does not check checksums.
 */
#ifndef NETGDB_TESTS_RSP_PLAIN_H
#define NETGDB_TESTS_RSP_PLAIN_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Sends `content`, at most 190 bytes, as a packet. Errors are noticed when the reply is read. */
static inline void rsp_put(int fd, const char *content)
{
    char packet[200];
    unsigned sum = 0;
    for (const char *p = content; *p != '\0'; p++)
        sum += (unsigned char)*p;
    int n = snprintf(packet, sizeof packet, "$%s#%02x", content, sum & 0xff);
    (void)!write(fd, packet, (size_t)n);
}

static inline bool rsp_byte(int fd, char *c, int patience_ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, patience_ms) == 1 && read(fd, c, 1) == 1;
}

/*
 * Reads the next packet's content, truncated to max - 1 bytes, and a NUL. False at the end of the
 * stream, after an error, or after `patience_ms` without a byte.
 */
static inline bool rsp_get(int fd, char *content, size_t max, int patience_ms)
{
    size_t n = 0;
    char c = 0;
    while (c != '$') {
        if (!rsp_byte(fd, &c, patience_ms))
            return false;
    }
    while (rsp_byte(fd, &c, patience_ms) && c != '#') {
        if (n + 1 < max)
            content[n++] = c;
    }
    content[n] = '\0';
    return c == '#' && rsp_byte(fd, &c, patience_ms) && rsp_byte(fd, &c, patience_ms);
}

#endif
