/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader of pcapng: what was written is read again; nothing hostile is. */
#include "proto/capture/pcapng_read.h"
#include "tests/unit/unit.h"

#include "proto/capture/pcapng.h"
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
        cmocka_unit_test(a_file_that_is_cut_off_ends),
        cmocka_unit_test(hostile_lengths_end_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
