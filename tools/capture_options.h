/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of --capture, shared by commands. */
#ifndef NETGDB_TOOLS_CAPTURE_OPTIONS_H
#define NETGDB_TOOLS_CAPTURE_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "proto/log.h"

struct capture_options {
    const char *file;   /* NULL: none */
    unsigned long size; /* MiB; 0: by default */
};

enum { CAPTURE_OPT_FILE = 800, CAPTURE_OPT_SIZE };

/* Rows of a command's table for getopt_long. */
#define CAPTURE_LONG_OPTIONS                                                                       \
    {"capture", required_argument, NULL, CAPTURE_OPT_FILE},                                        \
    {                                                                                              \
        "capture-size", required_argument, NULL, CAPTURE_OPT_SIZE                                  \
    }

/* Their lines in a command's --help. */
#define CAPTURE_OPTIONS_HELP                                                                       \
    "  --capture FILE        write all datagrams and RSP packets there, as pcapng for\n"           \
    "                        Wireshark and 'netgdb replay' (NETGDB_CAPTURE)\n"                     \
    "  --capture-size MIB    then continue in a new file and keep one earlier, as FILE.1\n"        \
    "                        (NETGDB_CAPTURE_SIZE, else 256)\n"

/* What these options take, for complain_value; NULL: another option. */
const char *capture_options_wanted(int option);

/* Stores the value of such an option; false: another option, or a wrong value. */
bool capture_options_take(struct capture_options *o, int option, const char *value);

/* Takes what was not given from the environment. False with a complaint: it is wrong. */
bool capture_options_complete(struct capture_options *o);

/* Starts the capture, if there is to be one. False with a complaint. */
bool capture_options_open(const struct capture_options *o, const struct log *log);

#endif
