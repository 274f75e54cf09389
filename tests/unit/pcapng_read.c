/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of pcapng: what was written is read again; nothing hostile is. */
#include "proto/capture/pcapng_read.h"
#include "tests/unit/unit.h"

#include "proto/capture/pcapng.h"
#include "proto/capture/udp_read.h"
#include "proto/err.h"

/* A file with one packet of a client, and one datagram. */
static void write_file(struct buf *b)
{
    uint8_t header[PCAPNG_EXPORT_HEADER];
    static const uint8_t data[] = "$?#3f";
    pcapng_export_header(true, 7, header);
    const struct pcapng_packet rsp = {.interface = 1,
                                      .header = header,
                                      .header_len = sizeof header,
                                      .data = data,
                                      .len = 5,
                                      .original = 5,
                                      .comment = "a comment"};
    const struct pcapng_packet raw = {.data = data, .len = 3, .original = 3};
    buf_init(b, 4096);
    assert_int_equal(pcapng_add_section(b, "x"), 0);
    assert_int_equal(pcapng_add_interface(b, PCAPNG_RAW, "wire"), 0);
    assert_int_equal(pcapng_add_interface(b, PCAPNG_UPPER_PDU, "client"), 0);
    assert_int_equal(pcapng_add_packet(b, &raw), 0);
    assert_int_equal(pcapng_add_packet(b, &rsp), 0);
}

static void what_was_written_is_read(void **state)
{
    struct pcapng_reader r;
    struct pcapng_record packet;
    struct pcapng_rsp rsp;
    struct buf b;
    (void)state;
    write_file(&b);
    pcapng_read(&r, b.data, b.len);
    assert_int_equal(pcapng_next(&r, &packet), 1);
    assert_int_equal(packet.link, PCAPNG_RAW);
    assert_int_equal(packet.len, 3);
    assert_false(pcapng_is_rsp(&packet, &rsp));
    assert_int_equal(pcapng_next(&r, &packet), 1);
    assert_true(pcapng_is_rsp(&packet, &rsp));
    assert_true(rsp.inbound);
    assert_int_equal(rsp.client, 7);
    assert_int_equal(rsp.len, 5);
    assert_memory_equal(rsp.data, "$?#3f", 5);
    assert_int_equal(pcapng_next(&r, &packet), 0);
    buf_free(&b);
}

/* Every file that is cut off anywhere ends there. */
/* A whole datagram: 127.0.0.1:1 to 127.0.0.2:2, "abc". */
static const uint8_t datagram[] = {0x45, 0, 0, 31, 0, 0, 0x40, 0, 64, 17, 0, 0, 127, 0,   0,  1,
                                   127,  0, 0, 2,  0, 1, 0,    2, 0,  11, 0, 0, 'a', 'b', 'c'};

static void pcap_is_read_in_both_byte_orders(void **state)
{
    static const uint8_t little[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0,   0,   0, 0, 0,
                                     0,    0,    0,    1,    0, 1, 0, 0, 0, 1, 0,   0,   0, 0, 0,
                                     0,    0,    2,    0,    0, 0, 9, 0, 0, 0, 'h', 'i', 0};
    static const uint8_t big[] = {0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0,   0,   0, 0, 0,
                                  0,    0,    1,    0,    0, 0, 0, 0, 1, 0, 0,   0,   1, 0, 0,
                                  0,    0,    0,    0,    0, 2, 0, 0, 0, 9, 'h', 'i', 0};
    const uint8_t *files[] = {little, big};
    struct pcapng_reader r;
    struct pcapng_record packet;
    (void)state;
    for (int i = 0; i < 2; i++) {
        pcapng_read(&r, files[i], sizeof big);
        assert_int_equal(pcapng_next(&r, &packet), 1);
        assert_int_equal(packet.link, PCAPNG_ETHERNET);
        assert_int_equal(packet.len, 2);
        assert_memory_equal(packet.data, "hi", 2);
        assert_int_equal(pcapng_next(&r, &packet), 0);
        pcapng_read(&r, files[i], sizeof big - 2); /* cut off */
        assert_int_equal(pcapng_next(&r, &packet), 0);
    }
}

/* Returns whether a packet of this link type and header has the datagram, with any byte cut off
 * not. */
static bool has_datagram(unsigned link, const char *header, size_t len, const uint8_t *ip)
{
    struct udp_datagram d;
    uint8_t *data = test_malloc(len + sizeof datagram);
    memcpy(data, header, len);
    memcpy(data + len, ip, sizeof datagram);
    struct pcapng_record packet = {.link = link, .data = data, .len = len + sizeof datagram};
    bool found = udp_in_packet(&packet, &d) && d.len == 3 && memcmp(d.data, "abc", 3) == 0 &&
                 d.from.ip == 0x7f000001 && d.from.port == 1 && d.to.ip == 0x7f000002 &&
                 d.to.port == 2;
    while (packet.len-- > 0)
        assert_false(udp_in_packet(&packet, &d));
    test_free(data);
    return found;
}

static void udp_is_found_behind_each_header(void **state)
{
    static const struct {
        unsigned link;
        const char *header;
        size_t len;
        bool found;
    } packets[] = {
        {PCAPNG_RAW, "", 0, true},
        {PCAPNG_RAW_BSD, "", 0, true},
        {PCAPNG_IPV4, "", 0, true},
        {PCAPNG_NULL, "\2\0\0\0", 4, true},
        {PCAPNG_NULL, "\0\0\0\2", 4, true},
        {PCAPNG_LOOP, "\0\0\0\30", 4, false}, /* IPv6 */
        {PCAPNG_ETHERNET, "123456123456\x08\x00", 14, true},
        {PCAPNG_ETHERNET, "123456123456\x81\x00\0\1\x08\x00", 18, true},
        {PCAPNG_ETHERNET, "123456123456\x88\xa8\0\1\x81\x00\0\1\x08\x00", 22, true},
        {PCAPNG_ETHERNET, "123456123456\x81\0\0\1\x81\0\0\1\x81\0\0\1\x08\x00", 26, false},
        {PCAPNG_ETHERNET, "123456123456\x86\xdd", 14, false},
        {PCAPNG_LINUX_SLL, "12345678901234\x08\x00", 16, true},
        {PCAPNG_LINUX_SLL2,
         "\x08\x00"
         "345678901234567890",
         20, true},
        {PCAPNG_UPPER_PDU, "", 0, false},
    };
    uint8_t changed[sizeof datagram];
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++)
        assert_int_equal(has_datagram(packets[i].link, packets[i].header, packets[i].len, datagram),
                         packets[i].found);
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 0x65}, {0, 0x44}, {3, 32},  {3, 27}, {6, 0x20},
                 {7, 1},    {9, 6},    {25, 12}, {25, 7}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        memcpy(changed, datagram, sizeof changed);
        changed[wrong[i].at] = wrong[i].value;
        assert_false(has_datagram(PCAPNG_RAW, "", 0, changed));
    }
}

static void a_file_that_is_cut_off_ends(void **state)
{
    struct pcapng_reader r;
    struct pcapng_record packet;
    struct buf b;
    (void)state;
    write_file(&b);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *exact = test_malloc(len + 1); /* so that reading beyond it is found */
        memcpy(exact, b.data, len);
        pcapng_read(&r, exact, len);
        int rc, n = 0;
        while ((rc = pcapng_next(&r, &packet)) == 1)
            n++;
        assert_true(rc == (len < 28 ? NETGDB_PROTO : 0) && n < 2);
        test_free(exact);
    }
    buf_free(&b);
}

static void hostile_lengths_end_the_file(void **state)
{
    static const uint32_t lengths[] = {0, 1, 8, 11, 13, 0x7fffffff, 0xfffffffc, 0xffffffff};
    struct pcapng_reader r;
    struct pcapng_record packet;
    struct pcapng_rsp rsp;
    struct buf b;
    (void)state;
    write_file(&b);
    for (size_t at = 0; at + 4 <= b.len; at += 4) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            uint8_t *file = test_malloc(b.len);
            memcpy(file, b.data, b.len);
            memcpy(file + at, &lengths[i], 4);
            pcapng_read(&r, file, b.len);
            for (int n = 0; pcapng_next(&r, &packet) == 1; n++) {
                assert_true(n < 2);
                assert_true(packet.data >= file && packet.data + packet.len <= file + b.len);
                (void)pcapng_is_rsp(&packet, &rsp);
            }
            test_free(file);
        }
    }
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(pcap_is_read_in_both_byte_orders),
        cmocka_unit_test(udp_is_found_behind_each_header),
        cmocka_unit_test(a_file_that_is_cut_off_ends),
        cmocka_unit_test(hostile_lengths_end_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
