/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names between getaddrinfo and connect. The result of a look-up is one made-up address, whose
 * unused bytes contain a tag and the number of the name, so that connect recognizes it.
 */
#include "shim/shim.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/capture.h"
#include "io/logfile.h"
#include "io/logqueue.h"
#include "io/sockets.h"
#include "session/chain.h"
#include "session/transport.h"

enum { NAMES_MAX = 1024 }; /* look-ups of one process; after that, the oldest is forgotten */

static const uint32_t mark = 0x4e474442; /* "NGDB" */

struct tag {
    uint32_t mark, id;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shim_name *names[NAMES_MAX];
static uint32_t next_id;

const struct log shim_log = {.level = LOG_WARN, .sink = logfile_sink};

static struct logqueue *queue; /* NULL: none yet, or no memory */

static void make_queue(void)
{
    queue = logqueue_new(logfile_sink, NULL);
}

struct log names_queued_log(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_queue);
    return queue != NULL ? (struct log){.level = LOG_WARN, .sink = logqueue_sink, .context = queue}
                         : shim_log;
}

void names_drain_log(unsigned ms)
{
    if (queue != NULL)
        (void)logqueue_drain(queue, ms);
}

/* The text of an address that connect recognises; discarded by every other use. */
#define DUMMY_ADDRESS "127.0.0.1"
#define DUMMY_PORT "9"

static int make_address(uint32_t id, struct addrinfo **result)
{
    struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                              .ai_family = AF_INET,
                              .ai_socktype = SOCK_STREAM,
                              .ai_protocol = IPPROTO_TCP};
    int rc = shim_libc.getaddrinfo(DUMMY_ADDRESS, DUMMY_PORT, &wanted, result);
    if (rc != 0)
        return rc;
    const struct tag tag = {mark, id};
    struct sockaddr_in *address = (struct sockaddr_in *)(void *)(*result)->ai_addr;
    _Static_assert(sizeof tag == sizeof address->sin_zero, "the tag fills the unused bytes");
    memcpy(address->sin_zero, &tag, sizeof tag);
    return 0;
}

struct shim_name *names_of(const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_in in;
    struct tag tag;
    if (address == NULL || len < sizeof in || address->sa_family != AF_INET)
        return NULL;
    memcpy(&in, address, sizeof in);
    memcpy(&tag, in.sin_zero, sizeof tag);
    if (tag.mark != mark || in.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        return NULL;
    pthread_mutex_lock(&lock);
    struct shim_name *name = names[tag.id % NAMES_MAX];
    pthread_mutex_unlock(&lock);
    return name;
}

/* Looks the host up. Returns 0 or the errno value of connect. */
static int look_up_host(struct shim_name *n)
{
    if (n->options.kind == OPTIONS_ANY)
        n->hosts.n = 1; /* address 0: every host */
    if (n->options.kind != OPTIONS_KERNEL)
        return 0;
    int rc = sockets_resolve_hosts(shim_libc.getaddrinfo, n->options.host, &n->hosts);
    if (rc != 0)
        log_error(&n->log, "cannot resolve this host to an IPv4 address: %s",
                  sockets_resolve_text(rc));
    return rc == 0 ? 0 : ENXIO;
}

static const char *label_of(const struct options *o)
{
    if (o->kind == OPTIONS_ANY)
        return "any";
    return o->host[0] != '\0' ? o->host : o->path;
}

static void open_log(const struct options *o)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (o->log_file[0] == '\0')
        return;
    if (logfile_open(o->log_file) != 0)
        log_error(&shim_log, "NETGDB_LOG_FILE %s: %s", o->log_file,
                  errno == ENXIO ? "a FIFO without a reader" : strerror(errno));
    else if (logfile_is_readable_by_others() && !atomic_flag_test_and_set(&said))
        log_warn(&shim_log,
                 "NETGDB_LOG_FILE %s: other users can read it; at level packet it holds the "
                 "kernel's memory",
                 o->log_file);
}

/* The capture is the process's: one file for all of its connections. */
static void open_capture(const struct options *o)
{
    if (o->capture[0] == '\0')
        return;
    const struct log log = names_queued_log();
    if (capture_open(o->capture, o->capture_size, &log) != 0)
        log_error(&shim_log, "capture=%s: %s: nothing is captured", o->capture,
                  capture_error_text(errno));
}

/* Both were zeroed before they were filled in, including the padding. */
static bool same(const struct shim_name *a, const struct shim_name *b)
{
    /* NOLINTNEXTLINE: if equal names compare as different, they only cost memory */
    return memcmp(&a->options, &b->options, sizeof a->options) == 0 &&
           memcmp(&a->hosts, &b->hosts, sizeof a->hosts) == 0 && a->error == b->error;
}

/*
 * No name is ever freed, because a relay may use it until the process exits; a name that is typed
 * again is found in the table. Owns `n`.
 */
static uint32_t keep(struct shim_name *n)
{
    pthread_mutex_lock(&lock);
    uint32_t known = next_id < NAMES_MAX ? next_id : NAMES_MAX, id = 0;
    while (id < known && !same(names[id], n))
        id++;
    if (id < known) {
        free(n);
    } else {
        id = next_id++ % NAMES_MAX;
        names[id] = n;
    }
    pthread_mutex_unlock(&lock);
    return id;
}

/* GDB must ask for a stream socket, which a socketpair can replace. */
static bool is_stream(const struct addrinfo *hints)
{
    if (hints == NULL)
        return true;
    return hints->ai_family != AF_INET6 &&
           (hints->ai_socktype == 0 || hints->ai_socktype == SOCK_STREAM);
}

int names_lookup(const char *node, const char *service, const struct addrinfo *hints,
                 struct addrinfo **result)
{
    static const struct options_source source = {.transports = transports_all, .env = getenv};
    char error[OPTIONS_ERROR_MAX];
    struct shim_name *n = calloc(1, sizeof *n);
    if (n == NULL)
        return EAI_MEMORY;
    n->error = EINVAL;
    if (!is_stream(hints)) {
        log_error(&shim_log,
                  "udp: and tcp6: cannot be combined with netgdb: use target remote netgdb:HOST");
    } else if (options_from_gdb(&n->options, node, service, &source, error, sizeof error) != 0 ||
               !chain_takes(&n->options, error, sizeof error)) {
        log_error(&shim_log, "%s", error);
    } else {
        n->log = (struct log){
            .level = n->options.log, .name = label_of(&n->options), .sink = logfile_sink};
        open_log(&n->options);
        open_capture(&n->options);
        n->error = look_up_host(n);
    }
    return make_address(keep(n), result);
}
