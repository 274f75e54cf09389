/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link without memory: the peer retransmits what could not be stored, and nothing is lost. */
#include "proto/link/link.h"
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "tests/unit/fake_io.h"

static bool none_left;

void *__wrap_realloc(void *p, size_t size);
void *__real_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
    return none_left ? NULL : __real_realloc(p, size);
}

struct fixture {
    struct fake_io io;
    struct link link;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    link_init(&f->link, &f->io.io, WIRE_DATA_ETHERNET, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    link_free(&f->link);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

/* Delivers a chunk of the kernel's message to the link. Returns as link_input does. */
static int hear(struct fixture *f, uint32_t seqno, uint64_t offset, uint32_t total,
                const char *bytes)
{
    uint8_t datagram[WIRE_HEADER + 64];
    size_t len = strlen(bytes);
    const struct wire_msg msg = {WIRE_DATA, seqno, offset, total, (const uint8_t *)bytes, len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, bytes, len);
    fake_push(&f->io, IO_TARGET, 0, datagram, WIRE_HEADER + len);
    return link_input(&f->link);
}

static void heard(const struct fixture *f, const char *text)
{
    assert_int_equal(f->link.stream.len, strlen(text));
    assert_memory_equal(f->link.stream.data, text, strlen(text));
}

static void a_message_without_memory_is_not_acked_and_is_retransmitted(void **state)
{
    struct fixture *f = *state;
    none_left = true;
    assert_int_equal(hear(f, 2, 0, 6, "$OK#9a"), NETGDB_NOMEM);
    none_left = false;
    assert_int_equal(f->io.side[IO_TARGET].n_out, 0);
    assert_int_equal(hear(f, 2, 0, 6, "$OK#9a"), 0);
    heard(f, "$OK#9a");
}

static void the_last_chunk_without_memory_is_retransmitted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(hear(f, 2, 0, 6, "$OK"), 0);
    size_t acks = f->io.side[IO_TARGET].n_out;
    none_left = true;
    assert_int_equal(hear(f, 3, 3, 6, "#9a"), NETGDB_NOMEM);
    none_left = false;
    assert_int_equal(f->io.side[IO_TARGET].n_out, acks);
    assert_int_equal(hear(f, 3, 3, 6, "#9a"), 0);
    heard(f, "$OK#9a");
    assert_int_equal(hear(f, 4, 0, 1, "+"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_without_memory_is_not_acked_and_is_retransmitted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_chunk_without_memory_is_retransmitted, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
