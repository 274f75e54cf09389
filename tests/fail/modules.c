/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The N-th allocation or system call fails, for every N, in each module of io/, session/ and shim/.
 *
 *   modules [--some COUNT] [MODULE...]   runs them, each N in a process of its own; TAP
 *   modules MODULE N                     runs one of these, with its log, and prints the result
 *
 * A run fails if the module hangs or ends by a signal; if the next try fails too; if it leaves more
 * descriptors, blocks of memory or files than it should; or if it does not detach from a target.
 */
#include "tests/fail/modules.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fail/count.h"
#include "tests/fail/stage.h"

enum {
    LIMIT_SECONDS = 120, /* of a run; none takes half of it */
    SETTLE_MS = 20000,   /* for threads to end; a HERALD without a T expires after 15 s */
};

void module_rundir(void)
{
    (void)stage_rundir();
}

const char *module_rundir_end(void)
{
    return stage_rundir_end() ? NULL : "a file remains";
}

const struct module *module_at(unsigned i)
{
    static const struct module *const lists[] = {io_modules, session_modules, chain_modules,
                                                 shim_modules};
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
        for (const struct module *p = lists[k]; p->name != NULL; p++) {
            if (i-- == 0)
                return p;
        }
    }
    return NULL;
}

static const struct module *find(const char *name)
{
    const struct module *p;
    for (unsigned i = 0; (p = module_at(i)) != NULL; i++) {
        if (strcmp(p->name, name) == 0)
            break;
    }
    return p;
}

static int descriptors(void)
{
    int n = -3; /* . and .. and this one */
    stage_aside++;
    DIR *dir = opendir("/proc/self/fd");
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    stage_aside--;
    return n;
}

/* Waits until no more than these remain open or allocated. Returns an error, or NULL. */
static const char *settle(int fds, unsigned blocks)
{
    static char text[80];
    for (int ms = 0;; ms += 10) {
        int more_fds = descriptors() - fds, more_blocks = (int)(count_blocks() - blocks);
        if (more_fds <= 0 && more_blocks <= 0)
            return NULL;
        (void)snprintf(text, sizeof text, "%d descriptors and %d blocks remain", more_fds,
                       more_blocks);
        if (ms >= SETTLE_MS)
            return text;
        usleep(10000);
    }
}

/* Returns an error, or NULL. *calls: number of calls of the first try. */
static const char *run_once(const struct module *p, unsigned n, unsigned *calls)
{
    int fds = descriptors() + p->descriptors;
    unsigned blocks = count_blocks() + (unsigned)p->blocks;
    count_from(n);
    bool done = p->run();
    *calls = count_calls();
    if (!done && strcmp(count_failed(), "nothing") == 0)
        return "it fails although no call failed";
    stage_last_try();
    if (!done)
        stage_kernel_again();
    if (!done && !p->run())
        return "the next try fails too";
    const char *wrong = settle(fds, blocks);
    return wrong != NULL ? wrong : stage_what_is_wrong();
}

static int run_module(const struct module *p, unsigned n)
{
    unsigned calls;
    alarm(LIMIT_SECONDS);
    if (p->set_up != NULL)
        p->set_up();
    const char *wrong = run_once(p, n, &calls),
               *left = p->tear_down != NULL ? p->tear_down() : NULL;
    if (wrong == NULL)
        wrong = left;
    printf("%u calls; %s failed; %s\n", calls, count_failed(), wrong != NULL ? wrong : "right");
    return wrong != NULL;
}

int main(int argc, char **argv)
{
    if (argc == 3 && find(argv[1]) != NULL && strspn(argv[2], "0123456789") == strlen(argv[2]))
        return run_module(find(argv[1]), (unsigned)atoi(argv[2]));
    bool some = argc > 2 && strcmp(argv[1], "--some") == 0;
    return modules_run(some ? (unsigned)atoi(argv[2]) : 0, argv + (some ? 3 : 1)) ? 0 : 1;
}
