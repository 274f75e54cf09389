/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks the combination of keys; see tls.h. */
#include "config.h"

#include "session/tls.h"

#include <stddef.h>

#ifdef HAVE_TLS
static const bool have_tls = true;
#else
static const bool have_tls = false;
#endif

static bool given(const char *file)
{
    return file != NULL && file[0] != '\0';
}

const char *tls_keys_trouble(const struct tls_keys *k)
{
    bool any = given(k->cert) || given(k->key) || given(k->ca);
    bool all = given(k->cert) && given(k->key) && given(k->ca);
    if (!have_tls)
        return "this build has no TLS: configure it where GnuTLS is";
    if (given(k->psk) && any)
        return "give either a PSK or certificates for TLS, not both";
    if (!given(k->psk) && !any)
        return "TLS needs keys: a PSK, or a certificate, its key and a CA";
    if (!given(k->psk) && !all)
        return "TLS by certificates needs three files: a certificate, its key and a CA";
    return NULL;
}
