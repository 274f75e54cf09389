/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzz target: any file as a capture. Packets lie within it, and reading it ends. It is replayed,
 * or refused with a reason. */
#include "proto/capture/pcapng_read.h"
#include "proto/capture/udp_read.h"
#include "proto/err.h"
#include "record/from_capture.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

static void replay_capture(const uint8_t *data, size_t size)
{
    static const struct log quiet;
    struct from_capture what;
    char why[RECORDING_WHY_MAX] = "";
    struct recording *r = from_capture(data, size, &what, &quiet, why);
    MUST((r == NULL) == (why[0] != '\0'));
    if (r != NULL)
        recording_free(r);
    free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pcapng_reader r;
    struct pcapng_record packet;
    struct pcapng_rsp rsp;
    struct udp_datagram datagram;
    size_t n = 0;
    int rc;
    pcapng_read(&r, data, size);
    while ((rc = pcapng_next(&r, &packet)) == 1) {
        MUST(packet.data >= data && packet.len <= size && packet.data - data <= (long)size);
        MUST(packet.len <= size - (size_t)(packet.data - data));
        if (pcapng_is_rsp(&packet, &rsp))
            MUST(rsp.data >= packet.data && rsp.data + rsp.len == packet.data + packet.len);
        if (udp_in_packet(&packet, &datagram))
            MUST(datagram.data > packet.data &&
                 datagram.data + datagram.len <= packet.data + packet.len);
        MUST(n++ <= size / 12);
    }
    MUST(rc == 0 || rc == NETGDB_PROTO);
    replay_capture(data, size);
    return 0;
}
