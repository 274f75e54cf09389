/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handshake of netgdb-tls, and the explanation of its failures; see tls.h. */
#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "io/fds.h"
#include "tools/tls.h"

/* Only TLS 1.3, and always with an ephemeral key exchange, so that a key that leaks later does not
 * decrypt recorded connections. */
#define WITH_PSK "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK"
#define WITH_CERTIFICATES "NORMAL:-VERS-ALL:+VERS-TLS1.3"

enum { OUT_OF_TIME = 1, PLAIN_END_CLOSED }; /* not an error of GnuTLS: those are negative */

/* ---- steps ---- */

static int shake(struct tls_link *l)
{
    return gnutls_handshake(l->session);
}

static int send_welcome(struct tls_link *l)
{
    ssize_t n = gnutls_record_send(l->session, "+", 1);
    return n == 1 ? 0 : (int)n;
}

static int take_welcome(struct tls_link *l)
{
    char byte;
    ssize_t n = gnutls_record_recv(l->session, &byte, 1);
    if (n == 1)
        return byte == '+' ? 0 : GNUTLS_E_UNEXPECTED_PACKET;
    return n == 0 ? GNUTLS_E_PREMATURE_TERMINATION : (int)n;
}

static int wait_for_peer(const struct tls_link *l)
{
    short wanted = gnutls_record_get_direction(l->session) != 0 ? POLLOUT : POLLIN;
    struct pollfd fds[] = {{l->net, wanted, 0}, {l->plain, 0, 0}};
    uint64_t now = io_fds_now();
    if (now >= l->deadline)
        return OUT_OF_TIME;
    (void)poll(fds, 2, (int)((l->deadline - now) / IO_MS) + 1);
    return fds[1].revents != 0 ? PLAIN_END_CLOSED : 0;
}

/* Performs one step, and waits as often as it requires. Returns 0 or an error. */
static int do_step(struct tls_link *l, int (*step)(struct tls_link *))
{
    int rc;
    while ((rc = step(l)) < 0 && gnutls_error_is_fatal(rc) == 0) {
        int end = rc == GNUTLS_E_AGAIN ? wait_for_peer(l) : 0;
        if (end != 0)
            return end;
    }
    return rc;
}

/* ---- words ---- */

static const char *certificate_trouble(const struct tls_link *l)
{
    unsigned status = gnutls_session_get_verify_cert_status(l->session);
    if ((status & GNUTLS_CERT_UNEXPECTED_OWNER) != 0)
        return "its certificate is not of that name";
    if ((status & GNUTLS_CERT_EXPIRED) != 0)
        return "its certificate has expired";
    if ((status & GNUTLS_CERT_NOT_ACTIVATED) != 0)
        return "its certificate is not valid yet";
    if ((status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0)
        return "its certificate was not signed by our CA";
    if ((status & GNUTLS_CERT_PURPOSE_MISMATCH) != 0)
        return "its certificate is not for this end of a connection";
    return "its certificate cannot be trusted";
}

/* Describes the peer's alert, for a client with a hint at the cause. */
static void alert_trouble(const struct tls_link *l, char why[TLS_WHY_MAX])
{
    gnutls_alert_description_t alert = gnutls_alert_get(l->session);
    const char *name = gnutls_alert_get_name(alert), *hint = "";
    if (alert != GNUTLS_A_PROTOCOL_VERSION && l->credentials->name != NULL)
        hint = l->credentials->n_psks != 0 ? ": another PSK, or an identity that it does not know"
                                           : ": is our certificate of its CA, and valid?";
    (void)snprintf(why, TLS_WHY_MAX, "the other end refuses (TLS alert: %s)%s",
                   name != NULL ? name : "unknown", hint);
}

/* Explains errors for which GnuTLS's text is not enough. */
static const struct {
    int rc;
    const char *words;
} troubles[] = {
    {OUT_OF_TIME, "the TLS handshake was not finished in time"},
    {PLAIN_END_CLOSED, "cancelled before the TLS handshake was finished"},
    {GNUTLS_E_NO_CERTIFICATE_FOUND, "it has sent no certificate"},
    {GNUTLS_E_CERTIFICATE_REQUIRED, "it has sent no certificate"},
    {GNUTLS_E_INSUFFICIENT_CREDENTIALS, "it uses the other kind of keys (PSK or certificates)"},
    {GNUTLS_E_UNSUPPORTED_VERSION_PACKET, "it does not speak TLS 1.3"},
    {GNUTLS_E_NO_CIPHER_SUITES, "it does not speak TLS 1.3 with keys of this kind"},
    {GNUTLS_E_UNEXPECTED_PACKET_LENGTH, "it does not speak TLS, or was cut off"},
    {GNUTLS_E_UNEXPECTED_PACKET, "it does not speak TLS"},
    {GNUTLS_E_RECORD_OVERFLOW, "it does not speak TLS"},
    {GNUTLS_E_PREMATURE_TERMINATION, "the connection was closed during the TLS handshake"},
    {GNUTLS_E_PULL_ERROR, "the connection was closed during the TLS handshake"},
    {GNUTLS_E_PUSH_ERROR, "the connection was closed during the TLS handshake"},
};

static const char *trouble(const struct tls_link *l, int rc)
{
    if (l->unknown)
        return "an unknown identity";
    if (rc == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER && l->credentials->psk_server != NULL)
        return "a wrong PSK"; /* the peer has an identity that is known, but not its key */
    if (rc == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR || rc == GNUTLS_E_CERTIFICATE_ERROR)
        return certificate_trouble(l);
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        if (troubles[i].rc == rc)
            return troubles[i].words;
    }
    return gnutls_strerror(rc);
}

/* ---- the session ---- */

static bool is_address(const char *name)
{
    struct in6_addr in;
    return inet_pton(AF_INET, name, &in) == 1 || inet_pton(AF_INET6, name, &in) == 1;
}

/* Requires a certificate of the peer for its role, and of a server for its name. */
static void ask_for_certificate(struct tls_link *l)
{
    const char *name = l->credentials->name;
    const char *purpose = name != NULL ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    static gnutls_typed_vdata_st wanted[2]; /* must live as long as the session */
    wanted[0] = (gnutls_typed_vdata_st){GNUTLS_DT_KEY_PURPOSE_OID, (void *)(uintptr_t)purpose, 0};
    wanted[1] = (gnutls_typed_vdata_st){GNUTLS_DT_DNS_HOSTNAME, (void *)(uintptr_t)name, 0};
    gnutls_session_set_verify_cert2(l->session, wanted, name != NULL ? 2 : 1, 0);
    if (name == NULL) {
        gnutls_certificate_server_set_request(l->session, GNUTLS_CERT_REQUIRE);
        /* A server does not tell strangers its CA, and a client presents the certificate that it
         * has. */
        gnutls_certificate_send_x509_rdn_sequence(l->session, 1);
    } else if (!is_address(name))
        (void)gnutls_server_name_set(l->session, GNUTLS_NAME_DNS, name, strlen(name));
}

static int new_session(struct tls_link *l)
{
    const struct tls_credentials *c = l->credentials;
    bool psk = c->n_psks != 0;
    unsigned end = c->name != NULL ? GNUTLS_CLIENT : GNUTLS_SERVER;
    int rc = gnutls_init(&l->session, end | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS);
    if (rc == 0)
        rc = gnutls_priority_set_direct(l->session, psk ? WITH_PSK : WITH_CERTIFICATES, NULL);
    if (rc == 0 && psk)
        rc =
            gnutls_credentials_set(l->session, GNUTLS_CRD_PSK,
                                   c->name != NULL ? (void *)c->psk_client : (void *)c->psk_server);
    else if (rc == 0)
        rc = gnutls_credentials_set(l->session, GNUTLS_CRD_CERTIFICATE, c->certificates);
    if (rc != 0)
        return rc;
    gnutls_session_set_ptr(l->session, l);
    gnutls_transport_set_int(l->session, l->net);
    if (!psk)
        ask_for_certificate(l);
    return 0;
}

bool tls_handshake(struct tls_link *l, char why[TLS_WHY_MAX])
{
    int rc = new_session(l);
    if (rc == 0)
        rc = do_step(l, shake);
    if (rc == 0)
        rc = do_step(l, l->credentials->name != NULL ? take_welcome : send_welcome);
    if (rc == 0)
        return true;
    if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
        alert_trouble(l, why);
    else
        (void)snprintf(why, TLS_WHY_MAX, "%s", trouble(l, rc));
    if (rc < 0)
        (void)gnutls_alert_send_appropriate(l->session,
                                            rc); /* so that the peer can report the reason, too */
    return false;
}
