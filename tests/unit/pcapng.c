/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The writer of pcapng, and the headers that it makes. */
#include "proto/capture/pcapng.h"
#include "tests/unit/unit.h"

#include <string.h>

static uint32_t at32(const struct buf *b, size_t at)
{
    assert_true(at + 4 <= b->len);
    return b->data[at] | (uint32_t)b->data[at + 1] << 8 | (uint32_t)b->data[at + 2] << 16 |
           (uint32_t)b->data[at + 3] << 24;
}

/* The length of the block at `at`, which it has at both ends. */
static size_t block_at(const struct buf *b, size_t at, uint32_t type)
{
    size_t len = at32(b, at + 4);
    assert_int_equal(at32(b, at), type);
    assert_int_equal(len % 4, 0);
    assert_int_equal(at32(b, at + len - 4), len);
    return len;
}

static void blocks_have_their_length_at_both_ends(void **state)
{
    static const uint8_t data[] = "12345";
    struct buf b;
    (void)state;
    buf_init(&b, 4096);
    assert_int_equal(pcapng_add_section(&b, "netgdb"), 0);
    assert_int_equal(pcapng_add_interface(&b, PCAPNG_RAW, "debugnet"), 0);
    for (size_t len = 0; len < sizeof data; len++) {
        const struct pcapng_packet p = {.interface = 0,
                                        .time = UINT64_C(0x1122334455667788),
                                        .inbound = true,
                                        .data = data,
                                        .len = len,
                                        .original = len + 7,
                                        .comment = len % 2 != 0 ? "late" : NULL};
        assert_int_equal(pcapng_add_packet(&b, &p), 0);
    }
    size_t at = block_at(&b, 0, 0x0a0d0d0a);
    assert_int_equal(at32(&b, 8), 0x1a2b3c4d);
    at += block_at(&b, at, 1);
    for (size_t len = 0; len < sizeof data; len++) {
        assert_int_equal(at32(&b, at + 12), 0x11223344);
        assert_int_equal(at32(&b, at + 16), 0x55667788);
        assert_int_equal(at32(&b, at + 20), len);
        assert_int_equal(at32(&b, at + 24), len + 7);
        assert_memory_equal(b.data + at + 28, data, len);
        at += block_at(&b, at, 6);
    }
    assert_int_equal(at, b.len);
    buf_free(&b);
}

static void a_block_without_room_leaves_nothing_behind(void **state)
{
    static const uint8_t data[64];
    const struct pcapng_packet p = {.data = data, .len = sizeof data, .original = sizeof data};
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    assert_int_equal(pcapng_add_interface(&b, PCAPNG_RAW, "x"), 0);
    size_t before = b.len;
    assert_int_not_equal(pcapng_add_packet(&b, &p), 0);
    assert_int_equal(b.len, before);
    buf_free(&b);
}

static void a_long_comment_is_cut_off(void **state)
{
    char text[4 * PCAPNG_TEXT_MAX];
    const struct pcapng_packet p = {.comment = text};
    struct buf b;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    buf_init(&b, 4096);
    assert_int_equal(pcapng_add_packet(&b, &p), 0);
    assert_true(b.len <= PCAPNG_BLOCK_EXTRA);
    buf_free(&b);
}

/* The sum of all words, with the checksum, is ffff (RFC 1071). */
static unsigned sum(const uint8_t *p, size_t len, unsigned sum)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (unsigned)p[i] << 8 : p[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void headers_have_right_lengths_and_checksums(void **state)
{
    const struct net_addr from = {0xc0000201, 20026}, to = {0x7f000001, 40000};
    uint8_t packet[PCAPNG_UDP_HEADERS + 5];
    (void)state;
    for (size_t len = 0; len <= 5; len++) {
        memcpy(packet + PCAPNG_UDP_HEADERS, "\xff\x01\x80\xfe\x7f", 5);
        pcapng_udp_headers(&from, &to, packet + PCAPNG_UDP_HEADERS, len, packet);
        assert_int_equal(packet[2] << 8 | packet[3], PCAPNG_UDP_HEADERS + len);
        assert_int_equal(packet[24] << 8 | packet[25], 8 + len);
        assert_int_equal(packet[20] << 8 | packet[21], 20026);
        assert_int_equal(sum(packet, 20, 0), 0xffff);
        unsigned pseudo = sum(packet + 12, 8, 17 + 8 + (unsigned)len);
        assert_int_equal(sum(packet + 20, 8 + len, pseudo), 0xffff);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_have_their_length_at_both_ends),
        cmocka_unit_test(a_block_without_room_leaves_nothing_behind),
        cmocka_unit_test(a_long_comment_is_cut_off),
        cmocka_unit_test(headers_have_right_lengths_and_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
