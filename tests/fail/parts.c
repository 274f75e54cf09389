/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The N-th allocation or system call fails, for every N, in each part of io/, session/ and shim/.
 *
 *   parts [--some COUNT] [PART...]   plays them, each N in a process of its own; TAP
 *   parts PART N                     one of these: prints what came of it, with all that it logs
 *
 * Wrong is: the part does not return, or not without a signal; the next try fails, too; more
 * descriptors or blocks of ours remain than should; a target that is not detached from; a file that
 * is left.
 */
#include "tests/fail/parts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fail/count.h"
#include "tests/fail/stage.h"

enum {
    LIMIT_SECONDS = 120, /* that a run may take; none takes half of it */
    SETTLE_MS = 20000,   /* for threads to end; a HERALD without a T expires after 15 s */
};

void part_rundir(void)
{
    (void)stage_rundir();
}

const char *part_rundir_end(void)
{
    return stage_rundir_end() ? NULL : "a file is left";
}

const struct part *part_at(unsigned i)
{
    static const struct part *const rooms[] = {io_parts, session_parts, chain_parts, shim_parts};
    for (size_t room = 0; room < sizeof rooms / sizeof rooms[0]; room++) {
        for (const struct part *p = rooms[room]; p->name != NULL; p++) {
            if (i-- == 0)
                return p;
        }
    }
    return NULL;
}

static const struct part *find(const char *name)
{
    const struct part *p;
    for (unsigned i = 0; (p = part_at(i)) != NULL; i++) {
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

/* Waits until no more than that remains. Returns what is wrong, or NULL. */
static const char *settle(int fds, unsigned blocks)
{
    static char text[80];
    for (int ms = 0;; ms += 10) {
        int more_fds = descriptors() - fds, more_blocks = (int)(count_blocks() - blocks);
        if (more_fds <= 0 && more_blocks <= 0)
            return NULL;
        (void)snprintf(text, sizeof text, "%d descriptors and %d blocks are left behind", more_fds,
                       more_blocks);
        if (ms >= SETTLE_MS)
            return text;
        usleep(10000);
    }
}

/* Returns what is wrong, or NULL. *calls: of the first try. */
static const char *try(const struct part *p, unsigned n, unsigned *calls)
{
    int fds = descriptors() + p->descriptors;
    unsigned blocks = count_blocks() + (unsigned)p->blocks;
    count_from(n);
    bool done = p->play();
    *calls = count_calls();
    if (!done && strcmp(count_failed(), "nothing") == 0)
        return "it goes wrong although nothing failed";
    stage_last_try();
    if (!done)
        stage_kernel_again();
    if (!done && !p->play())
        return "the next try goes wrong, too";
    const char *wrong = settle(fds, blocks);
    return wrong != NULL ? wrong : stage_what_is_wrong();
}

static int run(const struct part *p, unsigned n)
{
    unsigned calls;
    alarm(LIMIT_SECONDS);
    if (p->set != NULL)
        p->set();
    const char *wrong = try(p, n, &calls), *left = p->clear != NULL ? p->clear() : NULL;
    if (wrong == NULL)
        wrong = left;
    printf("%u calls; %s failed; %s\n", calls, count_failed(), wrong != NULL ? wrong : "right");
    return wrong != NULL;
}

int main(int argc, char **argv)
{
    if (argc == 3 && find(argv[1]) != NULL && strspn(argv[2], "0123456789") == strlen(argv[2]))
        return run(find(argv[1]), (unsigned)atoi(argv[2]));
    bool some = argc > 2 && strcmp(argv[1], "--some") == 0;
    return parts_play(some ? (unsigned)atoi(argv[2]) : 0, argv + (some ? 3 : 1)) ? 0 : 1;
}
