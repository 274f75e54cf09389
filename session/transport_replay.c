/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay:FILE: the session in a capture (record/from_capture.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/err.h"
#include "proto/rsp/features.h"
#include "record/from_capture.h"
#include "record/replay.h"
#include "session/transport.h"

#define CAPTURE_BYTES_MAX ((off_t)1 << 30) /* of a file that is read */

static int parse_capture(struct options *o, char *path, const struct options_error *e)
{
    if (options_set_text(o->path, sizeof o->path, path))
        return 0;
    return options_set_error(e, "replay: takes a file's name of 1 to %d bytes",
                             OPTIONS_PATH_MAX - 1);
}

/* Reads a regular file of this size, to be freed. NULL with errno. */
static uint8_t *read_capture_bytes(int fd, size_t len)
{
    uint8_t *data = malloc(len + 1);
    size_t have = 0;
    ssize_t n = 1;
    while (data != NULL && have < len && n != 0) {
        n = read(fd, data + have, len - have);
        if (n < 0 && errno != EINTR)
            break;
        have += n > 0 ? (size_t)n : 0;
    }
    if (data != NULL && have == len)
        return data;
    errno = data == NULL ? ENOMEM : n < 0 ? errno : EIO;
    free(data);
    return NULL;
}

static uint8_t *read_capture(const char *path, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    uint8_t *data = NULL;
    bool known = fstat(fd, &st) == 0;
    if (known && S_ISREG(st.st_mode) && st.st_size <= CAPTURE_BYTES_MAX) {
        *len = (size_t)st.st_size;
        data = read_capture_bytes(fd, *len);
    } else if (known) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    }
    int error = errno;
    close(fd);
    errno = error;
    return data;
}

static void log_capture(const struct log *log, const struct from_capture *what)
{
    log_info(log, "a captured session (requests: %lu, stops: %lu): its last stop is replayed",
             what->requests, what->stops);
    if (what->left_out != 0)
        log_warn(log, "datagrams are missing in the capture: %lu requests are left out",
                 what->left_out);
    if (what->old_registers)
        log_warn(log,
                 "registers were written and not read again: they are shown as they were before");
    if (what->from_wire && what->other_clients)
        log_warn(log, "the capture has several sessions: this is the last one");
    else if (what->other_clients)
        log_warn(log, "the capture has several clients: this is the first one's session");
}

/* Whether the replies on the wire are those of netgdb node, which names itself. A kernel's lack the
 * description that a client needs; the packets of a client have it already. */
static bool is_node(const struct recording *r)
{
    struct answer a;
    return recording_find(r, (struct bytes){"", 0}, "qSupported", &a) &&
           features_has(a.reply.data, a.reply.len, "netgdb-node");
}

static int open_replay(struct transport_stream *s, const struct log *log, struct target **t)
{
    size_t len;
    struct from_capture what;
    char why[RECORDING_WHY_MAX] = "";
    uint8_t *file = read_capture(s->options->path, &len);
    *t = NULL;
    if (file == NULL) {
        (void)snprintf(s->why, sizeof s->why, "%s",
                       errno == EINVAL ? "it is not a regular file" : strerror(errno));
        return -1;
    }
    struct recording *r = from_capture(file, len, &what, log, why);
    free(file);
    s->peer = r != NULL && what.from_wire && !is_node(r) ? NETGDB_PEER_KERNEL : NETGDB_PEER_OTHER;
    if (r != NULL && (*t = replay_new(r, log)) != NULL) {
        log_capture(log, &what);
        return 0;
    }
    if (r != NULL) {
        recording_free(r);
        free(r);
        (void)snprintf(why, sizeof why, "%s", netgdb_strerror(NETGDB_NOMEM));
    }
    (void)snprintf(s->why, sizeof s->why, "%s", why);
    return -1;
}

const struct transport transport_replay = {
    .prefix = "replay",
    .needs_files = true,
    .parse = parse_capture,
    .target = open_replay,
};
