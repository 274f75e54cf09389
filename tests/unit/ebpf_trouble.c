/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub of the eBPF machine with programs that do not fit it, or never stop printing. */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "ebpf/target.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"
#include "tests/requests.h"

/* calloc fails after this number of calls, while `limited`. */
static unsigned allocations;
static bool limited;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
    return limited && allocations-- == 0 ? NULL : __real_calloc(n, size);
}

static const uint64_t returns[] = {MOV_K(0, 7), EXIT};
static const uint64_t prints[] = {MOV_X(6, 1), MOV_X(1, 6), CALL_HELPER(1004), JA(-3)};
static const uint8_t text[] = "text";

/* An io with an event at the third wait. */
struct trouble_io {
    struct io io;
    unsigned waits;
};

static unsigned trouble_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    (void)deadline;
    return ++((struct trouble_io *)io)->waits >= 3 ? reasons : 0;
}

static const struct io_ops trouble_ops = {.wait = trouble_wait};

struct trouble {
    struct trouble_io io;
    struct ebpf_image *image[2];
    struct target *target;
    struct buf reply;
};

/* The second program, big.o, has a map that is too large. */
static void open_trouble(struct trouble *t, const uint64_t *code, size_t bytes)
{
    *t = (struct trouble){0};
    io_init(&t->io.io, &trouble_ops);
    buf_init(&t->reply, TARGET_REPLY_MAX);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ebpf_image_from_code(&t->image[i], (const uint8_t *)code, bytes), 0);
    free(t->image[1]->name);
    t->image[1]->name = strdup("big.o");
    t->image[1]->map[0] = (struct ebpf_map_definition){.name = "big",
                                                       .type = EBPF_MAP_ARRAY,
                                                       .key_size = 4,
                                                       .value_size = 1 << 20,
                                                       .max_entries = 4096};
    t->image[1]->maps = 1;
    struct ebpf_target_options o = {
        .images = t->image,
        .count = 2,
        .arch = EBPF_ARCH_AARCH64,
        .io = &t->io.io,
        .machine = {.budget = EBPF_NO_BUDGET, .input = text, .input_size = sizeof text}};
    assert_int_equal(ebpf_target_new(&t->target, &o), 0);
}

static void close_trouble(struct trouble *t)
{
    target_free(t->target);
    ebpf_image_free(t->image[0]);
    ebpf_image_free(t->image[1]);
    buf_free(&t->reply);
}

static void expect_reply(struct trouble *t, const char *request, const char *beginning)
{
    bool final = false;
    assert_int_equal(send_bytes(t->target, request, strlen(request)), 0);
    while (!final)
        assert_int_equal(target_recv(t->target, &t->reply, &final, 0), 0);
    assert_true(t->reply.len >= strlen(beginning));
    assert_memory_equal(t->reply.data, beginning, strlen(beginning));
}

static void a_program_that_does_not_fit_leaves_the_previous_one(void **state)
{
    struct trouble t;
    (void)state;
    open_trouble(&t, returns, sizeof returns);
    expect_reply(&t, "vCont;c", "W07");
    expect_reply(&t, "qSupported", "");
    expect_reply(&t, "?", "T05");
    expect_reply(&t, "vCont;c", "W07");
    expect_reply(&t, "vRun;6269672e6f", "E");
    expect_reply(&t, "vRun;", "T05");
    expect_reply(&t, "vCont;c", "W07");
    close_trouble(&t);
}

static void a_program_that_cannot_start_again_stays_as_it_is(void **state)
{
    struct trouble t;
    (void)state;
    open_trouble(&t, returns, sizeof returns);
    expect_reply(&t, "Z2,50000000,1", "OK");
    for (allocations = 0; allocations < 4; allocations++) {
        limited = true;
        unsigned left = allocations;
        expect_reply(&t, "vRun;", "E05");
        limited = false;
        allocations = left;
        expect_reply(&t, "m50000000,4", "74657874");
        expect_reply(&t, "p1d", ""); /* the shadow call stack is there */
    }
    expect_reply(&t, "vRun;", "T05");
    expect_reply(&t, "z2,50000000,1", "OK"); /* the watchpoint has stayed */
    expect_reply(&t, "vCont;c", "W07");
    close_trouble(&t);
}

/* Counts in the first byte of the input how often bpf_loop calls the function at 0x10000040. */
static const uint64_t loops[] = {MOV_K(1, 3),
                                 LDDW(2, EBPF_TEXT_BASE + 0x40),
                                 MOV_K(3, 0),
                                 MOV_K(4, 0),
                                 CALL_HELPER(181),
                                 EXIT,
                                 EXIT,
                                 LDDW(5, EBPF_INPUT_BASE),
                                 LDX(BPF_B, 0, 5, 0),
                                 ALU_K(BPF_ADD, 0, 1),
                                 STX(BPF_B, 5, 0, 0),
                                 MOV_K(0, 0),
                                 EXIT /* 0x10000070 */};

static void a_loop_continues_after_the_code_was_changed(void **state)
{
    struct trouble t;
    (void)state;
    open_trouble(&t, loops, sizeof loops);
    expect_reply(&t, "Z0,10000070,8", "OK");
    expect_reply(&t, "vCont;c", "T05");
    expect_reply(&t, "M10000038,8:b700000000000000", "OK");
    expect_reply(&t, "z0,10000070,8", "OK");
    expect_reply(&t, "vCont;c", "W03");
    expect_reply(&t, "m50000000,1", "77"); /* 't' + 3 */
    close_trouble(&t);
}

/* LLDB prints the names of regions, which are those of sections or symbols. */
static void the_name_of_a_region_is_shown_in_visible_form(void **state)
{
    struct trouble t;
    (void)state;
    open_trouble(&t, returns, sizeof returns);
    ebpf_memory_find(&ebpf_target_machine(t.target)->memory, EBPF_TEXT_BASE)->name = "a\33[2J";
    expect_reply(&t, "qMemoryRegionInfo:10000000",
                 "start:10000000;size:1000;permissions:rx;name:615c7831625b324a;");
    close_trouble(&t);
}

static unsigned printed;

static void on_print(void *context, const uint8_t *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    (void)len;
    if (++printed == 100)
        fail_msg("no event ends it");
}

static void a_program_that_always_prints_is_left_for_an_event(void **state)
{
    struct trouble t;
    struct request detach = request_of("D");
    (void)state;
    open_trouble(&t, prints, sizeof prints);
    assert_int_equal(target_leave(t.target, &detach, &t.reply), 0);
    assert_int_equal(ebpf_target_run_on(t.target, IO_ON_TARGET, on_print, NULL), NETGDB_AGAIN);
    assert_int_equal(printed, 3);
    close_trouble(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_does_not_fit_leaves_the_previous_one),
        cmocka_unit_test(a_program_that_cannot_start_again_stays_as_it_is),
        cmocka_unit_test(a_loop_continues_after_the_code_was_changed),
        cmocka_unit_test(the_name_of_a_region_is_shown_in_visible_form),
        cmocka_unit_test(a_program_that_always_prints_is_left_for_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
