/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kernels' text is changed so that a fault leaves debug exceptions masked (session/kernel.h).
 */
#include "session/kernel.h"

#include <elf.h>

#include "proto/options.h"
#include "tests/unit/freebsd_world.h"

struct mask {
    struct fixture f;
    struct options options;
    struct chain chain;
    const struct description *description;
};

static void begin(struct mask *m, const char *name, uint16_t elf_machine)
{
    memset(m, 0, sizeof *m);
    open_kernel(&m->f, name);
    m->chain.target = &m->f.stub.target;
    m->chain.symbols = m->f.symbols;
    m->description = description_of_elf(elf_machine, true, false);
    assert_non_null(m->description);
    assert_int_equal(symbols_prepare(m->f.symbols, m->chain.target), 0);
    m->f.stub.reads = 0;
}

static void end(struct mask *m)
{
    close_kernel(&m->f);
}

static void keep(struct mask *m)
{
    const struct chain_config config = {.options = &m->options, .log = &m->f.log.log};
    assert_int_equal(kernel_keep_debug_masked(&m->chain, &config, m->description), 0);
}

/* The instruction in do_el1h_sync of tests/kernel/kern_shutdown.c. */
static const uint8_t *unmask_of(struct mask *m)
{
    static const uint8_t unmask[] = {0xff, 0x48, 0x03, 0xd5};
    const uint8_t *code = variable(&m->f, "do_el1h_sync", 64);
    return memmem(code, 64, unmask, sizeof unmask);
}

static void arm64_is_changed_once(void **state)
{
    (void)state;
    struct mask m;
    begin(&m, "arm64", EM_AARCH64);
    const uint8_t *at = unmask_of(&m);
    assert_non_null(at);
    keep(&m);
    assert_memory_equal(at, "\x1f\x20\x03\xd5", 4); /* nop */
    assert_null(unmask_of(&m));
    keep(&m);
    assert_int_equal(m.f.stub.writes, 1);
    assert_int_equal(logged(&m.f.log, "memory"), 0);
    end(&m);
}

static void other_machines_are_not_read(void **state)
{
    (void)state;
    struct mask m;
    begin(&m, "amd64", EM_X86_64);
    keep(&m);
    assert_int_equal(m.f.stub.reads, 0);
    assert_int_equal(logged(&m.f.log, "memory"), 0);
    end(&m);
}

static void an_observer_changes_nothing(void **state)
{
    (void)state;
    struct mask m;
    begin(&m, "arm64", EM_AARCH64);
    m.options.observe = true;
    keep(&m);
    assert_non_null(unmask_of(&m));
    assert_int_equal(logged(&m.f.log, "memory"), 0);
    end(&m);
}

static void without_symbols_one_line_warns(void **state)
{
    (void)state;
    struct mask m;
    begin(&m, "arm64", EM_AARCH64);
    m.chain.symbols = NULL;
    keep(&m);
    assert_int_equal(m.f.stub.writes, 0);
    assert_int_equal(logged(&m.f.log, "memory"), 1);
    assert_int_equal(logged(&m.f.log, "a read of unmapped memory can make this kernel"), 1);
    end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arm64_is_changed_once),
        cmocka_unit_test(other_machines_are_not_read),
        cmocka_unit_test(an_observer_changes_nothing),
        cmocka_unit_test(without_symbols_one_line_warns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
