/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of --tls; see tls_options.h. */
#include "tools/tls_options.h"

#include <stdlib.h>

const struct tool_option tls_options_known[] = {
    FLAG("tls", struct tls_options, on),
    OPTION("tls-psk", take_file_name, struct tls_options, keys.psk),
    OPTION("tls-cert", take_file_name, struct tls_options, keys.cert),
    OPTION("tls-key", take_file_name, struct tls_options, keys.key),
    OPTION("tls-ca", take_file_name, struct tls_options, keys.ca),
    {0}};

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
