/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of netgdb-tls, which has GnuTLS and the keys (session/tls.h). One process has the
 * control socket; a server's starts another for each connection.
 */
#ifndef NETGDB_TOOLS_TLS_H
#define NETGDB_TOOLS_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/tls.h"

enum {
    TLS_FILE_MAX = 256 * 1024, /* bytes of a file with keys */
    TLS_PSKS_MAX = 256,        /* of one file */
    TLS_PSK_MIN = 16,          /* bytes of a PSK */
    TLS_PSK_MAX = 64,
    TLS_IDENTITY_MAX = 128, /* bytes of its name, with a NUL */
};

struct tls_psk {
    char identity[TLS_IDENTITY_MAX];
    uint8_t key[TLS_PSK_MAX];
    unsigned len; /* of the key */
};

/* Keys and certificates of this end, and the expected name of the peer. */
struct tls_credentials {
    const char *name; /* the host that a client wants; NULL: a server */
    struct tls_psk *psks;
    unsigned n_psks; /* 0: certificates */
    gnutls_psk_server_credentials_t psk_server;
    gnutls_psk_client_credentials_t psk_client;
    gnutls_certificate_credentials_t certificates;
};

/* One connection. */
struct tls_link {
    const struct tls_credentials *credentials;
    gnutls_session_t session;
    int net, plain; /* neither blocks */
    char peer[SOCKETS_STREAM_TEXT];
    uint64_t deadline; /* of the handshake */
    bool unknown;      /* the peer named an unknown identity */
};

/* ---- tls_keys.c ---- */

/*
 * Reads the files into *c, whose name is set. A file with a secret that other users can read is
 * refused, as ssh(1) does. False with the reason. The contents stay until the process ends.
 */
bool tls_credentials_load(struct tls_credentials *c, const struct tls_keys *files,
                          char why[TLS_WHY_MAX]);

/* ---- tls_handshake.c ---- */

/*
 * Performs the handshake on l->net with l->credentials, in which both ends authenticate. It fails
 * at l->deadline, or when the plain end closes. False with the reason.
 */
bool tls_handshake(struct tls_link *l, char why[TLS_WHY_MAX]);

/* ---- tls_relay.c ---- */

/*
 * Relays bytes in both directions, with a buffer of TLS_RELAY_BUFFER for each. The end of one
 * direction is forwarded, and the other continues. Returns when both have ended; or when the
 * connection is lost or the plain end is closed, and the last bytes are sent or have waited for
 * TLS_LINGER.
 */
enum { TLS_RELAY_BUFFER = 16 * 1024 };
#define TLS_LINGER (2 * IO_SECOND)
void tls_relay(struct tls_link *l);

#endif
