/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The capture of a process; see capture.h. */
#include "config.h"

#include "io/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/timestamp.h"
#include "proto/capture/pcapng.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "proto/target.h"

enum {
    NAME_LEN = 64,                   /* bytes of an interface's name with its NUL */
    BATCH_BYTES = 64 * 1024,         /* pending bytes that are written at once */
    RSP_MAX = TARGET_REPLY_MAX + 64, /* bytes of a framed packet */
    PENDING_MAX = BATCH_BYTES + RSP_MAX + (CAPTURE_NAMES + 2) * PCAPNG_BLOCK_EXTRA,
};

#define APPLICATION PACKAGE_STRING

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below; a leaf */
static atomic_bool on;
static _Atomic uint64_t offset; /* monotonic time minus real time, when the capture began */
static char path[PATH_MAX];
static int directory = -1, file = -1;
static uint64_t limit, size;
static struct buf pending, frame;
static char names[CAPTURE_NAMES][NAME_LEN];
static unsigned n_names;
static struct log capture_log;

bool capture_on(void)
{
    return atomic_load_explicit(&on, memory_order_relaxed);
}

const char *capture_error_text(int error)
{
    if (error == EEXIST)
        return "it, or its .1, is not a capture: choose another name";
    if (error == EBUSY)
        return "another process writes to it: choose another name";
    /* O_NOFOLLOW: ELOOP by POSIX, EMLINK on FreeBSD */
    return error == ELOOP || error == EMLINK ? "it is a symbolic link" : strerror(error);
}

/* ---- the file ---- */

static const char *base_name(void)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Opens the directory that the file is in: the process may change its own. */
static int open_directory(void)
{
    char dir[PATH_MAX + 1]; /* with "." */
    size_t len = (size_t)(base_name() - path);
    memcpy(dir, path, len);
    memcpy(dir + len, ".", 2);
    return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Returns 1 if the file is a capture that no other process writes, 0 if there is none of this name,
 * -1 with errno otherwise. `ours`: this process writes it. */
static int is_capture(const char *name, bool ours)
{
    static const uint8_t magic[] = {0x0a, 0x0d, 0x0d, 0x0a};
    uint8_t begin[sizeof magic];
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    bool yes = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
               (st.st_size == 0 || (read(fd, begin, sizeof begin) == sizeof begin &&
                                    memcmp(begin, magic, sizeof magic) == 0));
    bool busy = yes && !ours && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    errno = busy ? EBUSY : EEXIST;
    return yes && !busy ? 1 : -1;
}

/* Renames an earlier capture to NAME.1. */
static bool move_away(bool ours)
{
    char older[NAME_MAX + 1];
    const char *name = base_name();
    int there = is_capture(name, ours);
    if (there <= 0)
        return there == 0;
    if ((size_t)snprintf(older, sizeof older, "%s.1", name) >= sizeof older) {
        errno = ENAMETOOLONG;
        return false;
    }
    return is_capture(older, false) >= 0 && renameat(directory, name, directory, older) == 0;
}

static void add_preamble(void)
{
    (void)pcapng_add_section(&pending, APPLICATION);
    (void)pcapng_add_interface(&pending, PCAPNG_RAW, "debugnet");
    for (unsigned i = 0; i < n_names; i++)
        (void)pcapng_add_interface(&pending, PCAPNG_UPPER_PDU, names[i]);
}

/* Replaces the file by a new one. */
static bool renew_file(void)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
    bool moved = move_away(file >= 0);
    if (file >= 0)
        close(file);
    file = moved ? openat(directory, base_name(), flags, 0600) : -1;
    size = 0;
    if (file >= 0)
        (void)flock(file, LOCK_EX | LOCK_NB);
    return file >= 0 && fchmod(file, 0600) == 0; /* whatever the umask is */
}

static void close_files(void)
{
    atomic_store(&on, false);
    if (file >= 0)
        close(file);
    if (directory >= 0)
        close(directory);
    file = directory = -1;
    buf_free(&pending);
    buf_free(&frame);
}

/* Leaves whole blocks behind. */
static void fail(void)
{
    int error = errno;
    if (file >= 0)
        (void)!ftruncate(file, (off_t)size);
    log_error(&capture_log, "the capture in %s ends here: %s", path, capture_error_text(error));
    close_files();
}

/* Writes all of it; at the disk's end, nothing. */
static bool write_whole(const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(file, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static void write_pending(void)
{
    CHECK(file >= 0);
    if (!write_whole(pending.data, pending.len)) {
        fail();
        return;
    }
    size += pending.len;
    buf_reset(&pending);
}

/* Starts a new file if a block of this length does not fit into this one. False: the capture has
 * ended. */
static bool capture_make_room(size_t len)
{
    if (size + pending.len + len <= limit)
        return true;
    write_pending();
    if (!capture_on())
        return false;
    if (renew_file())
        add_preamble();
    else
        fail();
    return capture_on();
}

/* ---- beginning and end ---- */

/* The limit, not above that of the process (setrlimit(2)), which would raise a signal. */
static uint64_t file_limit(unsigned long mib)
{
    struct rlimit r;
    uint64_t bytes = (uint64_t)mib << 20;
    if (getrlimit(RLIMIT_FSIZE, &r) == 0 && (uint64_t)r.rlim_cur < bytes)
        return (uint64_t)r.rlim_cur;
    return bytes;
}

static bool capture_begin(const char *name, unsigned long mib)
{
    if (strlen(name) >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(path, name);
    limit = file_limit(mib);
    if (limit < 1 << 20) {
        errno = EFBIG;
        return false;
    }
    atomic_store(&offset, timestamp_offset());
    n_names = 0;
    buf_init(&pending, PENDING_MAX);
    buf_init(&frame, RSP_MAX);
    directory = open_directory();
    if (directory < 0 || !renew_file())
        return false;
    add_preamble();
    if (!write_whole(pending.data, pending.len))
        return false;
    size = pending.len;
    buf_reset(&pending);
    return true;
}

int capture_open(const char *name, unsigned long mib, const struct log *log)
{
    int rc = 0;
    pthread_mutex_lock(&lock);
    if (!capture_on() || strcmp(name, path) != 0) {
        if (capture_on())
            write_pending();
        close_files();
        capture_log = *log;
        bool begun = capture_begin(name, mib);
        int error = errno;
        if (!begun)
            close_files();
        errno = error;
        atomic_store(&on, begun);
        rc = begun ? 0 : NETGDB_IO;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

void capture_flush(void)
{
    if (!capture_on())
        return;
    pthread_mutex_lock(&lock);
    if (capture_on())
        write_pending();
    pthread_mutex_unlock(&lock);
}

void capture_close(void)
{
    pthread_mutex_lock(&lock);
    if (capture_on())
        write_pending();
    close_files();
    pthread_mutex_unlock(&lock);
}

/* ---- packets ---- */

uint64_t capture_time(uint64_t monotonic)
{
    return (monotonic != 0 ? monotonic : io_fds_now()) - atomic_load(&offset);
}

/* Under the lock. */
static void capture_add(const struct pcapng_packet *p)
{
    CHECK(p->interface <= n_names && n_names <= CAPTURE_NAMES); /* the preamble has all of them */
    if (!capture_make_room(p->header_len + p->len + PCAPNG_BLOCK_EXTRA))
        return;
    if (pcapng_add_packet(&pending, p) != 0) {
        errno = ENOMEM;
        fail();
    } else if (pending.len >= BATCH_BYTES) {
        write_pending();
    }
}

void capture_datagram(const struct capture_datagram *d)
{
    uint8_t headers[PCAPNG_UDP_HEADERS];
    if (!capture_on())
        return;
    pcapng_udp_headers(&d->from, &d->to, d->data, d->len, headers);
    const struct pcapng_packet p = {.interface = 0,
                                    .time = d->time,
                                    .inbound = d->inbound,
                                    .header = headers,
                                    .header_len = sizeof headers,
                                    .data = d->data,
                                    .len = d->len,
                                    .original = d->original,
                                    .comment = d->note};
    pthread_mutex_lock(&lock);
    if (capture_on())
        capture_add(&p);
    pthread_mutex_unlock(&lock);
}

/* Returns the number of the interface of this name, which it may add. */
static unsigned interface_of(const char *name)
{
    unsigned i = 0;
    while (i < n_names && strncmp(names[i], name, NAME_LEN - 1) != 0)
        i++;
    if (i == CAPTURE_NAMES)
        return CAPTURE_NAMES;
    if (i == n_names) {
        (void)snprintf(names[n_names++], NAME_LEN, "%s", name);
        (void)pcapng_add_interface(&pending, PCAPNG_UPPER_PDU, names[i]);
    }
    return i + 1;
}

void capture_rsp(const char *name, bool request, const uint8_t *content, size_t len)
{
    uint8_t header[PCAPNG_EXPORT_HEADER];
    if (!capture_on())
        return;
    uint64_t time = capture_time(0);
    pthread_mutex_lock(&lock);
    buf_reset(&frame);
    if (capture_on() && rsp_frame(&frame, content, len) == 0) {
        unsigned interface = interface_of(name != NULL ? name : "client");
        pcapng_export_header(request, interface, header);
        const struct pcapng_packet p = {.interface = interface,
                                        .time = time,
                                        .inbound = request,
                                        .header = header,
                                        .header_len = sizeof header,
                                        .data = frame.data,
                                        .len = frame.len,
                                        .original = frame.len};
        capture_add(&p);
    }
    pthread_mutex_unlock(&lock);
}
