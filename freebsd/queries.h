/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be asked about a stopped kernel: the panic, the message buffer, processes, threads,
 * modules, CPUs. `monitor netgdb QUERY` and `netgdb kernel QUERY` print the answers.
 */
#ifndef NETGDB_FREEBSD_QUERIES_H
#define NETGDB_FREEBSD_QUERIES_H

#include "freebsd/image.h"
#include "freebsd/output.h"

struct query {
    const char *name;
    const char *arguments; /* for help; "": none */
    const char *help;      /* one line */
    /* Prints the answer. `argument` is what follows the name; "": nothing. Returns 0, or the
     * target's error. Data that is missing or inconsistent is one line in the answer. */
    int (*run)(struct image *im, const char *argument, struct output *out);
};

/* All of them; ends in a NULL name. */
extern const struct query queries[];

/*
 * Finds the query that a command line names: "NAME [--json] [ARGUMENT]". Sets *json, and *argument
 * to the argument, which points into `line`. NULL: there is none of that name.
 */
const struct query *query_find(const char *line, bool *json, const char **argument);

/* Whether it takes this argument: a number of lines, if it has one at all. */
bool query_takes(const struct query *query, const char *argument);

/* The queries that are in files of their own (panic.c, dmesg.c): `run` above. */
int query_panic(struct image *im, const char *argument, struct output *out);
int query_dmesg(struct image *im, const char *argument, struct output *out);

/*
 * Writes one line about the kernel into line[size]: version, machine, panic message, number of
 * CPUs. Returns 0, or the target's error; what cannot be read is left out.
 */
int query_summary(struct image *im, const char *machine, char *line, size_t size);

/*
 * When the kernel stopped, and in which boot: the seconds of the date and since boot, which stand
 * still while it is in the debugger, and a number that is random for each boot. Returns 0,
 * IMAGE_UNREADABLE if one of them is missing, or the target's error.
 */
enum { QUERY_MOMENT = 3 };
int query_moment(struct image *im, uint64_t moment[QUERY_MOMENT]);

#endif
