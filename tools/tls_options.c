/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of --tls; see tls_options.h. */
#include "tools/tls_options.h"

#include <stdlib.h>

bool tls_options_take(struct tls_options *o, int option, const char *value)
{
    switch (option) {
    case TLS_OPT:
        return o->on = true;
    case TLS_OPT_PSK:
        o->keys.psk = value;
        break;
    case TLS_OPT_CERT:
        o->keys.cert = value;
        break;
    case TLS_OPT_KEY:
        o->keys.key = value;
        break;
    case TLS_OPT_CA:
        o->keys.ca = value;
        break;
    default:
        return false;
    }
    return value[0] != '\0';
}

const char *tls_options_complete(struct tls_options *o)
{
    struct tls_keys *k = &o->keys;
    bool named = k->psk != NULL || k->cert != NULL || k->key != NULL || k->ca != NULL;
    if (!o->on)
        return named ? "keys are for --tls, which is not given" : NULL;
    if (!named)
        *k = (struct tls_keys){getenv("NETGDB_TLS_PSK"), getenv("NETGDB_TLS_CERT"),
                               getenv("NETGDB_TLS_KEY"), getenv("NETGDB_TLS_CA")};
    return tls_keys_trouble(k);
}
