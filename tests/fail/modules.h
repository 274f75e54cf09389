/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exercises of modules of io/, session/ and shim/ in which the N-th allocation or system call
 * fails.
 */
#ifndef NETGDB_TESTS_FAIL_MODULES_H
#define NETGDB_TESTS_FAIL_MODULES_H

#include <stdbool.h>

struct module {
    const char *name;     /* of the module */
    void (*set_up)(void); /* before the first run; none of its calls fails. May be NULL */

    /*
     * Exercises the module. Returns true on success, which is required if no call fails. After
     * false it must have cleaned up; it is called once more and must succeed.
     */
    bool (*run)(void);

    const char *(*tear_down)(void); /* at the end; returns an error, or NULL. May be NULL */
    int descriptors, blocks;        /* that may remain at the end */
};

/* Each list ends with a NULL name. */
extern const struct module io_modules[], session_modules[], chain_modules[], shim_modules[];

/* set_up and tear_down for a module with a runtime directory, which must be empty at the end. */
void module_rundir(void);
const char *module_rundir_end(void);

/* Returns the i-th of all modules; NULL after the last. */
const struct module *module_at(unsigned i);

/*
 * Runs the named modules, or all if names[0] is NULL, each N in a process of its own, and prints
 * TAP. `some`: number of values of N per module, spread over its calls; 0: all. Returns true if all
 * passed.
 */
bool modules_run(unsigned some, char **names);

#endif
