/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Confinement by the kernel's own means: no_new_privs and Landlock; see confine.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tools/confine.h"

#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>

/* The rights of the first version of Landlock: those in the set are forbidden unless allowed by a
 * rule. */
#define ALL_ACCESS                                                                                 \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                 \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define RECORDS                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |  \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)

/* glibc has no wrappers for these calls. A path that cannot be opened is skipped. */
static bool allow(int set, const char *directory, uint64_t access)
{
    int fd = open(directory, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    bool done = syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return done;
}

/* Allows access to the directory of this file; does nothing for an empty name. */
static bool allow_around(int set, const char *file, uint64_t access)
{
    char path[PATH_MAX];
    if (file[0] == '\0')
        return true;
    (void)snprintf(path, sizeof path, "%s", file);
    return allow(set, dirname(path), access);
}

/* Allows reading the directories in DIR[:DIR…]. */
static bool allow_list(int set, const char *list)
{
    char path[PATH_MAX];
    for (; *list != '\0'; list += *list == ':') {
        size_t len = strcspn(list, ":");
        if (len >= sizeof path)
            return false;
        memcpy(path, list, len);
        path[len] = '\0';
        if (len != 0 && !allow(set, path, LANDLOCK_ACCESS_FS_READ_FILE))
            return false;
        list += len;
    }
    return true;
}

static bool restrict_files(const char *directory, const char *socket, const char *symbols,
                           const char *modules, const char *capture)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs = ALL_ACCESS};
    int set = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (set < 0)
        return false;
    bool done =
        (directory[0] == '\0' || allow(set, directory, RECORDS)) &&
        allow_around(set, socket, LANDLOCK_ACCESS_FS_REMOVE_FILE) &&
        allow_around(set, symbols, LANDLOCK_ACCESS_FS_READ_FILE) && allow_list(set, modules) &&
        (capture == NULL || allow_around(set, capture, RECORDS)) &&
        (symbols[0] == '\0' || allow(set, "/usr/lib/debug", LANDLOCK_ACCESS_FS_READ_FILE)) &&
        syscall(SYS_landlock_restrict_self, set, 0) == 0;
    close(set);
    return done;
}
#else
static bool restrict_files(const char *directory, const char *socket, const char *symbols,
                           const char *modules, const char *capture)
{
    (void)directory;
    (void)socket;
    (void)symbols;
    (void)modules;
    (void)capture;
    errno = ENOSYS;
    return false;
}
#endif

bool confine(const char *directory, const char *socket, const char *symbols, const char *modules,
             const char *capture)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           restrict_files(directory, socket, symbols, modules, capture);
}
