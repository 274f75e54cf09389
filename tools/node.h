/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of `netgdb node`: its command line, its stub, and its server or TLS clients. */
#ifndef NETGDB_TOOLS_NODE_H
#define NETGDB_TOOLS_NODE_H

#include "io/fds.h"
#include "proto/node/debugnet_client.h"
#include "proto/target.h"
#include "session/child.h"
#include "tools/bpf.h"
#include "tools/capture_options.h"
#include "tools/tls_options.h"
#include "tools/tools.h"

struct node_options {
    char server_host[HOST_MAX], bind_host[HOST_MAX], stub_host[HOST_MAX];
    uint16_t server_port, bind_port, stub_port;
    char **command;               /* NULL: stub_host and stub_port, or a program */
    const char *ebpf;             /* file of a program for the built-in machine; NULL: none */
    struct bpf_programs programs; /* the machine's options; the program is not loaded yet */
    struct debugnet_options debugnet;
    bool again;
    struct capture_options capture;
    struct tls_options tls; /* serve it over TLS, at: */
    bool listens;           /* --listen was given */
    char listen_host[HOST_MAX];
    uint16_t listen_port;
    enum log_level log_level;
};

struct node {
    const struct node_options *options;
    struct io_fds io;
    struct log log;
    struct sockaddr_in server;
    int socket;
    struct child child;
    struct target *target; /* NULL: no stub */
    struct buf stop;       /* the reply to '?' */
    unsigned stubs;        /* number of stubs so far */
};

/* Parses the command line. Returns -1 to continue, else the exit code: of --help, or an error. */
int node_options_parse(int argc, char **argv, struct node_options *options);

/* ---- node.c ---- */

bool node_told_to_end(void *node); /* by a signal */

/* Log that a session has begun, and how it ended (a serve_end; errors are in the log already). */
void node_say_attached(const struct node *n);
void node_say_gone(const struct node *n, int end);

/* Connects to a stub if there is none. Returns EXIT_DONE or another exit code. */
int node_take_stub(struct node *n);

/* The exit code for the end of a session (serve); with --again, -1 to continue. */
int node_judge(struct node *n, int end);

/* ---- node_tls.c ---- */

/*
 * With --tls: listens, and serves the stub to one debugger after the other. Others that have
 * connected wait; above the limit of silent ones the oldest is closed. Returns an exit code.
 */
int node_tls(struct node *n);

#endif
