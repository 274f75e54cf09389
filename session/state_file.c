/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State files of sessions, mapped and locked; see state_file.h. */
#include "session/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "session/rundir.h"

#define MAGIC "netgdb7"
#define PREFIX "session-"

struct state_contents {
    char magic[8];
    struct net_addr own, kernel;
    struct link_session_state session_state;
};

struct state_file {
    int fd;
    struct state_contents *file;
    char path[RUNDIR_MAX + 64];
};

void state_file_close(struct state_file *r)
{
    if (r == NULL)
        return;
    if (r->file != NULL)
        munmap(r->file, sizeof *r->file);
    if (r->fd >= 0)
        close(r->fd);
    free(r);
}

void state_file_remove(struct state_file *r)
{
    if (r != NULL)
        (void)unlink(r->path);
    state_file_close(r);
}

/* Closes a partly opened file, and preserves errno. Returns NULL. */
static struct state_file *state_file_fail(struct state_file *r)
{
    int error = errno;
    state_file_close(r);
    errno = error;
    return NULL;
}

/* Writes the whole file once, as it is. Returns 0 or errno. */
static int rewrite_contents(int fd)
{
    struct state_contents contents;
    ssize_t n = pread(fd, &contents, sizeof contents, 0);
    if (n == (ssize_t)sizeof contents)
        n = pwrite(fd, &contents, sizeof contents, 0);
    if (n < 0)
        return errno;
    return n == (ssize_t)sizeof contents ? 0 : ENOSPC;
}

/* Allocates the blocks of the whole file: otherwise a write to the mapping would raise SIGBUS on a
 * full file system. False with errno. */
static bool allocate_blocks(int fd)
{
    int error = ftruncate(fd, sizeof(struct state_contents)) != 0
                    ? errno
                    : posix_fallocate(fd, 0, sizeof(struct state_contents));
    if (error == EINVAL || error == EOPNOTSUPP || error == ENODEV)
        error = rewrite_contents(fd); /* ZFS, and a C library that does not do this itself */
    errno = error;
    return error == 0;
}

/* Opens, locks and maps `name` in the runtime directory. */
static struct state_file *open_state_file(const char *dir, const char *name, int flags)
{
    struct state_file *r = calloc(1, sizeof *r);
    struct stat st;
    if (r == NULL)
        return NULL;
    r->fd = -1;
    int n = snprintf(r->path, sizeof r->path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof r->path) {
        errno = ENAMETOOLONG;
        return state_file_fail(r);
    }
    r->fd = open(r->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (r->fd < 0 || flock(r->fd, LOCK_EX | LOCK_NB) != 0 || fstat(r->fd, &st) != 0)
        return state_file_fail(r);
    /* Removed since it was opened: its session has ended. */
    if (st.st_nlink == 0) {
        errno = ESTALE;
        return state_file_fail(r);
    }
    if ((flags & O_CREAT) == 0 && st.st_size != sizeof *r->file) {
        errno = EINVAL;
        return state_file_fail(r);
    }
    if (!allocate_blocks(r->fd))
        return state_file_fail(r);
    void *map = mmap(NULL, sizeof *r->file, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
    if (map == MAP_FAILED)
        return state_file_fail(r);
    r->file = map;
    return r;
}

/* A damaged file is no session: the link and the quirks rely on its numbers. */
static bool is_whole(const struct state_contents *f)
{
    return memcmp(f->magic, MAGIC, sizeof f->magic) == 0 && f->own.ip != 0 && f->own.port != 0 &&
           f->kernel.ip != 0 && f->kernel.port != 0 && f->session_state.sent != UINT32_MAX &&
           stop_is_sound(&f->session_state.stop);
}

/* Removes a new file that could not be set up. Preserves errno. */
static void remove_unfinished(const char *dir, const char *name)
{
    char path[RUNDIR_MAX + 64];
    int error = errno;
    if (error != EWOULDBLOCK && snprintf(path, sizeof path, "%s/%s", dir, name) > 0)
        (void)unlink(path);
    errno = error;
}

/* Passes the state files of dead servers whose name begins with `prefix`, for this host (0: any),
 * to `take`, until it returns false. */
static void search_files(const char *prefix, uint32_t ip, state_file_taker *take, void *context)
{
    char path[RUNDIR_MAX];
    struct dirent *entry;
    bool more = true;
    DIR *dir = rundir(path) == 0 ? opendir(path) : NULL;
    if (dir == NULL)
        return;
    while (more && (entry = readdir(dir)) != NULL) {
        struct state_file *r = NULL;
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            r = open_state_file(path, entry->d_name, 0); /* fails while its server is alive */
        if (r == NULL)
            continue;
        if (is_whole(r->file) && (ip == 0 || r->file->kernel.ip == ip))
            more = take(context, r);
        else
            state_file_close(r);
    }
    closedir(dir);
}

void state_file_claim_all(uint32_t ip, state_file_taker *take, void *context)
{
    char text[NET_ADDR_TEXT], prefix[sizeof PREFIX + NET_ADDR_TEXT] = PREFIX;
    if (ip != 0)
        (void)snprintf(prefix, sizeof prefix, PREFIX "%s-", net_ip_text(ip, text));
    search_files(prefix, ip, take, context);
}

static bool remove_stale(void *context, struct state_file *r)
{
    (void)context;
    state_file_remove(r);
    return true;
}

struct state_file *state_file_create(const struct net_addr *own, const struct net_addr *kernel)
{
    char dir[RUNDIR_MAX], name[64], ip[NET_ADDR_TEXT];
    CHECK(own->port != 0 && kernel->port != 0); /* otherwise no server could take it over */
    (void)net_ip_text(kernel->ip, ip);
    (void)snprintf(name, sizeof name, PREFIX "%s-%u-", ip, kernel->port);
    /* A kernel has one session: this one now. */
    search_files(name, kernel->ip, remove_stale, NULL);
    if (rundir(dir) != 0)
        return NULL;
    (void)snprintf(name, sizeof name, PREFIX "%s-%u-%u", ip, kernel->port, own->port);
    struct state_file *r;
    do {
        r = open_state_file(dir, name, O_CREAT);
    } while (r == NULL && errno == ESTALE);
    if (r != NULL)
        *r->file = (struct state_contents){.magic = MAGIC, .own = *own, .kernel = *kernel};
    else
        remove_unfinished(dir, name);
    return r;
}

struct net_addr state_file_own(const struct state_file *r)
{
    return r->file->own;
}

struct net_addr state_file_kernel(const struct state_file *r)
{
    return r->file->kernel;
}

struct link_session_state *state_file_session_state(struct state_file *r)
{
    return &r->file->session_state;
}

bool state_file_exists(uint32_t ip, uint16_t own_port)
{
    char path[RUNDIR_MAX], text[NET_ADDR_TEXT], prefix[sizeof PREFIX + NET_ADDR_TEXT], suffix[8];
    struct dirent *entry;
    bool found = false;
    DIR *dir = rundir(path) == 0 ? opendir(path) : NULL;
    if (dir == NULL)
        return false;
    int prefixed = snprintf(prefix, sizeof prefix, PREFIX "%s-", net_ip_text(ip, text));
    (void)snprintf(suffix, sizeof suffix, "-%u", own_port);
    while (!found && (entry = readdir(dir)) != NULL) {
        const char *last = strrchr(entry->d_name, '-');
        found = strncmp(entry->d_name, prefix, (size_t)prefixed) == 0 && strcmp(last, suffix) == 0;
    }
    closedir(dir);
    return found;
}
