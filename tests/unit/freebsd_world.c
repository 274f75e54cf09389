/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of tests/kernel/make, with the decorator of freebsd/; see freebsd_world.h. */
#include "tests/unit/freebsd_world.h"

#include <unistd.h>

#include "freebsd/freebsd.h"
#include "symbols/types.h"

const char *const kernels[KERNELS] = {"amd64", "other", "arm64", "arm", "ppc64", "mips"};

void open_kernel(struct fixture *f, const char *name)
{
    const char *top = getenv("top_builddir");
    memset(f, 0, sizeof *f);
    (void)snprintf(f->modules, sizeof f->modules, "%s/tests/kernel.d/%s", top != NULL ? top : ".",
                   name);
    (void)snprintf(f->kernel, sizeof f->kernel, "%s/kernel.debug", f->modules);
    assert_int_equal(access(f->kernel, R_OK), 0);
    kept_log_init(&f->log);
    buf_init(&f->text, TEXT_MAX);
    kernel_stub_init(&f->stub);
    kernel_stub_load(&f->stub, f->kernel);
    const struct symbols_options so = {
        .file = f->kernel, .freebsd = true, .have_slide = true, .log = &f->log.log};
    f->symbols = symbols_new(&so);
    assert_non_null(f->symbols);
    const struct freebsd_options options = {.symbols = f->symbols,
                                            .kernel = f->kernel,
                                            .machine = "test",
                                            .modules = f->modules,
                                            .log = &f->log.log};
    f->target = freebsd_new(&f->stub.target, &options);
    assert_non_null(f->target);
}

void close_kernel(struct fixture *f)
{
    target_free(f->target);
    symbols_free(f->symbols);
    kernel_stub_done(&f->stub);
    buf_free(&f->text);
}

/* The output of a query; valid until the next. */
const char *query(struct fixture *f, const char *line)
{
    buf_reset(&f->text);
    assert_int_equal(freebsd_query(f->target, line, &f->text), 0);
    assert_int_equal(buf_addc(&f->text, 0), 0);
    return (const char *)f->text.data;
}

void contains(struct fixture *f, const char *line, const char *part)
{
    const char *text = query(f, line);
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

/* The bytes of a variable in the kernel's memory. */
uint8_t *variable(struct fixture *f, const char *name, size_t len)
{
    uint64_t address;
    if (!symbols_address(f->symbols, name, true, &address))
        fail_msg("there is no %s", name);
    uint8_t *bytes = kernel_stub_bytes(&f->stub, address, len);
    assert_non_null(bytes);
    return bytes;
}

uint64_t address_of(struct fixture *f, const char *name)
{
    uint64_t address;
    assert_true(symbols_address(f->symbols, name, true, &address));
    return address;
}

/* Sets the member of a variable that is a structure, in a little-endian kernel. */
void poke(struct fixture *f, const char *name, const char *unit, const char *path, uint64_t value)
{
    struct types *types = types_open(f->kernel);
    struct types_member m;
    assert_true(types_member(types, unit, path, &m));
    uint8_t *bytes = variable(f, name, (size_t)(m.offset + m.size)) + m.offset;
    for (uint64_t i = 0; i < m.size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    types_close(types);
}
