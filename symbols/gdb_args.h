/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parses gdb's command line as its own main() does. Source: gdb/main.c captured_main_1 (13.1
 * to 17.2) and getopt_long_only(), whose rules (one dash or two, unique prefixes, `=` or the next
 * word, options after files) this follows without using getopt's state, which belongs to GDB.
 *
 * kgdb has options of its own, all before the kernel's file. Source: FreeBSD's ports,
 * devel/gdb/files/kgdb/kgdb-main.c.
 */
#ifndef NETGDB_SYMBOLS_GDB_ARGS_H
#define NETGDB_SYMBOLS_GDB_ARGS_H

#include <stdbool.h>

enum gdb_arg_kind {
    GDB_ARG_WORD,         /* not an option: the program, or a word after it */
    GDB_ARG_FLAG,         /* an option without a value, or "--" */
    GDB_ARG_PROGRAM,      /* --args: the program and its arguments follow */
    GDB_ARG_VALUE,        /* any other option with a value */
    GDB_ARG_SYMBOLS,      /* -s */
    GDB_ARG_EXEC,         /* -e */
    GDB_ARG_FILE,         /* -se: both */
    GDB_ARG_CHDIR,        /* --cd */
    GDB_ARG_COMMAND,      /* -ex */
    GDB_ARG_SCRIPT,       /* -x */
    GDB_ARG_INIT_COMMAND, /* -iex */
    GDB_ARG_INIT_SCRIPT,  /* -ix */
};

struct gdb_arg {
    enum gdb_arg_kind kind;
    const char *value; /* the value of an option, or the word; NULL: none */
    int first, n;      /* index in argv, and number of words */
};

/* Initialize with {argc, argv, 1}; argv[0] is gdb itself. */
struct gdb_args {
    int argc;
    const char *const *argv;
    int next;
    bool ended; /* no more options */
};

/* True for kgdb, by its file's name. It has no option for commands or scripts. */
bool gdb_args_is_kgdb(const char *program);

/* Parses the next argument. Returns 1; 0 at the end; -1 if gdb would reject it. */
int gdb_args_next(struct gdb_args *a, struct gdb_arg *arg);

#endif
