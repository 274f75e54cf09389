/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wire format, with bytes written by hand from sys/net/debugnet.h. */
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/link/wire.h"

static const uint8_t herald[WIRE_HEADER] = {0, 0, 0, 1, 0, 0, 0, 1, 0,    0,    0,    0,
                                            0, 0, 0, 0, 0, 0, 0, 0, 0x25, 0x15, 0xf0, 0x95};

static const uint8_t data[WIRE_HEADER + 3] = {0, 0, 0, 3, 0, 0, 0, 7, 0,    0,    0,   0,   0,  5,
                                              0, 1, 0, 0, 0, 3, 0, 0, 0x10, 0x06, 'a', 'b', 'c'};

static void a_herald_is_decoded(void **state)
{
    struct wire_msg msg;
    (void)state;
    assert_int_equal(wire_decode(herald, sizeof herald, &msg), 0);
    assert_int_equal(msg.type, WIRE_HERALD);
    assert_int_equal(msg.seqno, 1);
    assert_int_equal(msg.offset, 0);
    assert_int_equal(msg.total, WIRE_NETGDB_V1);
    assert_int_equal(msg.len, 0);
}

static void data_is_decoded_and_encoded_to_the_same_bytes(void **state)
{
    struct wire_msg msg;
    uint8_t out[WIRE_HEADER];
    (void)state;
    assert_int_equal(wire_decode(data, sizeof data, &msg), 0);
    assert_int_equal(msg.type, WIRE_DATA);
    assert_int_equal(msg.seqno, 7);
    assert_int_equal(msg.offset, 0x50001);
    assert_int_equal(msg.total, 0x1006);
    assert_int_equal(msg.len, 3);
    assert_memory_equal(msg.data, "abc", 3);
    wire_encode(&msg, out);
    assert_memory_equal(out, data, WIRE_HEADER);
}

static void every_datagram_of_four_bytes_is_an_ack(void **state)
{
    static const uint8_t ack[WIRE_ACK] = {0x01, 0x02, 0x03, 0xff};
    struct wire_msg msg;
    uint8_t out[WIRE_ACK];
    (void)state;
    assert_int_equal(wire_decode(ack, sizeof ack, &msg), 0);
    assert_int_equal(msg.type, WIRE_IS_ACK);
    assert_int_equal(msg.seqno, 0x010203ff);
    wire_encode_ack(0x010203ff, out);
    assert_memory_equal(out, ack, WIRE_ACK);
}

static void invalid_messages_are_refused(void **state)
{
    uint8_t bytes[WIRE_DATAGRAM_MAX + 1] = {0};
    struct wire_msg msg;
    (void)state;
    memcpy(bytes, data, sizeof data);
    for (size_t len = 0; len < sizeof data; len++) {
        if (len != WIRE_ACK)
            assert_int_equal(wire_decode(bytes, len, &msg), NETGDB_PROTO);
    }
    assert_int_equal(wire_decode(bytes, sizeof data + 1, &msg), NETGDB_PROTO);
    assert_int_equal(wire_decode(bytes, sizeof bytes, &msg), NETGDB_PROTO);
    bytes[3] = 0;
    assert_int_equal(wire_decode(bytes, sizeof data, &msg), NETGDB_PROTO);
    bytes[3] = 4;
    assert_int_equal(wire_decode(bytes, sizeof data, &msg), NETGDB_PROTO);
    bytes[0] = 1;
    bytes[3] = 3;
    assert_int_equal(wire_decode(bytes, sizeof data, &msg), NETGDB_PROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_herald_is_decoded),
        cmocka_unit_test(data_is_decoded_and_encoded_to_the_same_bytes),
        cmocka_unit_test(every_datagram_of_four_bytes_is_an_ack),
        cmocka_unit_test(invalid_messages_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
