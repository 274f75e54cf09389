/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `netgdb node`. */
#ifndef NETGDB_TOOLS_NODE_H
#define NETGDB_TOOLS_NODE_H

#include "proto/debugnet_client.h"
#include "tools/bpf.h"
#include "tools/tools.h"

struct node_options {
    char server_host[HOST_MAX], bind_host[HOST_MAX], stub_host[HOST_MAX];
    uint16_t server_port, bind_port, stub_port;
    char **command;               /* NULL: stub_host and stub_port, or a program */
    const char *ebpf;             /* file of a program for the built-in machine; NULL: none */
    struct bpf_programs programs; /* the machine's options; the program is not loaded yet */
    struct debugnet_options debugnet;
    bool again;
    enum log_level log_level;
};

/* Reads it. Returns -1 to go on, else the exit code: --help was asked for, or it is wrong. */
int node_options_parse(int argc, char **argv, struct node_options *options);

#endif
