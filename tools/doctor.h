/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb doctor: checks whether this machine can debug a kernel, and says what to do where it
 * cannot. Each check reports one or more findings.
 */
#ifndef NETGDB_TOOLS_DOCTOR_H
#define NETGDB_TOOLS_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "io/sockets.h"
#include "proto/log.h"
#include "proto/options.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_PROBLEM, DOCTOR_VERDICTS };

struct doctor {
    struct options options; /* of the name on the command line, or of "any" */
    bool has_host;          /* that name is a host's, whose addresses are: */
    struct net_hosts hosts; /* n 0: not resolved */
    const char *gdb;        /* the debugger, as execvp() takes it */
    const char *library;    /* libnetgdb.so */
    bool json;
    unsigned findings[DOCTOR_VERDICTS];
    struct log log; /* of the session with a waiting kernel */
};

/*
 * Prints a finding of the check `name`. `advice` says what to do; NULL: nothing. Bytes that are not
 * printable are shown as escapes.
 */
void doctor_find(struct doctor *d, const char *name, enum doctor_verdict verdict,
                 const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * Runs a program, argv[0] from PATH, and reads its stdout into text[size] as a string. Ends it if
 * it prints nothing for DOCTOR_PROGRAM_SECONDS. Returns whether it ran; else errno is set, to
 * ETIMEDOUT if it was ended.
 */
enum { DOCTOR_PROGRAM_SECONDS = 10 };
bool doctor_run(char *const argv[], char *text, size_t size);

/* ---- doctor_local.c: this machine's programs and files ---- */
void doctor_check_gdb(struct doctor *d);
void doctor_check_files(struct doctor *d);
void doctor_check_directory(struct doctor *d);
void doctor_check_proxy(struct doctor *d);

/* ---- doctor_network.c ---- */
void doctor_check_namespace(struct doctor *d);
void doctor_check_addresses(struct doctor *d);
void doctor_check_port(struct doctor *d);
void doctor_check_firewall(struct doctor *d);

/* ---- doctor_kernel.c: a kernel that waits ---- */
void doctor_check_kernel(struct doctor *d);

/* ---- firewall.c ---- */

enum firewall {
    FIREWALL_ACCEPTS,
    FIREWALL_DEPENDS, /* on conditions other than protocol and port */
    FIREWALL_DROPS,
};

/*
 * What the rules do with a UDP datagram to this port of this machine that belongs to no known
 * connection: of `nft list ruleset` (nft(8)), and of `iptables -S` (iptables(8)). Rules that are
 * not understood count as conditions. Copies the deciding rule to line[size], empty if none is.
 */
enum firewall firewall_nft(const char *rules, uint16_t port, char *line, size_t size);
enum firewall firewall_iptables(const char *rules, uint16_t port, char *line, size_t size);

#endif
