/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FreeBSD 13 and later: processes, files and confinement; see os.h. Events are in os_kqueue.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capsicum.h>
#include <sys/procctl.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "io/os.h"
#include "io/os_private.h"
#include "io/port_owner.h"

enum { ARGUMENTS_MAX = 1 << 20 }; /* bytes; kern.ps_arg_cache_limit allows less */

/* ---- processes ---- */

int os_die_with_parent(int signal)
{
    return procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signal);
}

bool os_program_path(char path[PATH_MAX])
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
    size_t len = PATH_MAX;
    if (sysctl(name, 4, path, &len, NULL, 0) == 0)
        return true;
    path[0] = '\0';
    return false;
}

static char program[PATH_MAX];

static void find_program_once(void)
{
    (void)os_program_path(program);
}

const char *os_program(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, find_program_once);
    return program;
}

char *os_arguments(size_t *len)
{
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_ARGS, -1};
    char *text = malloc(ARGUMENTS_MAX + 1);
    *len = ARGUMENTS_MAX;
    if (text == NULL || sysctl(name, 4, text, len, NULL, 0) != 0 || *len == 0) {
        free(text);
        return NULL;
    }
    text[*len] = '\0';
    return text;
}

bool os_is_privileged(void)
{
    return issetugid() != 0;
}

void os_close_from(int lowest)
{
    closefrom(lowest);
}

void os_exact_timers(void)
{
    /* kern.timecounter.alloweddeviation belongs to the whole machine. */
}

const char *port_owner(int error, bool tcp, uint16_t port, char text[PORT_OWNER_TEXT])
{
    (void)error; /* sockstat(1) shows it, by tables that only its own release can read */
    (void)tcp;
    (void)port;
    text[0] = '\0';
    return text;
}

/* ---- files ---- */

ssize_t os_peek_pipe(int fd, void *bytes, size_t size)
{
    (void)fd;
    (void)bytes;
    (void)size;
    errno = ENOSYS;
    return -1;
}

int os_rename_new(int directory, const char *from, const char *to)
{
    return os_rename_checked(directory, from, to);
}

/* A file without a name could be opened only by /dev/fd, of this process. */
FILE *os_scratch_open(const char *name, char path[OS_SCRATCH_PATH])
{
    (void)snprintf(path, OS_SCRATCH_PATH, "/tmp/netgdb-%.16s-XXXXXX", name);
    int fd = mkostemp(path, O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r+") : NULL;
    if (file == NULL && fd >= 0) {
        close(fd);
        (void)unlink(path);
    }
    return file;
}

void os_scratch_close(FILE *file, const char *path)
{
    (void)fclose(file);
    (void)unlink(path);
}

bool os_has_capabilities(const char *path)
{
    (void)path;
    return false;
}

/* ---- confinement ---- */

/* Capsicum knows descriptors, and no directory by name: a process that binds sockets cannot use it,
 * so os_both.c confines none. */

bool os_no_new_privileges(void)
{
#ifdef PROC_NO_NEW_PRIVS_CTL /* since 14.0 */
    int on = PROC_NO_NEW_PRIVS_ENABLE;
    return procctl(P_PID, 0, PROC_NO_NEW_PRIVS_CTL, &on) == 0;
#else
    errno = ENOSYS;
    return false;
#endif
}

void os_confine_to_descriptors(void)
{
    int off = PROC_TRACE_CTL_DISABLE;
    (void)procctl(P_PID, 0, PROC_TRACE_CTL, &off);
    (void)cap_enter();
}
