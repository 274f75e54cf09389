/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of --capture, shared by commands. */
#ifndef NETGDB_TOOLS_CAPTURE_OPTIONS_H
#define NETGDB_TOOLS_CAPTURE_OPTIONS_H

#include <stdbool.h>

#include "proto/log.h"
#include "tools/tools.h"

struct capture_options {
    const char *file;   /* NULL: none */
    unsigned long size; /* MiB; 0: by default */
};

extern const struct tool_option capture_options_known[]; /* of struct capture_options */

/* Their lines in a command's --help. */
#define CAPTURE_OPTIONS_HELP                                                                       \
    "  --capture FILE        write all datagrams and RSP packets there, as pcapng for\n"           \
    "                        Wireshark and 'netgdb replay' (NETGDB_CAPTURE)\n"                     \
    "  --capture-size MIB    then continue in a new file and keep one earlier, as FILE.1\n"        \
    "                        (NETGDB_CAPTURE_SIZE, else 256)\n"

/* Takes what was not given from the environment. False with a complaint: it is wrong. */
bool capture_options_complete(struct capture_options *o);

/* Starts the capture, if there is to be one. False with a complaint. */
bool capture_options_open(const struct capture_options *o, const struct log *log);

#endif
