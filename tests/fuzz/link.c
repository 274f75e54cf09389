/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the link and the target on it, with a kernel or node that sends anything at any
 * time. Every request ends with a reply or an error, memory stays bounded, and our datagrams are
 * valid.
 */
#include "proto/link/link.h"

#include <string.h>

#include "proto/err.h"
#include "proto/kernel/netgdb_target.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"
#include "tests/requests.h"

static const char *const requests[] = {
    "g", "mffff,40",     "c",        "s",   "qSupported", "Mffff,2:0102", "P0=0011",
    "?", "qfThreadInfo", "qRcmd,68", "Hg1", "m1000,1",    "m2000,800",    "me0000000,5",
};

enum { REQUESTS = sizeof requests / sizeof requests[0], REQUESTS_OF_ONE = 64 };

static int ask(struct script *s, struct target *t, struct buf *reply)
{
    const char *request = requests[script_byte(s) % REQUESTS];
    bool final = false;
    int rc = send_bytes(t, request, strlen(request));
    while (rc == 0 && !final) {
        rc = target_recv(t, reply, &final, 0);
        MUST(rc != 0 || reply->len <= TARGET_REPLY_MAX);
        MUST(netgdb_target_link(t)->stream.len <= 2 * WIRE_MESSAGE_MAX);
    }
    MUST(!s->endless || request[0] == 'c' ||
         request[0] == 's'); /* a running target may never stop */
    return rc;
}

static void play(struct script *s, struct target *t, bool identify)
{
    struct buf reply;
    enum netgdb_peer peer;
    int rc = identify ? netgdb_target_identify(t, &peer) : 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    for (unsigned i = 0; i < REQUESTS_OF_ONE && rc == 0 && s->size != 0; i++)
        rc = i % 8 == 7 ? target_idle(t) : ask(s, t, &reply);
    if (rc == 0) {
        rc = leave_with(t, "D", &reply);
        MUST(!s->endless);
    }
    MUST(rc <= 0 && strcmp(netgdb_strerror(rc), "unknown error") != 0);
    buf_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct script s;
    struct link *link = malloc(sizeof *link);
    MUST(link != NULL);
    script_init(&s, IO_TARGET, data, size, 0, 2);
    uint8_t how = script_byte(&s);
    link_init(link, &s.io, how & 1 ? WIRE_DATA_ETHERNET : WIRE_DATA_MIN, NULL);
    if ((how & 6) == 6) {
        link_take_over(link, 40, how & 8 ? 7 : 0);
        s.own = 40;
        s.peer = 7;
    }
    struct link_session_state session_state = {0};
    link_keep_session_state(link, &session_state);
    struct target *t = netgdb_target_new(link, NULL, NULL);
    MUST(t != NULL);
    play(&s, t, (how & 16) != 0);
    target_free(t);
    return 0;
}
