/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Registers written by gdb's chain to a kernel of each machine: those that the kernel's stub does
 * not write are an error, and the next g has the kernel's own values.
 */
#include "tests/sim/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/rsp/rsp.h"
#include "session/chain.h"

#define NOT_TAKEN "E.the kernel's stub does not write this register"
#define OTHER "E.the kernel's stub would write another register"

static const struct options options = {.cache = true, .rtos = "off"};

struct client_session {
    struct rig *r;
    struct chain chain;
    struct link_session_state session_state;
};

static struct client_session *session(enum machine_arch arch)
{
    struct client_session *s = calloc(1, sizeof *s);
    struct twin_config config = twin_config(TWIN_NEW);
    assert_non_null(s);
    config.arch = arch;
    s->r = rig_new_twin(&config);
    rig_connect(s->r);
    const struct chain_config chain = {.options = &options, .log = &s->r->log};
    link_keep_session_state(netgdb_target_link(s->r->target), &s->session_state);
    assert_int_equal(chain_renew(&s->chain, s->r->target, &chain), 0);
    return s;
}

static void end(struct client_session *s)
{
    s->r->target = chain_strip(&s->chain);
    rig_free(s->r);
    free(s);
}

static const char *ask(struct client_session *s, const char *request)
{
    assert_int_equal(target_ask(s->chain.target, request, &s->r->reply), 0);
    (void)buf_addc(&s->r->reply, 0);
    return (const char *)s->r->reply.data;
}

/* Writes a register of the thread; the reply must be `expected`, and g as the kernel has it. */
static void write_one(struct client_session *s, unsigned reg, const char *expected)
{
    struct machine *m = twin_machine(s->r->twin);
    size_t before = 0, size = machine_reg_size(m, reg);
    char request[64], old[64], value[33] = "";
    for (unsigned i = 0; i < reg; i++)
        before += machine_reg_size(m, i);
    snprintf(old, sizeof old, "%.*s", 2 * (int)size, ask(s, "g") + 2 * before);
    for (size_t i = 0; i < size; i++)
        sprintf(value + 2 * i, "%02x", (unsigned)(0xa0 + i));
    snprintf(request, sizeof request, "P%x=%s", reg, value);
    assert_string_equal(ask(s, request), expected);
    const char *now = ask(s, "g") + 2 * before;
    bool shown = old[0] != 'x', taken = strcmp(expected, "OK") == 0;
    assert_memory_equal(now, taken && shown ? value : old, 2 * size);
}

static const struct {
    enum machine_arch arch;
    const char *thread; /* that H selects */
    unsigned reg;
    const char *expected;
} writes[] = {
    {MACHINE_AMD64, "Hg186a1", 0, "OK"},         /* rax */
    {MACHINE_AMD64, "Hg186a1", 17, NOT_TAKEN},   /* rflags */
    {MACHINE_AMD64, "Hg186a1", 18, NOT_TAKEN},   /* cs */
    {MACHINE_AMD64, "Hg186a1", 20, NOT_TAKEN},   /* ds: not reported */
    {MACHINE_AMD64, "Hg186a3", 1, "OK"},         /* rbx, in the pcb */
    {MACHINE_AMD64, "Hg186a3", 0, NOT_TAKEN},    /* rax, not in the pcb */
    {MACHINE_ARM64, "Hg186a1", 0, "OK"},         /* x0: written, not reported */
    {MACHINE_ARM64, "Hg186a3", 0, NOT_TAKEN},    /* x0 of another thread */
    {MACHINE_ARM64, "Hg186a1", 19, "OK"},        /* x19 */
    {MACHINE_ARM64, "Hg186a1", 30, NOT_TAKEN},   /* lr */
    {MACHINE_ARM64, "Hg186a1", 34, NOT_TAKEN},   /* v0 */
    {MACHINE_RISCV64, "Hg186a1", 10, "OK"},      /* a0 */
    {MACHINE_RISCV64, "Hg186a1", 0, NOT_TAKEN},  /* zero */
    {MACHINE_RISCV64, "Hg186a1", 7, "OK"},       /* t2 */
    {MACHINE_RISCV64, "Hg186a1", 28, OTHER},     /* t3: t0 would be written */
    {MACHINE_RISCV64, "Hg186a1", 31, OTHER},     /* t6: t3 would be written */
    {MACHINE_RISCV64, "Hg186a3", 28, NOT_TAKEN}, /* t3 of another thread */
    {MACHINE_I386, "Hg186a1", 8, "OK"},          /* eip */
    {MACHINE_I386, "Hg186a1", 0, NOT_TAKEN},     /* eax */
    {MACHINE_POWERPC64, "Hg186a1", 1, NOT_TAKEN} /* r1 */
};

static void a_register_that_the_kernel_does_not_take_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        struct client_session *s = session(writes[i].arch);
        assert_string_equal(ask(s, writes[i].thread), "OK");
        write_one(s, writes[i].reg, writes[i].expected);
        assert_int_equal(twin_harm(s->r->twin), 0);
        end(s);
    }
}

/* A kernel of riscv64 reports t0 to t2 and t3 as t3 to t6: they are unknown. */
static void a_register_that_the_kernel_confuses_is_unavailable(void **state)
{
    static const char none[] = "xxxxxxxxxxxxxxxx";
    struct client_session *s = session(MACHINE_RISCV64);
    struct machine *m = twin_machine(s->r->twin);
    char t0[17];
    (void)state;
    m->threads[0].regs[5] = 0x1122;
    const char *g = ask(s, "g");
    snprintf(t0, sizeof t0, "%.16s", g + (size_t)5 * 16);
    assert_string_equal(t0, "2211000000000000");
    for (size_t i = 28; i <= 31; i++)
        assert_memory_equal(g + i * 16, none, 16);
    assert_memory_not_equal(g + (size_t)32 * 16, none, 16); /* pc */
    assert_string_equal(ask(s, "p1c"), none);
    assert_string_equal(ask(s, "p1f"), none);
    assert_string_equal(ask(s, "p5"), t0);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_register_that_the_kernel_confuses_is_unavailable),
        cmocka_unit_test(a_register_that_the_kernel_does_not_take_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
