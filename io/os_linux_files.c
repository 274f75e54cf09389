/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux: files, and confinement by Landlock; see os.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io/os.h"
#include "io/os_private.h"

#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

/* ---- files ---- */

ssize_t os_peek_pipe(int fd, void *bytes, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    ssize_t n = tee(fd, ends[1], size, SPLICE_F_NONBLOCK);
    if (n > 0)
        n = read(ends[0], bytes, (size_t)n);
    close(ends[0]);
    close(ends[1]);
    return n;
}

/* By number: musl 1.2.3 has no renameat2(). */
int os_rename_new(int directory, const char *from, const char *to)
{
    const unsigned no_replace = 1; /* linux/fs.h: RENAME_NOREPLACE */
    int rc = (int)syscall(SYS_renameat2, directory, from, directory, to, no_replace);
    bool unknown = rc != 0 && (errno == EINVAL || errno == ENOSYS); /* to a file system: NFS */
    return unknown ? os_rename_checked(directory, from, to) : rc;
}

FILE *os_scratch_open(const char *name, char path[OS_SCRATCH_PATH])
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r+") : NULL;
    (void)snprintf(path, OS_SCRATCH_PATH, "/proc/%ld/fd/%d", (long)getpid(), fd);
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

void os_scratch_close(FILE *file, const char *path)
{
    (void)path; /* a file in memory: it has no name */
    (void)fclose(file);
}

bool os_has_capabilities(const char *path)
{
    return getxattr(path, "security.capability", NULL, 0) > 0;
}

/* ---- confinement ---- */

#ifdef HAVE_LINUX_LANDLOCK_H

/* The rights of the first version of Landlock: those in the set are forbidden unless allowed by a
 * rule. */
#define ALL_ACCESS                                                                                 \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                 \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static const uint64_t rights[] = {
    [OS_READ] = LANDLOCK_ACCESS_FS_READ_FILE,
    [OS_REMOVE] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
    [OS_CHANGE] = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                  LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK,
};

/* No libc has wrappers for these calls. */
int os_confine_open(void)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs = ALL_ACCESS};
    return (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
}

bool os_confine_allow(int set, const char *directory, enum os_access access)
{
    int fd = open(directory, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights[access], .parent_fd = fd};
    bool done = syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return done;
}

bool os_confine_enter(int set)
{
    return syscall(SYS_landlock_restrict_self, set, 0) == 0;
}

#endif

bool os_no_new_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void os_confine_to_descriptors(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0);
    int set = os_no_new_privileges() ? os_confine_open() : -1;
    if (set < 0)
        return;
    (void)os_confine_enter(set);
    close(set);
}
