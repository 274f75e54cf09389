/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names between getaddrinfo and connect. The result of a look-up is one made-up address, whose
 * unused bytes carry a mark and the number of the name; connect recognises it.
 */
#include "shim/shim.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/logfile.h"
#include "io/sockets.h"
#include "proto/wire.h"

enum { NAMES_MAX = 1024 }; /* look-ups of one process; the oldest is forgotten after that */

static const uint32_t mark = 0x4e474442; /* "NGDB" */

struct tag {
    uint32_t mark, id;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shim_name *names[NAMES_MAX];
static uint32_t next_id;

static struct log early_log = {.level = LOG_WARN, .sink = logfile_sink};

/* The text of an address that connect recognises; discarded by every other use. */
#define DUMMY_ADDRESS "127.0.0.1"
#define DUMMY_PORT "9"

static int make_address(uint32_t id, const struct addrinfo *hints, struct addrinfo **result)
{
    struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                              .ai_family = AF_INET,
                              .ai_socktype = SOCK_STREAM,
                              .ai_protocol = hints != NULL ? hints->ai_protocol : 0};
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

/* Looks the host up now, so that a wrong one is an error of the name and not of the connection. */
static int look_up(struct shim_name *n)
{
    struct sockets_addresses found;
    if (n->options.kind == OPTIONS_ANY) {
        n->n = 1;
        return 0;
    }
    if (n->options.kind != OPTIONS_HERALD)
        return 0;
    int rc = sockets_resolve_all(shim_libc.getaddrinfo, n->options.host, 0, &found);
    for (unsigned i = 0; rc == 0 && i < found.n && n->n < SHIM_IPS; i++)
        n->ips[n->n++] = ntohl(found.at[i].sin_addr.s_addr);
    if (rc != 0)
        log_error(&n->log, "no IPv4 address of this host is known (%s)", gai_strerror(rc));
    return rc;
}

static void release(struct shim_name *n)
{
    options_free(&n->options);
    free(n);
}

/* Names are a few bytes and are typed by a person: none is released while a relay may use it. */
static uint32_t keep(struct shim_name *n)
{
    pthread_mutex_lock(&lock);
    uint32_t id = next_id++;
    names[id % NAMES_MAX] = n;
    pthread_mutex_unlock(&lock);
    return id;
}
