/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzz target: any datagram. Decoded fields are inside the datagram and encode to the same bytes.
 */
#include <string.h>

#include "proto/link/wire.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_msg msg;
    uint8_t out[WIRE_HEADER];
    if (wire_decode(data, size, &msg) != 0)
        return 0;
    MUST(size <= WIRE_DATAGRAM_MAX);
    if (msg.type == WIRE_IS_ACK) {
        wire_encode_ack(msg.seqno, out);
        MUST(size == WIRE_ACK && memcmp(out, data, WIRE_ACK) == 0);
        return 0;
    }
    MUST(msg.type == WIRE_HERALD || msg.type == WIRE_FINISHED || msg.type == WIRE_DATA);
    MUST(msg.data == data + WIRE_HEADER && msg.len == size - WIRE_HEADER);
    wire_encode(&msg, out);
    MUST(memcmp(out, data, WIRE_HEADER) == 0);
    return 0;
}
