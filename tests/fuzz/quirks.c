/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: requests of any client, one per line, to a FreeBSD stub that aborts on anything that
 * would harm a kernel. The first byte selects the size of the kernel's buffer, the path, and when a
 * duplicate corrupts a list or the kernel reboots.
 */
#include "proto/quirks/quirks.h"

#include <string.h>

#include "proto/err.h"
#include "tests/freebsd_stub.h"
#include "tests/fuzz/fuzz.h"
#include "tests/requests.h"

static void choose(struct stub *s, uint8_t c)
{
    static const size_t sizes[] = {4096, 400, 1096, 2152};
    static const size_t paths[] = {1444, 484};
    s->bufsz = sizes[c & 3];
    s->max_request = paths[c >> 2 & 1];
    s->threads = (c & 8) != 0 ? 300 : 3;
    s->spoil_at = (c >> 4 & 3) * 2;
    s->replace_at = (c >> 6 & 3) * 3;
}

static void ask(struct target *t, const uint8_t *request, size_t len, struct buf *reply)
{
    bool final = false;
    int rc = send_bytes(t, request, len);
    if (rc == 0)
        rc = target_recv(t, reply, &final, 0);
    if (rc == NETGDB_REPLACED)
        rc = target_recv(t, reply, &final, 0);
    MUST(rc == 0 && final);
    MUST(reply->len <= TARGET_REPLY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stub *stub = stub_new();
    struct target *t = quirks_new(&stub->base, NULL);
    struct buf reply;
    MUST(t != NULL);
    buf_init(&reply, TARGET_REPLY_MAX);
    if (size != 0)
        choose(stub, data[0]);
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
        ask(t, data + at, len, &reply);
        MUST(!stub->corrupted);
        at += len + 1;
    }
    buf_free(&reply);
    target_free(t);
    return 0;
}
