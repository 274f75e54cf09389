/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of netgdb-tls, from files; see tls.h. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tls.h"

static bool __attribute__((format(printf, 2, 3)))
refuse(char why[TLS_WHY_MAX], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, TLS_WHY_MAX, format, args);
    va_end(args);
    return false;
}

/* ---- files ---- */

/* True if other users can read or write the file. As in ssh(1), groups count for the user's own
 * files. */
static bool is_known_to_others(const struct stat *st)
{
    mode_t modes = S_IROTH | S_IWOTH;
    if (st->st_uid == geteuid())
        modes |= S_IRGRP | S_IWGRP;
    return (st->st_mode & modes) != 0;
}

/* Reads the whole file and appends a NUL; to be freed. NULL with the reason. */
static char *read_all(int fd, const char *name, size_t size, char why[TLS_WHY_MAX])
{
    char *text = calloc(1, size + 1);
    size_t got = 0;
    ssize_t n = 1;
    while (text != NULL && got < size && (n = read(fd, text + got, size - got)) > 0)
        got += (size_t)n;
    if (text != NULL && n >= 0)
        return text;
    (void)refuse(why, "%.300s: %s", name, strerror(errno));
    free(text);
    return NULL;
}

static char *read_key_file(const char *name, bool secret, char why[TLS_WHY_MAX])
{
    struct stat st;
    char *text = NULL;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        (void)refuse(why, "%.300s: %s", name, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        (void)refuse(why, "%.300s: not a regular file", name);
    else if (secret && is_known_to_others(&st))
        (void)refuse(why, "%.300s: other users can read or write this key: chmod 600 it", name);
    else if (st.st_size > TLS_FILE_MAX)
        (void)refuse(why, "%.300s: more than %d bytes", name, TLS_FILE_MAX);
    else
        text = read_all(fd, name, (size_t)st.st_size, why);
    if (fd >= 0)
        close(fd);
    return text;
}

/* ---- a PSK ---- */

/* "IDENTITY:HEX" */
static bool take_psk(struct tls_psk *p, const char *line)
{
    const char *colon = strrchr(line, ':');
    size_t len = colon != NULL ? (size_t)(colon - line) : 0, size = sizeof p->key;
    if (len == 0 || len >= sizeof p->identity ||
        gnutls_hex2bin(colon + 1, strlen(colon + 1), p->key, &size) != 0 || size < TLS_PSK_MIN)
        return false;
    memcpy(p->identity, line, len);
    p->identity[len] = '\0';
    p->len = (unsigned)size;
    return true;
}

static bool take_psks(struct tls_credentials *c, const char *name, char *text,
                      char why[TLS_WHY_MAX])
{
    unsigned number = 0;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        number++;
        if (line[0] == '\0')
            continue;
        if (c->n_psks == TLS_PSKS_MAX)
            return refuse(why, "%.300s: more than %d keys", name, TLS_PSKS_MAX);
        if (!take_psk(&c->psks[c->n_psks++], line))
            return refuse(why, "%.300s: line %u is not IDENTITY:HEX with %d to %d bytes of key",
                          name, number, TLS_PSK_MIN, TLS_PSK_MAX);
    }
    return c->n_psks != 0 || refuse(why, "%.300s: no key in it", name);
}

/* The PSK of this identity; NULL: there is none. */
static const struct tls_psk *find_psk(const struct tls_credentials *c, const char *identity)
{
    for (unsigned i = 0; i < c->n_psks; i++) {
        if (strcmp(c->psks[i].identity, identity) == 0)
            return &c->psks[i];
    }
    return NULL;
}

/* Finds the key of a client. An unknown identity gets a random key, so that the peer learns as
 * little as from a wrong key. */
static int give_psk(gnutls_session_t session, const char *identity, gnutls_datum_t *key)
{
    struct tls_link *l = gnutls_session_get_ptr(session);
    const struct tls_psk *p = find_psk(l->credentials, identity);
    key->size = p != NULL ? p->len : TLS_PSK_MIN;
    key->data = gnutls_malloc(key->size);
    l->unknown = p == NULL;
    if (key->data == NULL)
        return -1;
    if (p == NULL)
        return gnutls_rnd(GNUTLS_RND_KEY, key->data, key->size);
    memcpy(key->data, p->key, key->size);
    return 0;
}

static int use_psks(struct tls_credentials *c)
{
    const gnutls_datum_t key = {c->psks[0].key, c->psks[0].len};
    int rc = c->name != NULL ? gnutls_psk_allocate_client_credentials(&c->psk_client)
                             : gnutls_psk_allocate_server_credentials(&c->psk_server);
    if (rc == 0 && c->name == NULL)
        gnutls_psk_set_server_credentials_function(c->psk_server, give_psk);
    else if (rc == 0)
        rc = gnutls_psk_set_client_credentials(c->psk_client, c->psks[0].identity, &key,
                                               GNUTLS_PSK_KEY_RAW);
    return rc;
}

static bool load_psk(struct tls_credentials *c, const char *name, char why[TLS_WHY_MAX])
{
    char *text = read_key_file(name, true, why);
    c->psks = calloc(TLS_PSKS_MAX, sizeof *c->psks);
    bool done = text != NULL && c->psks != NULL && take_psks(c, name, text, why);
    if (text != NULL)
        gnutls_memset(text, 0, strlen(text));
    free(text);
    int rc = done ? use_psks(c) : 0;
    return done && (rc == 0 || refuse(why, "%.300s: %s", name, gnutls_strerror(rc)));
}

/* ---- certificates ---- */

static gnutls_datum_t datum(char *text)
{
    return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

static bool use_certificates(struct tls_credentials *c, const struct tls_keys *files, char *cert,
                             char *key, char *ca, char why[TLS_WHY_MAX])
{
    const gnutls_datum_t pem_cert = datum(cert), pem_key = datum(key), pem_ca = datum(ca);
    int rc = gnutls_certificate_allocate_credentials(&c->certificates);
    if (rc == 0)
        rc = gnutls_certificate_set_x509_trust_mem(c->certificates, &pem_ca, GNUTLS_X509_FMT_PEM);
    if (rc == 0)
        return refuse(why, "%.300s: no certificate in it", files->ca);
    if (rc < 0)
        return refuse(why, "%.300s: %s", files->ca, gnutls_strerror(rc));
    rc = gnutls_certificate_set_x509_key_mem(c->certificates, &pem_cert, &pem_key,
                                             GNUTLS_X509_FMT_PEM);
    return rc == 0 ||
           refuse(why, "%.200s with %.200s: %s", files->cert, files->key, gnutls_strerror(rc));
}

static bool load_certificates(struct tls_credentials *c, const struct tls_keys *files,
                              char why[TLS_WHY_MAX])
{
    char *key = read_key_file(files->key, true, why);
    char *cert = key != NULL ? read_key_file(files->cert, false, why) : NULL;
    char *ca = cert != NULL ? read_key_file(files->ca, false, why) : NULL;
    bool done = ca != NULL && use_certificates(c, files, cert, key, ca, why);
    if (key != NULL)
        gnutls_memset(key, 0, strlen(key));
    free(key);
    free(cert);
    free(ca);
    return done;
}

bool tls_credentials_load(struct tls_credentials *c, const struct tls_keys *files,
                          char why[TLS_WHY_MAX])
{
    const char *trouble = tls_keys_trouble(files);
    if (trouble != NULL)
        return refuse(why, "%s", trouble);
    (void)refuse(why, "no memory for keys");
    return files->psk != NULL ? load_psk(c, files->psk, why) : load_certificates(c, files, why);
}
